from odoo import models

from ..tools.mail_blocks import find_conditions, keep_blocks

#: Context key: conditions that everybody is thought to meet, where a mail is tried.
MET = "marketing_met_conditions"


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
        tried = self.env.context.get(MET)
        groups = {}
        for res_id, delivery_id in part.items():
            shown = met.get(persons.get(res_id), frozenset()) & own
            if tried is not None:
                shown = own.intersection(tried)
            groups.setdefault(frozenset(shown), {})[res_id] = delivery_id
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

    # ------------------------------------------------------------------
    # ALL OF ITS TEXTS
    # ------------------------------------------------------------------

    def _get_used_conditions(self):
        """Conditions that blocks of any of its texts depend on."""
        self.ensure_one()
        ids = set()
        for text in self._get_checked_texts():
            ids |= find_conditions(str(text["body_html"]))
        return self._browse_conditions(ids)

    def _browse_conditions(self, ids):
        conditions = self.env["marketing.content.condition"].sudo()
        return conditions.browse(sorted(ids)).exists()

    def _get_least_bodies(self, body):
        """What is left of a body for who meets no more conditions than he must.

        Several, where one of two opposite conditions holds for everybody; none where
        no block has a condition. Recipients that are no persons meet none at all.
        """
        wanted = find_conditions(body)
        if not wanted:
            return []
        least = [frozenset()]
        if self.marketing_has_persons:
            least = self._browse_conditions(wanted)._get_least_met()
        return [keep_blocks(body, met) for met in least]

    def _get_met_extremes(self, body):
        """Conditions of who gets the most of a body, and of who gets the least."""
        conditions = self._browse_conditions(find_conditions(body))
        if not conditions:
            return (), ()

        def get_size(met):
            return len(keep_blocks(body, met))

        most = max(conditions._get_most_met(), key=get_size)
        least = min(conditions._get_least_met(), key=get_size)
        return tuple(sorted(most)), tuple(sorted(least))
