import {registry} from "@web/core/registry";
import {hierarchyView} from "@web_hierarchy/hierarchy_view";
import {JourneyTreeModel} from "./journey_tree_model";
import {JourneyTreeRenderer} from "./journey_tree_renderer";

export const journeyTreeView = {
    ...hierarchyView,
    Model: JourneyTreeModel,
    Renderer: JourneyTreeRenderer,
};

registry.category("views").add("marketing_journey_tree", journeyTreeView);
