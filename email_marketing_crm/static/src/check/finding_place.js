import {Component, onMounted, onWillUnmount, useRef, useState} from "@odoo/owl";
import {findElement, findWords} from "./find_words";
import {browser} from "@web/core/browser/browser";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";

/** The text of a mail is loaded late, and by its editor again: look so often … */
const LOOKS = 40;
/** … with so many milliseconds between. */
const PAUSE = 250;
const HIGHLIGHT = "marketing-finding";

/**
 * What a check found, on the form of the text in which it stands: the sentence, and the
 * place. Its page is opened, its field gets the focus, its words are marked. The mark
 * is painted only: nothing of it gets into the mail.
 */
export class FindingPlace extends Component {
    static template = "email_marketing_crm.FindingPlace";
    static props = {...standardWidgetProps};

    setup() {
        this.root = useRef("root");
        this.state = useState({isShown: Boolean(this.finding), isLost: false});
        onMounted(() => this.finding && this.goToPlace());
        onWillUnmount(() => this.stop());
    }

    get finding() {
        return this.props.record.context.marketing_finding;
    }

    goToPlace() {
        const form = this.root.el.closest(".o_form_view");
        form.querySelector(`.nav-link[name="${this.finding.page || "-"}"]`)?.click();
        let looks = 0;
        this.timer = browser.setInterval(() => {
            const field = form.querySelector(
                `.o_field_widget[name="${this.finding.field}"]`
            );
            looks++;
            if (looks > LOOKS || (field && this.showIn(field))) {
                this.state.isLost = looks > LOOKS && Boolean(this.finding.words);
                this.stop();
            }
        }, PAUSE);
    }

    stop() {
        browser.clearInterval(this.timer);
    }

    close() {
        this.state.isShown = false;
        this.stop();
        this.paint();
    }

    /**
     * @param {HTMLElement} field
     * @returns {boolean} whether there is nothing left to be shown
     */
    showIn(field) {
        const iframe = field.querySelector("iframe");
        if (iframe) {
            return this.showInBody(iframe);
        }
        if (field.classList.contains("o_mail_body_mailing")) {
            return false;
        }
        field.scrollIntoView({block: "nearest"});
        const input = field.querySelector("input, textarea");
        if (input) {
            const words = this.finding.words;
            const start = input.value.toLowerCase().indexOf(words.toLowerCase());
            input.focus();
            if (words && start >= 0) {
                input.setSelectionRange(start, start + words.length);
            }
        }
        return true;
    }

    showInBody(iframe) {
        const body = iframe.contentDocument?.querySelector(".o_mass_mailing_value");
        if (!body?.textContent.trim()) {
            return false;
        }
        const {words} = this.finding;
        if (!words) {
            return true;
        }
        const range = findWords(body, words);
        const element = range
            ? range.startContainer.parentElement
            : findElement(body, words);
        if (!element) {
            return false;
        }
        this.iframe = iframe;
        this.paint(range || element);
        element.scrollIntoView({block: "nearest"});
        // The editor may still put its own elements in the place of these.
        browser.setTimeout(() => {
            if (this.state.isShown && !element.isConnected) {
                this.goToPlace();
            }
        }, 4 * PAUSE);
        return true;
    }

    /**
     * Mark a place, and no other one.
     *
     * @param {Range|HTMLElement} [place]
     */
    paint(place) {
        const view = this.iframe?.contentWindow;
        this.outline?.cancel();
        view?.CSS.highlights?.delete(HIGHLIGHT);
        if (!place) {
            return;
        }
        if (place.getClientRects && !place.animate) {
            view.CSS.highlights?.set(HIGHLIGHT, new view.Highlight(place));
            return;
        }
        const outline = {outline: "3px solid #f0ad4e", outlineOffset: "2px"};
        this.outline = place.animate([outline, outline], {duration: Infinity});
    }
}

registry.category("view_widgets").add("marketing_finding", {component: FindingPlace});
