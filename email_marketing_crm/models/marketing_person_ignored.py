from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.comparison import compare, is_comparison


class MarketingPerson(models.Model):
    """Mail that nobody reacts to is a signal as well."""

    _inherit = "marketing.person"

    ignored_mail_count = fields.Integer(
        "Mails Ignored in a Row",
        compute="_compute_ignored_mail_count",
        compute_sudo=True,
        search="_search_ignored_mail_count",
        aggregator=None,
        help="Mails since the person last opened, clicked or answered one. What a"
        " machine opens is no reaction; who reads without pictures ignores every mail,"
        " as far as anybody can see.",
    )

    def _compute_ignored_mail_count(self):
        self.flush_model(["last_open_date", "last_click_date", "last_reply_date"])
        counts = dict(
            self.env.execute_query(
                SQL(
                    "SELECT id, %s FROM marketing_person AS person WHERE id = ANY(%s)",
                    self._get_ignored_sql("person"),
                    self.ids,
                )
            )
        )
        for person in self:
            person.ignored_mail_count = counts.get(person.id, 0)

    @api.model
    def _search_ignored_mail_count(self, operator, value):
        """By the index of a person's touchpoints, person by person."""
        if not is_comparison(operator):
            return NotImplemented
        return Domain.custom(
            to_sql=lambda model, alias, query: compare(
                self._get_ignored_sql(alias), operator, value
            )
        )

    @api.model
    def _get_ignored_sql(self, alias):
        """SQL: how many mails a person of this alias got since he last reacted."""
        return SQL(
            """
            (SELECT count(*) FROM marketing_touchpoint AS mail
              WHERE mail.person_id = %(id)s AND mail.type_id = %(sent)s
                AND mail.date > COALESCE(GREATEST(%(open)s, %(click)s, %(reply)s),
                                         '-infinity'))
            """,
            id=SQL.identifier(alias, "id"),
            sent=self.env["marketing.touchpoint.type"]._get_id("sent"),
            open=SQL.identifier(alias, "last_open_date"),
            click=SQL.identifier(alias, "last_click_date"),
            reply=SQL.identifier(alias, "last_reply_date"),
        )
