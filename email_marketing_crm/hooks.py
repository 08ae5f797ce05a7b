"""What happens once: when the add-on is installed and when it is removed."""

import logging

from odoo import SUPERUSER_ID
from odoo.tools import SQL

from .models.mailing_trace_link import LAST_UNSIGNED

_logger = logging.getLogger(__name__)


def post_init_hook(env):
    """Make the persons of the contacts, leads and list contacts there already are.

    The workers grade them afterwards.
    """
    env["marketing.suppression"]._get_key()
    trust_links_of_before(env)
    build_persons(env)
    build_consents(env)
    env["marketing.score.model"].search([])._queue_recompute()


def trust_links_of_before(env):
    """Take clicks in mails that left before for what they are: no link was signed."""
    [(last,)] = env.execute_query(SQL("SELECT max(id) FROM mailing_trace"))
    env["ir.config_parameter"].sudo().set_param(LAST_UNSIGNED, last or 0)


def build_persons(env):
    """Give every record with a normalised address its person, in sets.

    Runs on a million contacts in about a minute; calling it again changes nothing.
    Records whose address cannot be normalised get no person; the menu Audience >
    Unusable Addresses lists them.

    :returns: number of persons made
    """
    persons = env["marketing.person"]
    models = [env[name] for name in persons._get_record_models()]
    env.flush_all()
    addresses = SQL(" UNION ").join(
        SQL(
            "SELECT email_normalized FROM %s"
            " WHERE email_normalized IS NOT NULL AND email_normalized <> ''"
            " AND email_normalized NOT LIKE '@%%'"
            " AND marketing_person_id IS NULL",
            SQL.identifier(model._table),
        )
        for model in models
    )
    env.cr.execute(
        SQL(
            """
            INSERT INTO marketing_person (email_normalized, create_date, suppression)
            SELECT address.email_normalized, now() at time zone 'UTC', 'none'
              FROM (%s) address
            ON CONFLICT (email_normalized) DO NOTHING
            """,
            addresses,
        )
    )
    made = env.cr.rowcount
    for model in models:
        env.cr.execute(
            SQL(
                """
                UPDATE %s record
                   SET marketing_person_id = COALESCE(person.merged_into_id, person.id)
                  FROM marketing_person person
                 WHERE person.email_normalized = record.email_normalized
                   AND record.marketing_person_id IS NULL
                """,
                SQL.identifier(model._table),
            )
        )
        _logger.info("%s: %s records have a person", model._name, env.cr.rowcount)
    _synchronize_everybody(env, models)
    env["marketing.suppression"]._flag_persons()
    env.cr.execute("ANALYZE marketing_person")
    env.invalidate_all(flush=False)
    return made


def build_consents(env):
    """Take over what people told Odoo: opt-outs of lists, and the blacklist.

    A few statements for a million subscriptions; calling it again changes nothing.
    """
    consents = env["marketing.consent"]
    stopped = consents._build_opted_out()
    env["marketing.topic"]._make_for_public_lists()
    built = consents._build_from_subscriptions()
    consents._build_refusals()
    _logger.info("%s consents; %s persons want no mail", built, stopped)
    env.cr.execute("ANALYZE marketing_consent")


def _synchronize_everybody(env, models):
    """Read the names and companies of all persons from their records.

    The same as `marketing.person._synchronize_records`, without its list of ids.
    """
    records = SQL(" UNION ALL ").join(
        model._get_identity_select(rank) for rank, model in enumerate(models)
    )
    env["marketing.person"]._write_identities(records)
    env.cr.execute(
        SQL(
            """
            INSERT INTO marketing_person_company_rel (person_id, company_id)
            SELECT person_id, unnest(array_agg(DISTINCT company_id))
              FROM (%s) record
             GROUP BY person_id
            HAVING bool_and(company_id IS NOT NULL)
            ON CONFLICT DO NOTHING
            """,
            records,
        )
    )


def _keep_handoff_activities(env):
    """What salespeople still have to do stays on their list, as something to do."""
    types = [
        env.ref(f"email_marketing_crm.{name}", raise_if_not_found=False)
        for name in ("activity_type_handoff", "activity_type_handoff_expired")
    ]
    activities = env["mail.activity"].with_context(active_test=False)
    activities.search(
        [("activity_type_id", "in", [kind.id for kind in types if kind])]
    ).activity_type_id = env.ref("mail.mail_activity_data_todo")


def uninstall_hook(env):
    """Remove the crons of the lanes and the settings; Odoo removes the rest.

    Mailings to segments become drafts to nobody: without segments their domain cannot
    be read, and what Odoo's own queue would make of them is anybody's guess.
    """
    mailings = env["mailing.mailing"].with_context(active_test=False)
    driven = mailings.search([("marketing_kind", "!=", False)])
    unsent = driven.filtered(lambda mailing: mailing.state in ("in_queue", "sending"))
    unsent.write({"state": "draft"})
    env["mail.mail"].search(
        [("marketing_delivery_id", "!=", False), ("state", "=", "outgoing")]
    ).unlink()
    segmented = mailings.search([("marketing_segment_ids", "!=", False)])
    env.flush_all()
    # By SQL: whom a mailing was sent to is fixed, for as long as we are here.
    env.cr.execute(
        "UPDATE mailing_mailing SET mailing_domain = %s WHERE id = ANY(%s)",
        ["[('id', 'in', [])]", segmented.ids],
    )
    env.invalidate_all()
    # The log goes first: it holds on to the types that are removed one by one.
    env.cr.execute("TRUNCATE marketing_touchpoint")
    env.cr.execute("TRUNCATE marketing_consent_log")
    env.cr.execute("UPDATE res_company SET marketing_compliance_profile_id = NULL")
    env.cr.execute("DELETE FROM marketing_handoff")
    # So do rules, journeys and goals that users made.
    env.cr.execute("DELETE FROM marketing_score_rule")
    env.cr.execute("DELETE FROM marketing_segment_rule")
    for table in ("mailing_mailing", "utm_campaign"):
        env.cr.execute(
            SQL(
                "UPDATE %s SET marketing_goal_type_id = NULL"
                " WHERE marketing_goal_type_id IS NOT NULL",
                SQL.identifier(table),
            )
        )
    # They hold on to the users and the teams of the demo data.
    env.cr.execute(
        "UPDATE marketing_journey SET goal_type_id = NULL, user_id = %s",
        [SUPERUSER_ID],
    )
    env.cr.execute(
        "UPDATE marketing_journey_step SET policy_id = NULL, event_type_id = NULL"
    )
    env.cr.execute("DELETE FROM marketing_handoff_policy")
    env.cr.execute("DELETE FROM marketing_lifecycle_move")
    env.cr.execute("DELETE FROM marketing_touchpoint_daily")
    env.cr.execute("DELETE FROM marketing_profile_value")
    env.cr.execute("DELETE FROM marketing_profile_rule")
    env.invalidate_all(flush=False)
    _keep_handoff_activities(env)
    # Odoo keeps the clicks of a link on its row again.
    env.cr.execute(
        """
        UPDATE link_tracker AS link SET count = (
            SELECT count(*) FROM link_tracker_click WHERE link_id = link.id)
        """
    )
    env["marketing.mailing.count"]._drop_triggers()
    env["marketing.mail.hour"]._drop_triggers()
    env["marketing.hit"]._drop_functions()
    env["marketing.lane"].search([]).cron_id.unlink()
    env["ir.config_parameter"].with_context(marketing_uninstall=True).search(
        [("key", "=like", "email_marketing_crm.%")]
    ).unlink()
