"""What happens once: when the add-on is installed and when it is removed."""

import logging

from odoo import SUPERUSER_ID
from odoo.tools import SQL

from .models.mailing_trace_link import LAST_UNSIGNED
from .models.marketing_mail_template import NAME_FIELD

#: The domain of what nobody is meant by.
NOBODY = repr([("id", "in", [])])
#: Where Odoo keeps domains that users write about records we add fields to.
DOMAINS = (
    ("mailing_mailing", "mailing_domain"),
    ("crm_team", "assignment_domain"),
    ("crm_team_member", "assignment_domain"),
    ("crm_team_member", "assignment_domain_preferred"),
)

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
    """Take clicks in mails that left before for what they are: no link was signed.

    Said once: whoever calls the hook again makes no unsigned click of later count.
    """
    parameters = env["ir.config_parameter"].sudo()
    if not parameters.get_param(LAST_UNSIGNED):
        [(last,)] = env.execute_query(SQL("SELECT max(id) FROM mailing_trace"))
        parameters.set_param(LAST_UNSIGNED, last or 0)


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
    topics = env["marketing.topic"]._make_for_public_lists()
    consents._build_from_subscriptions()
    consents._build_refusals()
    _logger.info("%s topics; %s persons want no mail", len(topics), stopped)
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


def _get_own_fields(env):
    """Names of the fields that the add-on and its bridges have on records of Odoo."""
    rows = env.execute_query(
        SQL(
            """
            SELECT DISTINCT field.name
              FROM ir_model_fields field
              JOIN ir_model_data data
                ON data.model = 'ir.model.fields' AND data.res_id = field.id
             WHERE data.module LIKE %s AND field.name LIKE %s
            """,
            r"email\_marketing\_crm%",
            r"marketing\_%",
        )
    )
    return [name for (name,) in rows]


def _forget_fields(env):
    """Let nothing of Odoo's ask for fields that go: it could not be opened any more.

    Mailings and teams that asked for them are for nobody until a user says for whom;
    saved searches are deleted. Mailings that were not sent greet by the field of Odoo.
    """
    asks = rf"\m({'|'.join(_get_own_fields(env))})\M"
    own_models = [
        name
        for name, model in env.registry.items()
        if (model._original_module or "").startswith("email_marketing_crm")
    ]
    for model, condition in (
        ("mailing.filter", SQL("mailing_domain ~ %s", asks)),
        (
            "ir.filters",
            SQL(
                "model_id = ANY(%s) OR concat_ws(' ', domain, context, sort) ~ %s",
                own_models,
                asks,
            ),
        ),
    ):
        table = SQL.identifier(env[model]._table)
        rows = env.execute_query(SQL("SELECT id FROM %s WHERE %s", table, condition))
        env[model].browse([record_id for (record_id,) in rows]).unlink()
    env.flush_all()
    for table, column in DOMAINS:
        env.cr.execute(
            SQL(
                "UPDATE %(table)s SET %(column)s = %(nobody)s"
                " WHERE %(column)s ~ %(asks)s",
                table=SQL.identifier(table),
                column=SQL.identifier(column),
                nobody=NOBODY,
                asks=asks,
            )
        )
    for column in ("subject", "preview", "body_arch", "body_html"):
        env.cr.execute(
            SQL(
                """
                UPDATE mailing_mailing mailing
                   SET %(column)s = replace(%(column)s, %(ours)s,
                           CASE model.model WHEN 'crm.lead' THEN 'object.contact_name'
                                ELSE 'object.name' END)
                  FROM ir_model model
                 WHERE model.id = mailing.mailing_model_id AND mailing.state <> 'done'
                   AND strpos(%(column)s, %(ours)s) > 0
                """,
                column=SQL.identifier(column),
                ours=f"object.{NAME_FIELD}",
            )
        )


def _keep_refusals(env):
    """Who reported spam, was blocked or is on the suppression list gets no mail.

    Odoo's blacklist remembers it, of every address that is the person's.
    """
    env.cr.execute(
        """
        INSERT INTO mail_blacklist (email, active, create_date, write_date)
        SELECT person.email_normalized, TRUE, now() at time zone 'UTC',
               now() at time zone 'UTC'
          FROM marketing_person person
          JOIN marketing_person reader
            ON reader.id = COALESCE(person.merged_into_id, person.id)
         WHERE (reader.suppression IN ('complaint', 'manual') OR reader.is_suppressed)
           AND reader.is_erased IS NOT TRUE AND person.is_erased IS NOT TRUE
        ON CONFLICT (email) DO UPDATE SET active = TRUE
        """
    )


def _leaves_people_out(mailing):
    """Whether Odoo's queue would mail people who are out of a topic or in a segment.

    Who is out of the topic of a list is opted out of the list, which Odoo looks at.
    """
    topic = mailing.marketing_topic_id
    is_covered = not topic or topic.mailing_list_id in mailing.contact_list_ids
    return bool(mailing.marketing_excluded_segment_ids) or not is_covered


def uninstall_hook(env):
    """Remove the crons of the lanes and the settings; Odoo removes the rest.

    Mailings to segments and of journeys become drafts to nobody: without segments their
    domain cannot be read, that of a journey's mail means everybody, and what Odoo's own
    queue would make of them is anybody's guess.
    """
    mailings = env["mailing.mailing"].with_context(active_test=False)
    driven = mailings.search([("marketing_kind", "!=", False)])
    waiting = mailings.search([("state", "in", ("in_queue", "sending"))])
    unsent = waiting.filtered(
        lambda mailing: mailing.marketing_kind or _leaves_people_out(mailing)
    )
    unsent.write({"state": "draft"})
    env["mail.mail"].search(
        [("marketing_delivery_id", "!=", False), ("state", "=", "outgoing")]
    ).unlink()
    segmented = mailings.search([("marketing_segment_ids", "!=", False)])
    env.flush_all()
    # By SQL: whom a mailing was sent to is fixed, for as long as we are here.
    env.cr.execute(
        "UPDATE mailing_mailing SET mailing_domain = %s WHERE id = ANY(%s)",
        [NOBODY, (segmented | driven).ids],
    )
    _forget_fields(env)
    _keep_refusals(env)
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
