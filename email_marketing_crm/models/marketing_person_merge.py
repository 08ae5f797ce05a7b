from odoo import api, models
from odoo.tools import SQL


class MarketingPerson(models.Model):
    """How persons whose records were merged become one."""

    _inherit = "marketing.person"

    @api.model
    def _get_person_models(self):
        """Models with rows of a person; each implements `_merge_persons`."""
        return [
            "marketing.segment.member",
            "marketing.score",
            "marketing.lifecycle.move",
            "marketing.delivery",
            "marketing.handoff",
            "marketing.journey.participant",
            "marketing.import.line",
        ]

    def _merge_into(self, target):
        """Join the histories of these persons with that of `target`.

        The strictest answer wins: a suppressed source suppresses the target. The
        sources stay as aliases, so that a late click on an old mail still counts.
        """
        sources = self - target
        if not sources:
            return
        target.ensure_one()
        self.env.flush_all()
        self.env["marketing.touchpoint"].sudo()._flush_captured()
        for table in ("marketing_touchpoint", "marketing_inbox"):
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET person_id = %s WHERE person_id = ANY(%s)",
                    SQL.identifier(table),
                    target.id,
                    sources.ids,
                )
            )
        for model in self._get_person_models():
            self.env[model]._merge_persons(sources.ids, target.id)
        self.env.cr.execute(
            """
            UPDATE marketing_person target
               SET suppression = source.suppression,
                   suppression_date = source.suppression_date
              FROM (SELECT suppression, suppression_date FROM marketing_person
                     WHERE id = ANY(%(sources)s) AND suppression <> 'none'
                     ORDER BY suppression = 'complaint' DESC, id LIMIT 1) source
             WHERE target.id = %(target)s AND target.suppression = 'none';
            UPDATE marketing_person
               SET merged_into_id = %(target)s, score_id = NULL
             WHERE id = ANY(%(sources)s) OR merged_into_id = ANY(%(sources)s)
            """,
            {"sources": sources.ids, "target": target.id},
        )
        self.env.invalidate_all(flush=False)
        self.env["marketing.inbox"]._push(target.ids, "rebuild")

    def _has_records(self):
        """Those of these persons that some record still belongs to."""
        found = set()
        for model in self._get_record_models():
            self.env[model].flush_model(["marketing_person_id"])
            rows = self.env.execute_query(
                SQL(
                    "SELECT DISTINCT marketing_person_id FROM %s"
                    " WHERE marketing_person_id = ANY(%s)",
                    SQL.identifier(self.env[model]._table),
                    self.ids,
                )
            )
            found.update(person_id for (person_id,) in rows)
        return self.browse(sorted(found))
