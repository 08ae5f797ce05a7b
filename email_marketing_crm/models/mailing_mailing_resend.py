from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL

from ..tools.reliability import classes_from
from .search_key import read_search_key

#: The least certain event that counts as an open or a click.
HUMAN = "human_likely"
#: What somebody did with the first mail, by what the second one is for: who opened
#: because of a click opened, even where his program loads no pictures.
REACTIONS = {"opened": ("opened", "clicked"), "clicked": ("clicked",)}
#: Who did one of these gets no second mail, whatever it is for.
ANSWERS = ("replied", "unsubscribed", "complaint")


class MailingMailing(models.Model):
    """A second mail, with another subject, to who did not react to the first one.

    Its audience is whoever got the first one. Who reacts until the second one leaves is
    taken out by the gate `reacted`, at each of its moments.
    """

    _inherit = "mailing.mailing"

    marketing_resend_of_id = fields.Many2one(
        "mailing.mailing",
        "Sent Again",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The mailing goes to persons who got this one and did not react.",
    )
    marketing_resend_kind = fields.Selection(
        [("opened", "did not open it"), ("clicked", "did not click in it")],
        "To Those Who",
        readonly=True,
    )
    marketing_resend_ids = fields.One2many(
        "mailing.mailing", "marketing_resend_of_id", "Second Mails"
    )
    marketing_resend_count = fields.Integer(compute="_compute_marketing_resend_count")

    @api.depends("marketing_resend_ids")
    def _compute_marketing_resend_count(self):
        for mailing in self:
            mailing.marketing_resend_count = len(mailing.marketing_resend_ids)

    @api.depends("marketing_resend_of_id")
    def _compute_marketing_kind(self):
        result = super()._compute_marketing_kind()
        for mailing in self.filtered("marketing_resend_of_id"):
            mailing.marketing_kind = "campaign"
        return result

    @api.depends("marketing_resend_of_id", "marketing_resend_kind")
    def _compute_mailing_domain(self):
        """Whoever got the first mail and did not react, within what else is chosen."""
        result = super()._compute_mailing_domain()
        for mailing in self.filtered("marketing_resend_of_id"):
            chosen = Domain.TRUE
            if mailing.sudo().marketing_segment_ids:
                chosen = Domain(mailing._parse_mailing_domain())
            first = mailing.marketing_resend_of_id.id
            mailing.mailing_domain = repr(
                list(
                    Domain(
                        "marketing_unreacted_mailing",
                        "=",
                        f"{first}:{mailing.marketing_resend_kind}",
                    )
                    & chosen
                )
            )
        return result

    # ------------------------------------------------------------------
    # RESEND
    # ------------------------------------------------------------------

    def action_resend_mailing(self):
        """Ask for the subject, and to whom the mail goes again."""
        self.ensure_one()
        self._check_resendable()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send “%s” Again", self.subject),
            "res_model": "marketing.mailing.resend",
            "view_mode": "form",
            "target": "new",
            "context": {"default_mailing_id": self.id},
        }

    def _check_resendable(self):
        self.check_access("write")
        for mailing in self:
            if (
                mailing.state != "done"
                or mailing.mailing_type != "mail"
                or mailing.marketing_kind == "journey"
                or not mailing.marketing_has_persons
            ):
                raise UserError(
                    self.env._(
                        "“%s” cannot be sent again to who did not react: that takes a "
                        "mailing to contacts, leads or lists that was sent.",
                        mailing.subject,
                    )
                )

    def _create_resend(self, subject, kind, days, subjects=None):
        """A draft of the same mail to who did not react.

        Nobody is held out of it: who was held out of the first one did not get it.

        :param kind: `opened` or `clicked`: what they did not do
        :param days: how long to wait after the first mail
        :param subjects: `{id of a language: new subject}` of its translations; those
            that are missing are taken out, and their readers get the mailing's own text
        """
        self.ensure_one()
        self._check_resendable()
        second = self.copy(
            {
                "subject": subject,
                "marketing_segment_ids": [Command.clear()],
                "marketing_resend_of_id": self.id,
                "marketing_resend_kind": kind,
                "marketing_holdout_percent": 0,
                "mailing_filter_id": False,
                "ab_testing_enabled": False,
                "use_exclusion_list": self.use_exclusion_list,
                "marketing_translation_ids": self._prepare_second_texts(subjects or {}),
            }
        )
        second._compute_mailing_domain()
        earliest = (self.sent_date or fields.Datetime.now()) + timedelta(days=days)
        if earliest > fields.Datetime.now():
            second.write({"schedule_type": "scheduled", "schedule_date": earliest})
        return second

    def _prepare_second_texts(self, subjects):
        """Commands for the texts in other languages, with their new subjects."""
        self.ensure_one()
        texts = self.marketing_translation_ids.filtered(
            lambda text: subjects.get(text.lang_id.id)
        )
        return [
            Command.create({**values, "subject": subjects[values["lang_id"]]})
            for values in texts.copy_data()
        ]

    def action_view_resends(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Second Mails of “%s”", self.subject),
            "res_model": "mailing.mailing",
            "view_mode": "list,form",
            "domain": [("marketing_resend_of_id", "=", self.id)],
            "context": {"create": False},
        }

    def action_view_resend_people(self):
        """The persons a second mail is for, as of now."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("For “%s”", self.subject),
            "res_model": "marketing.person",
            "view_mode": "list,kanban,form",
            "domain": [
                (
                    "unreacted_mailing",
                    "=",
                    f"{self.marketing_resend_of_id.id}:{self.marketing_resend_kind}",
                )
            ],
            "context": {"create": False},
        }

    def _get_first_mailings(self):
        """The mailings that this one repeats."""
        self.ensure_one()
        firsts = self.browse()
        first = self.marketing_resend_of_id
        while first and first not in firsts:
            firsts |= first
            first = first.marketing_resend_of_id
        return firsts

    # ------------------------------------------------------------------
    # QUERY
    # ------------------------------------------------------------------

    def _get_receivers(self):
        """SELECT of the persons that a mailing was sent to.

        Our mailings have deliveries, those of Odoo's queue have traces only. Mails that
        bounced did not arrive.
        """
        self.ensure_one()
        self.env["mailing.trace"].flush_model()
        arrived = SQL("trace.trace_status IN ('sent', 'open', 'reply')")
        if self.marketing_kind:
            return SQL(
                "SELECT delivery.person_id FROM marketing_delivery delivery"
                " LEFT JOIN mailing_trace trace ON trace.id = delivery.trace_id"
                " WHERE delivery.mailing_id = %s AND delivery.state = 'sent'"
                " AND (trace.id IS NULL OR %s)",
                self.id,
                arrived,
            )
        return SQL(
            "SELECT COALESCE(person.merged_into_id, person.id) AS person_id"
            " FROM mailing_trace trace"
            " JOIN marketing_person person ON person.email_normalized = trace.email"
            " WHERE trace.mass_mailing_id = %s AND %s"
            " AND trace.is_test_trace IS NOT TRUE",
            self.id,
            arrived,
        )

    def _get_reaction(self, kind, person):
        """SQL: somebody reacted to a mailing so that he gets no second one.

        :param person: SQL of the person's id
        """
        self.ensure_one()
        types = self.env["marketing.touchpoint.type"]
        return SQL(
            """
            EXISTS (SELECT FROM marketing_touchpoint event
                     WHERE event.person_id = %(person)s
                       AND event.mailing_id = %(mailing)s
                       AND ((event.type_id = ANY(%(reactions)s)
                             AND event.reliability = ANY(%(human)s))
                            OR event.type_id = ANY(%(answers)s)))
            OR EXISTS (SELECT FROM marketing_touchpoint event
                        WHERE event.person_id = %(person)s
                          AND event.type_id = ANY(%(goodbyes)s)
                          AND event.date >= %(since)s)
            """,
            person=person,
            mailing=self.id,
            reactions=[types._get_id(code) for code in REACTIONS[kind]],
            human=list(classes_from(HUMAN)),
            answers=[types._get_id(code) for code in ANSWERS],
            goodbyes=[types._get_id(code) for code in ("unsubscribed", "complaint")],
            since=self._get_first_departure(),
        )

    def _get_first_departure(self):
        """When mails of the mailing began to leave."""
        self.ensure_one()
        [(first,)] = self.env.execute_query(
            SQL(
                "SELECT min(sent_datetime) FROM mailing_trace"
                " WHERE mass_mailing_id = %s AND is_test_trace IS NOT TRUE",
                self.id,
            )
        )
        return first or self.sent_date or self.create_date


class MarketingPerson(models.Model):
    _inherit = "marketing.person"

    unreacted_mailing = fields.Char(
        "Did Not React To",
        store=False,
        search="_search_unreacted_mailing",
        help="Finds persons who got a mailing and neither opened it nor answered "
        "(“<mailing>:opened”), or did not click (“<mailing>:clicked”).",
    )

    @api.model
    def _search_unreacted_mailing(self, operator, value):
        """Persons who got a mailing and did not react: "<mailing id>:<kind>"."""
        if operator != "in":
            return NotImplemented
        return self._find_unreacted("id", value)

    @api.model
    def _find_unreacted(self, field, value):
        """Domain: `field` is a person who did not react to one of these."""
        self.env.flush_all()
        self.env["marketing.touchpoint"].sudo()._flush_captured()
        mailings = self.env["mailing.mailing"].with_context(active_test=False)
        found = Domain.FALSE
        for item in value:
            mailing, kind = read_search_key(mailings, item)
            if not mailing or kind not in REACTIONS:
                continue
            mailing = mailing.sudo()
            found |= Domain(
                field,
                "in",
                SQL(
                    "(SELECT receiver.person_id FROM (%s) receiver WHERE NOT (%s))",
                    mailing._get_receivers(),
                    mailing._get_reaction(kind, SQL("receiver.person_id")),
                ),
            )
        return found


class MarketingPersonMixin(models.AbstractModel):
    _inherit = "marketing.person.mixin"

    marketing_unreacted_mailing = fields.Char(
        "Did Not React To the Mailing",
        store=False,
        search="_search_marketing_unreacted_mailing",
        help="Finds the records of persons who got a mailing and did not react.",
    )

    @api.model
    def _search_marketing_unreacted_mailing(self, operator, value):
        if operator != "in":
            return NotImplemented
        return self.env["marketing.person"]._find_unreacted(
            "marketing_person_id", value
        )


class MarketingDelivery(models.Model):
    _inherit = "marketing.delivery"

    reason = fields.Selection(selection_add=[("reacted", "Reacted to the first mail")])

    @api.model
    def _gate_reacted(self, mailing):
        """Second mails: who reacted to the first one meanwhile."""
        first = mailing.sudo().marketing_resend_of_id
        if not first:
            return SQL("FALSE")
        kind = mailing.marketing_resend_kind or "opened"
        return self._has_person(first._get_reaction(kind, SQL("person.id")))
