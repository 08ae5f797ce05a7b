import {registry} from "@web/core/registry";

const {DateTime} = luxon;
const EVENT = ".o_calendar_widget .o_event:contains(Tour pumps)";
// The same day a week later: the test plans the mailing for the first of next month.
const START = DateTime.now().plus({months: 1}).startOf("month");
const LATER = START.plus({days: 7}).toISODate();

registry.category("web_tour.tours").add("marketing_mail_calendar", {
    steps: () => [
        {
            content: "Next month",
            trigger: ".o_calendar_button_next",
            run: "click",
        },
        {
            content: "The mailing stands on its day, with its size",
            trigger: `.fc-day[data-date='${START.toISODate()}'] .o_event:contains(Tour pumps (2))`,
        },
        {
            content: "Each state is a filter, with its mails",
            trigger: ".o_calendar_filter[data-name=state]:contains(Scheduled)",
        },
        {
            content: "So is each topic, and what has none",
            trigger: ".o_calendar_filter[data-name=topic_id]:contains(Without a Topic)",
        },
        {
            content: "Move it to the week after",
            trigger: EVENT,
            async run(helpers) {
                // Inside of the day: its upper edge belongs to the week before.
                await helpers.drag_and_drop(`.fc-day[data-date='${LATER}']`, {
                    position: {top: 60, left: 60},
                    relative: true,
                });
            },
        },
        {
            content: "It was moved",
            trigger: `.fc-day[data-date='${LATER}'] .o_event:contains(Tour pumps)`,
        },
        {
            content: "Open it",
            trigger: EVENT,
            run: "click",
        },
        {
            content: "The mailing itself, scheduled for another day",
            trigger:
                ".o_form_view .o_mails_in_queue:contains(This mailing is scheduled for)",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_mail_calendar_telephone", {
    steps: () => [
        {
            trigger: ".o_calendar_button_today",
        },
        {
            content: "A day is narrow",
            trigger: ".o_calendar_widget .o_event:contains(Tour sent)",
            run: "click",
        },
        {
            content: "The whole name",
            trigger:
                ".modal .o_field_widget[name=display_name]:contains(Tour sent to all who ever had a pump of ours)",
        },
        {
            content: "What it is, and nothing that it has not",
            trigger: ".modal .modal-body:contains(Status):not(:contains(Topic))",
        },
        {
            content: "Open it",
            trigger: ".modal .o_cw_popover_edit:contains(View)",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_field_widget[name=subject]:contains(Tour sent)",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_mail_volume", {
    steps: () => [
        {
            content: "How much was sent once, and how much by journeys",
            trigger: ".o_graph_view canvas",
        },
        {
            content: "The mails behind it",
            trigger: ".o_switch_view.o_list",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains(Tour sent):contains(One-off)",
        },
        {
            content: "Open the mailing",
            trigger: ".o_list_view .o_data_row:contains(Tour sent) .o_data_cell",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_breadcrumb:contains(Tour sent)",
        },
    ],
});
