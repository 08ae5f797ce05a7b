import {Plugin} from "@html_editor/plugin";
import {SelectCreateDialog} from "@web/views/view_dialogs/select_create_dialog";
import {_t} from "@web/core/l10n/translation";
import {isHtmlContentSupported} from "@html_editor/core/selection_plugin";
import {registry} from "@web/core/registry";

const MODEL = "marketing.asset";

/** “/” and Content: a link to a white paper, a video … that tells who took it. */
export class MarketingAssetPlugin extends Plugin {
    static id = "email_marketing_crm.Asset";
    static dependencies = ["dom", "history", "selection"];
    resources = {
        user_commands: [
            {
                id: "insertMarketingAsset",
                title: _t("Content"),
                description: _t("Link a white paper, a video, a landing page"),
                icon: "fa-download",
                run: () => this.choose(),
                isAvailable: isHtmlContentSupported,
            },
        ],
        powerbox_items: {
            categoryId: "marketing_tools",
            commandId: "insertMarketingAsset",
        },
    };

    choose() {
        const selection = this.dependencies.selection.preserveSelection();
        this.services.dialog.add(
            SelectCreateDialog,
            {
                resModel: MODEL,
                title: _t("Content"),
                multiSelect: false,
                noCreate: true,
                onSelected: async ([id]) => {
                    const [asset] = await this.services.orm.read(
                        MODEL,
                        [id],
                        ["name", "path"]
                    );
                    selection.restore();
                    this.insert(asset);
                },
            },
            {onClose: () => this.dependencies.selection.focusEditable()}
        );
    }

    insert({name, path}) {
        const link = this.document.createElement("a");
        link.setAttribute("href", path);
        link.textContent = name;
        this.dependencies.dom.insert(link);
        this.dependencies.history.addStep();
    }
}

for (const category of ["mass_mailing-plugins", "basic-editor-plugins"]) {
    registry.category(category).add(MarketingAssetPlugin.id, MarketingAssetPlugin);
}
