"""What the inbox tells about the profile of persons."""

import logging

from odoo import api, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..tools.reliability import is_at_least

_logger = logging.getLogger(__name__)


class MarketingInbox(models.Model):
    _inherit = "marketing.inbox"

    @api.model
    def _get_consumers(self):
        """Answers come before what looks at them: fit rules and segments."""
        consumers = super()._get_consumers()
        position = consumers.index("marketing.person") + 1
        return [
            *consumers[:position],
            "marketing.profile.value",
            *consumers[position:],
        ]


class MarketingProfileValue(models.Model):
    _inherit = "marketing.profile.value"

    @api.model
    def _consume_inbox(self, batch):
        self._learn_from(batch.touchpoints)
        entered = {}
        for row in batch.of_types("segment_entered"):
            entered.setdefault(row.person_id, set()).add(row.res_id)
        if entered:
            self.env["marketing.profile.rule"]._apply_to_persons(
                sorted(entered), entered_ids=set().union(*entered.values())
            )

    @api.model
    def _learn_from(self, touchpoints):
        """Keep the answers that events carry in `data["profile"]`.

        A form says what a human answered; other events let conclude, if a human was
        behind them. Answers that cannot be used are dropped with a warning: they were
        checked where they came in, and an attribute may be gone since.
        """
        codes = self._get_answering_codes()
        rows = {
            row.id: row
            for row in touchpoints
            if row.type_code in codes
            and (
                row.type_code == "form" or is_at_least(row.reliability, "human_likely")
            )
        }
        if not rows:
            return
        found = self.env.execute_query(
            SQL(
                """
                SELECT id, data->'profile',
                       COALESCE(data->>'title', data->>'source', data->>'url')
                  FROM marketing_touchpoint
                 WHERE id = ANY(%s) AND jsonb_typeof(data->'profile') = 'object'
                """,
                list(rows),
            )
        )
        answers = [
            {
                "person_id": rows[touchpoint_id].person_id,
                "attribute": code,
                "value": value,
                "origin": "form"
                if rows[touchpoint_id].type_code == "form"
                else "behavior",
                "date": rows[touchpoint_id].date,
                "source": source,
            }
            for touchpoint_id, profile, source in found
            for code, value in profile.items()
        ]
        parsed = self.env["marketing.profile.attribute"]._parse_values(
            [(answer["attribute"], answer["value"]) for answer in answers]
        )
        usable = []
        for answer, columns in zip(answers, parsed, strict=True):
            if isinstance(columns, str):
                _logger.warning(
                    "Person %s: answer dropped. %s", answer["person_id"], columns
                )
            else:
                usable.append(answer)
        self._set_values(usable)

    @api.model
    def _get_answering_codes(self):
        """Types of events that may carry answers: those of forms and other systems."""
        types = self.env["marketing.touchpoint.type"].sudo()
        types = types.with_context(active_test=False).search([("is_custom", "=", True)])
        return {"form", *types.mapped("code")}


class MarketingTouchpoint(models.Model):
    _inherit = "marketing.touchpoint"

    @api.model
    def _prepare_reported_event(self, event, allowed):
        """Refuse answers that could not be used, so that the sender learns of it."""
        values = super()._prepare_reported_event(event, allowed)
        profile = values["data"].get("profile")
        if profile is None:
            return values
        if not isinstance(profile, dict):
            raise ValidationError(
                self.env._("The profile in the data of an event is an object.")
            )
        attributes = self.env["marketing.profile.attribute"]
        for problem in attributes._parse_values(list(profile.items())):
            if isinstance(problem, str):
                raise ValidationError(problem)
        return values
