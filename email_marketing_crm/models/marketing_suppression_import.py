import base64
import csv

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.suppression_hash import find_addresses, is_digest
from .marketing_suppression import SUPPRESSION_REASONS

#: So many addresses are put on the list while the user waits; more in the background.
AT_ONCE = 2000
#: Addresses of one transaction: about half a second.
BATCH = 5000


class MarketingSuppressionImport(models.Model):
    """Takes over who said no elsewhere: addresses or their SHA-256, from a file.

    ``draft``    being filled in by a marketing manager
    ``running``  the schedule puts one batch after the other on the list; `position`
                 says how far it is, so that a restart goes on from there
    ``done``     everything is on the list

    Only fingerprints stay: the file and the addresses are forgotten when it is done.
    """

    _name = "marketing.suppression.import"
    _description = "Import of a Suppression List"
    _order = "id desc"
    _rec_name = "filename"

    file = fields.Binary("File (CSV)", copy=False)
    filename = fields.Char("File", copy=False)
    addresses = fields.Text(
        "Or Addresses",
        copy=False,
        help="One address a line, or the SHA-256 of the address in small letters.",
    )
    reason = fields.Selection(
        [reason for reason in SUPPRESSION_REASONS if reason[0] != "erased"],
        required=True,
        default="opted_out_import",
    )
    # what became of it
    state = fields.Selection(
        [("draft", "New"), ("running", "Running"), ("done", "Done")],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
    )
    address_count = fields.Integer("Addresses", readonly=True, copy=False)
    position = fields.Integer(readonly=True, copy=False)
    progress = fields.Float(compute="_compute_progress")
    added_count = fields.Integer("New on the List", readonly=True, copy=False)
    unread_count = fields.Integer("Lines Not Read", readonly=True, copy=False)
    unread_lines = fields.Char(
        "First of Them",
        readonly=True,
        copy=False,
        help="Numbers of the lines without an e-mail address, and addresses that are "
        "none.",
    )

    @api.depends("position", "address_count", "state")
    def _compute_progress(self):
        for job in self:
            part = job.position / job.address_count if job.address_count else 0
            job.progress = 100 if job.state == "done" else 100 * part

    # ------------------------------------------------------------------
    # READ
    # ------------------------------------------------------------------

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

    def _get_addresses(self):
        """What is put on the list, in the order of the file.

        :returns: (addresses and SHA-256, numbers of the lines that have neither)
        """
        addresses, digests, unread = find_addresses(self._get_rows())
        return list(dict.fromkeys([*addresses, *digests])), unread

    # ------------------------------------------------------------------
    # TAKE OVER
    # ------------------------------------------------------------------

    def action_import(self):
        """Put what was given on the list: at once, or in the background if long."""
        self.ensure_one()
        if self.state != "draft":
            raise UserError(self.env._("This list was imported already."))
        addresses, unread = self._get_addresses()
        normalize = self.env["marketing.person"]._normalize
        if not any(is_digest(value) or normalize(value) for value in addresses):
            raise UserError(
                self.env._(
                    "There is no e-mail address and no SHA-256 of one in what you gave."
                )
            )
        self.write(
            {
                "state": "running",
                "address_count": len(addresses),
                "unread_count": len(unread),
                "unread_lines": ", ".join(str(number) for number in unread[:10]),
            }
        )
        if len(addresses) > AT_ONCE:
            cron = self.env.ref("email_marketing_crm.ir_cron_suppression_import")
            cron.sudo()._trigger()
        else:
            self.sudo()._take_over(addresses)
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "current",
        }

    @api.model
    def _cron_take_over(self):
        """Batch by batch, each committed, until the time of the run is over."""
        commit = self.env["ir.cron"]._commit_progress
        for job in self.search([("state", "=", "running")], order="id"):
            addresses, _unread = job._get_addresses()
            while job.state == "running":
                done = job._take_over(addresses)
                if not commit(done, remaining=len(addresses) - job.position):
                    return

    def _take_over(self, addresses):
        """Put the next batch on the list; returns how many there were in it."""
        self.ensure_one()
        suppressions = self.env["marketing.suppression"]
        batch = addresses[self.position : self.position + BATCH]
        known = suppressions._get_hashes(set(batch))
        added = suppressions._add_hashes(known, self.reason)
        readable = [value for value in batch if not is_digest(value)]
        if readable:
            suppressions._flag_persons(suppressions._get_persons_condition(readable))
        wrong = [value for value in batch if value not in known]
        self.write(
            {
                "position": self.position + len(batch),
                "added_count": self.added_count + added,
                "unread_count": self.unread_count + len(wrong),
                "unread_lines": self.unread_lines or ", ".join(wrong[:10]),
            }
        )
        if self.position >= len(addresses):
            self._finish(any(is_digest(value) for value in addresses))
        return len(batch)

    def _finish(self, has_digests):
        """Forget the addresses. Whose SHA-256 it was is found by asking everybody."""
        if has_digests:
            self.env["marketing.suppression"]._flag_persons()
        self.write({"state": "done", "file": False, "addresses": False})
