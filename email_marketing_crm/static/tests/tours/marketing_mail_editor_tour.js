import {Deferred} from "@web/core/utils/concurrency";
import {EDITOR_READY} from "./editor_steps";
import {MassMailingIframe} from "@mass_mailing/iframe/mass_mailing_iframe";
import {SAVE} from "./field_steps";
import {patch} from "@web/core/utils/patch";
import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("marketing_mail_editor_drawn_twice", {
    steps: () => {
        const second = new Deferred();
        const drawn = [];
        const unpatch = patch(MassMailingIframe.prototype, {
            /** Let the editor that is given up go on as soon as there is another one. */
            getBuilderProps() {
                const props = super.getBuilderProps();
                return {
                    ...props,
                    iframeLoaded: second.then(() => props.iframeLoaded),
                    onEditorLoad: (editor) => {
                        props.onEditorLoad(editor);
                        drawn.push(editor);
                        if (drawn.length > 1) {
                            second.resolve();
                        }
                    },
                };
            },
        });
        return [
            {
                content: "The mail is there, its editor is not yet",
                trigger: "[name=body_arch] iframe[is-ready=true]",
                run: async () => {
                    while (!drawn.length) {
                        await new Promise(requestAnimationFrame);
                    }
                },
            },
            {
                content: "What one types draws the form again",
                trigger: ".o_field_widget[name=subject] :is(input, textarea)",
                run: "edit New pumps, from 90 euros on",
            },
            ...SAVE,
            EDITOR_READY,
            {
                content: "One editor was given up, and nobody heard of it",
                trigger: "body:not(:has(.o_error_dialog))",
                run: () => {
                    unpatch();
                    if (drawn.length < 2 || !drawn[0].isDestroyed) {
                        throw new Error(`${drawn.length} editors were begun`);
                    }
                },
            },
        ];
    },
});
