import {registry} from "@web/core/registry";

/** Opens the settings of a mailing from the list of the sender's mailings. */
function openSettings(subject) {
    return [
        {
            content: `Open “${subject}”`,
            trigger: `.o_data_row .o_data_cell:contains('${subject}')`,
            run: "click",
        },
        {
            trigger: ".o_notebook .nav-link:contains('Settings')",
            run: "click",
        },
    ];
}

const lane = (name) => `.o_field_widget[name=marketing_lane]:contains('${name}')`;
const back = {
    content: "Back to the mailings of the sender",
    trigger: ".o_back_button",
    run: "click",
};
const toggle = ".o_field_widget[name=is_high_volume] input";
const mailings = {
    content: "Look at the mailings of the sender",
    trigger: "button[name=action_view_mailings]",
    run: "click",
};

registry.category("web_tour.tours").add("marketing_sender_lane", {
    steps: () => [
        {
            trigger: ".o_data_row .o_data_cell:contains('news.lane.example.com')",
            run: "click",
        },
        {
            content: "Its mails are written one by one, and the form says why",
            trigger:
                ".o_field_widget[name=lane_reason]:contains('High volume is switched off')",
        },
        {
            content: "Switch high volume on",
            trigger: toggle,
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=lane]:contains('High volume')",
        },
        {
            trigger:
                ".o_field_widget[name=lane_reason]:contains('nothing speaks against')",
        },
        mailings,
        ...openSettings("New pumps"),
        {
            content: "A plain mailing takes the fast lane, and has no reason not to",
            trigger: `.o_form_view:not(:has(.o_field_widget[name=marketing_lane_reason])) ${lane("High volume")}`,
        },
        back,
        ...openSettings("Price list"),
        {
            content: "One with an attachment does not",
            trigger: lane("Standard"),
        },
        {
            trigger:
                ".o_field_widget[name=marketing_lane_reason]:contains('The mailing has attachments')",
        },
        {
            content: "Take the attachment out",
            trigger: ".o_field_widget[name=attachment_ids] .o_attachment_delete",
            run: "click",
        },
        {
            content: "Now it does",
            trigger: `.o_form_view:not(:has(.o_field_widget[name=marketing_lane_reason])) ${lane("High volume")}`,
        },
        {
            trigger: ".o_form_button_cancel",
            run: "click",
        },
        {
            content: "The attachment is back, and the reason",
            trigger:
                ".o_field_widget[name=marketing_lane_reason]:contains('The mailing has attachments')",
        },
        back,
        ...openSettings("By hand"),
        {
            content: "One whose text is another for each recipient does not, either",
            trigger:
                ".o_field_widget[name=marketing_lane_reason]:contains('conditions or loops of QWeb')",
        },
        back,
        {
            trigger: ".o_list_view",
        },
        back,
        {
            content: "Switch high volume off again",
            trigger: `.o_field_widget[name=lane]:contains('High volume')`,
        },
        {
            trigger: toggle,
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=lane]:contains('Standard')",
        },
        mailings,
        ...openSettings("New pumps"),
        {
            content: "Its mailings follow",
            trigger:
                ".o_field_widget[name=marketing_lane_reason]:contains('High volume is switched off')",
        },
    ],
});
