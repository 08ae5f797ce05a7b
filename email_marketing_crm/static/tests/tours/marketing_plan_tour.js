import {BACK, SAVE, addTag, openPage} from "./field_steps";
import {SEND_TO_ALL} from "./editor_steps";
import {registry} from "@web/core/registry";

/** A line of the plan, by what it says and how many it counts. */
function line(label, count) {
    return `.o_field_widget[name=line_ids] .o_data_row:contains(${label}):has(td[name=count]:contains(/^${count}$/))`;
}

registry.category("web_tour.tours").add("marketing_plan_build", {
    steps: () => [
        openPage("marketing_audience"),
        ...addTag("marketing_segment_ids", "Tour buyers"),
        ...addTag("marketing_excluded_segment_ids", "Tour competitors"),
        {
            content: "Look at the plan",
            trigger: "button[name=action_check_audience]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=person_count]:contains(/^3$/)",
        },
        {
            trigger: line("At the hour of the mailing", 1),
        },
        {
            trigger: line("Blacklisted", 1),
        },
        {
            content: "Open the people who are left out",
            trigger: `${line("In a segment that is left out", 1)} button[name=action_view_people]`,
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains(bo@tour.example.com)",
        },
        BACK,
        {
            trigger: line("At the hour of the mailing", 1),
        },
        {
            content: "All of them at once, by what happens",
            trigger: "button[name=action_view_records]",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_group_header:contains(Blacklisted)",
        },
        BACK,
        {
            content: "Look again, as things change",
            trigger: "button[name=action_check_again]",
            run: "click",
        },
        {
            content: "The plan stays where it was: its way leads back to the mailing",
            trigger: `body:has(.o_back_button):has(button[name=action_check_again]:enabled) ${line("Blacklisted", 1)}`,
        },
        {
            trigger: ".o_field_widget[name=mailing_id] a",
            run: "click",
        },
        {
            content: "Ask for the approval",
            trigger: "button[name=action_request_approval]",
            run: "click",
        },
        {
            content: "It cannot be sent yet",
            trigger:
                "body:not(:has(button[name=action_launch])) .alert-info:contains(Requested)",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_plan_refuse", {
    steps: () => [
        {
            content: "Who asks",
            trigger: ".alert-info:contains(Requested):contains(plan_marketer)",
        },
        {
            content: "Do not give the approval",
            trigger: "button[name=action_decide_approval]:contains(Refuse)",
            run: "click",
        },
        {
            content: "Without a reason nothing is decided",
            trigger: ".modal button[name=action_decide]:contains(Refuse)",
            run: "click",
        },
        {
            trigger: ".modal .o_field_invalid[name=note]",
        },
        {
            trigger: ".modal .o_field_widget[name=note] textarea",
            run: "edit Nobody knows what they cost",
        },
        {
            trigger: ".modal button[name=action_decide]:contains(Refuse)",
            run: "click",
        },
        {
            content: "It is decided, and everybody reads why",
            trigger:
                "body:not(:has(.modal)):not(:has(button[name=action_decide_approval])) .alert-danger:contains(Refused by):contains(plan_manager):contains(Nobody knows what they cost)",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_plan_refused", {
    steps: () => [
        {
            content: "Read why it cannot be sent",
            trigger:
                ".o_form_view:not(:has(button[name=action_launch])) .alert-danger:contains(Refused by):contains(plan_manager):contains(Nobody knows what they cost)",
        },
        {
            content: "Say it",
            trigger: ".o_field_widget[name=subject] :is(input, textarea)",
            run: "edit New pumps, from 90 euros on",
        },
        ...SAVE,
        {
            content: "Ask again",
            trigger: "button[name=action_request_approval]",
            run: "click",
        },
        {
            trigger:
                ".o_form_view:not(:has(.alert-danger:contains(Refused by))):not(:has(button[name=action_request_approval])) .alert-info:contains(Requested)",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_plan_approve", {
    steps: () => [
        {
            content: "Give the approval",
            trigger: "button[name=action_decide_approval]:contains(Approve)",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=note] textarea",
            run: "edit Go ahead",
        },
        {
            trigger: ".modal button[name=action_decide]:contains(Approve)",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal)) .alert-info:contains(Approved)",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_plan_launch", {
    steps: () => [
        ...SEND_TO_ALL,
        {
            content: "The check has something to say about so short a mail: read it",
            trigger: ".modal button[name=action_open_check]",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_field_widget[name=finding_ids] .o_data_row",
        },
        {
            trigger: "button[name=action_open_mailing]",
            run: "click",
        },
        ...SEND_TO_ALL,
        {
            trigger: ".modal button[name=action_go_on]:contains(Send)",
            run: "click",
        },
        {
            content: "It is in the queue",
            trigger: ".o_statusbar_status [aria-checked=true]:contains(In Queue)",
        },
        {
            content: "Two of three do not get it",
            trigger: ".o_notebook .nav-link[name=marketing_audience]",
            run: "click",
        },
        {
            trigger:
                "button:has(.o_field_widget[name=marketing_skipped]:contains(/^2$/))",
            run: "click",
        },
        {
            content: "Who was that?",
            trigger: ".o_group_header:contains(In a segment that is left out)",
            run: "click",
        },
        {
            trigger: ".o_data_row:contains(In a segment that is left out)",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_plan_resend", {
    steps: () => [
        {
            content: "Send it again to who did not react",
            trigger: "button[name=action_resend_mailing]",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=subject] input",
            run: "edit Did you see our pumps?",
        },
        {
            content: "To who did not click, whether or not he opened it",
            trigger: ".modal .o_field_widget[name=kind] input[data-value=clicked]",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=person_count]:contains(/^1$/)",
        },
        {
            trigger: ".modal button[name=action_create_mailing]",
            run: "click",
        },
        {
            content: "A draft with another subject",
            trigger:
                "body:not(:has(.modal)) .o_statusbar_status [aria-checked=true]:contains(Draft)",
        },
        openPage("marketing_audience"),
        {
            content: "Whom is it for?",
            trigger: "button[name=action_view_resend_people]",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains(ana@tour.example.com)",
        },
        BACK,
        {
            trigger: ".o_statusbar_status [aria-checked=true]:contains(Draft)",
        },
        {
            content: "Back to the first mail, which knows its second one",
            trigger: ".o_back_button",
            run: "click",
        },
        {
            trigger:
                "button[name=action_view_resends]:has(.o_stat_value:contains(/^1$/))",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains(Did you see our pumps?)",
        },
    ],
});
