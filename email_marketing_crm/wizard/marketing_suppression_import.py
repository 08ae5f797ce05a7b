import base64
import csv

from odoo import fields, models
from odoo.exceptions import UserError

from ..models.marketing_suppression import SUPPRESSION_REASONS
from ..tools.suppression_hash import find_addresses


class MarketingSuppressionImport(models.TransientModel):
    """Takes over who said no elsewhere: addresses or their SHA-256, from a file.

    Only fingerprints are kept; the file is forgotten with this form.
    """

    _name = "marketing.suppression.import"
    _description = "Import a Suppression List"

    file = fields.Binary("File (CSV)")
    filename = fields.Char()
    addresses = fields.Text(
        help="One address a line, or the SHA-256 of the address in small letters.",
    )
    reason = fields.Selection(
        [reason for reason in SUPPRESSION_REASONS if reason[0] != "erased"],
        required=True,
        default="opted_out_import",
    )

    def action_import(self):
        """Put what was given on the list and say what became of it."""
        self.ensure_one()
        addresses, digests, unread = find_addresses(self._get_rows())
        normalize = self.env["marketing.person"]._normalize
        usable = {email for address in addresses if (email := normalize(address))}
        unusable = sum(1 for address in addresses if not normalize(address))
        if not usable and not digests:
            raise UserError(
                self.env._(
                    "There is no e-mail address and no SHA-256 of one in what you gave."
                )
            )
        wanted = usable | set(digests)
        added = self.env["marketing.suppression"].sudo()._suppress(wanted, self.reason)
        message = self.env._(
            "%(added)s addresses are on the suppression list from now on;"
            " %(known)s were on it before.",
            added=added,
            known=len(wanted) - added,
        )
        if unusable or unread:
            message += " " + self.env._(
                "%(count)s lines could not be read%(lines)s.",
                count=unusable + len(unread),
                lines=self.env._(
                    ", the first of them: %s",
                    ", ".join(str(number) for number in unread[:10]),
                )
                if unread
                else "",
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if unusable or unread else "success",
                "message": message,
                "sticky": bool(unusable or unread),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _get_rows(self):
        """Cells of the file and of the text, line by line."""
        rows = [[line] for line in (self.addresses or "").splitlines()]
        if not self.file:
            return rows
        content = base64.b64decode(self.file)
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("latin-1")
        first = text.partition("\n")[0]
        delimiter = max(",;\t|", key=first.count)
        return [*csv.reader(text.splitlines(), delimiter=delimiter), *rows]
