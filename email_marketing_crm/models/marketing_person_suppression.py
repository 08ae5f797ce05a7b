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

    # ------------------------------------------------------------------
    # PREFERENCE PAGE
    # ------------------------------------------------------------------

    def _get_block(self):
        """What no choice on the preference page changes: why mail is blocked anyway.

        :returns: `manual` where users of ours did it and only they undo it; another
            code where his confirmation by mail does (`suppression_list`, `complaint`,
            `bounce`); None for who gets what he chooses
        """
        self.ensure_one()
        if self.suppression == "manual":
            return "manual"
        if self.is_suppressed:
            return "suppression_list"
        return self.suppression if self.suppression != "none" else None

    def _ask_to_unblock(self, evidence):
        """Mail the owner of a blocked address the link that confirms what he chose.

        :returns: whether a mail goes out: not to who has nothing to confirm, and not to
            who got several today
        """
        self.ensure_one()
        if self._get_block() in (None, "manual"):
            return False
        wanted = self.consent_ids.filtered(lambda consent: consent.state == "in")
        topics = wanted.topic_id.filtered("active")
        consents = self.env["marketing.consent"]
        return bool(consents._request_opt_in(self.ids, topics, evidence))

    @api.model
    def _insert_persons(self, emails, told=None):
        """Persons who come back are recognised in the moment they are made."""
        inserted = super()._insert_persons(emails, told)
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
