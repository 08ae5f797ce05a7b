import {KanbanController} from "@web/views/kanban/kanban_controller";
import {ListController} from "@web/views/list/list_controller";
import {kanbanView} from "@web/views/kanban/kanban_view";
import {listView} from "@web/views/list/list_view";
import {onWillStart} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";

/**
 * A view of the workers, below an alert when none of them works.
 *
 * @param {typeof ListController | typeof KanbanController} Controller
 * @param {string} template
 * @returns {Function} the controller with the alert
 */
function withHealthAlert(Controller, template) {
    return class LaneController extends Controller {
        static template = template;

        setup() {
            super.setup();
            const orm = useService("orm");
            onWillStart(async () => {
                const {resModel} = this.props;
                this.healthAlert = await orm.call(resModel, "get_health_alert", []);
            });
        }
    };
}

registry.category("views").add("marketing_lane_list", {
    ...listView,
    Controller: withHealthAlert(ListController, "email_marketing_crm.LaneList"),
});
registry.category("views").add("marketing_lane_kanban", {
    ...kanbanView,
    Controller: withHealthAlert(KanbanController, "email_marketing_crm.LaneKanban"),
});
