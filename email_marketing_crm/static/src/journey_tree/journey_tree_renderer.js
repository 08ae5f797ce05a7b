import {Component} from "@odoo/owl";
import {HierarchyCard} from "@web_hierarchy/hierarchy_card";
import {HierarchyRenderer} from "@web_hierarchy/hierarchy_renderer";

/** A step with the branches below it. */
export class JourneyTreeNode extends Component {
    static template = "email_marketing_crm.JourneyTreeNode";
    static props = {
        node: Object,
        openRecord: Function,
        archInfo: Object,
    };
    static components = {HierarchyCard};
}
JourneyTreeNode.components.JourneyTreeNode = JourneyTreeNode;

/** All steps at once, as a tree: the stock renderer opens one branch at a time. */
export class JourneyTreeRenderer extends HierarchyRenderer {
    static template = "email_marketing_crm.JourneyTreeRenderer";
    static components = {JourneyTreeNode};
}
