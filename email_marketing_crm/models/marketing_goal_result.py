from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

from .marketing_mailing_result import POSITION_PARAMETER

#: Goals that are counted in one transaction.
GOAL_BATCH = 20


class MarketingGoalResult(models.Model):
    """How far the goal of a campaign, or one of a mailing that is an event, is reached.

    Goals of mailings that are a figure are read from `marketing.mailing.result`. A
    campaign has a row of its own, as its mailings share persons, who count once.
    Written by the worker that counts the results of mailings, and nobody else. A row
    says by `goal_key` what was counted: where the goal is another one now, it says
    nothing, and is counted again.
    """

    _name = "marketing.goal.result"
    _description = "Result of a Goal"
    _log_access = False

    mailing_id = fields.Many2one("mailing.mailing", readonly=True, ondelete="cascade")
    campaign_id = fields.Many2one("utm.campaign", readonly=True, ondelete="cascade")
    goal_key = fields.Char(required=True, readonly=True)
    reached = fields.Float(readonly=True, help="Persons, or money won.")
    base = fields.Integer(
        "Got It", readonly=True, help="Persons who got a mail, where it did not return."
    )
    date = fields.Datetime("As Of", required=True, readonly=True)

    _mailing_unique = models.Constraint(
        "UNIQUE(mailing_id)", "A mailing has one result of its goal."
    )
    _campaign_unique = models.Constraint(
        "UNIQUE(campaign_id)", "A campaign has one result of its goal."
    )
    _one_owner = models.Constraint(
        "CHECK((mailing_id IS NULL) <> (campaign_id IS NULL))",
        "A result belongs to a mailing or to a campaign.",
    )

    # ------------------------------------------------------------------
    # WHAT IS COUNTED
    # ------------------------------------------------------------------

    @api.model
    def _count_changed(self, position):
        """Count the goals of which something happened since a touchpoint.

        Those of one kind share a query, `GOAL_BATCH` of them at a time.

        :returns: whether all were counted
        """
        todo = self._get_changed("utm.campaign", position)
        todo += self._get_changed("mailing.mailing", position)
        for number, (model, goal, mailing_ids) in enumerate(todo, 1):
            self._count(model, goal, mailing_ids)
            is_time_left = self.env["ir.cron"]._commit_progress(
                1, remaining=len(todo) - number
            )
            if number < len(todo) and not is_time_left:
                return False
        return True

    @api.model
    def _get_changed(self, model, position):
        """`[(model, goal, {record id: mailing ids})]` of what has to be counted."""
        owner = "campaign_id" if model == "utm.campaign" else "mailing_id"
        records = self._get_records(model)
        if not records:
            return []
        mailings = records._get_goal_mailings()
        results = self.search_fetch([(owner, "in", records.ids)])
        result_of = {result[owner].id: result for result in results}
        goals = {record: record._get_goal() for record in records}
        news = self._get_new_types(
            {goal.type_id for goal in goals.values() if goal.type_id}, position
        )
        dates = self._get_result_dates(mailings)
        days = self.env["mailing.mailing"]._get_conversion_days()
        groups = defaultdict(dict)
        for record, goal in goals.items():
            result = result_of.get(record.id)
            date = dates.get(record.id)
            if date and (
                not result
                or result.goal_key != goal.get_key(days)
                or result.date < date
                or goal.type_id in news
            ):
                kind = goal._replace(target=0.0)
                groups[kind][record.id] = mailings[record.id]
        return [
            (model, goal, dict(list(owned.items())[start : start + GOAL_BATCH]))
            for goal, owned in groups.items()
            for start in range(0, len(owned), GOAL_BATCH)
        ]

    @api.model
    def _get_records(self, model):
        """What has a goal that is counted here."""
        records = self.env[model].sudo().with_context(active_test=False)
        if model == "utm.campaign":
            return records.search([("marketing_goal", "!=", False)])
        return records.search(
            [
                ("mailing_type", "=", "mail"),
                "|",
                ("marketing_goal", "=", "event"),
                "&",
                ("marketing_goal", "=", False),
                ("campaign_id.marketing_goal", "=", "event"),
            ]
        )

    @api.model
    def _get_result_dates(self, mailings):
        """`{record id: when the results of its mailings were counted last}`."""
        groups = self.env["marketing.mailing.result"]._read_group(
            [("mailing_id", "in", [id for ids in mailings.values() for id in ids])],
            ["mailing_id"],
            ["date:max"],
        )
        date_of = {mailing.id: date for mailing, date in groups}
        dates = {
            owner: [date_of[mailing] for mailing in ids if mailing in date_of]
            for owner, ids in mailings.items()
        }
        return {owner: max(found) for owner, found in dates.items() if found}

    @api.model
    def _get_new_types(self, type_ids, position):
        """Which of these events somebody did behind a touchpoint.

        Transactions commit out of order, so those a little before it count as well.
        """
        if not type_ids:
            return set()
        rows = self.env.execute_query(
            SQL(
                "SELECT DISTINCT type_id FROM marketing_touchpoint"
                " WHERE id > %s AND type_id = ANY(%s)",
                position - 10_000,
                list(type_ids),
            )
        )
        return {type_id for (type_id,) in rows}

    # ------------------------------------------------------------------
    # COUNT
    # ------------------------------------------------------------------

    @api.model
    def _count(self, model, goal, mailing_ids):
        """Write what was reached of one goal for these records as it is now.

        :param mailing_ids: `{record id: ids of its mailings}`
        """
        self.env.flush_all()
        pairs = [(owner, one) for owner, ids in mailing_ids.items() for one in ids]
        scope = SQL(
            "(SELECT * FROM unnest(%s::int[], %s::int[]) AS pair (owner, mailing_id))",
            [owner for owner, _mailing in pairs],
            [mailing for _owner, mailing in pairs],
        )
        all_ids = [mailing for _owner, mailing in pairs]
        delivered = goal._replace(figure="delivered", type_id=0)
        records = self.env[model].sudo()
        base = dict(
            self._count_people(scope, records._get_goal_people(delivered, all_ids))
        )
        if goal.figure == "won_revenue":
            reached = dict(self._sum_revenue(scope, all_ids))
        else:
            reached = dict(
                self._count_people(scope, records._get_goal_people(goal, all_ids))
            )
        now = fields.Datetime.now()
        key = goal.get_key(self.env["mailing.mailing"]._get_conversion_days())
        self._write_results(
            model,
            [
                (owner, key, float(reached.get(owner, 0)), base.get(owner, 0), now)
                for owner in mailing_ids
            ],
        )

    def _count_people(self, scope, people):
        """`[(record id, persons)]` of a SELECT of mailing and person."""
        return self.env.execute_query(
            SQL(
                "SELECT scope.owner, count(DISTINCT goal.person_id)"
                " FROM (%s) AS goal JOIN %s AS scope USING (mailing_id) GROUP BY 1",
                people,
                scope,
            )
        )

    def _sum_revenue(self, scope, mailing_ids):
        """`[(record id, money)]`: what was won, each of it once for a record."""
        mailings = self.env["mailing.mailing"]
        return self.env.execute_query(
            SQL(
                """
                SELECT owner, sum(value)::float
                  FROM (SELECT DISTINCT scope.owner, won.id, won.value
                          FROM (%(facts)s) AS fact
                          JOIN %(scope)s AS scope USING (mailing_id)
                          JOIN marketing_touchpoint AS won
                            ON won.person_id = fact.person_id
                           AND won.type_id = %(won)s
                           AND won.date >= fact.reacted
                           AND won.date < fact.reacted + %(days)s * interval '1 day'
                       ) AS won
                 GROUP BY owner
                """,
                facts=mailings._get_facts_query(mailing_ids),
                scope=scope,
                won=self.env["marketing.touchpoint.type"]._get_id("won"),
                days=mailings._get_conversion_days(),
            )
        )

    def _write_results(self, model, rows):
        """Insert or replace `(record id, key, reached, base, date)`.

        Where events of the record may have been deleted by the retention, what was
        counted from them stays.
        """
        owner = "campaign_id" if model == "utm.campaign" else "mailing_id"
        mailing_owner = "campaign_id" if model == "utm.campaign" else "id"
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO marketing_goal_result AS result
                       (%(owner)s, goal_key, reached, base, date)
                VALUES %(rows)s
                    ON CONFLICT (%(owner)s) DO UPDATE
                   SET goal_key = excluded.goal_key, date = excluded.date,
                       reached = CASE WHEN %(kept)s
                           THEN GREATEST(result.reached, excluded.reached)
                           ELSE excluded.reached END,
                       base = CASE WHEN %(kept)s
                           THEN GREATEST(result.base, excluded.base)
                           ELSE excluded.base END
                """,
                owner=SQL.identifier(owner),
                rows=SQL(", ").join(rows),
                kept=SQL(
                    "result.goal_key = excluded.goal_key AND EXISTS ("
                    "SELECT FROM mailing_mailing AS mailing"
                    " WHERE mailing.%s = excluded.%s AND mailing.sent_date < %s)",
                    SQL.identifier(mailing_owner),
                    SQL.identifier(owner),
                    self.env["marketing.retention"]._get_horizon() or None,
                ),
            )
        )
        self.invalidate_model()


class MarketingMailingResult(models.Model):
    _inherit = "marketing.mailing.result"

    @api.model
    def _cron_count(self):
        """Goals are counted from what the mailings' results are counted from."""
        known = self.env["ir.config_parameter"].sudo().get_param(POSITION_PARAMETER, "")
        position, _separator, _days = known.partition(":")
        result = super()._cron_count()
        self.env["marketing.goal.result"]._count_changed(int(position or 0))
        return result
