from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.mail import email_normalize, email_split_tuples, html2plaintext

from ..tools.compliance import has_address, has_label, has_sender, has_unsubscribe

#: Checks that are about the mailing, not about one of its texts.
MAILING_CHECKS = ("consent",)
#: What of a text the others look at, where it is not the body alone.
LOOKED_AT = {"label": ("subject",), "sender": ("body_html", "email_from")}


class MailingMailing(models.Model):
    """What a mailing is about, and what the law asks of it.

    Only people who agreed to its topic get it. The compliance profile of its company
    says what else is looked at, in each text that somebody may get: translations,
    versions of an A/B test, and what is left where blocks are only for some. A finding
    that stops it stops the confirmation by a user, and every mail composed later.
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
        "marketing_translation_ids.subject",
        "marketing_translation_ids.body_html",
        "marketing_ab_test_ids.varies",
        "marketing_ab_test_ids.arm_ids.subject",
        "marketing_ab_test_ids.arm_ids.body_html",
        "marketing_ab_test_ids.arm_ids.email_from",
    )
    @api.depends_context("company")
    def _compute_marketing_findings(self):
        for mailing in self:
            findings = mailing._get_findings()
            mailing.marketing_blocking = mailing._join_findings(findings, "block")
            mailing.marketing_warnings = mailing._join_findings(findings, "warn")

    @api.model
    def _join_findings(self, findings, level):
        """The sentences of one level, each with the name of its text."""
        return "\n".join(
            self.env._("%(text)s: %(problem)s", text=text["name"], problem=sentence)
            if text and text["name"]
            else sentence
            for _check, found, sentence, text in findings
            if found == level
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
        """What the profile finds: `[(check, level, sentence, text)]`.

        The text is one of `_get_legal_texts`, or None where it is about the mailing.
        """
        self.ensure_one()
        if self.mailing_type != "mail":
            return []
        profile = self._get_compliance_profile()
        if not profile and not self.marketing_renews_consent:
            return []
        levels = {"renewal": "block"}
        for check in profile._get_checks() if profile else ():
            levels[check] = profile._get_level(check)
        findings = []
        texts = self._get_legal_texts()
        for check, level in levels.items():
            if level == "ignore" or not hasattr(self, f"_find_{check}_problem"):
                continue
            if check in MAILING_CHECKS:
                found = [(None, getattr(self, f"_find_{check}_problem")(profile))]
            else:
                found = self._find_in_texts(check, profile, texts)
            findings += [
                (check, level, sentence, text) for text, sentence in found if sentence
            ]
        return findings

    def _get_legal_texts(self):
        """Every text somebody may get: those of the check, and what is left of them.

        `bodies` of each are `[(body, plain text)]`: the whole first, then the least
        that somebody sees of it who meets no more conditions of blocks than he must.
        """
        bodies = {}
        texts = self._get_checked_texts()
        for text in texts:
            body = str(text["body_html"])
            if body not in bodies:
                bodies[body] = [
                    (part, html2plaintext(part))
                    for part in (body, *self._get_least_bodies(body))
                ]
            text["bodies"] = bodies[body]
        return texts

    def _find_in_texts(self, check, profile, texts):
        """`[(text, what is wrong with it)]`; what all of them have is said once."""
        find = getattr(self, f"_find_{check}_problem")
        found = {}
        for text in texts:
            looked_at = tuple(text[key] for key in LOOKED_AT.get(check, ("body_html",)))
            if looked_at not in found:
                problem = self._find_in_text(find, profile, text)
                found[looked_at] = (text, problem)
        first, *others = found.values()
        if {first[1]} == {problem for _text, problem in others}:
            return [first]
        return [first, *others]

    @api.model
    def _find_in_text(self, find, profile, text):
        """What is wrong with a text, or with what some see of it; None: nothing."""
        for body, plain in text["bodies"]:
            problem = find(profile, text | {"body": body, "plain": plain})
            if not problem:
                continue
            if body == text["bodies"][0][0]:
                return problem
            return self.env._(
                "%s It stands only in blocks that not everybody gets.", problem
            )
        return None

    def _find_consent_problem(self, _profile):
        if self.marketing_is_transactional:
            return None
        if self.marketing_has_persons and not self.marketing_topic_id:
            return self.env._(
                "The mailing has no topic, so nobody has agreed to it. Choose one."
            )
        return None

    def _find_unsubscribe_problem(self, _profile, text):
        if not has_unsubscribe(text["body"]):
            return self.env._(
                "The mail has no link to unsubscribe. Add a footer, or a link to "
                "/unsubscribe_from_list or /marketing/preferences."
            )
        return None

    def _find_renewal_problem(self, _profile, text):
        """A mail that asks for a renewal needs the page where one renews."""
        if self.marketing_renews_consent and (
            "/marketing/preferences" not in text["body"]
        ):
            return self.env._(
                "The mailing asks to renew the consent, but has no link to the page "
                "where one does that: /marketing/preferences."
            )
        return None

    def _find_sender_problem(self, _profile, text):
        company = self._get_compliance_company()
        [(name, email), *_others] = email_split_tuples(text["email_from"]) or [("", "")]
        address = email_normalize(email) or ""
        if not has_sender(name, address, company.name, text["plain"]):
            return self.env._(
                "It is not plain who sends the mail. Give the sender a name and an "
                "address of your own domain, and name %s in the mail.",
                company.name,
            )
        return None

    def _find_address_problem(self, _profile, text):
        address = self._get_compliance_company().partner_id
        if not address.street or not address.city:
            return self.env._(
                "Street or city of %s are not known. Fill them in on the company.",
                address.name,
            )
        if not has_address(text["plain"], address.street, address.city):
            return self.env._(
                "The mail does not show the postal address of the company: “%(street)s,"
                " %(city)s”. Add it to the footer.",
                street=address.street,
                city=address.city,
            )
        return None

    def _find_label_problem(self, profile, text):
        if not has_label(text["subject"], profile.labels or ""):
            return self.env._(
                "The subject does not begin with an advertising label. Put one of "
                "these in front of it: %s",
                profile.labels,
            )
        return None

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
