from odoo import models

from ..tools.mail_blocks import find_conditions, keep_blocks


class MailingMailing(models.Model):
    """Blocks of the mail that only some get: one variant per set of conditions met."""

    _inherit = "mailing.mailing"

    def _split_by_content(self, deliveries):
        parts = super()._split_by_content(deliveries)
        wanted = set()
        for content, _part in parts:
            wanted |= find_conditions(self._get_body(content))
        if not wanted:
            return parts
        persons = self._get_content_persons(deliveries)
        met = (
            self.env["marketing.content.condition"]
            .browse(sorted(wanted))
            ._get_met_conditions(set(persons.values()))
        )
        return [
            split
            for content, part in parts
            for split in self._split_by_conditions(content, part, persons, met)
        ]

    def _split_by_conditions(self, content, part, persons, met):
        """A part, split by the conditions of its own body that each of it meets."""
        own = find_conditions(self._get_body(content))
        if not own:
            return [(content, part)]
        groups = {}
        for res_id, delivery_id in part.items():
            shown = met.get(persons.get(res_id), frozenset()) & own
            groups.setdefault(shown, {})[res_id] = delivery_id
        return [
            (self._add_conditions(content, shown), group)
            for shown, group in groups.items()
        ]

    def _add_conditions(self, content, shown):
        """Content without the blocks for others."""
        body = keep_blocks(self._get_body(content), shown)
        return self._add_variant(content | {"body": body}, conditions=sorted(shown))

    def _get_variant_content(self, variant):
        content = super()._get_variant_content(variant)
        if find_conditions(self._get_body(content)):
            content = self._add_conditions(
                content, (variant or {}).get("conditions", [])
            )
        return content
