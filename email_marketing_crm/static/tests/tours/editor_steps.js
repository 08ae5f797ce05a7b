/** The text of a mail in its editor. */
export const EDITED = "[name=body_arch] :iframe";

/** Step of a tour: wait for the editor of a mail, which starts after its form is shown. */
export const EDITOR_READY = {
    content: "The editor of the mail is there",
    trigger: "[name=body_arch]:has(.o-snippets-menu) :iframe .odoo-editor-editable",
};

/** Steps of a tour: send the mailing of the form; whatever is asked then is open. */
export const SEND_TO_ALL = [
    EDITOR_READY,
    {
        content: "Send it",
        trigger: "button[name=action_launch]",
        run: "click",
    },
    {
        trigger: ".modal .modal-footer .btn-primary:contains(Send to all)",
        run: "click",
    },
];

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
