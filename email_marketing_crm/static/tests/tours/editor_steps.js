/** The text of a mail in its editor. */
export const EDITED = "[name=body_arch] :iframe";

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
