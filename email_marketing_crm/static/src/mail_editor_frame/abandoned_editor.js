import {MassMailingIframe} from "@mass_mailing/iframe/mass_mailing_iframe";
import {patch} from "@web/core/utils/patch";

function leaveAloneOnceDestroyed(editor) {
    const attachTo = editor.attachTo;
    editor.attachTo = (editable) => {
        if (!editor.isDestroyed) {
            attachTo.call(editor, editable);
        }
    };
}

/**
 * A form that is drawn again while the editor of its mail starts, such as when one saves
 * at once, begins another editor and destroys the first. Odoo's builder asks whether it
 * was itself destroyed before it attaches its editor, which for a moment it is not yet,
 * and the user reads “Cannot re-attach an editor”.
 */
patch(MassMailingIframe.prototype, {
    getBuilderProps() {
        const props = super.getBuilderProps();
        return {
            ...props,
            onEditorLoad(editor) {
                props.onEditorLoad(editor);
                leaveAloneOnceDestroyed(editor);
            },
        };
    },
});
