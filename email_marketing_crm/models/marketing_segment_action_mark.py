"""Which records a segment has set something on, so that it can be taken back."""

from odoo import api, fields, models


class MarketingSegmentActionMark(models.Model):
    """A record that a setting was applied to, while its person stays in the segment.

    Written by the workers. `is_ours` says that the value came from the setting: it
    was not there before. A record has at most one mark of a setting.
    """

    _name = "marketing.segment.action.mark"
    _description = "Record Set by a Segment"
    _log_access = False
    _rec_name = "res_id"

    action_id = fields.Many2one(
        "marketing.segment.action", required=True, readonly=True, ondelete="cascade"
    )
    res_id = fields.Integer("Record ID", required=True, readonly=True)
    is_ours = fields.Boolean(readonly=True)

    # Also finds the marks of a setting.
    _action_record_unique = models.Constraint(
        "UNIQUE(action_id, res_id)", "This record was looked at already."
    )

    @api.model
    def _merge_persons(self, source_ids, target_id):
        """What was set on a merged person counts for the one that is left."""
        self.flush_model()
        self.env.cr.execute(
            """
            WITH moved AS (
                DELETE FROM marketing_segment_action_mark AS mark
                 USING marketing_segment_action AS action
                 WHERE action.id = mark.action_id AND action.kind = 'persona'
                   AND mark.res_id = ANY(%s)
             RETURNING mark.action_id, mark.is_ours
            )
            INSERT INTO marketing_segment_action_mark (action_id, res_id, is_ours)
            SELECT action_id, %s, bool_or(is_ours) FROM moved GROUP BY action_id
                ON CONFLICT (action_id, res_id) DO NOTHING
            """,
            [list(source_ids), target_id],
        )
        self.invalidate_model()


class MarketingPerson(models.Model):
    _inherit = "marketing.person"

    @api.model
    def _get_person_models(self):
        return [*super()._get_person_models(), "marketing.segment.action.mark"]
