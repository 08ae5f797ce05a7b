import {registry} from "@web/core/registry";

const TIMELINE = ".o_marketing_timeline";

registry.category("web_tour.tours").add("marketing_person_timeline", {
    steps: () => [
        {
            content: "Open the person",
            trigger:
                ".o_data_row:contains(ana@pumps.example) td[name=email_normalized]",
            run: "click",
        },
        {
            content: "See when the person last clicked",
            trigger: `${TIMELINE} .o_marketing_tile[data-code=clicked]:contains(1 in 30 days)`,
        },
        {
            content: "See that a scanner was left out",
            trigger: `${TIMELINE} .o_marketing_tile[data-code=clicked]:contains(1 automatic)`,
        },
        {
            content: "Ask why the score is what it is",
            trigger: `${TIMELINE} .o_marketing_score_tile`,
            run: "click",
        },
        {
            content: "Read the reasons",
            trigger: `${TIMELINE} .o_marketing_score_lines:contains(Form submitted)`,
        },
        {
            content: "Show clicks only",
            trigger: `${TIMELINE} .o_marketing_timeline_kinds [data-kind=clicks]`,
            run: "click",
        },
        {
            content: "Mails are hidden, the scanner is marked",
            trigger: `${TIMELINE}:not(:has(.o_marketing_touchpoint[data-kind=mails])) .o_automatic:contains(Automatic)`,
        },
        {
            content: "Show everything again",
            trigger: `${TIMELINE} .o_marketing_timeline_kinds button:first`,
            run: "click",
        },
        {
            content: "Load what happened longer ago",
            trigger: `${TIMELINE} .o_marketing_timeline_more`,
            run: "click",
        },
        {
            content: "The oldest event is there and nothing more to load",
            trigger: `${TIMELINE}:not(:has(.o_marketing_timeline_more)) .o_marketing_touchpoint:contains(“Spring newsletter” sent)`,
        },
        {
            content: "Open the mail",
            trigger: `${TIMELINE} .o_marketing_touchpoint_title:contains(“Spring newsletter” sent)`,
            run: "click",
        },
        {
            content: "The mailing is open",
            trigger:
                ".o_form_view .o_field_widget[name=subject] :value(Spring newsletter)",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_lead_timeline", {
    steps: () => [
        {
            content: "The score is on the lead",
            trigger: ".o_form_sheet [name=marketing_score]:contains(/^[1-9]/)",
        },
        {
            content: "Open the engagement",
            trigger: ".o_notebook .nav-link[name=marketing_engagement]",
            run: "click",
        },
        {
            content: "Show mails only",
            trigger: `${TIMELINE} .o_marketing_timeline_kinds [data-kind=mails]`,
            run: "click",
        },
        {
            content: "Read the mail that the customer got",
            trigger: `${TIMELINE}:not(:has([data-kind=web].o_marketing_touchpoint)) .o_marketing_touchpoint_title:contains(“Spring newsletter” sent)`,
            run: "click",
        },
        {
            content: "It is shown as he saw it",
            trigger:
                ".modal iframe.o_marketing_mail_preview[srcdoc*='Hello Ana Pereira']",
        },
        {
            content: "Close it",
            trigger: ".modal-footer .btn-primary",
            run: "click",
        },
        {
            content: "Back on the lead",
            trigger: `body:not(:has(.modal)) ${TIMELINE}`,
        },
    ],
});
