import {ListController} from "@web/views/list/list_controller";
import {listView} from "@web/views/list/list_view";
import {onWillStart} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";

/**
 * The list of workers, below an alert when none of them works.
 */
export class LaneListController extends ListController {
    static template = "email_marketing_crm.LaneList";

    setup() {
        super.setup();
        const orm = useService("orm");
        onWillStart(async () => {
            this.alert = await orm.call(this.props.resModel, "get_health_alert", []);
        });
    }
}

registry.category("views").add("marketing_lane_list", {
    ...listView,
    Controller: LaneListController,
});
