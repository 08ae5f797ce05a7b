from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.mail import email_normalize, email_split_tuples, html2plaintext

from ..tools.compliance import has_address, has_label, has_sender, has_unsubscribe


class MailingMailing(models.Model):
    """What a mailing is about, and what the law asks of it.

    Only people who agreed to its topic get it. The compliance profile of its company
    says what else is looked at; a finding that stops it stops the confirmation by a
    user, and every mail that is composed later.
    """

    _inherit = "mailing.mailing"

    marketing_topic_id = fields.Many2one(
        "marketing.topic",
        "Topic",
        compute="_compute_marketing_topic_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Only persons who agreed to this topic get the mailing, and who "
        "unsubscribes from it leaves this topic. Empty: who unsubscribes wants no "
        "mail at all.",
    )
    marketing_renews_consent = fields.Boolean(
        "Asks to Renew the Consent",
        help="The mailing also goes to persons whose consent for the topic has expired,"
        " and asks them to renew it on their preference page.",
    )
    marketing_blocking = fields.Text(
        "Stops the Mailing", compute="_compute_marketing_findings"
    )
    marketing_warnings = fields.Text(
        "Please Check", compute="_compute_marketing_findings"
    )

    @api.depends("contact_list_ids", "mailing_model_id")
    def _compute_marketing_topic_id(self):
        """The topic of the list, where the mailing goes to one list.

        Odoo puts a list into every new mailing: its topic goes when the recipients
        become contacts or leads.
        """
        for mailing in self:
            lists = mailing.contact_list_ids._origin
            topic = mailing.marketing_topic_id
            if not mailing.mailing_on_mailing_list:
                if topic.mailing_list_id and topic.mailing_list_id in lists:
                    mailing.marketing_topic_id = False
                continue
            if topic or len(lists) != 1:
                continue
            mailing.marketing_topic_id = (
                self.env["marketing.topic"]._get_by_list(lists).get(lists)
            )

    @api.depends(
        "marketing_topic_id",
        "subject",
        "body_html",
        "email_from",
        "user_id",
        "mailing_type",
        "mailing_model_id",
        "marketing_renews_consent",
        "marketing_is_transactional",
    )
    @api.depends_context("company")
    def _compute_marketing_findings(self):
        for mailing in self:
            findings = mailing._get_findings()
            for level in ("block", "warn"):
                name = (
                    "marketing_blocking" if level == "block" else "marketing_warnings"
                )
                mailing[name] = "\n".join(
                    sentence for _check, found, sentence in findings if found == level
                )

    # ------------------------------------------------------------------
    # CHECKS
    # ------------------------------------------------------------------

    def _get_compliance_company(self):
        """The company that sends this mailing."""
        self.ensure_one()
        mailing = self.sudo()
        return (
            mailing.marketing_topic_id.company_id
            or mailing.user_id.company_id
            or self.env.company
        )

    def _get_compliance_profile(self):
        return self._get_compliance_company().marketing_compliance_profile_id

    def _get_findings(self):
        """What the profile of the company finds: `[(check, level, sentence)]`."""
        self.ensure_one()
        profile = self._get_compliance_profile()
        if self.mailing_type != "mail":
            return []
        renewal = self._find_renewal_problem()
        findings = [("renewal", "block", renewal)] if renewal else []
        if not profile:
            return findings
        for check in profile._get_checks():
            level = profile._get_level(check)
            find = getattr(self, f"_find_{check}_problem", None)
            if level == "ignore" or not find:
                continue
            sentence = find(profile)
            if sentence:
                findings.append((check, level, sentence))
        return findings

    def _find_consent_problem(self, _profile):
        if self.marketing_is_transactional:
            return None
        if self.marketing_has_persons and not self.marketing_topic_id:
            return self.env._(
                "The mailing has no topic, so nobody has agreed to it. Choose one."
            )
        return None

    def _find_unsubscribe_problem(self, _profile):
        if not has_unsubscribe(self.body_html or ""):
            return self.env._(
                "The mail has no link to unsubscribe. Add a footer, or a link to "
                "/unsubscribe_from_list or /marketing/preferences."
            )
        return None

    def _find_renewal_problem(self):
        """A mail that asks for a renewal needs the page where one renews."""
        if self.marketing_renews_consent and "/marketing/preferences" not in (
            self.body_html or ""
        ):
            return self.env._(
                "The mailing asks to renew the consent, but has no link to the page "
                "where one does that: /marketing/preferences."
            )
        return None

    def _find_sender_problem(self, _profile):
        company = self._get_compliance_company()
        [(name, email), *_others] = email_split_tuples(self.email_from or "") or [
            ("", "")
        ]
        text = self._get_plain_text()
        if not has_sender(name, email_normalize(email) or "", company.name, text):
            return self.env._(
                "It is not plain who sends the mail. Give the sender a name and an "
                "address of your own domain, and name %s in the mail.",
                company.name,
            )
        return None

    def _find_address_problem(self, _profile):
        address = self._get_compliance_company().partner_id
        if not address.street or not address.city:
            return self.env._(
                "Street or city of %s are not known. Fill them in on the company.",
                address.name,
            )
        if not has_address(self._get_plain_text(), address.street, address.city):
            return self.env._(
                "The mail does not show the postal address of the company: “%(street)s,"
                " %(city)s”. Add it to the footer.",
                street=address.street,
                city=address.city,
            )
        return None

    def _find_label_problem(self, profile):
        if not has_label(self.subject or "", profile.labels or ""):
            return self.env._(
                "The subject does not begin with an advertising label. Put one of "
                "these in front of it: %s",
                profile.labels,
            )
        return None

    def _get_plain_text(self):
        return html2plaintext(self.body_html or "")

    # ------------------------------------------------------------------
    # SENDING
    # ------------------------------------------------------------------

    def action_put_in_queue(self):
        for mailing in self:
            if mailing.marketing_blocking:
                raise UserError(
                    self.env._(
                        "“%(mailing)s” cannot be sent:\n%(findings)s\n\nThe rules are "
                        "those of the compliance profile of %(company)s.",
                        mailing=mailing.subject,
                        findings=mailing.marketing_blocking,
                        company=mailing._get_compliance_company().name,
                    )
                )
        return super().action_put_in_queue()
