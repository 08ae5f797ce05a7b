from odoo import models
from odoo.exceptions import UserError

from .mailing_mailing_check import ASKS


class MarketingJourneyVersion(models.Model):
    _inherit = "marketing.journey.version"

    def _publish(self, user):
        """The mails of a journey are looked at as those of a campaign are."""
        checks = self._get_mail_checks()
        blocking = checks._get_open_blocks()
        if blocking:
            raise UserError(
                self.env._(
                    "The journey cannot be published:\n%s",
                    "\n".join(
                        f"{finding.mailing_id.subject}: {finding.message}"
                        for finding in blocking
                    ),
                )
            )
        result = super()._publish(user)
        checks.mailing_id._hold_unchecked()
        return result

    def _get_mail_checks(self):
        """A fresh check of each mail of the version that has a text."""
        checks = self.env["marketing.mailing.check"].sudo()
        for step in self.step_ids.filtered("mailing_id"):  # some ten at most
            if not step._get_problems():
                checks |= step.mailing_id.sudo()._get_fresh_check()
        return checks


class MarketingJourney(models.Model):
    _inherit = "marketing.journey"

    def action_check(self):
        """Show what was found in the mails, where nothing is missing otherwise."""
        result = super().action_check()
        findings = (
            self.draft_version_id.sudo()
            ._get_mail_checks()
            .finding_ids.filtered(lambda finding: finding.severity != "info")
        )
        if not findings:
            return result
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "email_marketing_crm.marketing_mailing_check_finding_action"
        )
        return action | {
            "display_name": self.env._("Check: %s", self.name),
            "domain": [("id", "in", findings.ids)],
        }

    def action_publish(self):
        """Ask about the findings in the mails before anything is published."""
        self._check_manager()
        if self.env.context.get(ASKS) and len(self) == 1 and not self.problems:
            checks = self.draft_version_id.sudo()._get_mail_checks()
            checks = checks.filtered(
                lambda check: (
                    check._get_open_blocks()
                    or (check.warn_count and not check.override_reason)
                )
            )
            if checks:
                return self.env["marketing.mailing.check.launch"]._open_for(
                    checks, journey=self
                )
        return super().action_publish()
