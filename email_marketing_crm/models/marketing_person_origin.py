from odoo import api, fields, models
from odoo.tools import SQL

from .marketing_consent import LEGAL_BASES


class MarketingPerson(models.Model):
    """Where a person's data come from, and why he may be written to.

    Imports and forms write both. Persons without either were known before anybody
    asked; they may be mailed like in Odoo. Who came with a list whose basis is
    explicitly unknown may not (`marketing.delivery._gate_no_legal_basis`).
    """

    _inherit = "marketing.person"

    acquisition_source_id = fields.Many2one(
        "marketing.acquisition.source",
        string="Origin",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        help="Where the data of this person came from first.",
    )
    legal_basis = fields.Selection(
        LEGAL_BASES,
        readonly=True,
        help="Why this person may be mailed. A person whose basis is unknown gets no "
        "marketing mail until there is one.",
    )

    # Who must not be mailed for want of a basis, asked with every plan.
    _no_legal_basis = models.Index("(id) WHERE legal_basis = 'unknown'")

    @api.model
    def _set_origin(self, person_ids, source_id, legal_basis, new_ids):
        """Note where persons come from and on which basis they may be written to.

        The first origin stays. A basis is never lost to another one; "unknown" is
        for persons nobody knew before, so that a bought list does not silence
        customers, and gives way to a basis that somebody answers for.

        :param new_ids: those of the persons whom nobody knew before
        """
        self.flush_model(["acquisition_source_id", "legal_basis"])
        self.env.cr.execute(
            SQL(
                """
                UPDATE marketing_person person
                   SET acquisition_source_id = told.source_id,
                       legal_basis = told.basis
                  FROM (SELECT id,
                               CASE WHEN %(basis)s <> 'unknown' OR id = ANY(%(new)s)
                                   THEN COALESCE(acquisition_source_id, %(source)s)
                                   ELSE acquisition_source_id END AS source_id,
                               CASE WHEN %(basis)s = 'unknown' AND id = ANY(%(new)s)
                                   THEN COALESCE(legal_basis, 'unknown')
                                   WHEN %(basis)s = 'unknown' THEN legal_basis
                                   WHEN legal_basis = 'unknown' THEN %(basis)s
                                   ELSE COALESCE(legal_basis, %(basis)s) END AS basis
                          FROM marketing_person WHERE id = ANY(%(ids)s)) told
                 WHERE person.id = told.id
                   AND (person.acquisition_source_id, person.legal_basis)
                       IS DISTINCT FROM (told.source_id, told.basis)
                """,
                source=source_id,
                basis=legal_basis,
                new=list(new_ids),
                ids=list(person_ids),
            )
        )
        persons = self.browse(person_ids)
        persons.invalidate_recordset(["acquisition_source_id", "legal_basis"])
        persons._watch_fields({"acquisition_source_id", "legal_basis"})

    @api.model
    def _merge_origin(self, source_ids, target_id):
        """A target that has no origin or basis takes those of who merges into it.

        The strictest basis wins: what is unknown of one is unknown of both, unless
        the target has a basis of its own.
        """
        self.env.cr.execute(
            SQL(
                """
                UPDATE marketing_person target
                   SET acquisition_source_id = COALESCE(
                           target.acquisition_source_id, source.acquisition_source_id),
                       legal_basis = COALESCE(target.legal_basis, source.legal_basis)
                  FROM (SELECT min(acquisition_source_id) AS acquisition_source_id,
                               COALESCE(min(legal_basis)
                                            FILTER (WHERE legal_basis = 'unknown'),
                                        min(legal_basis)) AS legal_basis
                          FROM marketing_person WHERE id = ANY(%s)) source
                 WHERE target.id = %s
                """,
                list(source_ids),
                target_id,
            )
        )

    def _merge_into(self, target):
        sources = self - target
        result = super()._merge_into(target)
        if sources:
            self._merge_origin(sources.ids, target.id)
            target.invalidate_recordset()
        return result
