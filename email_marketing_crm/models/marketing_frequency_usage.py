from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL


class MarketingFrequencyUsage(models.TransientModel):
    """What a person got, counted against one limit of a rule, at some moment.

    Written by one statement when somebody looks: all limits of one person, or everybody
    who would be capped tomorrow. What is planned until then is counted as if it left.
    Rows are their user's own, and forgotten within hours.
    """

    _name = "marketing.frequency.usage"
    _description = "Mails Counted Against a Limit"
    _order = "is_full desc, person_id, window_id"
    _rec_name = "person_id"

    person_id = fields.Many2one(
        "marketing.person", required=True, readonly=True, ondelete="cascade"
    )
    window_id = fields.Many2one(
        "marketing.frequency.window",
        "Limit",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    rule_id = fields.Many2one(
        "marketing.frequency.rule", readonly=True, ondelete="cascade"
    )
    used = fields.Float("Counted", readonly=True, digits=(16, 2), aggregator=None)
    is_full = fields.Boolean("No More", readonly=True)
    free_date = fields.Datetime(
        "Next One From", readonly=True, help="When one more mail fits into this limit."
    )
    moment = fields.Datetime("As Of", readonly=True)
    since_date = fields.Datetime("Counted Since", readonly=True)

    @api.model
    def _open_capped(self, rules=None):
        """Show whose limits are used up tomorrow at this hour, by rule.

        Of many persons a worker finds out.
        """
        rules = rules or self.env["marketing.frequency.rule"].search([])
        jobs = self.env["marketing.job"]
        if rules and jobs._is_awaited() and self.env["marketing.person"]._is_many():
            return jobs._add("capped", rules=rules.ids)._get_action()
        self._find_capped(rules)
        return self._get_capped_action()

    @api.model
    def _find_capped(self, rules):
        """Replace the user's rows by whose limits are used up tomorrow."""
        windows = rules.window_ids
        moment = fields.Datetime.now() + timedelta(days=1)
        if windows:
            deliveries = self.env["marketing.delivery"].sudo()
            likely = deliveries._get_nearly_full(windows.sudo(), moment, moment)
            self._fill(windows, moment, SQL("usage.is_full"), likely)

    @api.model
    def _get_capped_action(self):
        action = self.env["ir.actions.actions"]._for_xml_id(
            "email_marketing_crm.marketing_frequency_usage_action"
        )
        return action | {
            "domain": [("create_uid", "=", self.env.uid)],
            "context": {
                "search_default_group_rule": 1,
                "search_default_group_window": 1,
            },
        }

    @api.model
    def _open_person(self, person):
        """Show what a person got, counted against each limit that applies to him."""
        person.check_access("read")
        windows = self.env["marketing.frequency.rule"]._get_windows(
            company=self.env.company
        )
        self._fill(
            windows, fields.Datetime.now(), SQL("TRUE"), SQL("SELECT %s", person.id)
        )
        action = self.env["ir.actions.actions"]._for_xml_id(
            "email_marketing_crm.marketing_frequency_usage_action"
        )
        return action | {
            "name": self.env._("Mails to %s", person.display_name),
            "domain": [("create_uid", "=", self.env.uid)],
            "context": {"hide_person": True},
        }

    @api.model
    def _fill(self, windows, moment, condition, person_ids):
        """Replace the user's rows by those of these persons.

        :param condition: SQL on `usage`
        :param person_ids: SELECT of ids
        """
        self.env.flush_all()
        self.env.cr.execute(
            "DELETE FROM marketing_frequency_usage WHERE create_uid = %s",
            [self.env.uid],
        )
        if not windows:
            self.invalidate_model()
            return
        now = fields.Datetime.now()
        readable = self.env["marketing.person"]._search([]).subselect()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO marketing_frequency_usage (
                    person_id, window_id, rule_id, used, is_full, free_date, moment,
                    since_date, create_uid, create_date, write_uid, write_date)
                SELECT person.id, usage.window_id, usage.rule_id, usage.used,
                       usage.is_full, usage.free, %(moment)s, usage.start,
                       %(user)s, %(now)s, %(user)s, %(now)s
                  FROM marketing_person person
                 CROSS JOIN LATERAL (%(usage)s) usage
                 WHERE person.id IN (%(person_ids)s) AND person.id IN %(readable)s
                   AND %(condition)s
                """,
                moment=moment,
                user=self.env.uid,
                now=now,
                usage=self.env["marketing.delivery"]
                .sudo()
                ._get_usage(
                    windows.sudo(),
                    SQL("person.id"),
                    self.env["marketing.person"]._get_zone_sql("person"),
                    moment,
                    planned_until=moment,
                ),
                person_ids=person_ids,
                readable=readable,
                condition=condition,
            )
        )
        self.invalidate_model()

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_open_person(self):
        self.ensure_one()
        return self.person_id.get_formview_action()

    def action_view_mails(self):
        """The mails that were counted and have left, the latest first."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Mails to %s", self.person_id.display_name),
            "res_model": "marketing.touchpoint",
            "view_mode": "list,form",
            "domain": [
                ("person_id", "=", self.person_id.id),
                ("type_id.code", "in", ["sent", "sales_mail"]),
                ("date", ">", self.since_date),
                "|",
                ("mailing_id", "=", False),
                ("mailing_id.marketing_is_transactional", "=", False),
            ],
        }


class MarketingPerson(models.Model):
    _inherit = "marketing.person"

    def action_view_frequency(self):
        """Open what the person got, counted against each rule."""
        self.ensure_one()
        return self.env["marketing.frequency.usage"]._open_person(self)
