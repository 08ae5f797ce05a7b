from odoo import models

#: Fields of the database, and what says where a part belongs, define nothing.
_NO_CONDITION = {*models.MAGIC_COLUMNS, "segment_id", "group_id", "sequence"}


class MarketingSegment(models.Model):
    """What a segment is, to tell whether somebody changed it."""

    _inherit = "marketing.segment"

    def _get_definition(self):
        """The conditions of the segment and of those it looks at, as plain values.

        Who is added or kept out by hand is no condition.
        """
        self.ensure_one()
        segment = self.sudo()
        return {
            "model": segment.res_model,
            "kind": segment.kind,
            "domain": segment.domain,
            "match": segment.match,
            "company": segment.company_id.id,
            "limit": [segment.member_limit, segment.sort_order],
            "rules": [rule._get_definition() for rule in segment.rule_ids],
            "groups": [
                [group.match, [rule._get_definition() for rule in group.rule_ids]]
                for group in segment.group_ids
            ],
            "links": [
                [segment.include_match, link.kind, link.other_id._get_definition()]
                for link in segment.link_ids
            ],
        }


class MarketingSegmentRule(models.Model):
    _inherit = "marketing.segment.rule"

    def _get_definition(self):
        """The values of the rule."""
        self.ensure_one()
        return {
            name: self[name].ids if field.relational else self[name]
            for name, field in sorted(self._fields.items())
            if field.store and name not in _NO_CONDITION
        }
