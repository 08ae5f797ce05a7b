"""The origin of persons who came by the website, when the add-on comes and goes."""

MODULE = "email_marketing_crm_website"
SOURCE = "acquisition_source_website"


def pre_init_hook(env):
    """Take over the origin that a former installation left behind."""
    sources = env["marketing.acquisition.source"].with_context(active_test=False)
    source = sources.search([("name", "=", "Website"), ("kind", "=", "form")], limit=1)
    if source:
        env["ir.model.data"].create(
            {
                "module": MODULE,
                "name": SOURCE,
                "model": source._name,
                "res_id": source.id,
                "noupdate": True,
            }
        )


def uninstall_hook(env):
    """Keep the origin of persons who came by the website, if there are any."""
    source = env.ref(f"{MODULE}.{SOURCE}", raise_if_not_found=False)
    if source and source.with_context(active_test=False).person_ids:
        env["ir.model.data"].search(
            [("module", "=", MODULE), ("name", "=", SOURCE)]
        ).unlink()
