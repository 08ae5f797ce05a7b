import {BACK, configure} from "./field_steps";
import {EDITOR_READY} from "./editor_steps";
import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("marketing_job_ask", {
    steps: () => [
        EDITOR_READY,
        {
            trigger: "button[name=action_check_audience]",
            run: "click",
        },
        {
            content: "It is about many persons, so a worker does it",
            trigger: ".alert-info:contains(A worker does this in the background)",
        },
        {
            trigger: ".o_field_widget[name=progress]",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_job_show", {
    steps: () => [
        {
            trigger: ".o_data_row:contains(To everybody) .o_data_cell[name=kind]",
            run: "click",
        },
        {
            trigger: "button[name=action_show]",
            run: "click",
        },
        {
            content: "The plan of all of them",
            trigger: ".o_field_widget[name=person_count]:contains(3)",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_job_progress", {
    steps: () => [
        {
            trigger: ".alert-info:contains(The segments are brought up to date)",
        },
        {
            content: "The form reads its progress again by itself",
            trigger: ".o_field_widget[name=marketing_job_progress]",
        },
    ],
});

/** Steps: stop what is open, and read that nobody goes on with it. */
const stop = () => [
    {
        trigger: ".o_form_view .o_field_widget[name=progress]",
    },
    {
        content: "Nobody needs it any more",
        trigger: "button[name=action_stop]",
        run: "click",
    },
    {
        content: "It is stopped: nothing is worked on, nothing moves, nothing to show",
        trigger:
            ".o_form_view:not(:has(.alert-info)):not(:has(button[name=action_stop])):not(:has(button[name=action_show])):not(:has(.o_field_widget[name=progress])) .o_statusbar_status [aria-checked=true]:contains(Stopped)",
    },
];

registry.category("web_tour.tours").add("marketing_job_stop", {
    steps: () => [
        EDITOR_READY,
        {
            content: "Ask about many persons",
            trigger: "button[name=action_check_audience]",
            run: "click",
        },
        {
            trigger: ".alert-info:contains(A worker does this in the background)",
        },
        ...stop(),
        {
            trigger: "button[name=action_open_mailing]",
            run: "click",
        },
        {
            content: "The mailing is as it was",
            trigger: ".o_statusbar_status [aria-checked=true]:contains(Draft)",
        },
        EDITOR_READY,
        {
            content: "Ask again after all",
            trigger: "button[name=action_check_audience]",
            run: "click",
        },
        {
            trigger: ".alert-info:contains(A worker does this in the background)",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_job_stopped", {
    steps: () => [
        ...configure("marketing_job_menu", "Work in the Background"),
        {
            content: "Two were asked for",
            trigger:
                ".o_list_view .o_data_row:contains(To everybody):contains(Stopped)",
        },
        {
            trigger: ".o_data_row:contains(Done) .o_data_cell[name=kind]",
            run: "click",
        },
        {
            trigger: ".o_form_view button[name=action_show]",
        },
        BACK,
        {
            trigger: ".o_data_row:contains(Stopped) .o_data_cell[name=kind]",
            run: "click",
        },
        {
            content: "What was stopped has nothing to show",
            trigger:
                ".o_form_view:not(:has(button[name=action_show])) .o_statusbar_status [aria-checked=true]:contains(Stopped)",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_job_cancel_plan", {
    steps: () => [
        EDITOR_READY,
        {
            content: "It is being planned",
            trigger: ".alert-info:contains(The segments are brought up to date)",
        },
        {
            trigger: "button[name=action_cancel]:contains(Cancel)",
            run: "click",
        },
        {
            content: "A draft again, on which nobody works",
            trigger:
                ".o_form_view:not(:has(.o_field_widget[name=marketing_job_progress])):not(:has(.alert-info:contains(brought up to date))) .o_statusbar_status [aria-checked=true]:contains(Draft)",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_job_stop_check", {
    steps: () => [
        EDITOR_READY,
        {
            trigger: ".alert-info:contains(This mailing waits for its check)",
        },
        {
            content: "How far is it?",
            trigger: "button[name=action_view_check]:contains(running)",
            run: "click",
        },
        ...stop(),
        {
            trigger: "button[name=action_open_mailing]",
            run: "click",
        },
        {
            content: "Without its check nothing leaves, and what to do",
            trigger:
                ".alert-danger:contains(This mailing is held: its check broke or was stopped):contains(Check it again)",
        },
        {
            trigger: "button[name=action_view_check]:contains(not done)",
        },
    ],
});
