from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.client_action import CLOSE, notify

#: Merges are made one by one, within one click.
MAXIMUM_PAIRS = 50


class MarketingDuplicateMerge(models.TransientModel):
    """What merging the selected pairs would do, to be confirmed by a user."""

    _name = "marketing.duplicate.merge"
    _description = "Merge Duplicates"

    line_ids = fields.One2many("marketing.duplicate.merge.line", "merge_id")
    has_persons = fields.Boolean(compute="_compute_has_persons")
    with_contacts = fields.Boolean(
        "Merge Contacts of the Same Name, Too",
        default=lambda self: self._may_merge_contacts(),
        help="Otherwise they stay two contacts of one person.",
    )
    may_merge_contacts = fields.Boolean(compute="_compute_may_merge_contacts")

    @api.depends("line_ids.duplicate_id.res_model")
    def _compute_has_persons(self):
        for wizard in self:
            pairs = wizard.line_ids.duplicate_id
            wizard.has_persons = "marketing.person" in pairs.mapped("res_model")

    def _compute_may_merge_contacts(self):
        self.may_merge_contacts = self._may_merge_contacts()

    def _may_merge_contacts(self):
        wizard = self.env["base.partner.merge.automatic.wizard"]
        return wizard.has_access("create")

    @api.model
    def _prepare_for(self, pairs):
        """The dialog about pairs that are still to be decided."""
        if len(pairs) > MAXIMUM_PAIRS:
            raise UserError(
                self.env._("Merge at most %s pairs at once.", MAXIMUM_PAIRS)
            )
        return self.create(
            {
                "line_ids": [
                    fields.Command.create(
                        {"duplicate_id": pair.id, "keep": pair._get_better_side()}
                    )
                    for pair in pairs
                ]
            }
        )

    def action_merge(self):
        """Merge the pairs of the lines; a pair that became one before is left out."""
        self.ensure_one()
        merged = 0
        # A pair may be about the one who stayed of another pair by then.
        survivors = {}
        # And a line goes with a pair that became the same as another one.
        decisions = [(line.duplicate_id, line.keep_id) for line in self.line_ids]
        for pair, keep_id in decisions:
            if not pair.exists() or pair.state != "open":
                continue
            pair.check_access("read")
            keep = pair._get_side_of(keep_id, survivors)
            if not keep:
                raise UserError(
                    self.env._(
                        "Somebody else changed one of these pairs in the meantime. "
                        "Open them again."
                    )
                )
            other = "second" if keep == "first" else "first"
            survivors[pair[f"{other}_id"]] = pair[f"{keep}_id"]
            pair._merge_pair(
                keep, with_contacts=self.with_contacts and self.may_merge_contacts
            )
            merged += 1
        return notify(self.env._("Merged pairs: %s", merged), next=CLOSE)


class MarketingDuplicateMergeLine(models.TransientModel):
    """One pair of a merge: who stays, who joins, and what moves."""

    _name = "marketing.duplicate.merge.line"
    _description = "Pair to Merge"

    merge_id = fields.Many2one(
        "marketing.duplicate.merge", required=True, ondelete="cascade", index=True
    )
    duplicate_id = fields.Many2one(
        "marketing.duplicate", required=True, ondelete="cascade"
    )
    keep = fields.Selection(
        [("first", "First"), ("second", "Second")], required=True, default="first"
    )
    keep_id = fields.Integer(
        "Record That Stays", compute="_compute_keep_id", store=True
    )
    first_label = fields.Char("First", compute="_compute_labels")
    second_label = fields.Char("Second", compute="_compute_labels")
    moves = fields.Char("What Moves", compute="_compute_moves")
    warning = fields.Char("Mind", compute="_compute_moves")

    @api.depends("keep")
    def _compute_keep_id(self):
        """Who stays, whichever side of the pair that is when its turn comes."""
        for line in self:
            line.keep_id = line.duplicate_id[f"{line.keep or 'first'}_id"]

    @api.depends("duplicate_id")
    def _compute_labels(self):
        for line in self:
            pair = line.duplicate_id
            for side in ("first", "second"):
                name, email = pair[f"{side}_name"], pair[f"{side}_email"]
                line[f"{side}_label"] = (
                    f"{name} <{email}>" if name and email else (name or email)
                )

    @api.depends("duplicate_id", "keep")
    def _compute_moves(self):
        for line in self:
            pair = line.duplicate_id.sudo()
            source = pair.second_person_id
            target = pair.first_person_id
            if line.keep == "second":
                source, target = target, source
            line.moves = line._get_moves(source, target)
            line.warning = line._get_warning(source, target)

    def _get_moves(self, source, target):
        """What the one who stays gets, counted."""
        self.ensure_one()
        pair = self.duplicate_id
        if pair.res_model == "res.partner" and source == target:
            return self.env._("Everything that refers to the other contact.")
        counts = [
            (source.touchpoint_count, self.env._("events")),
            (len(source.partner_ids), self.env._("contacts")),
            (len(source.lead_ids), self.env._("leads")),
            (len(source.contact_ids), self.env._("list contacts")),
            (len(source.segment_ids), self.env._("segments")),
            (
                self.env["marketing.delivery"]
                .sudo()
                .search_count([("person_id", "in", source.ids)]),
                self.env._("mails"),
            ),
            (len(source.current_profile_value_ids), self.env._("profile answers")),
        ]
        moves = ", ".join(f"{label}: {count}" for count, label in counts if count)
        return moves or self.env._("Nothing but the address.")

    def _get_warning(self, source, target):
        """What a user may not expect."""
        self.ensure_one()
        stopped = source.suppression != "none" or source.is_blacklisted
        if source and target and source != target and stopped:
            return self.env._(
                "%(joining)s gets no marketing mail. After the merge, neither does "
                "%(staying)s.",
                joining=source.email_normalized,
                staying=target.email_normalized,
            )
        return False
