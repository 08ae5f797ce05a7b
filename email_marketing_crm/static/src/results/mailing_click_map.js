import {onWillUnmount, useEffect, useRef} from "@odoo/owl";
import {formatFloat, formatInteger} from "@web/views/fields/formatters";
import {MailingWidget} from "./mailing_widget";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";

// Pixels of a scroll bar.
const BAR = 16;
// The mail lies in a frame without scripts; what is drawn over it comes from here.
const STYLE = `<style>
    body { margin: 0; position: relative; display: flow-root; }
    a { pointer-events: none; }
    .o_place { position: absolute; z-index: 10; border: 2px solid; border-radius: 4px;
        box-sizing: border-box; pointer-events: none; }
    .o_place button { position: absolute; top: -11px; right: -6px; font: bold 12px/18px
        sans-serif; color: #fff; border: 0; border-radius: 9px; padding: 0 7px;
        cursor: pointer; pointer-events: auto; white-space: nowrap; }
    .o_place.o_pointed { outline: 3px solid #17a2b8; }
</style>`;

/**
 * The mail with the persons who followed each link over the link itself, and the list
 * of links beside it: of all its readers, or of those of one version.
 */
export class MailingClickMap extends MailingWidget {
    static template = "email_marketing_crm.MailingClickMap";
    static method = "get_click_map";

    setup() {
        super.setup();
        this.mail = useRef("mail");
        this.observer = new ResizeObserver(() => this.draw());
        onWillUnmount(() => this.observer.disconnect());
        // Another version may have the very text that is shown: it is not loaded anew.
        useEffect(
            () => this.draw(),
            () => [this.state.data]
        );
    }

    get document() {
        return STYLE + this.state.data.body;
    }

    get frame() {
        return this.mail.el && this.mail.el.contentDocument;
    }

    /** The mail is there: it gets as much room as it needs. */
    show() {
        // Mails ask for the whole height of their window, as strongly as they can.
        for (const {style} of [this.frame.documentElement, this.frame.body]) {
            style.setProperty("height", "auto", "important");
            style.setProperty("min-height", "0", "important");
        }
        this.observer.observe(this.mail.el);
        for (const image of this.frame.images) {
            image.addEventListener("load", () => this.draw());
        }
        this.draw();
    }

    /** Draws each link's number where the link is now. */
    draw() {
        const frame = this.frame;
        if (!frame || !frame.body) {
            return;
        }
        frame.querySelectorAll(".o_place").forEach((place) => place.remove());
        // What the document scrolls over is never less than the frame: with margins
        // that stick out, it would grow for ever.
        this.mail.el.style.height = `${frame.body.offsetHeight + this.getBarHeight()}px`;
        const most = Math.max(...this.state.data.links.map(({people}) => people), 1);
        const origin = frame.body.getBoundingClientRect();
        for (const link of this.state.data.links) {
            const heat = link.people / most;
            const hue = Math.round(210 - 205 * heat);
            const color = `hsl(${hue}deg 85% 40%)`;
            for (const node of frame.querySelectorAll(
                `[data-marketing-link="${link.id}"]`
            )) {
                const boxes = this.getBoxes(node);
                for (const [index, {left, top, width, height}] of boxes.entries()) {
                    const place = frame.createElement("div");
                    place.className = "o_place";
                    place.dataset.link = link.id;
                    Object.assign(place.style, {
                        left: `${left - origin.left - 3}px`,
                        top: `${top - origin.top - 3}px`,
                        width: `${width + 6}px`,
                        height: `${height + 6}px`,
                        borderColor: color,
                        background: `hsl(${hue}deg 85% 50% / ${0.08 + 0.27 * heat})`,
                    });
                    if (index === 0) {
                        place.append(this.makeButton(link, color));
                    }
                    frame.body.append(place);
                }
            }
        }
    }

    /** The number over a link, which opens its persons. */
    makeButton(link, color) {
        const button = this.frame.createElement("button");
        button.type = "button";
        button.style.background = color;
        button.textContent = `${this.integer(link.people)} · ${this.share(link)}`;
        button.title = link.label;
        button.addEventListener("click", () => this.openLink(link));
        return button;
    }

    /** The persons who followed a link, of the version that is shown. */
    openLink(link) {
        const {version} = this.state.data;
        return this.open(version ? `link-${link.id}.${version}` : `link-${link.id}`);
    }

    /** A mail that is too wide for the frame has a bar below it. */
    getBarHeight() {
        const {scrollWidth, clientWidth} = this.frame.documentElement;
        return scrollWidth > clientWidth ? BAR : 0;
    }

    /**
     * Where a link is: a box for each of its lines; a link around a picture is as large
     * as the picture.
     */
    getBoxes(node) {
        const image = node.querySelector("img");
        const boxes = image ? [image.getBoundingClientRect()] : node.getClientRects();
        return [...boxes].filter(({width}) => width);
    }

    integer(number) {
        return formatInteger(number);
    }

    share(link) {
        return _t("%s%", formatFloat(100 * link.share, {digits: [16, 0]}));
    }

    /** Shows in the mail where the link of a line is. */
    point(linkId, isPointed) {
        this.frame
            ?.querySelectorAll(`.o_place[data-link="${linkId}"]`)
            .forEach((place) => place.classList.toggle("o_pointed", isPointed));
    }
}

registry.category("view_widgets").add("marketing_click_map", {
    component: MailingClickMap,
});
