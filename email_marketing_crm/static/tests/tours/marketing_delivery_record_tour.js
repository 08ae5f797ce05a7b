import {BACK, openPage} from "./field_steps";
import {registry} from "@web/core/registry";

/** A figure on the page Audience. */
const figure = (name, count) =>
    `button:has(.o_field_widget[name=${name}]:contains(/^${count}$/))`;

/** Steps: open the record of somebody from a list. */
function openRecord(words) {
    return [
        {
            content: `Open the record of ${words}`,
            trigger: `.o_list_view .o_data_row:contains(${words}) button[name=action_open_record]`,
            run: "click",
        },
    ];
}

/** Who reads contacts, and may not change them, reads the address as a link. */
const contact = (name) =>
    `.o_form_view:has(.o_field_widget[name=name]:contains(${name})) .o_field_widget[name=email] a:contains(${name}@example.com)`;

registry.category("web_tour.tours").add("marketing_plan_open_records", {
    steps: () => [
        openPage("marketing_audience"),
        {
            content: "Who would not get it?",
            trigger: "button[name=action_check_audience]",
            run: "click",
        },
        {
            trigger:
                ".o_field_widget[name=line_ids] .o_data_row:contains(Blacklisted) button[name=action_view_people]",
            run: "click",
        },
        ...openRecord("tour_bo"),
        {
            content: "The contact",
            trigger: contact("tour_bo"),
        },
        BACK,
        {
            content: "Back at the people of the reason",
            trigger:
                ".o_list_view:not(:has(.o_data_row:contains(tour_ana))) .o_data_row:contains(tour_bo)",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_delivery_open_records", {
    steps: () => [
        openPage("marketing_audience"),
        {
            content: "Who got it?",
            trigger: figure("marketing_sent", 1),
            run: "click",
        },
        {
            trigger: ".o_list_view:not(:has(.o_data_row:contains(tour_bo)))",
        },
        ...openRecord("tour_ana"),
        {
            content: "The contact",
            trigger: contact("tour_ana"),
        },
        BACK,
        {
            content: "What became of the mail",
            trigger: ".o_data_row:contains(tour_ana) td[name=state]",
            run: "click",
        },
        {
            trigger:
                ".o_form_view:has(.o_statusbar_status [aria-checked=true]:contains(Sent)) .o_field_widget[name=email]:contains(tour_ana@example.com)",
        },
        {
            content: "The record is there as well",
            trigger: ".oe_stat_button[name=action_open_record]",
            run: "click",
        },
        {
            trigger: contact("tour_ana"),
        },
        BACK,
        {
            trigger: ".oe_stat_button[name=action_open_record]",
        },
        BACK,
        {
            trigger: ".o_list_view .o_data_row:contains(tour_ana)",
        },
        BACK,
        openPage("marketing_audience"),
        {
            content: "Who did not get it?",
            trigger: figure("marketing_skipped", 1),
            run: "click",
        },
        {
            trigger: ".o_group_header:contains(Blacklisted)",
            run: "click",
        },
        ...openRecord("tour_bo"),
        {
            content: "The contact",
            trigger: contact("tour_bo"),
        },
    ],
});

/** Steps up to the record of the one who got a mailing to leads. */
const openLead = () => [
    openPage("marketing_audience"),
    {
        trigger: figure("marketing_sent", 1),
        run: "click",
    },
    ...openRecord("lena@example.com"),
];

registry.category("web_tour.tours").add("marketing_delivery_open_lead", {
    steps: () => [
        ...openLead(),
        {
            content: "The lead",
            trigger: ".o_form_view .o_field_widget[name=email_from] input:value(lena)",
        },
        {
            trigger:
                ".o_form_view .o_field_widget[name=name] textarea:value(Wants ten pumps)",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_delivery_open_person", {
    steps: () => [
        ...openLead(),
        {
            content: "He may not read leads: the person",
            trigger:
                ".o_form_view:has(.o_field_widget[name=suppression]) .o_field_widget[name=email_normalized]:contains(lena@example.com)",
        },
        {
            trigger:
                "body:not(:has(.o_error_dialog)):not(:has(.o_field_widget[name=email_from]))",
        },
    ],
});
