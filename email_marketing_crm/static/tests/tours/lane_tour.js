import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("marketing_health_page", {
    steps: () => [
        {
            content: "No worker runs: the page says so",
            trigger: ".o_marketing_lane_alert:contains(No worker has run since)",
        },
        {
            content: "The worker that failed stands out",
            trigger: ".o_data_row.text-danger:contains(KeyError)",
        },
        {
            content: "Open it",
            trigger: ".o_data_row.text-danger td[name=display_name]",
            run: "click",
        },
        {
            content: "Read the full error",
            trigger: ".o_form_view .o_field_widget[name=error]:contains(Traceback)",
        },
        {
            content: "It was mended: clear the error",
            trigger: "button[name=action_clear_error]",
            run: "click",
        },
        {
            content: "The error is gone",
            trigger: ".o_form_view:not(:has(button[name=action_clear_error]))",
        },
        {
            content: "Run the worker",
            trigger: "button[name=action_run_now]",
            run: "click",
        },
        {
            content: "It will run",
            trigger: ".o_notification:contains(as soon as)",
        },
        {
            content: "Look at the events that failed",
            trigger:
                ".o_menu_sections [data-menu-xmlid='mass_mailing.mass_mailing_configuration']",
            run: "click",
        },
        {
            trigger:
                ".o-dropdown--menu [data-menu-xmlid='email_marketing_crm.marketing_inbox_menu']",
            run: "click",
        },
        {
            content: "Nothing failed",
            trigger: ".o_view_nocontent:contains(No event failed)",
        },
    ],
});
