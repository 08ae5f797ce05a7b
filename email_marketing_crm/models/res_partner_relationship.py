from odoo import fields, models

from .marketing_acquisition_source import RELATIONSHIPS


class ResPartner(models.Model):
    """What a contact is to the company, and how imports find contacts there are."""

    _inherit = "res.partner"

    marketing_relationship = fields.Selection(
        RELATIONSHIPS,
        string="Relationship",
        index="btree_not_null",
        help="What this contact is to your company, for segments and campaigns.",
    )
    marketing_import_line_ids = fields.One2many(
        "marketing.import.line",
        "partner_id",
        string="Lines of Imports",
        groups="email_marketing_crm.group_marketing_user",
    )

    # Duplicates by name: as `marketing.import._get_name_key` writes it.
    _marketing_name_key = models.Index(
        r"(lower(btrim(regexp_replace(normalize(name, NFKC), '\s+', ' ', 'g'))))"
    )
    # Companies by their website.
    _marketing_website = models.Index(
        "(website) WHERE is_company AND website IS NOT NULL"
    )
