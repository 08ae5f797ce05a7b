from odoo import api, fields, models
from odoo.tools import SQL


class MarketingPerson(models.Model):
    """Who is on the suppression list stays on it, however he comes back."""

    _inherit = "marketing.person"

    is_suppressed = fields.Boolean(
        "On the Suppression List",
        readonly=True,
        help="The address was erased, or its owner said no in another system. Only he"
        " himself can change that, by confirming that he wants mail.",
    )

    # Who must not be mailed, read with every plan; a small part of all persons.
    _on_suppression_list = models.Index("(id) WHERE is_suppressed")

    @api.model
    def _insert_persons(self, emails):
        """Persons who come back are recognised in the moment they are made."""
        inserted = super()._insert_persons(emails)
        if inserted:
            self.env["marketing.suppression"]._flag_persons(
                SQL("person.id = ANY(%s)", list(inserted.values()))
            )
        return inserted

    def _merge_into(self, target):
        """The strictest answer wins: one who is on the list puts the other on it."""
        suppressed = any(person.is_suppressed for person in self)
        result = super()._merge_into(target)
        if suppressed:
            target.is_suppressed = True
        return result
