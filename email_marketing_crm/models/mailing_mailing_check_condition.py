"""Who sees what of a mailing is decided elsewhere, too: a check was about that as well.

Conditions of blocks and segments change without the mailing being written.
"""

import hashlib
import json

from odoo import models
from odoo.fields import Domain

from .mailing_mailing import SENDING_STATES


class MailingMailing(models.Model):
    _inherit = "mailing.mailing"

    def _get_check_fingerprint(self):
        """Changes with the conditions of its blocks, and with those of its segments."""
        fingerprint = super()._get_check_fingerprint()
        mailing = self.sudo()
        conditions = mailing._get_used_conditions()
        segments = (
            mailing.marketing_segment_ids
            | mailing.marketing_excluded_segment_ids
            | conditions.segment_ids
        )
        parts = [
            {one.id: one._get_definition() for one in records}
            for records in (conditions, segments)
        ]
        text = json.dumps(parts, sort_keys=True, default=str)
        return hashlib.sha256(f"{fingerprint}:{text}".encode()).hexdigest()


class MarketingContentCondition(models.Model):
    _inherit = "marketing.content.condition"

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {*self._get_criteria(), "is_inverted"}:
            self._hold_mailings()
        return result

    def _hold_mailings(self):
        """Mailings on their way with a block for these wait for another look."""
        if not self:
            return
        used = Domain.OR(Domain(condition._get_mailing_domain()) for condition in self)
        mailings = self.env["mailing.mailing"].sudo()
        mailings = mailings.search(Domain("state", "in", SENDING_STATES) & used)
        mailings._hold_changed()


class MarketingSegment(models.Model):
    _inherit = "marketing.segment"

    def _on_conditions_changed(self):
        result = super()._on_conditions_changed()
        self._hold_mailings()
        return result

    def _hold_mailings(self):
        """Mailings on their way to these, past these or with blocks for these wait.

        A segment that is made of another one changes with it.
        """
        segments = self.sudo().with_context(active_test=False)
        found = segments
        while found:
            found = found.outer_link_ids.segment_id - segments
            segments |= found
        ways = Domain("marketing_segment_ids", "in", segments.ids)
        ways |= Domain("marketing_excluded_segment_ids", "in", segments.ids)
        mailings = self.env["mailing.mailing"].sudo()
        mailings.search(Domain("state", "in", SENDING_STATES) & ways)._hold_changed()
        conditions = self.env["marketing.content.condition"].sudo()
        conditions = conditions.with_context(active_test=False).search(
            [("segment_ids", "in", segments.ids)]
        )
        conditions._hold_mailings()
