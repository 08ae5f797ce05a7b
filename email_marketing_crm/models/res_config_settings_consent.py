from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .marketing_consent_request import (
    DEFAULT_LINK_DAYS,
    DEFAULT_PURGE_DAYS,
    DEFAULT_REMINDER_DAYS,
    DEFAULT_REMINDERS,
    LINK_DAYS_PARAMETER,
    PURGE_DAYS_PARAMETER,
    REMINDER_DAYS_PARAMETER,
    REMINDERS_PARAMETER,
)


class ResConfigSettings(models.TransientModel):
    """The law of the company, and the mails of the double opt-in.

    The number of reminders is written here and not by `config_parameter`, which forgets
    a 0: nobody is reminded.
    """

    _inherit = "res.config.settings"

    marketing_compliance_profile_id = fields.Many2one(
        related="company_id.marketing_compliance_profile_id", readonly=False
    )
    marketing_opt_in_link_days = fields.Integer(
        "The link works for (days)",
        default=DEFAULT_LINK_DAYS,
        config_parameter=LINK_DAYS_PARAMETER,
    )
    marketing_opt_in_reminders = fields.Integer("Reminders")
    marketing_opt_in_reminder_days = fields.Integer(
        "Remind after (days)",
        default=DEFAULT_REMINDER_DAYS,
        config_parameter=REMINDER_DAYS_PARAMETER,
    )
    marketing_opt_in_purge_days = fields.Integer(
        "Forget after (days)",
        default=DEFAULT_PURGE_DAYS,
        config_parameter=PURGE_DAYS_PARAMETER,
    )

    @api.constrains(
        "marketing_opt_in_link_days",
        "marketing_opt_in_reminders",
        "marketing_opt_in_reminder_days",
        "marketing_opt_in_purge_days",
    )
    def _check_opt_in_days(self):
        for settings in self:
            if (
                min(
                    settings.marketing_opt_in_link_days,
                    settings.marketing_opt_in_reminder_days,
                    settings.marketing_opt_in_purge_days,
                )
                < 1
                or settings.marketing_opt_in_reminders < 0
            ):
                raise ValidationError(
                    self.env._(
                        "The days of the double opt-in are at least 1, and the number "
                        "of reminders at least 0."
                    )
                )

    @api.model
    def get_values(self):
        reminders = self.env["marketing.consent.request"]._get_setting(
            REMINDERS_PARAMETER, DEFAULT_REMINDERS
        )
        return super().get_values() | {"marketing_opt_in_reminders": reminders}

    def set_values(self):
        result = super().set_values()
        self.env["ir.config_parameter"].sudo().set_param(
            REMINDERS_PARAMETER, str(self.marketing_opt_in_reminders)
        )
        return result
