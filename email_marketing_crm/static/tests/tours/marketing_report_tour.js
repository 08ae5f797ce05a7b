import {BACK} from "./field_steps";
import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("marketing_which_mail_works", {
    steps: () => [
        {
            content: "All that was delivered: who is that?",
            trigger: ".o_pivot .o_pivot_cell_value:contains(/^97$/)",
            run: "click",
        },
        {
            content: "The mails behind the figure",
            trigger: ".o_list_view .o_data_row:contains(Tour report pumps)",
        },
        {
            content: "Open one",
            trigger:
                ".o_list_view .o_data_row:contains(Tour report pumps) .o_data_cell",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_breadcrumb:contains(Tour report pumps)",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_campaign_results", {
    steps: () => [
        {
            content: "What came of each mailing of the campaign",
            trigger: ".o_notebook .nav-link[name=marketing_results]",
            run: "click",
        },
        {
            trigger:
                ".o_field_widget[name=marketing_report_ids]:not(:contains(Tour other pumps)) .o_data_row:contains(Tour report pumps):has(td[name=delivered]:contains(/^97$/))",
        },
        {
            content: "Who clicked?",
            trigger:
                ".o_data_row:contains(Tour report pumps) td[name=clicked] button:contains(/^1$/)",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:only:contains(ana@report.example.com)",
        },
        BACK,
        {
            content: "Which of its mails work?",
            trigger: "button[name=action_view_marketing_results]",
            run: "click",
        },
        {
            content: "Only what this campaign delivered, and how it did",
            trigger:
                ".o_pivot tbody tr:first:has(.o_pivot_cell_value:contains(/^97$/)):has(.o_pivot_cell_value:contains(/^1\\.03/))",
        },
        {
            content: "Its mails",
            trigger: ".o_switch_view.o_list",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:only:contains(Tour report pumps)",
        },
    ],
});

registry.category("web_tour.tours").add("marketing_mailing_rates", {
    steps: () => [
        {
            content: "The list of mailings shows what came of them",
            trigger:
                ".o_data_row:contains(Tour report pumps):has(td[name=marketing_delivered_rate]:contains(/^100\\.0%$/))",
        },
        {
            content: "Who was that?",
            trigger:
                ".o_data_row:contains(Tour report pumps) td[name=marketing_click_rate] button:contains(/^1\\.0%$/)",
            run: "click",
        },
        {
            trigger:
                ".o_list_view:has(.o_breadcrumb:contains(Tour report pumps: Clicked)) .o_data_row:only:contains(ana@report.example.com)",
        },
    ],
});
