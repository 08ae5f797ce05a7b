from odoo import models


class BasePartnerMerge(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        """Join the persons of merged contacts that no other record stands for."""
        partners = self.env["res.partner"].browse(partner_ids).exists()
        persons = partners.sudo().marketing_person_id
        keeping = self.with_context(marketing_keep_pairs=True)
        result = super(BasePartnerMerge, keeping)._merge(
            partner_ids, dst_partner, extra_checks
        )
        survivor = partners.exists()
        if len(survivor) == 1:
            self.env["marketing.duplicate"].sudo()._move_pairs(
                "res.partner", (partners - survivor).ids, survivor.id
            )
            survivor.sudo()._move_touchpoint_records(partners - survivor, persons)
            survivor.sudo()._merge_former_persons(persons)
        return result
