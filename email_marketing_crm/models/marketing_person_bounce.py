from psycopg2 import errors

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

#: Settings: so many mails in a row that came back, within so many days.
SOFT_LIMIT = ("email_marketing_crm.soft_bounce_limit", 3)
SOFT_DAYS = ("email_marketing_crm.soft_bounce_days", 30)
#: What shows that mails arrive after all.
ARRIVED = ("delivered", "opened", "clicked", "replied")


class MarketingPerson(models.Model):
    """Addresses that do not work, and readers who complain: who gets no more mail.

    A hard bounce and a complaint count at once, mails that came back for now when it
    happened several times in a row. What a server refuses for its policy is about the
    sender and never about the person. A marketing manager lifts a wrong suppression,
    with a reason that stays in the history; what the person himself said no to, his
    opt-outs and the list of addresses that must not be mailed, is not touched by that.
    """

    _inherit = "marketing.person"

    suppression = fields.Selection(
        selection_add=[("soft_bounce", "Mails came back several times"), ("manual",)],
        ondelete={"soft_bounce": "set default"},
    )

    # ------------------------------------------------------------------
    # SUPPRESSION
    # ------------------------------------------------------------------

    @api.model
    def _suppress_at_once(self, emails, suppression):
        """Stop mail to these addresses within this transaction.

        The inbox does the same from the touchpoint, a minute later; so whoever is
        being written by somebody else this moment is left to it.
        """
        normal = {self._normalize(email) for email in emails} - {False}
        ids = sorted(self._get_ids_by_email(normal).values())
        if not ids:
            return
        self.flush_model(["suppression", "suppression_date"])
        try:
            with self.env.cr.savepoint(flush=False):
                self.env.cr.execute(
                    """
                    UPDATE marketing_person
                       SET suppression = %(suppression)s, suppression_date = %(now)s
                     WHERE id IN (SELECT id FROM marketing_person
                                   WHERE id = ANY(%(ids)s) AND suppression = 'none'
                                     FOR NO KEY UPDATE SKIP LOCKED)
                    """,
                    {
                        "suppression": suppression,
                        "now": fields.Datetime.now(),
                        "ids": ids,
                    },
                )
        except errors.SerializationFailure:
            return
        self.browse(ids).invalidate_recordset(["suppression", "suppression_date"])

    @api.model
    def _get_soft_limit(self):
        """(mails in a row, days), as a manager set them; 0 mails: never."""
        get_param = self.env["ir.config_parameter"].sudo().get_param
        return tuple(int(get_param(*setting)) for setting in (SOFT_LIMIT, SOFT_DAYS))

    @api.model
    def _consume_inbox(self, batch):
        result = super()._consume_inbox(batch)
        bounced = {row.person_id for row in batch.of_types("soft_bounce")}
        if bounced:
            self._suppress_repeated(sorted(bounced))
        return result

    @api.model
    def _suppress_repeated(self, person_ids):
        """Stop mail to those whose last mails all came back for now.

        In a row: the last so many mails that were sent until the last bounce, none of
        which arrived, and nothing was heard of the person since the first of them.
        """
        limit, days = self._get_soft_limit()
        if not limit:
            return
        types = self.env["marketing.touchpoint.type"]
        self.flush_model(["suppression", "suppression_date"])
        rows = self.env.execute_query(
            SQL(
                """
                WITH bounce AS (
                    SELECT person_id, max(date) AS last
                      FROM marketing_touchpoint
                     WHERE person_id = ANY(%(ids)s) AND type_id = %(soft)s
                     GROUP BY person_id
                ),
                mail AS (
                    SELECT sent.person_id, sent.date,
                           row_number() OVER (PARTITION BY sent.person_id
                                              ORDER BY sent.date DESC, sent.id DESC
                           ) AS place,
                           EXISTS (SELECT FROM marketing_touchpoint AS back
                                    WHERE back.person_id = sent.person_id
                                      AND back.type_id = %(soft)s
                                      AND back.mailing_id = sent.mailing_id
                                      AND back.date >= sent.date) AS came_back
                      FROM bounce
                      JOIN marketing_touchpoint AS sent
                        ON sent.person_id = bounce.person_id
                       AND sent.type_id = %(sent)s AND sent.date <= bounce.last
                       AND sent.date >= bounce.last - %(days)s * interval '1 day'
                ),
                series AS (
                    SELECT person_id, min(date) AS first
                      FROM mail WHERE place <= %(limit)s
                     GROUP BY person_id
                    HAVING count(*) = %(limit)s AND bool_and(came_back)
                )
                UPDATE marketing_person AS person
                   SET suppression = 'soft_bounce', suppression_date = %(now)s
                  FROM series
                 WHERE person.id = series.person_id AND person.suppression = 'none'
                   AND NOT EXISTS (SELECT FROM marketing_touchpoint AS life
                                    WHERE life.person_id = series.person_id
                                      AND life.type_id = ANY(%(arrived)s)
                                      AND life.date > series.first)
                RETURNING person.id
                """,
                ids=person_ids,
                soft=types._get_id("soft_bounce"),
                sent=types._get_id("sent"),
                arrived=[types._get_id(code) for code in ARRIVED],
                days=days,
                limit=limit,
                now=fields.Datetime.now(),
            )
        )
        self.browse([person_id for (person_id,) in rows]).invalidate_recordset()

    # ------------------------------------------------------------------
    # LIFTING
    # ------------------------------------------------------------------

    def action_lift_suppression(self):
        """Ask why these persons may be mailed again."""
        self._check_may_lift()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "email_marketing_crm.marketing_suppression_lift_action"
        )
        return action | {"context": {"default_person_ids": self.ids}}

    def _check_may_lift(self):
        self.check_access("write")
        if not self.env.user.has_group("email_marketing_crm.group_marketing_manager"):
            raise AccessError(
                self.env._("Only marketing managers may lift a suppression.")
            )

    def _lift_suppression(self, reason):
        """Mail these persons again; who did it, and why, stays in their history.

        The row is not mailed by that alone: opt-outs, consent, the blacklist and the
        suppression list are asked as before.

        :returns: the persons who were suppressed
        :raises UserError: without a reason
        """
        self._check_may_lift()
        reason = (reason or "").strip()
        if not reason:
            raise UserError(
                self.env._(
                    "Write why mail may go to these persons again: whoever asks later"
                    " finds it in their history."
                )
            )
        lifted = self.sudo().filtered(lambda person: person.suppression != "none")
        self.env["marketing.touchpoint"].sudo()._capture(
            [
                {
                    "type": "suppression_lifted",
                    "person_id": person.id,
                    "data": {
                        "was": person.suppression,
                        "since": fields.Datetime.to_string(person.suppression_date)
                        if person.suppression_date
                        else None,
                        "reason": reason,
                        "user": self.env.user.name,
                        "user_id": self.env.uid,
                    },
                    "dedup_key": f"lifted:{person.id}:"
                    f"{fields.Datetime.to_string(fields.Datetime.now())}",
                }
                for person in lifted
            ]
        )
        lifted.write({"suppression": "none", "suppression_date": False})
        return lifted
