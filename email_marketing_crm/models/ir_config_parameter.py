from odoo import api, models
from odoo.exceptions import UserError

from .marketing_suppression import KEY_PARAMETER


class IrConfigParameter(models.Model):
    """The key of the suppression list stays: with another one it recognises nobody."""

    _inherit = "ir.config_parameter"

    def write(self, vals):
        if vals.keys() & {"key", "value"}:
            self._check_suppression_key(vals)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_suppression_key(self):
        self._check_suppression_key({"key": False})

    def _check_suppression_key(self, vals):
        """Refuse another key while somebody is on the suppression list."""
        for parameter in self.filtered(lambda one: one.key == KEY_PARAMETER):
            changed = any(parameter[name] != value for name, value in vals.items())
            if changed and self._has_suppressions():
                raise UserError(
                    self.env._(
                        "This is the key of the suppression list. With another key"
                        " none of the addresses on it would be recognised, and people"
                        " who were erased or said no would be mailed again. Leave it"
                        " as it is."
                    )
                )

    def _has_suppressions(self):
        if self.env.context.get("marketing_uninstall"):
            return False
        return bool(self.env["marketing.suppression"].sudo().search([], limit=1))
