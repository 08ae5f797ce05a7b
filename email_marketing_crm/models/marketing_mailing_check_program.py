import logging
import re

from odoo import models
from odoo.fields import Command
from odoo.tools.mail import html2plaintext

from ..tools.content_check import get_checkable_urls
from ..tools.content_reading import Content
from ..tools.link_check import check_links
from ..tools.spamassassin import SpamReportError, ask_program, find_program
from .mailing_mailing_condition import MET
from .mailing_mailing_content import VARIANT
from .marketing_check_word import limit_level
from .number_format import format_difference, format_number

_logger = logging.getLogger(__name__)

LINKS_PARAMETER = "email_marketing_crm.check_links"
SPAM_PARAMETER = "email_marketing_crm.spamassassin"
#: Links that are followed between two commits, and seconds each may take.
LINK_BATCH = 16
LINK_TIMEOUT = 5.0
#: How serious a finding about the domain can be, at most what the policy says.
DNS_LEVELS = {"error": "block", "warning": "warn", "info": "info"}
#: Rules of SpamAssassin that are shown, the heaviest first.
SHOWN_RULES = 20


class MarketingMailingCheck(models.Model):
    """The mail as it really leaves, and what other programs and servers say of it.

    They are asked by the worker: a user waits for no other machine.
    """

    _inherit = "marketing.mailing.check"

    # ------------------------------------------------------------------
    # THE MAIL AS IT LEAVES
    # ------------------------------------------------------------------

    def _compose_sample(self, text, met=()):
        """Write the mail to the first person as sending would, and forget it again.

        :param met: ids of the conditions whose blocks are in it, whoever that person is
        :returns: subject, preview, body, plain text and the whole message (bytes), or
            None where nobody is mailed or the mail cannot be written
        """
        record = self._get_records().search(self._get_domain(text), order="id", limit=1)
        if not record:
            return None
        sample = None
        savepoint = self.env.cr.savepoint()
        try:
            check = self.with_context(**{MET: tuple(met)})
            sample = check._compose_for(text, record)
        except Exception:  # said for each person by the trial of writing
            _logger.warning("No sample of %s", self.mailing_id, exc_info=True)
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all(flush=False)
        return sample

    def _compose_for(self, text, record):
        mailing = self.mailing_id
        [(content, part)] = mailing._split_by_content({record.id: False})
        content = {key: value for key, value in content.items() if key != VARIANT}
        composer = mailing._create_delivery_composer(content, part, {})
        values = composer._prepare_mail_values([record.id])[record.id]
        values.pop("mailing_trace_ids", None)
        values.pop("marketing_delivery_id", None)
        mail = self.env["mail.mail"].create(values | {"state": "cancel"})
        if not mail.email_to and not mail.recipient_ids:
            mail.recipient_ids = [Command.link(self.env.user.partner_id.id)]
        # Whether the person may get it is another question.
        mail = mail.with_context(mailing_test_mail=True)
        [email, *_others] = mail._prepare_outgoing_list()
        preview = mailing._render_template(
            text["preview"] or "", record._name, record.ids
        )[record.id]
        plain = email.get("body_alternative") or html2plaintext(email["body"])
        message = self.env["ir.mail_server"]._build_email__(
            email_from=mail.email_from,
            email_to=email["email_to"] or [self.env.user.email_formatted],
            subject=email["subject"],
            body=email["body"],
            body_alternative=plain,
            reply_to=mail.reply_to or False,
            message_id=mail.message_id,
            subtype="html",
            subtype_alternative="plain",
            headers=email.get("headers"),
        )
        return {
            "subject": email["subject"] or "",
            "preview": preview or "",
            "body": str(email["body"]),
            "plain": re.sub(r"https?://\S+|\[\d+\]", " ", plain),
            "message": message.as_bytes(),
        }

    # ------------------------------------------------------------------
    # SENDER
    # ------------------------------------------------------------------

    def _check_sender(self):
        """What the domain name system says of the sender, as far as it is known."""
        sender = self.mailing_id._get_checked_sender()
        if not sender:
            return
        policy = self._get_level("sender_domain")
        for _code, severity, sentence in sender._get_dns_findings():
            self._note(
                "sender_domain",
                sentence,
                place="sender",
                target="sender",
                level=limit_level(DNS_LEVELS[severity], policy),
                advice=self.env._("The page of the sender asks the domain again."),
            )

    # ------------------------------------------------------------------
    # OTHER PROGRAMS, OTHER SERVERS
    # ------------------------------------------------------------------

    def _prepare_programs(self):
        """What the worker is to ask, by the settings and what is installed."""
        get = self.env["ir.config_parameter"].sudo().get_param
        program = find_program(get(SPAM_PARAMETER) or "")
        is_followed = bool(get(LINKS_PARAMETER))
        urls = self._get_urls() if is_followed else []
        is_asked = bool(program and self.audience)
        self.write(
            {
                "is_spam_pending": is_asked,
                "spam_report": False
                if is_asked
                else self.env._("SpamAssassin is installed, but nobody is mailed.")
                if program
                else self.env._(
                    "SpamAssassin is not installed on this server, so nobody was asked."
                ),
                "is_link_pending": bool(urls),
                "link_report": False
                if urls
                else self.env._("The mail leads to no pages but our own.")
                if is_followed
                else self.env._(
                    "Pages behind the links were not asked for: that is switched off "
                    "in the settings (Follow Links Before Sending)."
                ),
            }
        )

    def _ask_programs(self):
        if self.is_spam_pending:
            self._ask_spamassassin()
        if self.is_link_pending:
            self._follow_links()

    def _ask_spamassassin(self):
        """Points and rules of each text, as whoever gets the most of it does."""
        get = self.env["ir.config_parameter"].sudo().get_param
        program = find_program(get(SPAM_PARAMETER) or "")
        self.is_spam_pending = False
        points, parts = [], []
        for text in self.mailing_id._get_checked_texts():
            report, words = self._ask_about_text(program, text)
            if report:
                points.append(report.points)
                self._note_spam(text, report, words[0])
            title = [f"{text['name']}:"] if text["name"] else []
            parts.append("\n".join([*title, *words]))
        self.write(
            {
                "spam_points": max(points, default=0.0),
                "spam_report": "\n\n".join(parts),
            }
        )

    def _ask_about_text(self, program, text):
        """`(report, lines about it)` of SpamAssassin; without one the lines say why."""
        most, _least = self.mailing_id._get_met_extremes(str(text["body_html"]))
        sample = self._compose_sample(text, most) if program else None
        if not sample:
            return None, [
                self.env._("SpamAssassin was not asked: the mail could not be written.")
            ]
        try:
            report = ask_program(program, sample["message"])
        except SpamReportError as error:
            return None, [self.env._("SpamAssassin gave no report: %s", error)]
        summary = self.env._(
            "%(points)s points; from %(required)s on a mail is taken for spam.",
            points=format_number(self.env, report.points, 1),
            required=format_number(self.env, report.required, 1),
        )
        return report, [
            summary,
            *(
                f"{format_difference(self.env, rule.points, 1)}  {rule.name}"
                f"  {rule.text}"
                for rule in self._sort_rules(report)[:SHOWN_RULES]
            ),
        ]

    def _sort_rules(self, report):
        return sorted(report.rules, key=lambda rule: -rule.points)

    def _note_spam(self, text, report, summary):
        """A finding about a text that is taken for spam."""
        if report.points < report.required:
            return
        rules = self._sort_rules(report)[:3]
        self._note(
            "spamassassin",
            self.env._(
                "SpamAssassin takes the mail for spam: %(summary)s Most points come "
                "from: %(rules)s.",
                summary=summary,
                rules=", ".join(rule.name for rule in rules if rule.points > 0),
            ),
            text=text,
            advice=self.env._("Change what its rules, listed below, complain about."),
        )

    def _get_urls(self):
        """Pages the mail leads to, without our own."""
        own = self.mailing_id.get_base_url()
        urls = [
            url
            for text in self.mailing_id._get_checked_texts()
            for url in get_checkable_urls(Content.read(text["body_html"]))
            if not url.startswith(own)
        ]
        return list(dict.fromkeys(urls))

    def _get_link_tools(self):
        """How pages are asked for and names looked up; None: over the network."""
        return None, None

    def _follow_links(self):
        """Ask for the next pages; what is not there is a finding."""
        urls = self._get_urls()
        part = urls[self.link_cursor : self.link_cursor + LINK_BATCH]
        fetch, resolve = self._get_link_tools()
        for result in check_links(part, LINK_TIMEOUT, fetch, resolve):
            if result.state == "dead":
                self._note(
                    "link_dead",
                    self.env._(
                        "The page is not there: %(url)s (%(detail)s)",
                        url=result.url,
                        detail=result.detail,
                    ),
                    target="link",
                    url=result.url,
                    words=result.url,
                    advice=self.env._("Correct the address, or bring the page back."),
                )
            elif result.state == "refused":
                self._note(
                    "link_dead",
                    self.env._(
                        "Nobody outside can follow this link: %(url)s (%(detail)s)",
                        url=result.url,
                        detail=result.detail,
                    ),
                    words=result.url,
                    advice=self.env._("Put the public address of the page there."),
                )
        self.link_cursor += len(part)
        self.is_link_pending = self.link_cursor < len(urls)
        if not self.is_link_pending:
            self.link_report = self.env._(
                "The links were followed; pages asked for: %s.", len(urls)
            )
