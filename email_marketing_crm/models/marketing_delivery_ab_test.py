from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

#: How long a mail that waits for a winner sleeps; the decision wakes it.
SLEEP = timedelta(days=1)


class MarketingDelivery(models.Model):
    """Which version of an A/B test somebody gets, and who waits for the winner."""

    _inherit = "marketing.delivery"

    arm_id = fields.Many2one(
        "marketing.ab.arm", "Version", readonly=True, ondelete="set null"
    )
    reason = fields.Selection(
        selection_add=[("ab_test", "A/B test without a winner")],
        ondelete={"ab_test": "cascade"},
    )
    wait_reason = fields.Selection(
        selection_add=[("ab_test", "Winner of the A/B test")],
        ondelete={"ab_test": "set null"},
    )

    ab_success_of = fields.Integer(
        "Did It in Version",
        store=False,
        search="_search_ab_success_of",
        help="Finds the mails of a version whose readers did what its test counts.",
    )

    ab_control_success_of = fields.Integer(
        "Did It Without the Mail of Test",
        store=False,
        search="_search_ab_control_success_of",
        help="Finds who was held out and did what the A/B test counts all the same.",
    )

    # The figures of a test.
    _arm = models.Index("(arm_id, state) WHERE arm_id IS NOT NULL")

    @api.model
    def _search_ab_success_of(self, operator, value):
        """Mails of versions, by the same query that counts them."""
        if operator != "in":
            return NotImplemented
        arms = self.env["marketing.ab.arm"].browse(value).exists()
        arms.check_access("read")
        return self._find_successes(arm.test_id._get_mails_query(arm) for arm in arms)

    @api.model
    def _search_ab_control_success_of(self, operator, value):
        """Mails that somebody was held out of, by the same query that counts them."""
        if operator != "in":
            return NotImplemented
        tests = self.env["marketing.ab.test"].browse(value).exists()
        tests.check_access("read")
        return self._find_successes(
            test._get_control_query() for test in tests if test._has_control()
        )

    @api.model
    def _find_successes(self, queries):
        """Domain of the mails that are worth something, of SELECTs of id and value."""
        self.env.flush_all()
        return Domain.OR(
            Domain(
                "id", "in", SQL("(SELECT id FROM (%s) AS mail WHERE value > 0)", query)
            )
            for query in queries
        )

    @api.model
    def _insert_plan(self, mailing, candidates, due):
        count = super()._insert_plan(mailing, candidates, due)
        test = mailing.sudo().marketing_ab_test_ids
        if test:
            test._start()
        if test and test.state != "draft":
            self._assign_arms(test)
        return count

    @api.model
    def _assign_arms(self, test):
        """Give each planned mail its version, or let it wait for the winner.

        One statement, whatever the size of the audience.
        """
        self.env.flush_all()
        arms, share = test._get_planned_arms()
        if not arms:
            return
        self.env.cr.execute(
            SQL(
                """
                UPDATE marketing_delivery delivery
                   SET arm_id = CASE WHEN place.bucket < %(share)s
                                     THEN (%(arms)s::int[])[place.arm] END,
                       wait_reason = CASE WHEN place.bucket >= %(share)s
                                          THEN 'ab_test' ELSE %(reason)s END,
                       due = CASE WHEN place.bucket >= %(share)s
                                  THEN GREATEST(delivery.due, %(later)s)
                                  ELSE %(hours)s END
                  FROM (SELECT id, bucket, 1 + floor(
                                   bucket / %(share)s * %(count)s)::int AS arm
                          FROM (SELECT id, %(bucket)s AS bucket
                                  FROM marketing_delivery
                                 WHERE mailing_id = %(mailing)s AND arm_id IS NULL
                                   AND state = 'planned'
                                   AND wait_reason IS DISTINCT FROM 'ab_test'
                               ) AS hashed) AS place
                 WHERE delivery.id = place.id
                """,
                share=share,
                arms=arms.ids,
                count=len(arms),
                later=self._get_rest_due(test),
                hours=self._get_arm_due(test, arms),
                # The hour of a version is nobody's own hour.
                reason=SQL("NULL")
                if test.varies == "hour"
                else SQL("delivery.wait_reason"),
                bucket=test._get_bucket_sql(SQL("email")),
                mailing=test.mailing_id.id,
            )
        )
        self._invalidate_deliveries()

    @api.model
    def _get_arm_due(self, test, arms):
        """SQL: when the mail of a version leaves; alias: delivery, place."""
        if test.varies != "hour":
            return SQL("delivery.due")
        return SQL("(%s::timestamp[])[place.arm]", test._get_due(arms))

    @api.model
    def _get_waits(self, mailing, ids):
        """Who is not part of the test waits, however long the decision takes.

        Where the mailing is a draft somebody looks at its plan: there the versions are
        not given out yet, and who will wait is known all the same.
        """
        waits = super()._get_waits(mailing, ids)
        test = mailing.sudo().marketing_ab_test_ids
        if test.state == "running":
            is_waiting, later = SQL("TRUE"), SLEEP
        elif test.state == "draft" and not test._get_problem():
            is_waiting = SQL(
                "%s >= %s", test._get_bucket_sql(SQL("email")), test._get_test_share()
            )
            later = timedelta(hours=test.late_hours)
        else:
            return waits
        rows = self.env.execute_query(
            SQL(
                "SELECT id, GREATEST(due, %s) FROM marketing_delivery"
                " WHERE id = ANY(%s) AND arm_id IS NULL AND %s",
                fields.Datetime.now(),
                list(ids),
                is_waiting,
            )
        )
        return waits | {row_id: ("ab_test", due + later) for row_id, due in rows}

    @api.model
    def _retime(self, mailing, part=None, condition=None):
        """A new hour of the mailing: who waits for the winner goes on waiting, and a
        test of hours keeps the hour of each version."""
        result = super()._retime(mailing, part, condition)
        test = mailing.sudo().marketing_ab_test_ids
        persons = self.env["marketing.job"]._get_part(part, SQL("delivery.person_id"))
        if test.state == "running":
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE marketing_delivery delivery
                       SET wait_reason = 'ab_test', due = GREATEST(due, %s)
                     WHERE mailing_id = %s AND state = 'planned' AND arm_id IS NULL
                       AND %s
                    """,
                    self._get_rest_due(test),
                    mailing.id,
                    persons,
                )
            )
        arms = test.arm_ids
        if test.varies == "hour" and test.state != "draft" and arms:
            due = test._get_due(arms)
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE marketing_delivery delivery
                       SET due = version.due, wait_reason = NULL
                      FROM unnest(%s::int[], %s::timestamp[]) version (id, due)
                     WHERE delivery.arm_id = version.id AND delivery.state = 'planned'
                       AND delivery.mailing_id = %s AND %s
                    """,
                    arms.ids,
                    due,
                    mailing.id,
                    persons,
                )
            )
            self._wake_lanes("compose", at=min(due))
        self._invalidate_deliveries()
        return result

    @api.model
    def _get_rest_due(self, test):
        """When who waits for the winner is looked at, if nothing wakes him before."""
        return fields.Datetime.now() + timedelta(hours=test.late_hours) + SLEEP

    @api.model
    def _release_rest(self, test, arms):
        """Let those who waited have one of these versions, in equal numbers."""
        self.env.flush_all()
        due = test._get_due(arms)
        self.env.cr.execute(
            SQL(
                """
                UPDATE marketing_delivery delivery
                   SET arm_id = (%(arms)s::int[])[place.arm], wait_reason = NULL,
                       due = (%(due)s::timestamp[])[place.arm]
                  FROM (SELECT id, 1 + floor(%(count)s * %(bucket)s)::int AS arm
                          FROM marketing_delivery
                         WHERE mailing_id = %(mailing)s AND arm_id IS NULL
                           AND state = 'planned') AS place
                 WHERE delivery.id = place.id
                """,
                arms=arms.ids,
                due=due,
                count=len(arms),
                bucket=test._get_bucket_sql(SQL("email"), salt="rest:"),
                mailing=test.mailing_id.id,
            )
        )
        released = self.env.cr.rowcount
        self._invalidate_deliveries()
        if released and test.varies != "hour":
            # Others wait for their own hour, or for a place a rule leaves: they stay.
            self._retime(test.mailing_id, condition=SQL("delivery.wait_reason IS NULL"))
        elif released:
            self._wake_lanes("compose", at=min(due))
        return released

    @api.model
    def _skip_rest(self, test):
        """Nobody who waited gets the mail; returns how many."""
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM marketing_delivery WHERE mailing_id = %s"
                " AND arm_id IS NULL AND state = 'planned'",
                test.mailing_id.id,
            )
        )
        return len(self._skip({row_id: "ab_test" for (row_id,) in rows}))
