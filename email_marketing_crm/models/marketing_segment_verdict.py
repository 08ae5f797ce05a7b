"""Why a person is in a segment, or not: each condition with its verdict."""

from odoo import fields, models
from odoo.fields import Domain
from odoo.orm.domains import DomainAnd
from odoo.tools import SQL, format_datetime

from .number_format import format_number


class MarketingSegment(models.Model):
    _inherit = "marketing.segment"

    def _get_verdicts(self, person_ids):
        """Each condition of the segment, and whether persons fulfil it now.

        The attributes come first, then behaviour, other segments, what was decided by
        hand, and the limit. All is computed from what there is now: a person whose
        verdicts are all true and who is no member will be one with the next refresh.

        :param person_ids: some persons, not a crowd
        :returns: `{person id: [(condition in words, bool, what was found), …]}`
        """
        self.ensure_one()
        person_ids = list(person_ids)
        verdicts = {person_id: [] for person_id in person_ids}
        if not person_ids:
            return verdicts
        self.env.flush_all()
        conditions = []
        if self.kind == "dynamic":
            conditions = [
                *self._get_attribute_verdicts(person_ids),
                *self._get_behavior_verdicts(person_ids),
                *self._get_link_verdicts(person_ids),
            ]
        conditions += self._get_hand_verdicts(person_ids)
        if self.kind == "dynamic" and self.member_limit:
            conditions.append(self._get_place_verdicts(person_ids))
        for label, by_person in conditions:
            for person_id, (is_met, detail) in by_person.items():
                verdicts[person_id].append((label, is_met, detail))
        return verdicts

    # ------------------------------------------------------------------
    # ATTRIBUTES
    # ------------------------------------------------------------------

    def _get_attribute_verdicts(self, person_ids):
        """A verdict for each part of the domain that must be true.

        A person with several records may fulfil each part with another one of them;
        that is told as well.
        """
        model = self.env[self.res_model]
        whole = self._parse_domain()
        parts = whole.children if isinstance(whole, DomainAnd) else [whole]
        records = self._get_verdict_records(person_ids)
        matching = dict.fromkeys(person_ids, 0)
        verdicts = []
        for part in parts:
            if part.is_true():
                continue
            found = self._find_matching(part, person_ids)
            for person_id in found:
                matching[person_id] += 1
            verdicts.append(
                (
                    self._describe_domain(model, part),
                    {
                        person_id: (
                            person_id in found,
                            self._describe_values(records.get(person_id), part),
                        )
                        for person_id in person_ids
                    },
                )
            )
        found = self._find_matching(whole, person_ids)
        split = [
            person_id
            for person_id in person_ids
            if person_id not in found and matching[person_id] == len(verdicts)
        ]
        if split or not verdicts:
            names = dict(self._fields["res_model"]._description_selection(self.env))
            if verdicts:
                label = self.env._("all of that on one record")
                detail = self.env._("on different records only")
            else:
                label = self.env._("has a record: %s", names[self.res_model])
                detail = self.env._("no active record that the segment reaches")
            verdicts.append(
                (
                    label,
                    {
                        person_id: (person_id in found, "")
                        if person_id in found
                        else (False, detail)
                        for person_id in (split if verdicts else person_ids)
                    },
                )
            )
        return verdicts

    def _find_matching(self, domain, person_ids):
        """Those of the persons who have a record that matches."""
        query = self._get_records_query(domain & self._get_company_domain(), person_ids)
        return {row[0] for row in self.env.execute_query(query)}

    def _get_verdict_records(self, person_ids):
        """`{person id: his records}` that the user may read, the archived ones too."""
        model = self.env[self.res_model].with_context(active_test=False)
        if not model.has_access("read"):
            return {}
        records = model.search(
            Domain("marketing_person_id", "in", person_ids), order="id"
        )
        return records.grouped(lambda record: record.sudo().marketing_person_id.id)

    # ------------------------------------------------------------------
    # THE OTHER CONDITIONS
    # ------------------------------------------------------------------

    def _get_behavior_verdicts(self, person_ids):
        """A verdict for each rule and each group; where any is enough, one for all."""
        now = fields.Datetime.now()
        parts = [
            (part.display_name, part._get_verdicts(now, person_ids))
            for part in [*self.rule_ids, *self.group_ids.filtered("rule_ids")]
        ]
        if self.match == "all" or len(parts) < 2:
            return parts
        return [
            (
                self.env._("any of: %s", "; ".join(label for label, _met in parts)),
                {
                    person_id: (
                        any(verdicts[person_id][0] for _label, verdicts in parts),
                        "; ".join(
                            f"{label}: {verdicts[person_id][1]}"
                            for label, verdicts in parts
                        ),
                    )
                    for person_id in person_ids
                },
            )
        ]

    def _get_link_verdicts(self, person_ids):
        included = self.link_ids.filtered(lambda link: link.kind == "include")
        if self.include_match == "all" or len(included) < 2:
            return [
                (link.display_name, link._get_verdicts(person_ids))
                for link in self.link_ids
            ]
        verdicts = {link: link._get_verdicts(person_ids) for link in included}
        label = self.env._(
            "any of: %s", "; ".join(link.display_name for link in included)
        )
        together = {
            person_id: (
                any(verdicts[link][person_id][0] for link in included),
                ", ".join(
                    link.other_id.name
                    for link in included
                    if verdicts[link][person_id][0]
                ),
            )
            for person_id in person_ids
        }
        return [
            (label, together),
            *(
                (link.display_name, link._get_verdicts(person_ids))
                for link in self.link_ids - included
            ),
        ]

    def _get_hand_verdicts(self, person_ids):
        """What users decided: it stands above all conditions."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT person_id, state, since FROM marketing_segment_member
                 WHERE segment_id = %s AND person_id = ANY(%s) AND origin = 'manual'
                """,
                self.id,
                person_ids,
            )
        )
        put, kept_out = {}, {}
        for person_id, state, since in rows:
            detail = self.env._("since %s", format_datetime(self.env, since))
            if state == "member":
                put[person_id] = True, detail
            else:
                kept_out[person_id] = False, detail
        if self.kind == "static":
            never = False, self.env._("was never added")
            put = {person_id: put.get(person_id, never) for person_id in person_ids}
        return [
            (label, verdicts)
            for label, verdicts in (
                (self.env._("added by hand"), put),
                (self.env._("kept out by hand"), kept_out),
            )
            if verdicts
        ]

    def _get_place_verdicts(self, person_ids):
        """Whether they are among the first ones, and in which place."""
        query = SQL(
            "SELECT * FROM (SELECT person_id, row_number() OVER () AS place"
            " FROM (%s) AS ranking) AS placed WHERE person_id = ANY(%s)",
            self._get_ranking_query(),
            person_ids,
        )
        self.env.flush_query(query)
        places = dict(self.env.execute_query(query))
        orders = dict(self._fields["sort_order"]._description_selection(self.env))
        return (
            self.env._(
                "among the first %(limit)s %(order)s",
                limit=format_number(self.env, self.member_limit, 0),
                order=orders[self.sort_order],
            ),
            {
                person_id: (
                    places.get(person_id, self.member_limit + 1) <= self.member_limit,
                    self.env._("place %s", places[person_id])
                    if person_id in places
                    else self.env._("does not meet the conditions"),
                )
                for person_id in person_ids
            },
        )
