import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("marketing_check", {
    steps: () => [
        {
            content: "Look at the mailing before anybody gets it",
            trigger: "button[name=action_marketing_check]",
            run: "click",
        },
        {
            content: "Something stops it",
            trigger: ".o_form_view .alert-danger:contains(stop the mailing)",
        },
        {
            content: "Go where it stands",
            trigger: ".o_data_row:contains('[NAME]') button[name=action_open]",
            run: "click",
        },
        {
            content: "The sentence stands above, its place has the focus",
            trigger: ".o_marketing_finding .alert:contains('[NAME]')",
        },
        {
            trigger: ".o_field_widget[name=subject] input:focus",
        },
        {
            content: "Put it right",
            trigger: ".o_field_widget[name=subject] input",
            run: "edit Our new pumps are here",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "What was found is about another text",
            trigger: "button[name=action_view_check]:contains(outdated)",
        },
        {
            content: "Check again",
            trigger: "button[name=action_marketing_check]",
            run: "click",
        },
        {
            content: "Nothing stops it any more",
            trigger:
                ".o_form_view:has(.o_data_row:contains(City)):not(:has(.o_data_row:contains('[NAME]')))",
        },
        {
            content: "Who has no city?",
            trigger: ".o_data_row:contains(City) button[name=action_open]",
            run: "click",
        },
        {
            trigger: ".o_data_row:contains(Bo Check) .o_data_cell:first",
            run: "click",
        },
        {
            content: "Fill it in",
            trigger: ".o_field_widget[name=city] input",
            run: "edit Berlin",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "Back to the check",
            trigger: ".o_form_status_indicator_buttons.invisible:not(:visible)",
        },
        {
            trigger: ".breadcrumb-item.o_back_button a, .breadcrumb .o_back_button a",
            run: "click",
        },
        {
            trigger: ".o_list_view, .o_view_nocontent",
        },
        {
            trigger: ".breadcrumb-item.o_back_button a, .breadcrumb .o_back_button a",
            run: "click",
        },
        {
            trigger: "button[name=action_again]",
            run: "click",
        },
        {
            content: "Nothing is left",
            trigger: ".alert-success:contains(Nothing speaks against)",
        },
        {
            content: "In place of the check before: the way back leads past it",
            trigger: ".o_back_button:not(:contains(Check of))",
        },
        {
            trigger: "button[name=action_open_mailing]",
            run: "click",
        },
        {
            content: "Send it",
            trigger: "button[name=action_launch]",
            run: "click",
        },
        {
            trigger: ".modal .btn-primary",
            run: "click",
        },
        {
            content: "It leaves, without a question",
            trigger: "button[name=action_cancel]:contains(Cancel)",
        },
    ],
});

/** The words that are marked in the text of a mail. */
function getMarkedWords() {
    const view = document.querySelector("[name=body_arch] iframe").contentWindow;
    const [range] = view.CSS.highlights.get("marketing-finding") || [];
    return range ? range.toString() : "";
}

registry.category("web_tour.tours").add("marketing_check_place", {
    steps: () => [
        {
            content: "In the text: the words are marked",
            trigger: ".o_data_row:contains('[PRODUCT]') button[name=action_open]",
            run: "click",
        },
        {
            trigger: ".o_marketing_finding .alert:contains('[PRODUCT]')",
        },
        {
            trigger: "[name=body_arch] :iframe p:contains('[PRODUCT]')",
            async run({waitUntil}) {
                await waitUntil(() => getMarkedWords() === "[PRODUCT]", {
                    timeout: 20000,
                });
            },
        },
        {
            content: "It can be put aside",
            trigger: ".o_marketing_finding .btn-close",
            run: "click",
        },
        {
            trigger: "body:not(:has(.o_marketing_finding .alert))",
            run() {
                if (getMarkedWords()) {
                    throw new Error("The words are still marked");
                }
            },
        },
        {
            trigger: ".breadcrumb-item.o_back_button a, .breadcrumb .o_back_button a",
            run: "click",
        },
        {
            content: "The preview text is on another page of the form",
            trigger: ".o_data_row:contains('[CITY]') button[name=action_open]",
            run: "click",
        },
        {
            trigger: ".nav-link.active[name=settings]",
        },
        {
            trigger: ".o_field_widget[name=preview] input:focus",
            run() {
                const input = document.activeElement;
                const marked = input.value.slice(
                    input.selectionStart,
                    input.selectionEnd
                );
                if (marked !== "[CITY]") {
                    throw new Error(`Marked: ${marked}`);
                }
            },
        },
        {
            trigger: ".breadcrumb-item.o_back_button a, .breadcrumb .o_back_button a",
            run: "click",
        },
        {
            content: "Another language has a form of its own",
            trigger: ".o_data_row:contains('【姓名】') button[name=action_open]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=lang_id]",
        },
        {
            trigger: ".o_field_widget[name=subject] input:focus",
        },
        {
            trigger: ".breadcrumb-item.o_back_button a, .breadcrumb .o_back_button a",
            run: "click",
        },
        {
            content: "Who has no value, and where it is shown",
            trigger: ".o_data_row:contains(City) button[name=action_open_text]",
            run: "click",
        },
        {
            trigger: "[name=body_arch] :iframe t[t-out='object.city']",
            async run({waitUntil}) {
                const frame = document.querySelector("[name=body_arch] iframe");
                await waitUntil(
                    () =>
                        frame.contentDocument
                            .querySelector("t[t-out='object.city']")
                            .getAnimations().length,
                    {timeout: 20000}
                );
            },
        },
    ],
});

registry.category("web_tour.tours").add("marketing_check_hold", {
    steps: () => [
        {
            content: "What was found after the launch holds the mailing",
            trigger: ".alert-danger:contains(This mailing is held)",
        },
        {
            content: "What was it?",
            trigger: ".alert-danger button[name=action_view_check]",
            run: "click",
        },
        {
            trigger: ".o_data_row:contains(Bo Check)",
        },
        {
            trigger: "button[name=action_open_mailing]",
            run: "click",
        },
        {
            content: "A manager decides",
            trigger: "button[name=action_decide_check]",
            run: "click",
        },
        {
            trigger: ".modal .o_data_row:contains(Bo Check)",
        },
        {
            trigger: ".modal .o_field_widget[name=reason] textarea",
            run: "edit Bo is told by telephone",
        },
        {
            trigger: ".modal button[name=action_go_on]:contains(Send All the Same)",
            run: "click",
        },
        {
            content: "Nothing holds it any more",
            trigger:
                "body:not(:has(.modal)) .o_form_view:not(:has(.alert:contains(is held)))",
        },
        {
            trigger: ".o_form_view:not(:has(button[name=action_decide_check]))",
        },
    ],
});
