"""Rules about profiles at work: what they conclude, and what they take back."""

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL


class MarketingProfileRule(models.Model):
    _inherit = "marketing.profile.rule"

    #: Persons a run of the cron looks at: a batch stays under a few seconds.
    _apply_batch_size = 5000

    @api.model
    def _cron_apply(self):
        """Apply the rules that wait, one bounded batch a run."""
        processed, remaining = self._apply_batch()
        self.env["ir.cron"]._commit_progress(processed, remaining=remaining)

    @api.model
    def _apply_batch(self):
        """Apply the rule that waits to the next of those it concerns.

        :returns: number of persons looked at, number of rules that still wait
        """
        rule = self.with_context(active_test=False).search(
            [("is_waiting", "=", True)], order="id", limit=1
        )
        rule = rule.try_lock_for_update()
        if not rule:
            return 0, 0
        person_ids = rule._get_concerned_ids(self._apply_batch_size)
        if person_ids:
            rule._withdraw_conclusions(person_ids)
            self._apply_to_persons(person_ids)
            rule.apply_from = person_ids[-1] + 1
        if len(person_ids) < self._apply_batch_size:
            rule.write({"is_waiting": False, "apply_from": 0})
        return len(person_ids), self.with_context(active_test=False).search_count(
            [("is_waiting", "=", True)]
        )

    def _get_concerned_ids(self, limit):
        """Next persons, by id: members, and those for whom the rule decided."""
        self.ensure_one()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT person_id FROM (
                    (SELECT person_id FROM marketing_segment_member
                      WHERE segment_id = %(segment)s AND person_id >= %(start)s
                        AND %(is_member)s
                      ORDER BY person_id LIMIT %(limit)s)
                    UNION
                    (SELECT person_id FROM marketing_profile_value
                      WHERE rule_id = %(rule)s AND is_current
                        AND person_id >= %(start)s
                      ORDER BY person_id LIMIT %(limit)s)) concerned
                 ORDER BY person_id LIMIT %(limit)s
                """,
                segment=self.segment_id.id,
                rule=self.id,
                start=self.apply_from,
                is_member=self.env["marketing.segment.member"]._get_member_condition(),
                limit=limit,
            )
        )
        return [person_id for (person_id,) in rows]

    def _withdraw_conclusions(self, person_ids):
        """Take back what a rule concluded that is off, or answers otherwise now."""
        self.ensure_one()
        domain = [
            ("rule_id", "=", self.id),
            ("is_current", "=", True),
            ("person_id", "in", person_ids),
            ("value", "!=", False),
        ]
        if self.active:
            domain.append(self._get_other_answer_domain())
        values = self.env["marketing.profile.value"].sudo()
        values._set_values(
            [
                {
                    "person_id": answer.person_id.id,
                    "attribute": answer.attribute_id.code,
                    "value": None,
                    "origin": "rule",
                    "source": self._get_source(),
                }
                for answer in values.search(Domain(domain))
            ]
        )

    def _get_other_answer_domain(self):
        """Answers that are not the one of this rule, as a part of a domain."""
        self.ensure_one()
        if self.type == "persona":
            return ("persona_id", "!=", self.persona_id.id)
        if self.type == "buyer_stage":
            return ("buyer_stage_id", "!=", self.buyer_stage_id.id)
        if self.type in ("selection", "tags"):
            return ("option_ids", "not in", self.option_id.ids)
        if self.type == "number":
            return ("number", "!=", self.number)
        return ("value", "!=", self.text)

    @api.model
    def _apply_to_persons(self, person_ids, entered_ids=None):
        """Conclude what the rules say about persons, in sets.

        :param person_ids: whom to look at
        :param entered_ids: only where somebody entered one of these segments
        """
        rules = self.sudo().search([])
        if entered_ids is not None:
            attributes = rules.filtered(
                lambda rule: rule.segment_id.id in entered_ids
            ).attribute_id
            rules = rules.filtered(lambda rule: rule.attribute_id in attributes)
        if not rules or not person_ids:
            return
        by_person = self._get_matching_rules(rules, person_ids)
        stages = self._get_stages(person_ids)
        values = self.env["marketing.profile.value"].sudo()
        values._set_values(
            [
                {
                    "person_id": person_id,
                    "attribute": rule.attribute_id.code,
                    "value": rule._get_value(),
                    "origin": "rule",
                    "source": rule._get_source(),
                    "rule_id": rule.id,
                }
                for person_id, matching in by_person.items()
                for rule in matching._get_deciding(stages.get(person_id))
            ]
        )

    def _get_matching_rules(self, rules, person_ids):
        """`{person id: rules whose segment the person is in}`, in their order."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT person_id, array_agg(segment_id) FROM marketing_segment_member
                 WHERE person_id = ANY(%s) AND segment_id = ANY(%s) AND %s
                 GROUP BY person_id
                """,
                list(person_ids),
                rules.segment_id.ids,
                self.env["marketing.segment.member"]._get_member_condition(),
            )
        )
        return {
            person_id: rules.filtered(lambda rule, ids=ids: rule.segment_id.id in ids)
            for person_id, ids in rows
        }

    @api.model
    def _get_stages(self, person_ids):
        """`{person id: (sequence, id) of the stage concluded so far}`."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT answer.person_id, stage.sequence, stage.id
                  FROM marketing_profile_value answer
                  JOIN marketing_buyer_stage stage ON stage.id = answer.buyer_stage_id
                 WHERE answer.person_id = ANY(%s)
                   AND answer.kind = 'implicit' AND answer.is_current
                """,
                list(person_ids),
            )
        )
        return {person_id: (sequence, stage) for person_id, sequence, stage in rows}

    def _get_deciding(self, stage):
        """Of rules that fit a person, those that decide.

        :param stage: (sequence, id) of the person's stage; None without
        """
        deciding, decided = self.browse(), set()
        for rule in self:
            attribute = rule.attribute_id
            if rule.type != "tags" and attribute in decided:
                continue
            if rule.type == "buyer_stage" and stage and not rule.allows_backward:
                target = rule.buyer_stage_id
                if (target.sequence, target.id) < stage:
                    continue
            decided.add(attribute)
            deciding |= rule
        return deciding

    def _get_source(self):
        self.ensure_one()
        return self.env._("Segment “%s”", self.segment_id.name)
