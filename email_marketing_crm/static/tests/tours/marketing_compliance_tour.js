import {BACK, SAVE, choose, configure} from "./field_steps";
import {SEND_TO_ALL} from "./editor_steps";
import {registry} from "@web/core/registry";

const PROFILE = "China (PIPL and Advertising Law)";
const SUBJECT = ".o_form_view .o_field_widget[name=subject] input";
const STOPPED = ".alert-danger:contains(This mailing cannot be sent)";
const CHOICE = ".o_setting_box .o_field_widget[name=marketing_compliance_profile_id]";

/** A field of a profile, with its value. */
const read = (field, value) =>
    `.o_form_view .o_field_widget[name=${field}] input:value(${value})`;

/** Steps: what the Chinese profile requires. */
const readProfile = () => [
    {
        content: "Open a profile",
        trigger: `.o_list_view .o_data_row:contains(${PROFILE}) td[name=name]`,
        run: "click",
    },
    {
        content: "Nobody gets advertising without having agreed",
        trigger: read("check_consent", "Stops the mail"),
    },
    {
        trigger: read("check_double_opt_in", "Warns"),
    },
    {
        trigger: read("check_unsubscribe", "Stops the mail"),
    },
    {
        trigger: read("check_address", "Warns"),
    },
    {
        content: "The subject says that it is advertising, and with which words",
        trigger: read("check_label", "Stops the mail"),
    },
    {
        trigger: read("labels", "广告, AD"),
    },
];

registry.category("web_tour.tours").add("marketing_compliance_read", {
    steps: () => [
        {
            content: "Without a profile nothing stops the mail",
            trigger: `${SUBJECT}:value(New pumps)`,
        },
        {
            trigger: `.o_form_view:not(:has(${STOPPED})):not(:has(.alert-warning:contains(Please check)))`,
        },
        ...configure("marketing_compliance_profile_menu", "Compliance Profiles"),
        ...readProfile(),
    ],
});

registry.category("web_tour.tours").add("marketing_compliance_choose", {
    steps: () => [
        {
            content: "Look at what may be chosen",
            trigger: ".o_setting_box button:contains(See the profiles)",
            run: "click",
        },
        ...readProfile(),
        {
            content: "No company uses it yet",
            trigger: ".o_form_view:not(:has(.o_field_widget[name=company_ids]))",
        },
        BACK,
        {
            trigger: `.o_list_view .o_data_row:contains(${PROFILE})`,
        },
        BACK,
        ...choose(CHOICE, PROFILE),
        {
            trigger: ".o_form_button_save",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "It is kept",
            trigger: `${CHOICE} input:value(${PROFILE})`,
        },
        ...configure("marketing_compliance_profile_menu", "Compliance Profiles"),
        {
            content: "The company uses this one, and no other",
            trigger: `.o_list_view:not(:has(.o_data_row:not(:contains(${PROFILE})):contains(Tour Pumps Ltd))) .o_data_row:contains(${PROFILE}):contains(Tour Pumps Ltd)`,
        },
    ],
});

registry.category("web_tour.tours").add("marketing_compliance_meet", {
    steps: () => [
        {
            content: "What the law asks for stops the mail, and what to do",
            trigger: `${STOPPED}:contains(The subject does not begin with an advertising label):contains(广告, AD)`,
        },
        {
            content: "What is only a warning does not",
            trigger:
                ".alert-warning:contains(Please check):contains(does not show the postal address):contains(12 Mill Lane)",
        },
        ...SEND_TO_ALL,
        {
            content: "It is refused by law: nobody may send it all the same",
            trigger:
                ".modal:not(:has(button[name=action_go_on])) .alert-danger:contains(asked for by law: nobody can decide otherwise)",
        },
        {
            trigger:
                ".modal .o_data_row:contains(Stops it):contains(does not begin with an advertising label)",
        },
        {
            trigger:
                ".modal .o_data_row:contains(Warning):contains(does not show the postal address)",
        },
        {
            trigger: ".modal .modal-footer button:contains(Cancel)",
            run: "click",
        },
        {
            trigger:
                "body:not(:has(.modal)) .o_statusbar_status [aria-checked=true]:contains(Draft)",
        },
        {
            content: "Do what the law asks for",
            trigger: SUBJECT,
            run: "edit AD: New pumps",
        },
        ...SAVE,
        {
            content: "Nothing stops it any more; the warning stays",
            trigger: `.o_form_view:not(:has(${STOPPED})) .alert-warning:contains(does not show the postal address)`,
        },
        ...SEND_TO_ALL,
        {
            content: "The warning is shown once more",
            trigger:
                ".modal:not(:has(.o_data_row:contains(Stops it))) .o_data_row:contains(does not show the postal address)",
        },
        {
            trigger: ".modal button[name=action_go_on]",
            run: "click",
        },
        {
            content: "It is in the queue",
            trigger:
                "body:not(:has(.modal)) .o_statusbar_status [aria-checked=true]:contains(In Queue)",
        },
    ],
});
