import hashlib

from markupsafe import Markup

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools.mail_language import choose_language
from .marketing_mailing_check import MAX_AGE
from .marketing_mailing_check_finding import LEGAL_PREFIX

#: Context key of the buttons: ask the user about findings instead of refusing.
ASKS = "marketing_asks_about_check"


class MailingMailing(models.Model):
    """A mailing is looked at before it is sent, and not sent with what stops it."""

    _inherit = "mailing.mailing"

    marketing_check_ids = fields.One2many(
        "marketing.mailing.check",
        "mailing_id",
        string="Checks",
        groups="email_marketing_crm.group_marketing_user",
    )
    marketing_check_result = fields.Selection(
        [
            ("none", "Not checked yet"),
            ("running", "Being checked"),
            ("stale", "Changed since the check"),
            ("unfinished", "Broken or stopped"),
            ("block", "Cannot be sent"),
            ("warn", "With warnings"),
            ("passed", "Nothing found"),
        ],
        "Check",
        compute="_compute_marketing_check",
        compute_sudo=True,
    )
    marketing_check_blocks = fields.Integer(
        "Stop It", compute="_compute_marketing_check", compute_sudo=True
    )
    marketing_check_warnings = fields.Integer(
        "Warnings", compute="_compute_marketing_check", compute_sudo=True
    )

    def _compute_marketing_check(self):
        last = self._get_last_checks()
        for mailing in self:
            check = last.get(mailing._origin.id, self.env["marketing.mailing.check"])
            mailing.marketing_check_blocks = check.block_count
            mailing.marketing_check_warnings = check.warn_count
            if not check:
                result = "none"
            elif check._is_outdated():
                result = "stale"
            elif check._get_open_blocks():
                result = "block"
            elif check.state == "running":
                result = "running"
            elif not check._is_cleared():
                result = "unfinished"
            else:
                result = "warn" if check.warn_count else "passed"
            mailing.marketing_check_result = result

    def _get_last_checks(self):
        """The last check of each mailing: `{mailing id: check}`."""
        checks = self.env["marketing.mailing.check"].sudo()
        groups = checks._read_group(
            [("mailing_id", "in", self.ids)], ["mailing_id"], ["id:max"]
        )
        return {mailing.id: checks.browse(last) for mailing, last in groups}

    # ------------------------------------------------------------------
    # WHAT IS CHECKED
    # ------------------------------------------------------------------

    def _get_checked_texts(self):
        """Every text that somebody may get, each of them checked.

        A list of dictionaries: `name` (of the variant, empty for the mailing's own),
        `record` (whose form has the text), `subject`, `preview`, `body_html` (Markup),
        `email_from`, and `domain` (who gets it; None: everybody). Each kind of variant
        adds its own to those of `super()`.
        """
        self.ensure_one()
        mailing = self.sudo()
        readers = mailing._get_text_readers()
        texts = [(mailing, "")] + [
            (translation, translation.lang_id.name)
            for translation in mailing.marketing_translation_ids
        ]
        return [
            {
                "name": name,
                "record": record,
                "subject": record.subject or "",
                "preview": record.preview or "",
                "body_html": record.body_html or Markup(),
                "email_from": mailing.email_from or "",
                "domain": readers.get(
                    record.lang_id.code if name else mailing.marketing_lang_id.code
                ),
            }
            for record, name in texts
        ]

    def _get_text_readers(self):
        """Who gets the text of a language: `{code: domain}`; one text is for all."""
        own, others = self._get_text_langs()
        if not others or not self.marketing_has_persons:
            return {}
        codes = self.env["res.lang"].with_context(active_test=False).search([])
        readers = {}
        for code in codes.mapped("code"):
            readers.setdefault(choose_language(code, own, others), []).append(code)
        person = "marketing_person_id"
        domains = {
            lang: Domain(f"{person}.preferred_lang", "in", readers.get(lang, []))
            | (
                Domain(f"{person}.preferred_lang", "=", False)
                & Domain(f"{person}.lang", "in", readers.get(lang, []))
            )
            for lang in others
        }
        return domains | {own: ~Domain.OR(domains.values())}

    def _get_checked_domain(self):
        """Who the mailing is meant for: its recipients, or the segment of a journey."""
        self.ensure_one()
        records = self.env[self.mailing_model_real]
        if self.marketing_kind == "journey":
            steps = self.env["marketing.journey.step"].sudo()
            step = steps.search([("mailing_id", "=", self.id)], limit=1)
            segment = step.journey_id.segment_id
            domain = Domain("marketing_segment_ids", "in", segment.ids)
        else:
            domain = Domain(self._get_recipients_domain())
        if "company_id" in records._fields and records._fields["company_id"].store:
            domain &= Domain("company_id", "in", [False, *self.env.companies.ids])
        return domain

    def _get_checked_sender(self):
        """The `marketing.sender` of the mailing; empty without a usable address."""
        self.ensure_one()
        return self.sudo().marketing_sender_id

    def _with_sending_context(self):
        """With language and zone of the responsible, as in sending."""
        self.ensure_one()
        responsible = self.user_id or self.write_uid or self.env.user
        return self.with_context(
            **self.env["res.users"].with_user(responsible).context_get()
        )

    def _get_check_fingerprint(self):
        """Changes when something changes that a check looks at."""
        self.ensure_one()
        parts = [
            self.mailing_model_real,
            self.mailing_domain if self.marketing_kind != "journey" else "",
            self.marketing_topic_id.id,
            self.marketing_renews_consent,
            self.user_id.id,
            self.reply_to,
            self.marketing_sender_kind,
            # not by name: what a text is called depends on who looks
            *(
                sorted((key, value) for key, value in text.items() if key != "name")
                for text in self._get_checked_texts()
            ),
        ]
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    # ------------------------------------------------------------------
    # CHECK
    # ------------------------------------------------------------------

    def action_marketing_check(self):
        """Check the mailing now and show what was found."""
        self.ensure_one()
        self.check_access("read")
        return self.env["marketing.mailing.check"]._check_mailing(self)._get_action()

    def action_view_check(self):
        """Show what the last check found."""
        self.ensure_one()
        self.check_access("read")
        check = self._get_last_checks().get(self.id)
        return check._get_action() if check else self.action_marketing_check()

    def _get_fresh_check(self):
        """The last check, or a new one where the mailing has changed since."""
        self.ensure_one()
        check = self._get_last_checks().get(self.id)
        if (
            check
            and check.state in ("running", "done")
            and check.date > fields.Datetime.now() - MAX_AGE
            and not check._is_outdated()
        ):
            return check
        return self.env["marketing.mailing.check"]._check_mailing(self).sudo()

    def _is_checked_at_launch(self):
        """Tests decided about a winner already; what was sent once is not asked."""
        self.ensure_one()
        return (
            self.mailing_type == "mail"
            and self.state == "draft"
            and not self.ab_testing_is_winner_mailing
        )

    # ------------------------------------------------------------------
    # LAUNCH
    # ------------------------------------------------------------------

    def action_put_in_queue(self):
        """No mailing leaves with a finding that stops it.

        From the buttons a user is shown what was found and decides; anything else is
        refused with the reasons. What other code does with Odoo's own mailings is its
        business.
        """
        for mailing in self.filtered(lambda mailing: mailing._is_checked_at_launch()):
            question = mailing._ask_about_check()
            if question:
                return question
            if mailing.marketing_kind or self.env.context.get(ASKS):
                mailing._refuse_blocked()
        return super().action_put_in_queue()

    def _ask_about_check(self):
        """The question to the user about what was found, or None."""
        self.ensure_one()
        is_asked = self.env.context.get(ASKS) and self.env.user.has_group(
            "email_marketing_crm.group_marketing_user"
        )
        if not is_asked:
            return None
        check = self._get_fresh_check()
        if not check._get_open_blocks() and (
            check.override_reason or not check.warn_count
        ):
            return None
        return self.env["marketing.mailing.check.launch"]._open_for(check, mailing=self)

    def _refuse_blocked(self):
        """Refuse what stops a mailing; the law speaks for itself."""
        self.ensure_one()
        check = self._get_fresh_check()
        blocking = check._get_open_blocks().filtered(
            lambda finding: not finding.code.startswith(LEGAL_PREFIX)
        )
        if blocking:
            raise UserError(
                self.env._(
                    "“%(mailing)s” cannot be sent:\n%(findings)s\n\nPut it right, or "
                    "let a manager of marketing decide: the button “Check” shows where "
                    "each of them stands.",
                    mailing=self.subject,
                    findings="\n".join(blocking.mapped("message")),
                )
            )


class MailingMailingScheduleDate(models.TransientModel):
    _inherit = "mailing.mailing.schedule.date"

    def action_schedule_date(self):
        """Ask about the findings here: what follows does not hand the question on."""
        mailing = self.mass_mailing_id
        if mailing._is_checked_at_launch():
            question = mailing._ask_about_check()
            if question:
                mailing.write(
                    {"schedule_type": "scheduled", "schedule_date": self.schedule_date}
                )
                return question
        return super().action_schedule_date()
