from odoo import api, fields, models

LEVELS = [("ignore", "Not checked"), ("warn", "Warns"), ("block", "Stops the mail")]


class MarketingComplianceProfile(models.Model):
    """Which checks of the law of a region warn about a mailing, and which stop it.

    Shipped for GDPR, CAN-SPAM, CASL and the Chinese rules; managers change them or add
    their own, and choose one per company. The opt-out of a person and the missing
    confirmation of a double opt-in stop a mail whatever the profile says.
    """

    _name = "marketing.compliance.profile"
    _description = "Compliance Profile"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    description = fields.Text(translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", help="Empty: every company may choose the profile."
    )
    company_ids = fields.One2many(
        "res.company", "marketing_compliance_profile_id", string="Used By"
    )
    # persons
    check_consent = fields.Selection(
        LEVELS,
        "Consent",
        required=True,
        default="block",
        help="The mailing has a topic, and the person agreed to it and still does.",
    )
    check_double_opt_in = fields.Selection(
        LEVELS,
        "Double Opt-in",
        required=True,
        default="ignore",
        help="The person confirmed the consent from his mailbox.",
    )
    check_legal_basis = fields.Selection(
        LEVELS,
        "Legal Basis",
        required=True,
        default="ignore",
        help="It is known on what basis the person is mailed.",
    )
    implied_months = fields.Integer(
        "Implied Consent Ends After",
        aggregator=None,
        help="Months after which a basis other than an express consent is no longer "
        "enough. 0: never.",
    )
    # mailings
    check_unsubscribe = fields.Selection(
        LEVELS,
        "Unsubscribe Link",
        required=True,
        default="block",
        help="The mail has a link to unsubscribe or to the preference page.",
    )
    check_sender = fields.Selection(
        LEVELS,
        "Sender",
        required=True,
        default="warn",
        help="The sender has a name and an address with a domain of its own, and the "
        "company is named in the mail.",
    )
    check_address = fields.Selection(
        LEVELS,
        "Postal Address",
        required=True,
        default="ignore",
        help="The mail shows street and city of the company.",
    )
    check_label = fields.Selection(
        LEVELS,
        "Advertising Label",
        required=True,
        default="ignore",
        help="The subject begins with one of the labels.",
    )
    labels = fields.Char(
        default="广告, AD", help="Labels, separated by commas; one of them is enough."
    )

    _implied_positive = models.Constraint(
        "CHECK(implied_months >= 0)",
        "An implied consent ends after a number of months, or never (0).",
    )

    def _get_level(self, check):
        """What a finding does; without a profile a missing consent stops a mail.

        :param check: name of a check, without `check_`
        """
        if not self:
            return "block" if check == "consent" else "ignore"
        return self.sudo()[f"check_{check}"]

    @api.model
    def _get_checks(self):
        """The checks there are, in their order."""
        return [
            name.removeprefix("check_")
            for name in self._fields
            if name.startswith("check_")
        ]


class ResCompany(models.Model):
    _inherit = "res.company"

    marketing_compliance_profile_id = fields.Many2one(
        "marketing.compliance.profile",
        "Compliance Profile",
        ondelete="restrict",
        help="Which checks stop or accompany the mailings of this company.",
    )
