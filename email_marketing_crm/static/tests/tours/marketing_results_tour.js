import {BACK, openPage} from "./field_steps";
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
        BACK,
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
        BACK,
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

const MAP = ".o_marketing_click_map";
const VERSION = `${MAP}_version select`;

/** A link of the list beside the mail, and how many persons followed it. */
function link(label, count) {
    return `tr:contains(${label}):has(td:nth-child(2):contains(/^${count}$/))`;
}

registry.category("web_tour.tours").add("marketing_click_versions", {
    steps: () => [
        openPage("marketing_results"),
        {
            content: "All versions at once",
            trigger: `${VERSION}:has(option:selected:contains(All of them))`,
        },
        {
            trigger: `${MAP}:has(${link("Look here", 2)}):has(${link("Regardez ici", 1)})`,
        },
        {
            content: "One of the links is not in the mail that is shown",
            trigger: `${MAP} tr:contains(Regardez ici):contains(In another version of this mail)`,
        },
        {
            content: "The mail of those who read French",
            trigger: VERSION,
            run: "selectByLabel French / Français",
        },
        {
            content: "Only what they could click",
            trigger: `${MAP}:not(:contains(Look here)) ${link("Regardez ici", 1)}:not(:contains(In another version))`,
        },
        {
            content: "Their number stands over the link of their own mail",
            trigger: `${MAP} iframe:iframe body:contains(Regardez ici) .o_place button:contains(1 · 100%)`,
        },
        {
            content: "Who was it?",
            trigger: `${MAP} ${link("Regardez ici", 1)} .btn-link`,
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:only:contains(luc@example.com)",
        },
        BACK,
        openPage("marketing_results"),
        {
            content: "The mail of the others",
            trigger: VERSION,
            run: "selectByLabel English",
        },
        {
            trigger: `${MAP}:not(:contains(Regardez ici)) ${link("Look here", 2)}`,
        },
        {
            trigger: `${MAP} iframe:iframe body:not(:contains(Regardez ici)) .o_place button:contains(2 · 100%)`,
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
