from pathlib import Path

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools.spamassassin import PROGRAMS
from .marketing_mailing_check_program import LINKS_PARAMETER, SPAM_PARAMETER


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketing_check_links = fields.Boolean(
        "Follow Links Before Sending", config_parameter=LINKS_PARAMETER
    )
    marketing_spamassassin = fields.Char(
        "SpamAssassin", config_parameter=SPAM_PARAMETER
    )

    @api.constrains("marketing_spamassassin")
    def _check_marketing_spamassassin(self):
        for settings in self:
            name = Path((settings.marketing_spamassassin or "").strip()).name
            if name and name not in PROGRAMS:
                raise ValidationError(
                    self.env._(
                        "“%(name)s” is not SpamAssassin. Give the path of one of these "
                        "programs: %(programs)s.",
                        name=name,
                        programs=", ".join(PROGRAMS),
                    )
                )
