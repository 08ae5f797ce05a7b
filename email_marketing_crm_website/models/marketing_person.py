from odoo import models
from odoo.fields import Domain


class MarketingPerson(models.Model):
    """What an erasure does with visitors of the website."""

    _inherit = "marketing.person"

    def _find_erased_records(self, keep_records):
        """Visitors go with the list of pages they looked at."""
        found = super()._find_erased_records(keep_records)
        visitors = self.env["website.visitor"].sudo()
        if not keep_records:
            partners = found["res.partner", "kept"] | found["res.partner", "anonymized"]
            leads = found["crm.lead", "anonymized"]
            visitors = visitors.search(
                Domain("partner_id", "in", partners.ids)
                | Domain("lead_ids", "in", leads.ids)
            )
        found["website.visitor", "deleted"] = visitors
        return found

    def _get_record_reasons(self, keep_records):
        return super()._get_record_reasons(keep_records) | {
            ("website.visitor", "deleted"): self.env._(
                "What somebody looked at on the website."
            )
        }

    def _erase_records(self, found):
        result = super()._erase_records(found)
        found["website.visitor", "deleted"].unlink()
        return result
