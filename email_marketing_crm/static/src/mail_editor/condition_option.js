import {BaseOptionComponent, useDomState} from "@html_builder/core/utils";
import {BuilderAction} from "@html_builder/core/builder_action";
import {FormViewDialog} from "@web/views/view_dialogs/form_view_dialog";
import {Plugin} from "@html_editor/plugin";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {withSequence} from "@html_editor/utils/resource";

const MODEL = "marketing.content.condition";

/** Keeps the id of the chosen condition in the block. */
class MarketingConditionAction extends BuilderAction {
    static id = "marketingCondition";

    getValue({editingElement}) {
        const id = Number(editingElement.dataset.marketingCondition);
        return id ? JSON.stringify({id}) : undefined;
    }

    apply({editingElement, value}) {
        const {id} = JSON.parse(value);
        editingElement.dataset.marketingCondition = id;
    }

    clean({editingElement}) {
        delete editingElement.dataset.marketingCondition;
    }
}

/** For whom a block is: a condition that is chosen, changed or written on the spot. */
export class MarketingConditionOption extends BaseOptionComponent {
    static template = "email_marketing_crm.ConditionOption";
    static selector = "section, .o_mail_snippet_general";

    setup() {
        super.setup();
        this.model = MODEL;
        this.dialog = useService("dialog");
        this.state = useDomState((editingElement) => ({
            id: Number(editingElement.dataset.marketingCondition) || false,
        }));
    }

    /** Opens the form of the chosen condition, or of a new one. */
    openCondition() {
        const {editor} = this.env;
        const editingElement = this.env.getEditingElement();
        const {overlayButtons, history} = editor.shared;
        overlayButtons.hideOverlayButtonsUi();
        this.dialog.add(
            FormViewDialog,
            {
                resModel: MODEL,
                resId: this.state.id,
                title: _t("Who sees the block"),
                onRecordSaved: (record) => {
                    editingElement.dataset.marketingCondition = record.resId;
                    history.addStep();
                },
            },
            {onClose: () => overlayButtons.showOverlayButtonsUi()}
        );
    }
}

class MarketingConditionPlugin extends Plugin {
    static id = "email_marketing_crm.Condition";
    resources = {
        builder_actions: {MarketingConditionAction},
        builder_options: [withSequence(1000, MarketingConditionOption)],
    };
}

registry
    .category("mass_mailing-plugins")
    .add(MarketingConditionPlugin.id, MarketingConditionPlugin);
