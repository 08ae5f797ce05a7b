from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .marketing_consent import LEGAL_BASES

#: What somebody is to us (R-002).
RELATIONSHIPS = [
    ("prospect", "Prospect"),
    ("lead", "Lead"),
    ("customer", "Customer"),
    ("supplier", "Supplier"),
    ("partner", "Partner"),
    ("competitor", "Competitor"),
    ("employee", "Employee"),
    ("other", "Other"),
]


class MarketingAcquisitionSource(models.Model):
    """Where data of persons come from: a trade fair, a form, a list that was bought.

    Marketers write them; imports and forms say which one a person came from. The
    columns of the last file from a source are remembered with it, so that the next
    one needs no second look.
    """

    _name = "marketing.acquisition.source"
    _description = "Acquisition Source"
    _inherit = ["marketing.person.group"]
    _order = "name, id"
    _person_field = "acquisition_source_id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    kind = fields.Selection(
        [
            ("event", "Event or trade fair"),
            ("form", "Form on a website"),
            ("sales", "Sales"),
            ("customer", "Customer base"),
            ("partner", "Partner"),
            ("list", "List that was bought or rented"),
            ("public", "Public register or website"),
            ("other", "Other"),
        ],
        required=True,
        default="event",
    )
    legal_basis = fields.Selection(
        LEGAL_BASES,
        help="Proposed for imports from this source. Persons whose basis is unknown "
        "are kept and counted, and get no marketing mail.",
    )
    note = fields.Text(help="How these data were collected, and where the proof is.")
    company_id = fields.Many2one("res.company")
    person_ids = fields.One2many("marketing.person", "acquisition_source_id")
    import_mapping = fields.Json(
        readonly=True,
        copy=False,
        help="Meaning of the columns of the last import, by header.",
    )

    @api.constrains("kind", "legal_basis")
    def _check_legal_basis(self):
        for source in self:
            if source.kind == "list" and source.legal_basis == "consent":
                raise ValidationError(
                    self.env._(
                        "Nobody on a list that was bought gave this company his "
                        "consent. Choose another legal basis, or Unknown."
                    )
                )
