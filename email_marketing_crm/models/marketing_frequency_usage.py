from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

#: How far ahead somebody looks at who is capped.
FORECAST = timedelta(days=1)


class MarketingFrequencyUsage(models.TransientModel):
    """What a person got, counted against one limit of a rule, at some moment.

    Written when somebody looks: all limits of one person, or everybody who would be
    capped tomorrow, part by part where they are many. What is planned until then is
    counted as if it left. Rows are their user's own, and forgotten within hours; a look
    at a person leaves those of tomorrow alone.
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
    used = fields.Float(
        "Counted",
        readonly=True,
        digits=(16, 2),
        aggregator=None,
        help="Mails that left or are planned within the limit's time; those of "
        "salespeople by their weight.",
    )
    is_full = fields.Boolean("No More", readonly=True)
    free_date = fields.Datetime(
        "Next One From", readonly=True, help="When one more mail fits into this limit."
    )
    moment = fields.Datetime("As Of", readonly=True)
    since_date = fields.Datetime("Counted Since", readonly=True)
    is_forecast = fields.Boolean(
        readonly=True, help="Of the look at everybody who is capped tomorrow."
    )

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
    def _find_capped(self, rules, moment=None, part=None):
        """Replace the user's rows by whose limits are used up tomorrow.

        :param moment: of tomorrow; default: a day from now
        :param part: of the persons, as `marketing.job` takes them; all without one
        """
        windows = rules.window_ids
        moment = moment or fields.Datetime.now() + FORECAST
        if not part or part[0] == 0:
            self._forget(is_forecast=True)
        if windows:
            likely = self._get_likely(windows, moment, part)
            self._count(windows, moment, SQL("usage.is_full"), likely, is_forecast=True)

    @api.model
    def _count_likely(self, rules, moment):
        """How many persons `_find_capped` has to look at, one by one."""
        windows = rules.window_ids
        if not windows:
            return 0
        self.env.flush_all()
        [(count,)] = self.env.execute_query(
            SQL("SELECT count(*) FROM (%s) one", self._get_likely(windows, moment))
        )
        return count

    @api.model
    def _get_likely(self, windows, moment, part=None):
        """SELECT of the ids of whoever may have used up one of these windows."""
        deliveries = self.env["marketing.delivery"].sudo()
        return deliveries._get_nearly_full(windows.sudo(), moment, moment, part)

    @api.model
    def _get_capped_action(self):
        action = self.env["ir.actions.actions"]._for_xml_id(
            "email_marketing_crm.marketing_frequency_usage_action"
        )
        return action | {
            "domain": [
                ("create_uid", "=", self.env.uid),
                ("is_forecast", "=", True),
            ],
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
            "display_name": self.env._("Mails to %s", person.display_name),
            "domain": [
                ("create_uid", "=", self.env.uid),
                ("is_forecast", "=", False),
            ],
            "context": {"hide_person": True},
        }

    @api.model
    def _forget(self, is_forecast):
        """Forget what the user saw before, of a person or of tomorrow."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "DELETE FROM marketing_frequency_usage"
                " WHERE create_uid = %s AND is_forecast = %s",
                self.env.uid,
                is_forecast,
            )
        )
        self.invalidate_model()

    @api.model
    def _fill(self, windows, moment, condition, person_ids):
        """Replace the user's rows by those of these persons; see `_count`."""
        self._forget(is_forecast=False)
        if windows:
            self._count(windows, moment, condition, person_ids)

    @api.model
    def _count(self, windows, moment, condition, person_ids, is_forecast=False):
        """Add the user's rows about these persons.

        :param condition: SQL on `usage`
        :param person_ids: SELECT of ids
        """
        self.env.flush_all()
        now = fields.Datetime.now()
        readable = self.env["marketing.person"]._search([]).subselect()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO marketing_frequency_usage (
                    person_id, window_id, rule_id, used, is_full, free_date, moment,
                    since_date, is_forecast, create_uid, create_date, write_uid,
                    write_date)
                SELECT person.id, usage.window_id, usage.rule_id, usage.used,
                       usage.is_full, usage.free, %(moment)s, usage.start,
                       %(is_forecast)s, %(user)s, %(now)s, %(user)s, %(now)s
                  FROM marketing_person person
                 CROSS JOIN LATERAL (%(usage)s) usage
                 WHERE person.id IN (%(person_ids)s) AND person.id IN %(readable)s
                   AND %(condition)s
                """,
                moment=moment,
                is_forecast=is_forecast,
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
