from odoo import models
from odoo.exceptions import UserError

from .mailing_mailing import SENDING_STATES

#: What the audience of a campaign is made of. The plan has read it, so that a change
#: would be ignored; and the numbers of its records mean nothing in another model.
AUDIENCE_FIELDS = (
    "mailing_type",
    "mailing_model_id",
    "mailing_domain",
    "mailing_filter_id",
    "contact_list_ids",
    "marketing_segment_ids",
    "marketing_resend_of_id",
    "marketing_resend_kind",
    "marketing_kind",
)
#: Choices that decide as well whether our lanes or Odoo's queue send the mailing.
KIND_FIELDS = ("marketing_excluded_segment_ids", "ab_testing_enabled")


class MailingMailing(models.Model):
    """Whom a campaign goes to is fixed when it is confirmed.

    A delivery knows its record by a number. In another model the same number is a
    stranger's record, who would get the mail: once there is a plan, the model and what
    else chose the audience do not change any more, whoever writes.
    """

    _inherit = "mailing.mailing"

    def write(self, vals):
        if not {*AUDIENCE_FIELDS, *KIND_FIELDS} & vals.keys():
            return super().write(vals)
        fixed = {
            mailing: mailing._read_audience(vals)
            for mailing in self.sudo()
            if mailing._has_fixed_audience()
        }
        result = super().write(vals)
        for mailing, audience in fixed.items():
            if mailing._read_audience(vals) != audience:
                mailing._refuse_other_audience()
        return result

    def _has_fixed_audience(self):
        """Whether somebody waits for the mailing, or is about to be planned."""
        self.ensure_one()
        if not self.marketing_kind:
            return False
        if self.marketing_kind == "campaign" and self.state in SENDING_STATES:
            return True
        if self.state == "draft" and self._is_being_worked_on():
            return False  # a worker removes the plan it had
        return bool(
            self.env["marketing.delivery"]
            .sudo()
            .search_count([("mailing_id", "=", self.id)], limit=1)
        )

    def _read_audience(self, vals):
        """What chooses the audience, of what is written; a journey's is its own."""
        self.ensure_one()
        names = (
            ("mailing_model_id",)
            if self.marketing_kind == "journey"
            else AUDIENCE_FIELDS
        )
        audience = {
            name: self[name].ids if self._fields[name].relational else self[name]
            for name in names
            if name in vals
        }
        if "mailing_domain" in audience:
            audience["mailing_domain"] = self._parse_mailing_domain()
        return audience | {"marketing_kind": self.marketing_kind}

    def _refuse_other_audience(self):
        self.ensure_one()
        if self.marketing_kind == "journey":
            raise UserError(
                self.env._(
                    "“%s” is planned for persons of its journey, or was sent to some: "
                    "it cannot be about other records any more. Remove the step and "
                    "add a new one.",
                    self.subject,
                )
            )
        raise UserError(
            self.env._(
                "Who gets “%s” was fixed when it was confirmed. To choose other "
                "recipients, take it back to draft with “Cancel”; once mails have "
                "left, stop it and duplicate it.",
                self.subject,
            )
        )
