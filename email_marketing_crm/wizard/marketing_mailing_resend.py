from odoo import api, fields, models
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

    @api.constrains("subject", "mailing_id")
    def _check_subject(self):
        for wizard in self:
            if wizard.subject.strip() == (wizard.first_subject or "").strip():
                raise ValidationError(
                    self.env._(
                        "Give the second mail another subject: the first one did not "
                        "make these people open it."
                    )
                )

    def action_create_mailing(self):
        self.ensure_one()
        if not self.person_count:
            raise UserError(
                self.env._("Everybody who got “%s” reacted.", self.first_subject)
            )
        second = self.mailing_id._create_resend(self.subject, self.kind, self.days)
        return {
            "type": "ir.actions.act_window",
            "res_model": "mailing.mailing",
            "res_id": second.id,
            "views": [(False, "form")],
        }
