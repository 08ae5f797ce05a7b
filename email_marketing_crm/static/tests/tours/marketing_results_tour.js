import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("marketing_results", {
    steps: () => [
        {
            trigger: ".nav-link:contains(Results)",
            run: "click",
        },
        {
            content: "Figures are there, each with its definition",
            trigger:
                ".o_marketing_result[data-code=delivered] sup[data-tooltip*='did not come back']",
        },
        {
            content: "The mail is shown with a number over the link",
            trigger: ".o_marketing_click_map iframe:iframe .o_place button:contains(1)",
        },
        {
            content: "Both places of one link are listed",
            trigger: ".o_marketing_click_map tr:contains(Look here (2))",
        },
        {
            content: "A number opens its persons",
            trigger:
                ".o_marketing_click_map tr:contains(Look here) td .btn-link:enabled",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains(ana@example.com)",
        },
        {
            trigger: ".o_back_button, .breadcrumb-item a:contains(Pumps of spring)",
            run: "click",
        },
        {
            trigger: ".nav-link:contains(Results)",
            run: "click",
        },
        {
            content: "What machines did is apart, what nobody knows is called so",
            trigger:
                ".o_marketing_result[data-code=opened_machine] sup[data-tooltip*='Apple Mail']",
        },
        {
            trigger:
                ".o_marketing_result[data-code=time_unknown] sup[data-tooltip*='runs no program']",
        },
        {
            trigger: ".o_marketing_result[data-code=clicked] .btn-link:enabled",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains(ana@example.com)",
        },
        {
            trigger: ".o_back_button",
            run: "click",
        },
        {
            trigger: ".nav-link:contains(Results)",
            run: "click",
        },
        {
            content: "The number in the mail opens its persons, too",
            trigger: ".o_marketing_click_map iframe:iframe .o_place button:contains(1)",
            // The frame has no scripts: what the helpers wait for there never comes.
            run({anchor}) {
                anchor.click();
            },
        },
        {
            trigger: ".o_list_view .o_data_row:contains(ana@example.com)",
        },
        {
            trigger: ".o_back_button",
            run: "click",
        },
        {
            trigger: ".nav-link:contains(Results)",
            run: "click",
        },
        {
            content: "Money says what it is",
            trigger:
                ".o_marketing_revenue[data-code=expected_revenue]:has(sup[data-tooltip*='expected to bring']) .btn-link:enabled:contains(700)",
        },
        {
            content: "What it brought, against who was held out",
            trigger: ".o_marketing_lift:contains(may be chance)",
        },
        {
            trigger: ".o_marketing_lift td[data-code=lift_held] .btn-link:enabled",
            run: "click",
        },
        {
            trigger:
                ".o_list_view .o_data_row:contains(bo@example.com):not(:contains(ana))",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_suppression_lift", {
    steps: () => [
        {
            trigger: "button[name=action_lift_suppression]",
            run: "click",
        },
        {
            content: "Without a reason nothing happens",
            trigger: ".modal button[name=action_lift]",
            run: "click",
        },
        {
            trigger: ".modal .o_field_invalid[name=reason]",
        },
        {
            trigger: ".modal .o_field_widget[name=reason] textarea",
            run: "edit She called: the mailbox works again",
        },
        {
            trigger: ".modal button[name=action_lift]",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal)) button[name=action_suppress]",
        },
    ],
});
