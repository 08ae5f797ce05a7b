from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    marketing_needs_approval = fields.Boolean(
        "Campaigns Need an Approval",
        help="A marketing manager who has no part in a mailing approves it before it "
        "is sent.",
    )
    marketing_complaint_segment_ids = fields.Many2many(
        "marketing.segment",
        "res_company_complaint_segment_rel",
        "company_id",
        "segment_id",
        string="Segments of Open Complaints",
        groups="email_marketing_crm.group_marketing_user,base.group_system",
        help="Who is in one of these segments gets no marketing mail.",
    )
    marketing_complaint_tag_ids = fields.Many2many(
        "crm.tag",
        "res_company_complaint_tag_rel",
        "company_id",
        "tag_id",
        string="Tags of Open Complaints",
        groups="email_marketing_crm.group_marketing_user,base.group_system",
        help="Who has a lead with one of these tags, neither won nor lost, gets no "
        "marketing mail.",
    )

    def unlink(self):
        """Deliveries stay, without their company."""
        self.env.cr.execute(
            "UPDATE marketing_delivery SET company_id = NULL"
            " WHERE company_id = ANY(%s)",
            [self.ids],
        )
        self.env["marketing.delivery"]._invalidate_deliveries()
        return super().unlink()
