from markupsafe import Markup

from odoo import models

from .marketing_mailing_check_finding import FORM_PLACES

#: Which version is looked at, where nobody was assigned one yet.
ARM = "marketing_ab_arm"


class MailingMailing(models.Model):
    """The versions of an A/B test are checked like the mailing's own text."""

    _inherit = "mailing.mailing"

    def _get_checked_texts(self):
        texts = super()._get_checked_texts()
        test = self.sudo().marketing_ab_test_ids
        if test.varies not in ("subject", "content"):
            return texts
        own = texts[0]
        return texts + [
            {
                **own,
                "name": self.env._("Version %s", arm.name),
                "record": arm,
                "subject": arm.subject or own["subject"],
                "preview": arm.preview or own["preview"],
                "body_html": (test.varies == "content" and arm.body_html)
                or own["body_html"]
                or Markup(),
                "arm": arm.id,
            }
            for arm in test.arm_ids
            if any(arm._get_text())
        ]

    def _get_legal_texts(self):
        """A version that differs in its sender is a text for the law."""
        texts = super()._get_legal_texts()
        test = self.sudo().marketing_ab_test_ids
        if test.varies != "sender":
            return texts
        return texts + [
            {
                **texts[0],
                "name": self.env._("Version %s", arm.name),
                "record": arm,
                "email_from": arm.email_from,
            }
            for arm in test.arm_ids
            if arm.email_from
        ]


class MarketingMailingCheck(models.Model):
    _inherit = "marketing.mailing.check"

    def _compose_for(self, text, record):
        shown = self.with_context(**{ARM: text.get("arm")})
        return super(MarketingMailingCheck, shown)._compose_for(text, record)

    def _try_texts(self, ids, errors):  # pylint: disable=missing-return
        """Everybody may get each version, as long as nobody was assigned one."""
        for text in self.mailing_id._get_checked_texts():
            if not text["name"] or text.get("arm"):
                shown = self.with_context(**{ARM: text.get("arm")})
                super(MarketingMailingCheck, shown)._try_texts(ids, errors)


class MarketingMailingCheckFinding(models.Model):
    _inherit = "marketing.mailing.check.finding"

    def _get_text(self):
        """What a version does not say itself stands in the mailing."""
        text = super()._get_text()
        _page, field = FORM_PLACES[self.place]
        if text._name == "marketing.ab.arm" and not text[field]:
            return self.mailing_id
        return text
