from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL


class MarketingPerson(models.Model):
    """What an erasure does with answers of surveys."""

    _inherit = "marketing.person"

    def _find_erased_records(self, keep_records):
        """Answers stay for the results of the survey, without who gave them."""
        found = super()._find_erased_records(keep_records)
        answers = self.env["survey.user_input"].sudo()
        if not keep_records:
            partners = found["res.partner", "kept"] | found["res.partner", "anonymized"]
            answers.flush_model(["email"])
            by_address = SQL(
                "(SELECT id FROM survey_user_input WHERE lower(email) = ANY(%s))",
                self._get_addresses(),
            )
            answers = answers.search(
                Domain("partner_id", "in", partners.ids)
                | Domain("id", "in", by_address)
            )
        found["survey.user_input", "anonymized"] = answers
        return found

    def _get_record_reasons(self, keep_records):
        return super()._get_record_reasons(keep_records) | {
            ("survey.user_input", "anonymized"): self.env._(
                "The results of surveys stay, without who answered and what he wrote."
            )
        }

    def _erase_records(self, found):
        result = super()._erase_records(found)
        answers = found["survey.user_input", "anonymized"]
        answers.write({"partner_id": False, "email": False, "nickname": False})
        answers.user_input_line_ids.filtered(
            lambda line: line.answer_type in ("char_box", "text_box")
        ).write(
            {
                "answer_type": False,
                "skipped": True,
                "value_char_box": False,
                "value_text_box": False,
            }
        )
        return result
