import {BACK, SAVE, choose, openPage, select} from "./field_steps";
import {registry} from "@web/core/registry";

/** The box that selects a mail in the list of deliveries. */
const selector = (name) =>
    `.o_data_row:contains(${name}) .o_list_record_selector input`;

registry.category("web_tour.tours").add("marketing_mailing_choose", {
    steps: () => [
        {
            content: "Keep its text for others",
            trigger: ".o_cp_action_menus button:has(.fa-cog)",
            run: "click",
        },
        {
            trigger: ".o-dropdown-item:contains(Keep as Template)",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_field_widget[name=name] input:value(New pumps)",
        },
        BACK,
        openPage("settings"),
        {
            content: "At the hour it is where they live …",
            trigger:
                ".o_field_widget[name=marketing_send_time] input[data-value=local]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=marketing_send_tz]",
        },
        {
            content: "… or rather when each of them reads his mail",
            trigger:
                ".o_field_widget[name=marketing_send_time] input[data-value=best_hour]",
            run: "click",
        },
        {
            content: "Within a week",
            trigger:
                ".o_field_widget[name=marketing_best_within] input[data-value=week]",
            run: "click",
        },
        {
            content: "Ask when that would be",
            trigger: "button[name=action_estimate_timing]",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row td[name=persons]:contains(/^3$/)",
        },
        BACK,
        openPage("marketing_audience"),
        {
            content: "As a transactional mail …",
            trigger: ".o_field_widget[name=marketing_is_transactional] input",
            run: "click",
        },
        {
            content: "… nobody would be held out of it",
            trigger:
                ".o_form_view:not(:has(.o_field_widget[name=marketing_holdout_percent]))",
        },
        {
            content: "It is none",
            trigger: ".o_field_widget[name=marketing_is_transactional] input",
            run: "click",
        },
        {
            content: "Leave out whom a salesperson talks to",
            trigger: ".o_field_widget[name=marketing_skips_opportunities] input",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=marketing_opportunity_stage_ids]",
        },
        ...choose("marketing_topic_id", "Tour pumps"),
        ...select("marketing_priority", "High"),
        {
            content: "Hold a tenth out, to compare",
            trigger: ".o_field_widget[name=marketing_holdout_percent] input",
            run: "edit 10",
        },
        openPage("settings"),
        ...select("marketing_sender_kind", "salesperson"),
        {
            content: "Be told which salesperson cannot be the sender",
            trigger:
                ".o_field_widget[name=marketing_sender_problem]:contains(Tour salesperson):contains(no address in pumps.example.com)",
        },
        ...SAVE,
        {
            content: "Write it in another language",
            trigger: "button[name=action_view_translations]",
            run: "click",
        },
        {
            trigger: ".o_list_button_add",
            run: "click",
        },
        ...choose("lang_id", "French / Français"),
        {
            trigger:
                ".o_field_widget[name=subject] input, .o_field_widget[name=subject] textarea",
            run: "edit Nouvelles pompes",
        },
        ...SAVE,
        BACK,
        {
            trigger: ".o_list_view .o_data_row:contains(Nouvelles pompes)",
        },
        BACK,
        {
            content: "The mailing counts its languages",
            trigger:
                "button[name=action_view_translations] .o_stat_value:contains(/^1$/)",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_mailing_run", {
    steps: () => [
        {
            content: "Two mails are held: by what?",
            trigger: "button[name=action_view_held]:has(.o_stat_value:contains(/^2$/))",
            run: "click",
        },
        {
            trigger:
                ".o_list_view .o_data_row:contains(tour_bo) td[name=held_note]:contains(/\\w/)",
        },
        BACK,
        {
            content: "When will they leave?",
            trigger: ".o_notebook .nav-link[name=settings]",
            run: "click",
        },
        {
            trigger: "button[name=action_view_timing]",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_group_header",
            run: "click",
        },
        {
            content: "Both at the same hour, for the same reason",
            trigger:
                ".o_list_view .o_group_header:contains(The hour where the person lives)",
        },
        BACK,
        {
            content: "Hold what has not left",
            trigger: "button[name=action_marketing_pause]",
            run: "click",
        },
        {
            trigger: ".alert-warning:contains(This mailing is paused)",
        },
        {
            content: "Let it go on",
            trigger: "button[name=action_marketing_resume]",
            run: "click",
        },
        {
            trigger: "body:not(:has(.alert-warning:contains(This mailing is paused)))",
        },
        {
            content: "Let the rest leave later",
            trigger: "button[name=action_reschedule]",
            run: "click",
        },
        {
            content: "One is sent, two have not left",
            trigger: ".modal .o_field_widget[name=waiting_count]:contains(/^2$/)",
        },
        {
            trigger: ".modal .o_field_widget[name=sent_count]:contains(/^1$/)",
        },
        {
            trigger: ".modal .o_field_widget[name=schedule_date] :is(button, input)",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=schedule_date] input",
            run: "edit 06/02/2098 09:00:00 && press Enter",
        },
        {
            trigger: ".modal button[name=action_reschedule]",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal)) button[name=action_marketing_pause]",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_mailing_stop", {
    steps: () => [
        {
            content: "Who is it for?",
            trigger: "button[name=action_view_deliveries].oe_stat_button",
            run: "click",
        },
        {
            content: "One of them is not to get it",
            trigger: selector("tour_bo"),
            run: "click",
        },
        {
            trigger: "button[name=action_cancel]",
            run: "click",
        },
        {
            trigger:
                ".modal:contains(that have not left yet will not be sent) .modal-footer .btn-primary",
            run: "click",
        },
        {
            trigger:
                "body:not(:has(.modal)) .o_data_row:contains(tour_bo):contains(Canceled by a user)",
        },
        {
            content: "The other one still waits",
            trigger: ".o_data_row:contains(tour_carl):contains(Waiting)",
        },
        BACK,
        {
            content: "Stop it after all",
            trigger: "button[name=action_marketing_stop]",
            run: "click",
        },
        {
            content: "Think twice",
            trigger:
                ".modal:contains(What has not left will never be sent) .modal-footer .btn-primary",
            run: "click",
        },
        {
            content: "Nothing can be paused, moved or stopped any more",
            trigger:
                "body:not(:has(.modal)):not(:has(button[name=action_marketing_stop])):not(:has(button[name=action_marketing_pause])):not(:has(button[name=action_reschedule])) .alert-warning:contains(is being stopped)",
        },
    ],
});

/** Does with a mail whose outcome nobody knows what a button of the list says. */
function decide(name, button, warning) {
    return [
        {
            content: `Select the mail to ${name}`,
            trigger: selector(name),
            run: "click",
        },
        {
            trigger: `button[name=${button}]`,
            run: "click",
        },
        {
            content: "Read what it means, and do it",
            trigger: `.modal:contains(${warning}) .modal-footer .btn-primary`,
            run: "click",
        },
        {
            content: "It is decided: the mail is no longer in the list",
            trigger: `body:not(:has(.modal)):not(:has(.o_data_row:contains(${name})))`,
        },
    ];
}

registry.category("web_tour.tours").add("marketing_delivery_decide", {
    steps: () => [
        openPage("marketing_audience"),
        {
            content: "Of two mails nobody knows whether they arrived",
            trigger:
                "button:has(.o_field_widget[name=marketing_unknown]:contains(/^2$/))",
            run: "click",
        },
        {
            trigger: ".o_facet_value:contains(Outcome Unknown)",
        },
        ...decide("tour_ana", "action_resend", "may arrive twice"),
        ...decide("tour_bo", "action_mark_sent", "Did they arrive?"),
    ],
});

registry.category("web_tour.tours").add("marketing_person_not_sent", {
    steps: () => [
        {
            content: "One mail this person is still to get",
            trigger:
                "button[name=action_view_waiting_deliveries]:has(.o_stat_value:contains(/^1$/))",
            run: "click",
        },
        {
            trigger: ".o_data_row:contains(Pumps of next year)",
        },
        BACK,
        {
            content: "Some mails were not sent to this person",
            trigger:
                "button[name=action_view_skipped_deliveries]:has(.o_stat_value:contains(/^1$/))",
            run: "click",
        },
        {
            content: "Why not?",
            trigger: ".o_group_header:contains(Blacklisted)",
            run: "click",
        },
        {
            trigger: ".o_data_row:contains(New pumps)",
        },
    ],
});
