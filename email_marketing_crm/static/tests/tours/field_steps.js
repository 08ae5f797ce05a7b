/**
 * Where a field is.
 *
 * @param {string} field its name, or a selector where the name alone is not enough
 * @returns {string}
 */
function find(field) {
    return /^\w+$/.test(field) ? `.o_field_widget[name=${field}]` : field;
}

/**
 * The suggestion for a name, when it is the first one: the list of everything that is
 * shown before it goes away, and would take a click along.
 *
 * @param {string} name
 * @returns {string}
 */
function suggestion(name) {
    return `.o-autocomplete--dropdown-item:first-child:contains(${name})`;
}

/**
 * Steps of a tour: choose a value of a selection field.
 *
 * @param {string} field its name, or a selector of it
 * @param {(string|RegExp)} label some words of the value
 * @returns {object[]}
 */
export function select(field, label) {
    const input = `${find(field)} input`;
    return [
        {
            content: `Choose ${label}`,
            trigger: input,
            run: "click",
        },
        {
            trigger: `.o_select_menu_item:contains(${label})`,
            run: "click",
        },
        {
            trigger: `body:not(:has(.o_select_menu_item)) ${input}:value(${label})`,
        },
    ];
}

/**
 * Steps of a tour: choose a record in a field of one record.
 *
 * @param {string} field its name, or a selector of it
 * @param {string} name of the record
 * @returns {object[]}
 */
export function choose(field, name) {
    const input = `${find(field)} input`;
    return [
        {
            content: `Choose ${name}`,
            trigger: input,
            run: `edit ${name}`,
        },
        {
            trigger: suggestion(name),
            run: "click",
        },
        {
            trigger: `body:not(:has(.o-autocomplete--dropdown-menu)) ${input}:value(${name})`,
        },
    ];
}

/**
 * Steps of a tour: add a record to a field of tags.
 *
 * @param {string} field its name, or a selector of it
 * @param {string} name of the record
 * @returns {object[]}
 */
export function addTag(field, name) {
    return [
        {
            content: `Add ${name}`,
            trigger: `${find(field)} input`,
            run: `edit ${name}`,
        },
        {
            trigger: suggestion(name),
            run: "click",
        },
        {
            trigger: `${find(field)} .o_tag:contains(${name})`,
        },
    ];
}

/** Steps of a tour: save the form. */
export const SAVE = [
    {
        content: "Save",
        trigger: ".o_form_button_save",
        run: "click",
    },
    {
        trigger: ".o_form_saved, .o_form_status_indicator_buttons.invisible",
    },
];

/** Step of a tour: back to the page before. */
export const BACK = {
    content: "Go back",
    trigger: ".o_back_button",
    run: "click",
};

/**
 * Step of a tour: open a page of the form.
 *
 * @param {string} name of the page
 * @returns {object}
 */
export function openPage(name) {
    return {
        content: `Open the page ${name}`,
        trigger: `.o_notebook .nav-link[name=${name}]`,
        run: "click",
    };
}

/**
 * Steps of a tour: open a page of the menu Configuration.
 *
 * @param {string} menu its name in this add-on
 * @param {string} title of the page, a list
 * @returns {object[]}
 */
export function configure(menu, title) {
    return [
        {
            trigger: "[data-menu-xmlid='mass_mailing.mass_mailing_configuration']",
            run: "click",
        },
        {
            content: `Open “${title}”`,
            trigger: `[data-menu-xmlid='email_marketing_crm.${menu}']`,
            run: "click",
        },
        {
            trigger: `.o_list_view .o_breadcrumb:contains(${title})`,
        },
    ];
}
