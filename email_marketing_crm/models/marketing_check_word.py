from odoo import api, fields, models

from ..tools.content_check import Word
from ..tools.wording import split_list

#: Languages whose little words `guess_language` knows, and Chinese.
LANGUAGES = [
    ("zh", "Chinese"),
    ("en", "English"),
    ("de", "German"),
    ("fr", "French"),
    ("es", "Spanish"),
    ("pt", "Portuguese"),
    ("it", "Italian"),
    ("nl", "Dutch"),
]
#: From harmless to serious.
SEVERITIES = ("info", "warn", "block")


def limit_level(level, policy):
    """How serious something is, which is at most what the policy says."""
    return "off" if policy == "off" else min(level, policy, key=SEVERITIES.index)


class MarketingCheckWord(models.Model):
    """A word that a mail should not have, and why.

    Shipped for Chinese and English and kept by managers. `exceptions` are expressions
    in which the word is harmless: 最近 is no superlative. The policy of the check says
    how serious a word can be at most.
    """

    _name = "marketing.check.word"
    _description = "Word to Avoid in a Mail"
    _order = "kind, language, word"
    _rec_name = "word"

    word = fields.Char(required=True)
    language = fields.Selection(
        LANGUAGES,
        required=True,
        default="en",
        help="A mail in another language may have the word.",
    )
    kind = fields.Selection(
        [("law", "Advertising law"), ("spam", "Spam filters")],
        required=True,
        default="spam",
    )
    severity = fields.Selection(
        [("block", "Stops the mailing"), ("warn", "Warns"), ("info", "Is mentioned")],
        required=True,
        default="warn",
        help="At most what the policy of the check says.",
    )
    exceptions = fields.Char(
        help="Expressions in which the word is harmless, separated by commas.",
    )
    reason = fields.Char("Why", translate=True)
    source = fields.Char("Law", translate=True, help="The article it follows from.")
    company_id = fields.Many2one("res.company", help="Empty: all companies.")
    active = fields.Boolean(default=True)

    _word_unique = models.UniqueIndex(
        "(word, language, COALESCE(company_id, 0))",
        "This word is on the list already.",
    )

    @api.model
    def _get_words(self, company, language):
        """Words that matter for a mail of a company.

        :param language: two letters, or None when it is not known; who writes Chinese
            uses English words too
        """
        words = self.sudo().search([("company_id", "in", [False, company.id])])
        return words.filtered(
            lambda word: (
                not language
                or word.language in (language, "zh")
                or (language == "zh" and word.language == "en")
            )
        )

    def _prepare_words(self):
        """These words for `tools/content_check.py`; the key is the record."""
        return [
            Word(
                word.id,
                word.word.strip(),
                tuple(split_list(word.exceptions)),
            )
            for word in self
        ]
