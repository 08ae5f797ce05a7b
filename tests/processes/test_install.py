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


def snapshot(name):
    return {
        kind: {row[0] for row in postgres.sql(query, name)}
        for kind, query in SNAPSHOT.items()
    }


def test_install_update_uninstall(stock_database):
    name = stock_database
    before = snapshot(name)
    log = odoo_bin(
        f"--database={name}",
        "--init=email_marketing_crm",
        "--stop-after-init",
        "--no-http",
    )
    assert " ERROR " not in log, log
    installed = snapshot(name)
    assert "marketing_person" in installed["tables"]
    log = odoo_bin(
        f"--database={name}",
        "--update=email_marketing_crm",
        "--stop-after-init",
        "--no-http",
    )
    assert " ERROR " not in log and " WARNING " not in log, log
    assert snapshot(name) == installed
    log = odoo_bin(
        "shell",
        f"--database={name}",
        "--no-http",
        "--log-level=error",
        stdin="env['ir.module.module'].search([('name', '=', 'email_marketing_crm')])"
        ".button_immediate_uninstall()\n",
    )
    assert " ERROR " not in log, log
    after = snapshot(name)
    left = {kind: after[kind] - before[kind] for kind in before}
    assert not any(left.values()), left
    lost = {kind: before[kind] - after[kind] for kind in before}
    assert not any(lost.values()), lost
