from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.number_format import format_number
from ..tools.client_action import CLOSE, notify


class MarketingJourneyAdd(models.TransientModel):
    """Chooses members of the segment who enter a journey by hand.

    Re-entry rules do not matter then, but nobody enters who is still under way.
    """

    _name = "marketing.journey.add"
    _description = "Add Participants to a Journey"

    journey_id = fields.Many2one("marketing.journey", required=True, readonly=True)
    segment_id = fields.Many2one(related="journey_id.segment_id")
    member_ids = fields.Many2many(
        "marketing.segment.member",
        string="Members",
        domain="[('segment_id', '=', segment_id), ('state', '=', 'member')]",
    )
    busy_count = fields.Integer(
        "Under Way Already",
        compute="_compute_busy_count",
        help="Chosen members who are in the journey now and stay where they are.",
    )

    @api.depends("member_ids", "journey_id")
    def _compute_busy_count(self):
        participants = self.env["marketing.journey.participant"]
        for wizard in self:
            wizard.busy_count = participants.search_count(
                [
                    ("journey_id", "=", wizard.journey_id.id),
                    ("person_id", "in", wizard.member_ids.person_id.ids),
                    ("is_live", "=", True),
                ]
            )

    def action_add(self):
        self.ensure_one()
        self.journey_id.check_access("write")
        self.member_ids.check_access("read")
        if self.journey_id.state not in ("running", "paused"):
            raise UserError(
                self.env._("People enter once the journey was published and started.")
            )
        if not self.member_ids:
            raise UserError(self.env._("Choose at least one member."))
        journey = self.journey_id.sudo()
        entered = journey._enter(self.member_ids.person_id.ids, by_hand=True)
        self.env["marketing.lane"]._wake("journey")
        message = self.env._(
            "%(entered)s entered, %(busy)s were under way already.",
            entered=format_number(self.env, entered, 0),
            busy=format_number(self.env, len(self.member_ids.person_id) - entered, 0),
        )
        return notify(message, "success" if entered else "warning", next=CLOSE)
