import {inputFiles} from "@web/../tests/utils";
import {registry} from "@web/core/registry";

const LINES = [
    "Name,Email,Company,What is she",
    "Ana Pereira,ana@new.example.com,ACME,CTO",
    "Bo Ek,bo@new.example.com,Acme,Buyer",
    '"Chen Li","chen@gmail,com",Acme,Buyer',
];

registry.category("web_tour.tours").add("marketing_import", {
    url: "/odoo/marketing-imports",
    steps: () => [
        {
            content: "Begin an import",
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            content: "Upload the file",
            trigger: ".o_field_widget[name=file] .o_select_file_button",
            async run() {
                const file = new File([LINES.join("\n")], "visitors.csv", {
                    type: "text/csv",
                });
                await inputFiles(".o_field_widget[name=file] input[type=file]", [file]);
            },
        },
        {
            trigger: ".o_field_widget[name=name] input:value(visitors.csv)",
        },
        {
            content: "Say where it comes from",
            trigger: ".o_field_widget[name=source_id] input",
            run: "edit Tour fair",
        },
        {
            trigger: ".o_m2o_dropdown_option_create",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=legal_basis] input",
            run: "click",
        },
        {
            trigger: ".o_select_menu_item:contains(Unknown)",
            run: "click",
        },
        {
            content: "Nobody can be mailed without a basis",
            trigger: ".alert:contains(cannot be mailed)",
        },
        {
            trigger: ".o_field_widget[name=legal_basis] input",
            run: "click",
        },
        {
            trigger: ".o_select_menu_item:contains(Legitimate)",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=relationship] input",
            run: "click",
        },
        {
            trigger: ".o_select_menu_item:contains(Prospect)",
            run: "click",
        },
        {
            trigger: "button[name=action_read_file]",
            run: "click",
        },
        {
            content: "A column nobody can guess is left out",
            trigger:
                ".o_field_widget[name=column_ids] .o_data_row:contains(What is she) td[name=target]",
            run: "click",
        },
        {
            content: "Say what it is",
            trigger: ".o_selected_row .o_field_widget[name=target] input",
            run: "edit Job Position",
        },
        {
            trigger: ".o_select_menu_item:contains(Job Position)",
            run: "click",
        },
        {
            content: "See what would happen",
            trigger: "button[name=action_check]",
            run: "click",
        },
        {
            trigger:
                ".o_field_widget[name=preview_ids] .o_data_row:contains(Ana Pereira):contains(Will ask you)",
        },
        {
            trigger:
                ".o_field_widget[name=preview_ids] .o_data_row:contains(Chen Li):contains(Cannot be imported)",
        },
        {
            content: "Import",
            trigger: "button[name=action_start]",
            run: "click",
        },
        {
            content: "One line needs an answer",
            trigger: ".alert button[name=action_view_lines]:contains(Answer)",
            run: "click",
        },
        {
            content: "She is the same",
            trigger: ".o_data_row:contains(Ana Pereira) button[name=action_update]",
            run: "click",
        },
        {
            trigger: ".o_view_nocontent",
        },
        {
            trigger: ".o_back_button, .breadcrumb-item a:contains(visitors.csv)",
            run: "click",
        },
        {
            trigger: "button[name=action_view_lines]:contains(Updated):contains(1)",
        },
        {
            content: "Get the lines to correct",
            trigger: "button[name=action_download_report]:contains(Correct)",
            run: "click",
        },
        {
            trigger: ".o_statusbar_status button.o_arrow_button_current:contains(Done)",
        },
    ],
});
