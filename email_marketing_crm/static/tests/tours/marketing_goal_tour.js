import {registry} from "@web/core/registry";
import {select} from "./field_steps";

registry.category("web_tour.tours").add("marketing_goal", {
    steps: () => [
        // The goal stands above the subject.
        ...select(
            ".o_mass_mailing_mailing_group .o_field_widget[name=marketing_goal]",
            /^Clicked$/
        ),
        {
            content: "Say how much of it is a success",
            trigger: ".o_field_widget[name=marketing_goal_target] input",
            run: "edit 5",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "What was reached stands below; open who it is",
            trigger: "button[name=action_view_goal]:contains(1 of 5: Clicked)",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains(bo@goal.example.com)",
        },
    ],
});
