import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("marketing_topic_setup", {
    url: "/odoo/marketing-topics",
    steps: () => [
        {
            content: "Make a topic",
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=name] textarea",
            run: "edit Spare parts",
        },
        {
            trigger: ".o_field_widget[name=description] textarea",
            run: "edit New spare parts, once a month.",
        },
        {
            content: "A consent holds for two years",
            trigger: ".o_field_widget[name=expiry_months] input",
            run: "edit 24",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "There is a link to give away",
            trigger:
                ".o_field_widget[name=subscribe_url]:contains(marketing/subscribe)",
        },
        {
            content: "A mailing that asks for renewal is one button away",
            trigger: "button[name=action_ask_renewal]",
        },
        {
            content: "Nobody is in yet: see who",
            trigger: "button[name=action_view_consents]:contains(In)",
            run: "click",
        },
        {
            trigger: ".o_breadcrumb:contains(Consents for Spare parts)",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_preferences", {
    steps: () => [
        {
            content: "Everything fits into a telephone",
            trigger: "h1:contains(Your e-mail preferences)",
            run() {
                const page = document.documentElement;
                if (page.scrollWidth > page.clientWidth) {
                    throw new Error(`The page is ${page.scrollWidth} pixels wide.`);
                }
                for (const field of document.querySelectorAll(
                    "input:not([type=hidden]), select, textarea"
                )) {
                    if (!field.labels.length) {
                        throw new Error(`${field.name} has no label.`);
                    }
                }
            },
        },
        {
            content: "Leave the pumps",
            trigger: ".form-check:contains(Pumps) input[name=topic]:checked",
            run: "click",
        },
        {
            content: "Come to the events",
            trigger: ".form-check:contains(Events) input[name=topic]:not(:checked)",
            run: "click",
        },
        {
            trigger: "#frequency_month",
            run: "click",
        },
        {
            trigger: "button:contains(Save)",
            run: "click",
            expectUnloadPage: true,
        },
        {
            trigger: "[role=status]:contains(Your choice is saved)",
        },
        {
            trigger: ".form-check:contains(Events) input[name=topic]:checked",
        },
        {
            trigger: "#frequency_month:checked",
        },
        {
            content: "No more at all: one button",
            trigger: "button:contains(Stop all e-mail)",
            run: "click",
            expectUnloadPage: true,
        },
        {
            trigger: "[role=status]:contains(All e-mail is stopped)",
        },
        {
            trigger: "button:contains(Allow mail again)",
        },
    ],
});
