from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.number_format import format_number
from ..tools.client_action import CLOSE, notify


class MarketingSegmentAdd(models.TransientModel):
    """Puts the records selected in a list into a segment, or takes them out of it.

    In a dynamic segment that is a decision by hand: it survives every refresh, until
    somebody lets the conditions decide again.
    """

    _name = "marketing.segment.add"
    _description = "Add to Segment"

    res_model = fields.Char(required=True, readonly=True)
    res_ids = fields.Json(readonly=True)
    record_count = fields.Integer("Selected Records", readonly=True)
    target = fields.Selection(
        [("existing", "An existing segment"), ("new", "A new static segment")],
        required=True,
        default="existing",
    )
    segment_id = fields.Many2one("marketing.segment")
    segment_kind = fields.Selection(related="segment_id.kind")
    name = fields.Char("Name of the Segment")
    operation = fields.Selection(
        [
            ("include", "Be members"),
            ("exclude", "Not be members"),
            ("follow", "Be members as the conditions say"),
        ],
        string="The Selected Persons Shall",
        required=True,
        default="include",
    )
    is_decided_by_hand = fields.Boolean(compute="_compute_is_decided_by_hand")

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        res_ids = self.env.context.get("active_ids") or []
        return values | {
            "res_model": self.env.context.get("active_model"),
            "res_ids": res_ids,
            "record_count": len(res_ids),
        }

    @api.depends("target", "segment_kind", "operation")
    def _compute_is_decided_by_hand(self):
        for wizard in self:
            wizard.is_decided_by_hand = (
                wizard.target == "existing"
                and wizard.segment_kind == "dynamic"
                and wizard.operation != "follow"
            )

    def action_apply(self):
        self.ensure_one()
        records = self._get_records()
        segment = self._get_segment()
        segment.check_access("write")
        operation = "include" if self.target == "new" else self.operation
        message = getattr(self, f"_apply_{operation}")(records, segment.sudo())
        without = len(records.sudo().filtered(lambda r: not r.marketing_person_id))
        if without:
            message += " " + self.env._(
                "%s records have no usable e-mail address and were left out.",
                format_number(self.env, without, 0),
            )
        return notify(message, next=CLOSE)

    def _apply_include(self, records, segment):
        reached = records.sudo().filtered_domain(segment._get_company_domain())
        count = segment._include_records(reached)
        message = self.env._(
            "%(count)s persons were added to “%(segment)s”.",
            count=format_number(self.env, count, 0),
            segment=segment.name,
        )
        if len(reached) < len(records):
            message += " " + self.env._(
                "%s records belong to another company and were left out.",
                format_number(self.env, len(records) - len(reached), 0),
            )
        return message

    def _apply_exclude(self, records, segment):
        person_ids = records.sudo().marketing_person_id.ids
        if segment.kind == "static":
            count = segment._remove_persons(person_ids)
            return self.env._(
                "%(count)s persons were taken out of “%(segment)s”.",
                count=format_number(self.env, count, 0),
                segment=segment.name,
            )
        count = segment._exclude_persons(person_ids)
        return self.env._(
            "%(count)s persons are kept out of “%(segment)s” from now on.",
            count=format_number(self.env, count, 0),
            segment=segment.name,
        )

    def _apply_follow(self, records, segment):
        if segment.kind == "static":
            raise UserError(
                self.env._(
                    "“%s” is a static segment and has no conditions. Let the persons "
                    "be members or not be members.",
                    segment.name,
                )
            )
        segment._follow_conditions(records.sudo().marketing_person_id.ids)
        return self.env._(
            "The conditions of “%s” decide about these persons again.", segment.name
        )

    def _get_records(self):
        """The selected records that the user may read."""
        segments = self.env["marketing.segment"]
        if self.res_model not in dict(segments._selection_res_model()):
            raise UserError(
                self.env._("Select contacts, leads or mailing contacts first.")
            )
        model = self.env[self.res_model].with_context(active_test=False)
        return model.search([("id", "in", self.res_ids or [])])

    def _get_segment(self):
        if self.target == "new":
            if not self.name:
                raise UserError(self.env._("Give the new segment a name."))
            return self.env["marketing.segment"].create(
                {"name": self.name, "res_model": self.res_model, "kind": "static"}
            )
        if not self.segment_id:
            raise UserError(self.env._("Choose a segment."))
        if self.segment_id.res_model != self.res_model:
            raise UserError(
                self.env._(
                    "The segment “%s” is made of other records than the selected ones.",
                    self.segment_id.name,
                )
            )
        return self.segment_id
