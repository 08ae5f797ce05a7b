import {registry} from "@web/core/registry";
import {select} from "./field_steps";

const WINDOW = ".o_field_widget[name=window_ids] .o_selected_row";

registry.category("web_tour.tours").add("marketing_frequency", {
    steps: () => [
        {
            content: "Make a rule",
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=name] input",
            run: "edit Not more than one a week",
        },
        {
            content: "At most one mail …",
            trigger: ".o_field_widget[name=window_ids] .o_field_x2many_list_row_add a",
            run: "click",
        },
        {
            trigger: `${WINDOW} .o_field_widget[name=limit] input`,
            run: "edit 1",
        },
        ...select(`${WINDOW} .o_field_widget[name=unit]`, "within any"),
        {
            trigger: `${WINDOW} .o_field_widget[name=days] input`,
            run: "edit 7",
        },
        {
            content: "And, at the same time, at most three a month",
            trigger: ".o_field_widget[name=window_ids] .o_field_x2many_list_row_add a",
            run: "click",
        },
        {
            trigger: `${WINDOW} .o_field_widget[name=limit] input`,
            run: "edit 3",
        },
        ...select(`${WINDOW} .o_field_widget[name=unit]`, "in a month"),
        {
            content: "What salespeople write counts half",
            trigger: ".o_field_widget[name=sales_weight] input",
            run: "edit 0.5",
        },
        {
            content: "For good leads, some days later",
            trigger: ".o_field_widget[name=outcome] input[data-value=later]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=delay_days] input:value(7)",
        },
        {
            content: "Leave out what is too much",
            trigger: ".o_field_widget[name=outcome] input[data-value=skip]",
            run: "click",
        },
        {
            content: "The rule says in words what it does",
            trigger:
                ".o_field_widget[name=summary]:contains(Everybody: at most 1 within any 7 days):contains(left out)",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            trigger: ".o_form_saved",
        },
        {
            content: "See who is capped tomorrow",
            trigger: "button[name=action_view_capped]",
            run: "click",
        },
        {
            trigger: ".o_group_header:contains(Not more than one a week):contains(1)",
            run: "click",
        },
        {
            trigger: ".o_group_header:contains(1 within any 7 days)",
            run: "click",
        },
        {
            content: "Open the person",
            trigger:
                ".o_data_row:contains(Ana Pereira) button[name=action_open_person]",
            run: "click",
        },
        {
            content: "When she reads her mail, and why that is known",
            trigger:
                ".o_field_widget[name=rhythm_summary]:contains(Thursday 09:00, because 7 of 11)",
        },
        {
            content: "What she got, counted against each rule",
            trigger: "button[name=action_view_frequency]",
            run: "click",
        },
        {
            content: "The mails behind it",
            trigger:
                ".o_data_row:contains(Not more than one a week):contains(1 within any 7 days) button[name=action_view_mails]",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains(Ana Pereira)",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_quiet_hours", {
    steps: () => [
        {
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            content: "From ten in the evening",
            trigger: ".o_field_widget[name=hour_from] input",
            run: "edit 22:00",
        },
        {
            trigger: ".o_field_widget[name=hour_to] input",
            run: "edit 07:30",
        },
        {
            content: "On working days",
            trigger: ".o_field_widget[name=is_working_days_only] input",
            run: "click",
        },
        {
            trigger:
                ".o_field_widget[name=summary]:contains(not from 22:00 to 07:30, on working days)",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            trigger: ".o_form_saved",
        },
    ],
});
