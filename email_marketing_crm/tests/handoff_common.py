"""A sales team that gets hand-offs, for the tests of hand-off and life cycle."""

from datetime import datetime

from odoo.tests import new_test_user

from odoo.addons.email_marketing_crm.tools.inbox_batch import InboxBatch

from .common import MarketingCase


class HandoffCase(MarketingCase):
    """Two salespeople and their leader work in an office that is open in UTC."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.env["marketing.handoff.policy"].search([]).active = False
        cls.calendar = cls.env["resource.calendar"].create(
            {"name": "Office", "company_id": cls.company.id, "tz": "UTC"}
        )
        cls.company.resource_calendar_id = cls.calendar
        cls.leader = new_test_user(
            cls.env, "leader", groups="sales_team.group_sale_salesman_all_leads"
        )
        cls.colleague = new_test_user(
            cls.env, "colleague", groups="sales_team.group_sale_salesman"
        )
        cls.team = cls.env["crm.team"].create(
            {"name": "Pumps", "user_id": cls.leader.id, "use_opportunities": True}
        )
        cls.member_sales, cls.member_colleague = cls.env["crm.team.member"].create(
            [
                {
                    "crm_team_id": cls.team.id,
                    "user_id": user.id,
                    "assignment_max": 3000,  # a hundred a day
                }
                for user in (cls.user_sales, cls.colleague)
            ]
        )
        cls.policy = cls.make_policy()
        cls.reason_budget = cls.env.ref("email_marketing_crm.handoff_reason_no_budget")
        cls.reason_bad = cls.env.ref("email_marketing_crm.handoff_reason_bad_data")

    @classmethod
    def make_policy(cls, **values):
        return cls.env["marketing.handoff.policy"].create(
            {
                "name": "Pumps",
                "team_id": cls.team.id,
                "minimum_score": 50,
                "minimum_grade": "C",
                "response_hours": 4,
                "pause_days": 30,
                "minimum_gain": 20,
                **values,
            }
        )

    @classmethod
    def person(cls, email, name="Ana Pereira", **values):
        """The person of a new contact."""
        cls.make_partner(email, name=name, **values)
        return cls.person_of(email)

    def give_score(self, person, points, grade="B"):
        """Let a person have so many points now."""
        now = datetime.now()
        model = self.env["marketing.score.model"].browse(
            self.env["marketing.score.model"]._get_primary()
        )
        clock = dict(self.env["marketing.score.model"]._get_clocks())[model.id]
        self.env.flush_all()
        self.env.cr.execute(
            """
            INSERT INTO marketing_score (person_id, model_id, value, half_life_days,
                                         fit, grade, update_date)
            VALUES (%(person)s, %(model)s, %(value)s, %(half_life)s, 0, %(grade)s,
                    %(now)s)
            ON CONFLICT (person_id, model_id) DO UPDATE
               SET value = EXCLUDED.value, grade = EXCLUDED.grade;
            UPDATE marketing_person SET score_id = score.id
              FROM marketing_score score
             WHERE score.person_id = marketing_person.id AND score.model_id = %(model)s
               AND marketing_person.id = %(person)s
            """,
            {
                "person": person.id,
                "model": model.id,
                "value": points * clock.weight(now),
                "half_life": clock.half_life_days,
                "grade": grade,
                "now": now,
            },
        )
        self.env.invalidate_all()

    def look_at(self, persons):
        """The inbox looks at persons, whose scores are as given."""
        self.env["marketing.handoff.policy"]._consume_inbox(
            InboxBatch(now=datetime.now(), changed_ids=frozenset(persons.ids))
        )

    def offer(self, persons, policy=None, **values):
        """Hand persons over, by the terms of the policy."""
        handoffs = self.env["marketing.handoff"]._offer_persons(
            persons.ids, policy or self.policy, **values
        )
        self.env.flush_all()
        return handoffs

    def handoffs_of(self, persons):
        return self.env["marketing.handoff"].search(
            [("person_id", "in", persons.ids)], order="id"
        )
