import {registry} from "@web/core/registry";

/**
 * Shows another record of the same model in the form that is open. It takes the place
 * of the one before in the breadcrumbs, too.
 */
function showRecord(env, {params}) {
    return env.services.action.switchView("form", {resId: params.res_id});
}

registry.category("actions").add("marketing_show_record", showRecord);
