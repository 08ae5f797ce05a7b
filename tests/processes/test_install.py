"""The add-on comes, is updated, and goes without leaving anything behind."""

from dev import postgres
from tests.processes.odoo_process import odoo_bin

SNAPSHOT = {
    "tables": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
    "columns": "SELECT table_name || '.' || column_name"
    " FROM information_schema.columns WHERE table_schema = 'public'",
    "constraints": "SELECT conrelid::regclass || '.' || conname FROM pg_constraint"
    " WHERE conrelid <> 0",
    "indexes": "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'",
    "crons": "SELECT id || ' ' || cron_name FROM ir_cron",
    "menus": "SELECT id::text FROM ir_ui_menu",
    "models": "SELECT model FROM ir_model",
    "groups": "SELECT id::text FROM res_groups",
    "settings": "SELECT key FROM ir_config_parameter",
    "activity types": "SELECT id::text FROM mail_activity_type",
}

#: Whoever told Odoo "no" before the add-on came.
REFUSAL = """
INSERT INTO mail_blacklist (email, active) VALUES ('no@example.com', TRUE);
INSERT INTO res_partner (name, email, email_normalized, active)
VALUES ('Ana', 'No <no@example.com>', 'no@example.com', TRUE)
"""
REFUSED = (
    "SELECT count(*) FROM marketing_person"
    " WHERE email_normalized = 'no@example.com' AND is_opted_out"
)
#: Removed while a mailing asks for a field of it, a worker is off, and a statistic is
#: kept; then Odoo shows its screens and writes what triggers listened to.
REMOVE = """
partner = env["ir.model"]._get_id("res.partner")
mailing = env["mailing.mailing"].create({
    "subject": "Pumps", "body_html": "<p>Pumps</p>", "mailing_model_id": partner,
    "mailing_domain": "[('marketing_score', '>', 50)]",
})
env["marketing.lane"].search([], limit=1).cron_id.active = False
env.cr.commit()
env["ir.module.module"].search(
    [("name", "=", "email_marketing_crm")]).button_immediate_uninstall()
assert "marketing.person" not in env
for name in ("mailing.mailing", "res.partner", "mailing.contact", "crm.lead"):
    views = env[name].get_views([(False, kind) for kind in ("list", "form", "search")])
    fields = dict.fromkeys(views["models"][name]["fields"], {})
    env[name].web_search_read([], fields, limit=10)
mailing = env["mailing.mailing"].browse(mailing.id)
assert not mailing._get_recipients()
trace = env["mailing.trace"].create({
    "mass_mailing_id": mailing.id, "model": "res.partner", "res_id": 1,
    "email": "no@example.com",
})
trace.set_sent()
env.invalidate_all()
assert mailing.sent == 1
trace.unlink()
env.cr.commit()
"""


def snapshot(name):
    return {
        kind: {row[0] for row in postgres.sql(query, name)}
        for kind, query in SNAPSHOT.items()
    }


def load(name, option):
    """Install (`init`) or update the add-on, and return what Odoo logged."""
    return odoo_bin(
        f"--database={name}",
        f"--{option}=email_marketing_crm",
        "--stop-after-init",
        "--no-http",
    )


def test_install_update_uninstall(stock_database):
    name = stock_database
    before = snapshot(name)
    postgres.sql(REFUSAL, name)
    log = load(name, "init")
    assert " ERROR " not in log, log
    installed = snapshot(name)
    assert "marketing_person" in installed["tables"]
    assert postgres.sql(REFUSED, name) == [["1"]]
    log = load(name, "update")
    assert " ERROR " not in log and " WARNING " not in log, log
    assert snapshot(name) == installed
    log = odoo_bin(
        "shell",
        f"--database={name}",
        "--no-http",
        "--log-level=error",
        stdin=REMOVE,
    )
    assert " ERROR " not in log, log
    after = snapshot(name)
    left = {kind: after[kind] - before[kind] for kind in before}
    assert not any(left.values()), left
    lost = {kind: before[kind] - after[kind] for kind in before}
    assert not any(lost.values()), lost
    log = load(name, "init")
    assert " ERROR " not in log and " WARNING " not in log, log
    assert postgres.sql(REFUSED, name) == [["1"]]
