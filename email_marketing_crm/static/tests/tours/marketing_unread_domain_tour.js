import {registry} from "@web/core/registry";

const DOMAIN = ".o_field_widget[name=mailing_domain]";

registry.category("web_tour.tours").add("marketing_unread_domain", {
    steps: () => [
        {
            content:
                "Who may not read leads is told so, and not that the rule is wrong",
            trigger: `${DOMAIN}:contains(You may not read these records)`,
        },
        {
            trigger: `${DOMAIN}:not(:contains(Invalid domain)):not(:contains(record(s)))`,
        },
        {
            trigger: `${DOMAIN} .fa-caret-right`,
            run: "click",
        },
        {
            content: "Also where he changes the rule",
            trigger: `${DOMAIN} .o_field_domain_panel:contains(You may not read these records)`,
        },
    ],
});

registry.category("web_tour.tours").add("marketing_read_domain", {
    steps: () => [
        {
            content: "Who may read contacts sees how many there are",
            trigger: `${DOMAIN} .o_domain_show_selection_button:contains(record(s))`,
        },
        {
            trigger: `${DOMAIN}:not(:contains(You may not read))`,
        },
    ],
});
