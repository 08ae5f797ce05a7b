import {HierarchyModel} from "@web_hierarchy/hierarchy_model";

/** The steps of a journey are few and are read as a whole, never branch by branch. */
export class JourneyTreeModel extends HierarchyModel {
    isSearchDefaultOrEmpty() {
        return false;
    }

    /**
     * Put each step below the one it follows; what follows nothing that is shown
     * (the first step, or all that a filter found) comes on top.
     *
     * @param {object[]} data steps in the order of reading
     * @returns {object[]}
     */
    _formatData(data) {
        const steps = new Map(data.map((step) => [step.id, {...step}]));
        for (const step of steps.values()) {
            step[this.childFieldName] = [];
        }
        const roots = [];
        for (const step of steps.values()) {
            const parent = steps.get(step[this.parentFieldName]?.id);
            (parent ? parent[this.childFieldName] : roots).push(step);
        }
        return roots;
    }
}
