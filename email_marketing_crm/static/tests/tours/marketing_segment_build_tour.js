import {registry} from "@web/core/registry";

const CONDITION = (index) => `.o_tree_editor_condition:eq(${index})`;
const RULE = ".o_field_widget[name=rule_ids] .o_selected_row";

/** Adds a condition on an attribute to the domain. */
function addAttribute(index, label, name) {
    return [
        {
            content: `Add a condition on ${label}`,
            trigger: ".o_field_domain .o_tree_editor_row a:contains(New Rule)",
            run: "click",
        },
        {
            trigger: `${CONDITION(index)} .o_model_field_selector`,
            run: "click",
        },
        {
            trigger: ".o_model_field_selector_popover_search input",
            run: `edit ${label}`,
        },
        {
            trigger: `.o_model_field_selector_popover_item[data-name=${name}] .o_model_field_selector_popover_item_name`,
            run: "click",
        },
        {
            trigger: `${CONDITION(index)} .o_model_field_selector:contains(${label})`,
        },
    ];
}

/**
 * The preview of the segment says so many persons.
 *
 * It comes with the answer of the server to the last change. What is changed in the
 * domain before that answer is there is lost when the next condition is added.
 */
function previewed(count) {
    return {
        content: `${count} persons so far`,
        trigger: `.o_field_widget[name=preview_count]:contains(/^${count}$/)`,
    };
}

/** Adds a rule on behavior: its kind, and within how many days. */
function addBehavior(label, days) {
    return [
        {
            content: `Add a rule: ${label}`,
            trigger: ".o_field_widget[name=rule_ids] .o_field_x2many_list_row_add a",
            run: "click",
        },
        {
            trigger: `${RULE} .o_field_widget[name=type_id] input`,
            run: `edit ${label}`,
        },
        {
            trigger: `.o-autocomplete--dropdown-item:contains(${label})`,
            run: "click",
        },
        {
            content: "Choose the last days",
            trigger: `${RULE} .o_field_widget[name=period] input`,
            run: "click",
        },
        {
            trigger: ".o_select_menu_item:contains(in the last days)",
            run: "click",
        },
        {
            trigger: `${RULE} .o_field_widget[name=days] input`,
            run: `edit ${days}`,
        },
    ];
}

/** Writes a mail to the segment, checks who gets it, and sends it. */
function mail(subject, checks) {
    return [
        {
            content: "Write to the segment",
            trigger: "button[name=action_send_mailing]",
            run: "click",
        },
        {
            content: "Choose how the mail looks",
            trigger: ".o_mailing_template_preview_wrapper [data-name=basic]",
            run: "click",
        },
        {
            trigger: ":iframe .o_editable, :iframe .odoo-editor-editable",
        },
        {
            content: "Write the subject",
            trigger: ".o_field_widget[name=subject] input",
            run: `edit ${subject}`,
        },
        {
            content: "Say what success is",
            trigger: ".o_field_widget[name=marketing_goal] input",
            run: "click",
        },
        {
            trigger: ".o_select_menu_item:contains(/^Clicked$/)",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=marketing_goal_target] input",
            run: "edit 1",
        },
        {
            content: "See who would get it",
            trigger: "button[name=action_check_audience]",
            run: "click",
        },
        ...checks.map(([outcome, count]) => ({
            content: `${count} persons: ${outcome}`,
            trigger: `.o_data_row:contains(${outcome}) td[name=count]:contains(/^${count}$/)`,
        })),
        {
            trigger: ".o_back_button",
            run: "click",
        },
        {
            content: "Send it",
            trigger: "button[name=action_launch]",
            run: "click",
        },
        {
            trigger: ".modal .modal-footer .btn-primary",
            run: "click",
        },
        {
            content: "It is in the queue",
            trigger: ".o_statusbar_status [aria-checked=true]:contains(In Queue)",
        },
    ];
}

registry.category("web_tour.tours").add("marketing_segment_decision_makers", {
    url: "/odoo/segments/new",
    steps: () => [
        {
            trigger:
                ".o_field_widget[name=name] input, .o_field_widget[name=name] textarea",
            run: "edit Chiefs of software companies who read the blog",
        },
        ...addAttribute(0, "Industry", "industry_id"),
        {
            content: "Of software companies",
            trigger: `${CONDITION(0)} .o_tree_editor_editor:last input`,
            run: "edit Tour Software",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains(Tour Software)",
            run: "click",
        },
        previewed(4),
        ...addAttribute(1, "Job Position", "function"),
        {
            content: "Nobody of them has no position",
            trigger:
                "body:not(:has(.o_field_widget[name=preview_count]:contains(/^4$/)))",
        },
        {
            content: "Chief officers",
            trigger: `${CONDITION(1)} select`,
            run: "selectByLabel contains",
        },
        previewed(4),
        {
            trigger: `${CONDITION(1)} .o_tree_editor_editor:last input`,
            run: "edit Chief && press Tab",
        },
        previewed(3),
        ...addBehavior("Page viewed", 30),
        {
            content: "Only on the blog",
            trigger: `${RULE} .o_field_widget[name=page] input`,
            run: "edit /blog",
        },
        {
            content: "At most the newest thousand",
            trigger: ".o_field_widget[name=member_limit] input",
            run: "edit 1000",
        },
        {
            content: "The figures follow before anything is saved",
            trigger: ".o_field_widget[name=preview_count]:contains(2)",
        },
        {
            trigger: ".o_marketing_outcome[data-code=mailable] button:contains(/^1$/)",
        },
        {
            trigger:
                ".o_marketing_outcome[data-code=blacklisted] button:contains(/^1$/)",
        },
        {
            content: "Open who cannot be mailed",
            trigger: ".o_marketing_outcome[data-code=blacklisted] button",
            run: "click",
        },
        {
            trigger: ".o_breadcrumb:contains(Blacklisted)",
        },
        {
            trigger: ".o_list_view .o_data_row:contains(bo@tour.example.com)",
        },
        {
            trigger: ".o_back_button",
            run: "click",
        },
        {
            content: "Ask why somebody is not in the segment",
            trigger: "button[name=action_explain]:contains(Why in)",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=person_id] input",
            run: "edit dora@tour.example.com",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains(dora@tour.example.com)",
            run: "click",
        },
        {
            trigger: ".modal .alert-warning:contains(2 of 4 conditions are not met)",
        },
        {
            trigger: ".modal .o_data_row:contains(Page viewed) .badge:contains(No)",
        },
        {
            trigger: ".modal-footer button:contains(Close)",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal))",
        },
        ...mail("News for chiefs", [
            ["At the hour of the mailing", 1],
            ["Blacklisted", 1],
        ]),
    ],
});

registry.category("web_tour.tours").add("marketing_segment_downloads", {
    url: "/odoo/segments/new",
    steps: () => [
        {
            trigger:
                ".o_field_widget[name=name] input, .o_field_widget[name=name] textarea",
            run: "edit Downloaded something about pumps",
        },
        ...addBehavior("Document downloaded", 14),
        {
            content: "Only on a topic",
            trigger: `${RULE} .o_field_widget[name=topic] input`,
            run: "edit Tour Pumps",
        },
        {
            trigger: ".o_field_widget[name=member_limit] input",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=preview_count]:contains(2)",
        },
        {
            content: "Save the segment",
            trigger: ".o_form_button_save",
            run: "click",
        },
        ...mail("More about pumps", [
            ["At the hour of the mailing", 1],
            ["Blacklisted", 1],
        ]),
    ],
});

registry.category("web_tour.tours").add("marketing_segment_template", {
    url: "/odoo/segments",
    steps: () => [
        {
            content: "Choose a template",
            trigger: ".o_control_panel button:contains(New From Template)",
            run: "click",
        },
        {
            trigger:
                ".o_kanban_record:contains(Downloaded something on a topic) button[name=action_use]",
            run: "click",
        },
        {
            content: "Answer its questions",
            trigger: ".modal .o_field_widget[name=name] input",
            run: "edit Pump readers",
        },
        {
            trigger: ".modal .o_data_row:contains(Which topic?) td[name=value]",
            run: "click",
        },
        {
            trigger: ".modal .o_selected_row .o_field_widget[name=value] input",
            run: "edit Tour Pumps",
        },
        {
            trigger: ".modal button[name=action_create]",
            run: "click",
        },
        {
            content: "The segment is there, and can be changed",
            trigger: ".o_form_view .o_field_widget[name=preview_count]:contains(2)",
        },
        {
            trigger: "button[name=action_view_members]:contains(2)",
        },
        {
            trigger: ".o_marketing_outcome[data-code=mailable] button:contains(/^1$/)",
        },
        {
            content: "Compare it with another one",
            trigger: "button[name=action_compare]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=segment_ids] input",
            run: "edit Tour Everybody",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains(Tour Everybody)",
            run: "click",
        },
        {
            trigger: "button[name=action_compare]",
            run: "click",
        },
        {
            trigger: ".o_data_row:contains(both) td[name=person_count]:contains(2)",
        },
        {
            trigger: ".o_data_row:contains(both) button[name=action_view_people]",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains(ana@tour.example.com)",
        },
    ],
});
