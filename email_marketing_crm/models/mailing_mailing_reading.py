"""Who read a mail, and how long: known on its page in the browser, not in mailboxes."""

import hashlib
import re
from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import email_normalize

from ..tools.consent_token import read, sign
from ..tools.reading import READ_SECONDS, SKIMMED_SECONDS, get_band, parse_seconds
from ..tools.reliability import classify_hit

#: Days in which the page of a mail may say how long it was looked at.
PAGE_DAYS = 1


class MailingMailing(models.Model):
    """That the page of a mail was opened, and how long its reader saw it.

    A mail runs no program, so of who reads in his mailbox nothing is known. The page
    behind “View in browser” says once in each band how long it was visible. It says
    nothing of who does not want to be tracked.
    """

    _inherit = "mailing.mailing"

    def _capture_view(self, email, user_agent, method):
        """Somebody opened his mail in the browser: once a program and day.

        A program stays the same when it is brought up to date.
        """
        self.ensure_one()
        now = fields.Datetime.now()
        sent_dates = (
            self.env["mailing.trace"]
            .sudo()
            .search(
                [
                    ("mass_mailing_id", "=", self.id),
                    ("email", "=", email_normalize(email, strict=False) or email),
                    ("sent_datetime", "!=", False),
                ]
            )
            .mapped("sent_datetime")
        )
        delay = (now - max(sent_dates)).total_seconds() if sent_dates else None
        found = classify_hit("click", user_agent, method, delay)
        program = self._get_program(user_agent)
        self.env["marketing.touchpoint"]._capture(
            [
                {
                    "type": "viewed_online",
                    "email": email,
                    "mailing_id": self.id,
                    "reliability": found.reliability,
                    "reliability_reasons": found.reasons,
                    "data": {
                        "user_agent": user_agent[:255].replace("\0", ""),
                        "program": program,
                        "method": method,
                        "seconds_since_sent": delay,
                    },
                    "dedup_key": f"view:{self.id}:{email}:{program}:{now:%Y%m%d}",
                }
            ]
        )

    @api.model
    def _get_program(self, user_agent):
        """What tells one program from another, whichever version it has."""
        name = re.sub(r"[\d._]+", "", user_agent)
        return hashlib.sha256(name.encode()).hexdigest()[:16]

    @api.model
    def _get_reading_purpose(self):
        return f"reading:{self.env.cr.dbname}"

    def _get_reading_script(self, email):
        """The part of a reader's page that reports; empty where nothing is asked.

        :param email: address of the link, whose token was checked
        """
        self.ensure_one()
        trace = self._get_reader_trace(email)
        if not trace._get_tracked():
            return Markup()
        token = sign(
            trace.env["marketing.person"]._get_link_secret(),
            self._get_reading_purpose(),
            trace.id,
            int((fields.Datetime.now() + timedelta(days=PAGE_DAYS)).timestamp()),
        )
        return Markup(
            '<script src="/email_marketing_crm/static/reading/reading_time.js"'
            ' data-token="%s" data-bands="%s,%s"></script>'
        ) % (token, SKIMMED_SECONDS, READ_SECONDS)

    def _get_reader_trace(self, email):
        """The mail that an address got last."""
        normal = email_normalize(email, strict=False) or email
        return (
            self.env["mailing.trace"]
            .sudo()
            .search(
                [("mass_mailing_id", "=", self.id), ("email", "=", normal)],
                order="id DESC",
                limit=1,
            )
        )

    @api.model
    def _capture_reading(self, token, seconds, user_agent):
        """A page says how long it was visible so far: once a program, day and band.

        :param seconds: what the request says; anything
        :returns: whether the token is one of ours
        """
        found = read(
            self.env["marketing.person"].sudo()._get_link_secret(),
            self._get_reading_purpose(),
            token,
            int(fields.Datetime.now().timestamp()),
        )
        if not found or found.is_expired:
            return False
        trace = self.env["mailing.trace"].sudo().browse(found.number).exists()
        visible = parse_seconds(seconds)
        if not trace.email or visible is None:
            return bool(trace)
        band = get_band(visible)
        now = fields.Datetime.now()
        delay = trace.sent_datetime and (now - trace.sent_datetime).total_seconds()
        hit = classify_hit("click", user_agent, "POST", delay or None)
        program = self._get_program(user_agent)
        self.env["marketing.touchpoint"].sudo()._capture(
            [
                {
                    "type": "read_online",
                    "email": trace.email,
                    "mailing_id": trace.mass_mailing_id.id,
                    "reliability": hit.reliability,
                    "reliability_reasons": hit.reasons,
                    "data": {"seconds": visible, "program": program},
                    "dedup_key": f"read:{trace.id}:{program}:{now:%Y%m%d}:{band}",
                }
            ]
        )
        return True
