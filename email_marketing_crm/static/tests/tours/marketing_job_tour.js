import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("marketing_job_ask", {
    steps: () => [
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
