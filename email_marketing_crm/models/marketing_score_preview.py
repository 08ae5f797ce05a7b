"""What a score model would say, before it is used."""

from odoo import fields, models
from odoo.tools import SQL

from ..tools.client_action import notify
from .number_format import format_number

#: Persons a preview looks at: answers within seconds.
PREVIEW_PERSONS = 1000
#: Touchpoints among which a preview finds them.
PREVIEW_TOUCHPOINTS = 20000


class MarketingScoreModel(models.Model):
    _inherit = "marketing.score.model"

    def action_preview(self):
        """Show what the model says about the persons that were active last."""
        self.ensure_one()
        self.check_access("read")
        grades, reached, total = self.sudo()._preview()
        if not total:
            message = self.env._("No event has been recorded yet that could be scored.")
        else:
            shares = {
                letter: format_number(self.env, 100 * grades[letter] / total, 0)
                for letter in "ABCDF"
                if grades.get(letter)
            }
            parts = [f"{letter}: {share} %" for letter, share in shares.items()]
            if self.threshold:
                parts.append(
                    self.env._(
                        "at the threshold: %s %%",
                        format_number(self.env, 100 * reached / total, 0),
                    )
                )
            message = self.env._(
                "Of the %(total)s persons who were active last: %(parts)s",
                total=format_number(self.env, total, 0),
                parts=", ".join(parts) or self.env._("no grades, no threshold"),
            )
        title = self.env._("Preview of %s", self.name)
        return notify(message, "info", title=title, sticky=True)

    def _preview(self):
        """Score a sample without writing: ({grade: persons}, at the threshold, all)."""
        (scheme,) = self._read_schemes(self.ids)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT person_id
                  FROM (SELECT person_id FROM marketing_touchpoint
                         ORDER BY id DESC LIMIT %s) newest
                 GROUP BY person_id
                 LIMIT %s
                """,
                PREVIEW_TOUCHPOINTS,
                PREVIEW_PERSONS,
            )
        )
        person_ids = [person_id for (person_id,) in rows]
        persons = self.env["marketing.score"]._compute_anew(scheme, person_ids)
        limit = scheme.threshold_value(fields.Datetime.now())
        grades = {}
        reached = 0
        for person in persons:
            grades[person.grade] = grades.get(person.grade, 0) + 1
            reached += limit is not None and person.state.value >= limit
        return grades, reached, len(persons)
