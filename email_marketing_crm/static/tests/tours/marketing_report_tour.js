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
