import re

from odoo import models
from odoo.tools import email_normalize

PREFERENCES_PATH = "/marketing/preferences"


class MailMail(models.Model):
    """Mails of mailings: the link to one's preferences, and no tracking for some."""

    _inherit = "mail.mail"

    def _prepare_outgoing_body(self):
        """Take the pixel and the links that know the person out of a mail.

        For persons who do not want to be tracked: links lead where they lead to,
        without a detour.
        """
        body = super()._prepare_outgoing_body()
        if not body or not self.mailing_id or not self.mailing_trace_ids:
            return body
        untracked = self.env.context.get("marketing_untracked")
        if untracked is None:
            untracked = self._get_untracked().ids
        if self.id not in untracked:
            return body
        wrap = body.__class__
        body = str(body).replace(f'<img src="{self._get_tracking_url()}"/>', "")
        links = re.compile(
            rf"{re.escape(self.get_base_url())}/r/(\w+)(?:/m/\d+)?(?![\w/])"
        )
        codes = (
            self.env["link.tracker.code"]
            .sudo()
            .search([("code", "in", links.findall(body))])
        )
        targets = {code.code: code.link_id.absolute_url for code in codes}
        return wrap(links.sub(lambda found: targets.get(found[1]) or found[0], body))

    def _prepare_outgoing_list(self, mail_server=False, doc_to_followers=None):
        """Let the link to the preference page be the one of who gets the mail."""
        email_list = super()._prepare_outgoing_list(
            mail_server=mail_server, doc_to_followers=doc_to_followers
        )
        if not self.mailing_id or self.env.context.get("mailing_test_mail"):
            return email_list
        placeholder = re.compile(
            rf"{re.escape(self.mailing_id.get_base_url())}{PREFERENCES_PATH}(?![\w/-])"
        )
        known = self.env.context.get("marketing_preference_urls", {})
        for values in email_list:
            if not values["email_to"] or not placeholder.search(values["body"] or ""):
                continue
            email = email_normalize(values["email_to"][0], strict=False)
            url = known.get(email) or self.env["marketing.person"]._get_preference_urls(
                [email] if email else []
            ).get(email)
            if url:
                values["body"] = placeholder.sub(
                    lambda _found, url=url: url, values["body"]
                )
        return email_list

    def _get_preference_urls(self):
        """Links to the preference pages of who gets these mails, by address."""
        mails = self.filtered(
            lambda mail: mail.mailing_id and PREFERENCES_PATH in (mail.body_html or "")
        )
        emails = mails.mailing_trace_ids.mapped("email")
        return self.env["marketing.person"]._get_preference_urls(set(emails) - {False})
