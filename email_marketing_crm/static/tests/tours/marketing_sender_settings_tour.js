import {BACK, SAVE, openPage, select} from "./field_steps";
import {registry} from "@web/core/registry";

const LIMIT = ".o_field_widget[name=provider_ids] .o_selected_row";
const STEPS = ".o_field_widget[name=ramp_ids]";

registry.category("web_tour.tours").add("marketing_sender_settings", {
    steps: () => [
        {
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=domain] input",
            run: "edit quota.tour.example.com",
        },
        {
            content: "So many an hour",
            trigger: ".o_field_widget[name=hourly_quota] input",
            run: "edit 200",
        },
        {
            content: "So many a day",
            trigger: ".o_field_widget[name=daily_quota] input",
            run: "edit 1500",
        },
        {
            content: "Fewer for one provider",
            trigger: ".o_notebook .nav-link[name=providers]",
            run: "click",
        },
        {
            trigger:
                ".o_field_widget[name=provider_ids] .o_field_x2many_list_row_add a",
            run: "click",
        },
        ...select(`${LIMIT} .o_field_widget[name=provider]`, "Yahoo"),
        {
            trigger: `${LIMIT} .o_field_widget[name=hourly_quota] input`,
            run: "edit 50",
        },
        {
            content: "The second day of a warm-up with fewer than usual",
            trigger: ".o_notebook .nav-link[name=warm_up]",
            run: "click",
        },
        {
            trigger: `${STEPS} .o_data_row:eq(1) td[name=mails]:contains(100)`,
            run: "click",
        },
        {
            trigger: `${STEPS} .o_selected_row .o_field_widget[name=mails] input`,
            run: "edit 90",
        },
        ...SAVE,
        {
            content: "Begin with few",
            trigger: "button[name=action_start_warm_up]",
            run: "click",
        },
        {
            trigger:
                ".modal:contains(only as many mails leave as its steps allow) .modal-footer .btn-primary",
            run: "click",
        },
        {
            content: "It has begun: it can be ended now",
            trigger: "body:not(:has(.modal)) button[name=action_stop_warm_up]",
        },
        openPage("warm_up"),
        {
            content: "The first day, with the mails of its step",
            trigger: ".o_field_widget[name=warm_up_day]:contains(/^1$/)",
        },
        {
            trigger: ".o_field_widget[name=warm_up_quota]:contains(/^50$/)",
        },
        openPage("trust"),
        {
            content: "Nobody has asked yet whether it can be trusted",
            trigger: ".o_field_widget[name=dns_state]:contains(Not checked)",
        },
        {
            trigger: "button[name=action_check_dns]:contains(Check Now)",
            run: "click",
        },
        {
            content: "What is wrong, and what to do",
            trigger:
                ".o_field_widget[name=dns_findings]:contains(quota.tour.example.com has no SPF record. Add a TXT record)",
        },
        {
            trigger: ".o_field_widget[name=dns_state]:contains(Not trusted)",
        },
        {
            content: "It is added: check again",
            trigger: "button[name=action_check_dns]:contains(Check Now)",
            run: "click",
        },
        {
            trigger:
                ".o_form_view:not(:contains(has no SPF record)) .o_field_widget[name=dns_state]:contains(/^Trusted$/)",
        },
        {
            content: "Something is wrong: stop everything at once",
            trigger: "button[name=action_brake]",
            run: "click",
        },
        {
            trigger:
                ".modal:contains(until somebody lets it go on) .modal-footer .btn-primary",
            run: "click",
        },
        {
            content: "Nothing leaves, and there is one way on",
            trigger:
                "body:not(:has(.modal)):not(:has(button[name=action_brake])) .alert-danger:contains(Nothing of this sender leaves):contains(stopped the mails by hand)",
        },
        {
            trigger: "button[name=action_go_on]",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_webhook_create", {
    steps: () => [
        {
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=name] input",
            run: "edit Tour Mailgun",
        },
        {
            trigger: ".o_field_widget[name=provider] input[data-value=mailgun]",
            run: "click",
        },
        {
            content: "Be told that nothing comes in without a key",
            trigger:
                ".alert-warning:contains(without the key every request is refused)",
        },
        ...SAVE,
        {
            content: "The address to give to the provider",
            trigger: ".o_field_widget[name=url]:contains(/marketing/webhook/mailgun/)",
        },
        {
            content: "Enter the key",
            trigger: ".o_field_widget[name=secret] textarea",
            run: "edit key-of-the-tour",
        },
        ...SAVE,
        {
            trigger: ".o_form_view:not(:has(.alert-warning))",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_webhook_new_address", {
    steps: () => [
        {
            content: "What came in so far",
            trigger:
                "button[name=action_view_calls]:has(.o_stat_value:contains(/^1$/))",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains(signature of the tour)",
        },
        BACK,
        {
            trigger: ".o_field_widget[name=url]:contains(/marketing/webhook/mailgun/)",
        },
        {
            content: "Somebody else knows the address: draw another",
            trigger: "button[name=action_renew_token]",
            run: "click",
        },
        {
            content: "Know what it means",
            trigger:
                ".modal:contains(reports nothing any more) .modal-footer .btn-primary:contains(New Address)",
            run: "click",
        },
        {
            trigger:
                "body:not(:has(.modal)) .o_field_widget[name=url]:not(:contains(known-to-others))",
        },
    ],
});
