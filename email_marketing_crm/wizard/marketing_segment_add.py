from odoo import api, fields, models
from odoo.exceptions import UserError


class MarketingSegmentAdd(models.TransientModel):
    """Puts the records selected in a list into a segment, or keeps them out of it."""

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
            ("include", "Always be members"),
            ("exclude", "Never be members"),
        ],
        required=True,
        default="include",
    )

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        res_ids = self.env.context.get("active_ids") or []
        return values | {
            "res_model": self.env.context.get("active_model"),
            "res_ids": res_ids,
            "record_count": len(res_ids),
        }

    def action_apply(self):
        self.ensure_one()
        records = self._get_records()
        segment = self._get_segment()
        segment.check_access("write")
        if self.operation == "exclude" and segment.kind == "dynamic":
            person_ids = records.sudo().marketing_person_id.ids
            count = segment.sudo()._exclude_persons(person_ids)
            message = self.env._(
                "%(count)s persons are kept out of “%(segment)s” from now on.",
                count=count,
                segment=segment.name,
            )
        else:
            reached = records.sudo().filtered_domain(segment._get_company_domain())
            count = segment.sudo()._include_records(reached)
            message = self.env._(
                "%(count)s persons were added to “%(segment)s”.",
                count=count,
                segment=segment.name,
            )
            if reached != records:
                message += " " + self.env._(
                    "%s records belong to another company and were left out.",
                    len(records - reached),
                )
        without = len(records.sudo().filtered(lambda r: not r.marketing_person_id))
        if without:
            message += " " + self.env._(
                "%s records have no usable e-mail address and were left out.", without
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": message,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

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
