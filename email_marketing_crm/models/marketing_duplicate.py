from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.duplicates import SCORES


class MarketingDuplicate(models.Model):
    """Two persons, or two contacts, that are likely to be one human being.

    Found by `marketing.duplicate.scan`, its only writer besides the two decisions of
    users: *merged* keeps who merged what and when; *not the same* (`different`) stays
    for ever, also when one of the two is merged with somebody else. A pair is there
    once: `first_id` is the smaller number. Nothing is ever merged unless a user says
    so.

    Two contacts of one person, or without an address, are a pair of contacts; all
    others are a pair of persons, whatever records they have.
    """

    _name = "marketing.duplicate"
    _description = "Likely Duplicate"
    _order = "score desc, id desc"
    _log_access = False

    res_model = fields.Selection(
        [("marketing.person", "Persons"), ("res.partner", "Contacts")],
        "Kind",
        required=True,
        readonly=True,
    )
    first_id = fields.Many2oneReference(
        "First Record", model_field="res_model", required=True, readonly=True
    )
    second_id = fields.Many2oneReference(
        "Second Record", model_field="res_model", required=True, readonly=True
    )
    first_person_id = fields.Many2one(
        "marketing.person",
        readonly=True,
        ondelete="cascade",
        index="btree_not_null",
    )
    second_person_id = fields.Many2one(
        "marketing.person",
        readonly=True,
        ondelete="cascade",
        index="btree_not_null",
    )
    company_id = fields.Many2one("res.company", readonly=True, ondelete="cascade")
    # why
    reason = fields.Selection(
        selection="_selection_reason", string="Main Reason", readonly=True
    )
    reasons = fields.Char("Codes of All Reasons", readonly=True)
    reason_text = fields.Text("Why", compute="_compute_reason_text")
    score = fields.Integer(
        "Likelihood (%)", readonly=True, aggregator=None, help="An estimate."
    )
    date = fields.Datetime("Found", readonly=True)
    # what was decided
    state = fields.Selection(
        [("open", "To decide"), ("different", "Not the same"), ("merged", "Merged")],
        required=True,
        readonly=True,
        default="open",
    )
    user_id = fields.Many2one(
        "res.users", "Decided By", readonly=True, ondelete="set null"
    )
    decided_date = fields.Datetime("Decided", readonly=True)

    _pair_unique = models.Constraint(
        "UNIQUE(res_model, first_id, second_id)", "This pair is listed already."
    )
    _pair_ordered = models.Constraint(
        "CHECK(first_id < second_id)", "A pair is two different records."
    )
    # Pairs of one record, for the next scan and for merges.
    _second = models.Index("(res_model, second_id)")
    # The queue, the likeliest first.
    _open = models.Index("(score DESC, id DESC) WHERE state = 'open'")

    @api.model
    def _selection_reason(self):
        texts = {
            "hand": self.env._("Chosen by hand"),
            "dots": self.env._("Same mailbox, written with other dots"),
            "plus_address": self.env._("Same mailbox, with a plus tag"),
            "same_address": self.env._("Same address and name"),
            "typo_domain": self.env._("Mistyped domain"),
            "name_company": self.env._("Same name and company"),
            "phone": self.env._("Same telephone, similar name"),
        }
        return [(code, texts[code]) for code in SCORES]

    @api.depends("reasons")
    def _compute_reason_text(self):
        texts = dict(self._selection_reason())
        for pair in self:
            codes = (pair.reasons or "").split(",")
            pair.reason_text = ", ".join(texts[code] for code in codes if code in texts)

    def _compute_display_name(self):
        for pair in self:
            pair.display_name = f"{pair.first_name or ''} / {pair.second_name or ''}"

    # ------------------------------------------------------------------
    # DECISIONS
    # ------------------------------------------------------------------

    def action_not_same(self):
        """Remember for ever that these are two."""
        self.check_access("read")
        self.sudo().filtered(lambda pair: pair.state == "open").write(
            {
                "state": "different",
                "user_id": self.env.uid,
                "decided_date": fields.Datetime.now(),
            }
        )

    def action_reopen(self):
        """Put pairs back on the list."""
        self.check_access("read")
        decided = self.sudo().filtered(lambda pair: pair.state == "different")
        decided.write({"state": "open", "user_id": False, "decided_date": False})

    def action_merge(self):
        """Show what a merge would do, and let the user decide."""
        pairs = self.filtered(lambda pair: pair.state == "open")
        if not pairs:
            raise UserError(self.env._("Select pairs that are still to be decided."))
        wizard = self.env["marketing.duplicate.merge"]._prepare_for(pairs)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Merge"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_open_first(self):
        return self._open_side("first")

    def action_open_second(self):
        return self._open_side("second")

    def _open_side(self, side):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self[f"{side}_id"],
            "views": [(False, "form")],
        }

    # ------------------------------------------------------------------
    # WHEN RECORDS ARE MERGED OR DELETED
    # ------------------------------------------------------------------

    @api.model
    def _merge_persons(self, source_ids, target_id):
        """Let the pairs of merged persons be those of the survivor."""
        self._move_pairs("marketing.person", source_ids, target_id)
        self.flush_model()
        self.env.cr.execute(
            """
            UPDATE marketing_duplicate SET first_person_id = %(target)s
             WHERE first_person_id = ANY(%(sources)s)
               AND res_model = 'res.partner' AND state <> 'merged';
            UPDATE marketing_duplicate SET second_person_id = %(target)s
             WHERE second_person_id = ANY(%(sources)s)
               AND res_model = 'res.partner' AND state <> 'merged'
            """,
            {"target": target_id, "sources": list(source_ids)},
        )
        self.invalidate_model()

    @api.model
    def _move_pairs(self, res_model, source_ids, target_id):
        """Re-point the pairs of records that were merged; "not the same" wins."""
        moving = self.search(
            [
                ("res_model", "=", res_model),
                ("state", "!=", "merged"),
                "|",
                ("first_id", "in", list(source_ids)),
                ("second_id", "in", list(source_ids)),
            ]
        )
        wanted = {}
        for pair in moving:
            ids = {
                target_id if record_id in source_ids else record_id
                for record_id in (pair.first_id, pair.second_id)
            }
            wanted.setdefault(tuple(sorted(ids)), self.browse())
            wanted[tuple(sorted(ids))] |= pair
        there = self.search(
            [
                ("res_model", "=", res_model),
                "|",
                ("first_id", "=", target_id),
                ("second_id", "=", target_id),
            ]
        )
        for pair in there:
            ids = pair.first_id, pair.second_id
            if ids in wanted:
                wanted[ids] |= pair
        chosen = {
            ids: max(pairs, key=lambda pair: (pair.state != "open", pair.score))
            for ids, pairs in wanted.items()
            if len(ids) > 1
        }
        kept = self.browse().union(*chosen.values())
        (self.browse().union(*wanted.values()) - kept).unlink()
        for ids, pair in chosen.items():
            pair._point_to(*ids)

    def _point_to(self, first_id, second_id):
        """Let this pair be about other records."""
        self.ensure_one()
        values = {"first_id": first_id, "second_id": second_id}
        if self.res_model == "marketing.person":
            values |= {"first_person_id": first_id, "second_person_id": second_id}
        elif self.first_id == second_id or self.second_id == first_id:
            values |= {
                "first_person_id": self.second_person_id.id,
                "second_person_id": self.first_person_id.id,
            }
        self.write(values)

    @api.model
    def _forget_records(self, res_model, res_ids):
        """Remove the pairs of records that are deleted."""
        self.flush_model()
        self.env.cr.execute(
            """
            DELETE FROM marketing_duplicate
             WHERE res_model = %(model)s
               AND (first_id = ANY(%(ids)s) OR second_id = ANY(%(ids)s))
            """,
            {"model": res_model, "ids": list(res_ids)},
        )
        self.invalidate_model()

    @api.model
    def _forget_keys(self, res_model, res_ids):
        """Compare records that are deleted or merged with nobody any more."""
        self.env.cr.execute(
            "DELETE FROM marketing_duplicate_key"
            " WHERE res_model = %s AND res_id = ANY(%s)",
            [res_model, list(res_ids)],
        )


class MarketingPerson(models.Model):
    _inherit = "marketing.person"

    @api.model
    def _get_person_models(self):
        return [*super()._get_person_models(), "marketing.duplicate"]


class MarketingPersonMixin(models.AbstractModel):
    _inherit = "marketing.person.mixin"

    def unlink(self):
        ids = self.ids
        result = super().unlink()
        pairs = self.env["marketing.duplicate"].sudo()
        pairs._forget_keys(self._name, ids)
        if not self.env.context.get("marketing_keep_pairs"):
            pairs._forget_records(self._name, ids)
        return result
