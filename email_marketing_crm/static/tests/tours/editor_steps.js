/** The text of a mail in its editor. */
export const EDITED = "[name=body_arch] :iframe";

/**
 * Step of a tour: wait for the editor of a mail, before anything draws the form again.
 *
 * Odoo begins its editor anew when the form is drawn while it starts, and may then
 * attach the one it gave up: “Cannot re-attach an editor”.
 */
export const EDITOR_READY = {
    content: "The editor of the mail is there",
    trigger: "[name=body_arch]:has(.o-snippets-menu) :iframe .odoo-editor-editable",
};

/**
 * Steps of a tour: ask for a command with “/” where one writes.
 *
 * @param {string} command the name of the command
 * @param {string} place words of the paragraph, which is replaced
 * @returns {object[]}
 */
export function askFor(command, place) {
    return [
        {
            content: `Ask for ${command}`,
            trigger: `${EDITED} .odoo-editor-editable p:contains(${place})`,
            async run(actions) {
                await actions.editor("/");
                const frame = document.querySelector("[name=body_arch] iframe");
                frame.contentDocument
                    .querySelector(".odoo-editor-editable")
                    .dispatchEvent(
                        new InputEvent("input", {inputType: "insertText", data: "/"})
                    );
            },
        },
        {
            trigger: `.o-we-command-name:contains(/^${command}$/)`,
            run: "click",
        },
    ];
}
