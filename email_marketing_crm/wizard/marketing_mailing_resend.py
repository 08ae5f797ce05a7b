from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError

#: Days after the first mail: most of those who open it have done so by then.
DEFAULT_DAYS = 3


class MarketingMailingResend(models.TransientModel):
    """The same mail again, with another subject, to who did not react."""

    _name = "marketing.mailing.resend"
    _description = "Send a Mailing Again"

    mailing_id = fields.Many2one(
        "mailing.mailing", required=True, readonly=True, ondelete="cascade"
    )
    first_subject = fields.Char(related="mailing_id.subject", string="First Subject")
    kind = fields.Selection(
        [
            ("opened", "Who did not open it"),
            ("clicked", "Who did not click in it"),
        ],
        "To",
        required=True,
        default="opened",
        help="Opens and clicks of machines do not count. Who replied or unsubscribed "
        "is left out in any case.",
    )
    subject = fields.Char("New Subject", required=True)
    days = fields.Integer(
        "Days After the First Mail",
        default=DEFAULT_DAYS,
        help="The new mailing is not sent before. Who reacts until then is left out.",
    )
    translation_ids = fields.One2many(
        "marketing.mailing.resend.subject",
        "resend_id",
        "Subjects of Other Languages",
        compute="_compute_translation_ids",
        store=True,
        readonly=False,
    )
    person_count = fields.Integer("Persons as of Now", compute="_compute_person_count")

    _days_positive = models.Constraint(
        "CHECK(days >= 0)", "The second mail cannot come before the first one."
    )

    @api.depends("mailing_id", "kind")
    def _compute_person_count(self):
        persons = self.env["marketing.person"]
        for wizard in self:
            wizard.person_count = persons.search_count(
                [
                    (
                        "unreacted_mailing",
                        "=",
                        f"{wizard.mailing_id.id}:{wizard.kind}",
                    )
                ]
            )

    @api.depends("mailing_id")
    def _compute_translation_ids(self):
        """A line for each language of the mailing."""
        for wizard in self:
            wizard.translation_ids = [
                Command.clear(),
                *(
                    Command.create({"translation_id": translation.id})
                    for translation in wizard.mailing_id.marketing_translation_ids
                ),
            ]

    @api.constrains("subject", "mailing_id")
    def _check_subject(self):
        for wizard in self:
            wizard._refuse_same([(wizard.subject, wizard.first_subject)])

    def _refuse_same(self, subjects):
        """Refuse a subject that is missing, or the one that did not work.

        :param subjects: `[(new subject, first subject)]`
        """
        if any(
            (new or "").strip() in ("", (first or "").strip())
            for new, first in subjects
        ):
            raise ValidationError(
                self.env._(
                    "Give the second mail another subject, in each of its languages: "
                    "the first one did not make these people open it."
                )
            )

    def action_create_mailing(self):
        self.ensure_one()
        self._refuse_same([(line.subject, line.first) for line in self.translation_ids])
        if not self.person_count:
            raise UserError(
                self.env._("Everybody who got “%s” reacted.", self.first_subject)
            )
        second = self.mailing_id._create_resend(
            self.subject,
            self.kind,
            self.days,
            {line.lang_id.id: line.subject for line in self.translation_ids},
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "mailing.mailing",
            "res_id": second.id,
            "views": [(False, "form")],
        }


class MarketingMailingResendSubject(models.TransientModel):
    """The new subject for the readers of one language."""

    _name = "marketing.mailing.resend.subject"
    _description = "New Subject in a Language"
    _order = "id"

    resend_id = fields.Many2one(
        "marketing.mailing.resend", required=True, ondelete="cascade"
    )
    translation_id = fields.Many2one(
        "marketing.mailing.translation", required=True, ondelete="cascade"
    )
    lang_id = fields.Many2one(related="translation_id.lang_id")
    first = fields.Char("First Subject", related="translation_id.subject")
    subject = fields.Char("New Subject", help="Required: the lines come without one.")
