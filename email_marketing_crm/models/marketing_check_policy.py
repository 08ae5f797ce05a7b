from odoo import api, fields, models

#: What is looked at, in the order in which it is shown; the legal ones, of the
#: compliance profile, come before.
CHECKS = [
    ("render_error", "The mail cannot be written for somebody"),
    ("placeholder", "Something is left to be filled in"),
    ("link_empty", "Link that leads nowhere"),
    ("link_example", "Link to an example address"),
    ("link_dead", "Link to a page that is not there"),
    ("missing_value", "Persons without a value the mail shows"),
    ("law_word", "Words of the advertising law"),
    ("spam_word", "Words that filters look for"),
    ("subject_length", "Length of the subject"),
    ("subject_shouting", "Subject that shouts"),
    ("subject_unrelated", "Subject that says something else than the mail"),
    ("preview_length", "Length of the preview text"),
    ("language", "Language of the mail and of its readers"),
    ("size", "Size of the mail"),
    ("image_text", "Pictures and text"),
    ("image_alt", "Pictures without a description"),
    ("text_part", "Plain text part"),
    ("spamassassin", "SpamAssassin"),
    ("sender_domain", "Domain of the sender"),
    ("goal", "What success of the mailing is"),
    ("audience", "Whom the mailing is for"),
]
LEVELS = [
    ("block", "Stops the mailing"),
    ("warn", "Warns"),
    ("info", "Is mentioned"),
    ("off", "Not checked"),
]
#: Where no line of the policy says otherwise.
DEFAULT_LEVELS = {
    "render_error": "block",
    "placeholder": "block",
    "link_empty": "block",
    "link_dead": "block",
    "subject_unrelated": "info",
    "preview_length": "info",
}


class MarketingCheckPolicy(models.Model):
    """How serious a finding of the check before sending is, for one company or all.

    One row a finding and company; a company's own row counts before the one of all
    companies. Written by managers. What the law asks for is not said here but in the
    compliance profile, and no policy weakens it.
    """

    _name = "marketing.check.policy"
    _description = "Policy of the Check Before Sending"
    _order = "sequence, id"
    _rec_name = "code"

    code = fields.Selection(CHECKS, "What Is Checked", required=True)
    level = fields.Selection(LEVELS, "What It Does", required=True, default="warn")
    company_id = fields.Many2one("res.company", help="Empty: all companies.")
    sequence = fields.Integer(default=10)

    _code_company_unique = models.UniqueIndex(
        "(code, COALESCE(company_id, 0))",
        "A company has one line for each thing that is checked.",
    )

    @api.model
    def _get_levels(self, company):
        """What each finding does in a company: `{code: level}`."""
        levels = {code: DEFAULT_LEVELS.get(code, "warn") for code, _label in CHECKS}
        lines = self.sudo().search([("company_id", "in", [False, company.id])])
        for line in lines.sorted(lambda line: bool(line.company_id)):
            levels[line.code] = line.level
        return levels
