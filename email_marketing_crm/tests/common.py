"""Helpers of the tests: verbs of the domain, so that a test reads like a story."""

from datetime import datetime

from freezegun import configure, freeze_time

from odoo import Command
from odoo.tests import TransactionCase, new_test_user
from odoo.tools import SQL

from ..hooks import build_persons

# How long tests take is measured while their time stands still.
configure(extend_ignore_list=["_pytest.timing"])

#: The moment the tests happen at, a Wednesday.
NOW = datetime(2026, 3, 4, 10, 0, 0)

BROWSER = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36"
)


class MarketingCase(TransactionCase):
    """A marketer, a manager, a salesperson and an employee, at a frozen time."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context=dict(cls.env.context, tracking_disable=True))
        clock = freeze_time(NOW, tick=False)
        cls.clock = clock.start()
        cls.addClassCleanup(clock.stop)
        cls.company_other = cls.env["res.company"].create({"name": "Other Company"})
        cls.user_marketing = new_test_user(
            cls.env,
            "marketer",
            groups="email_marketing_crm.group_marketing_user,base.group_user",
        )
        cls.user_manager = new_test_user(
            cls.env,
            "marketing_manager",
            groups="email_marketing_crm.group_marketing_manager,base.group_user",
        )
        cls.user_sales = new_test_user(
            cls.env, "salesperson", groups="sales_team.group_sale_salesman"
        )
        cls.user_employee = new_test_user(cls.env, "employee", groups="base.group_user")
        # What waits from before is not part of the story.
        cls.env.cr.precommit.run()
        cls.env.cr.execute("DELETE FROM marketing_inbox")

    def setUp(self):
        super().setUp()
        self.clock.move_to(NOW)

    # ------------------------------------------------------------------
    # records
    # ------------------------------------------------------------------

    @classmethod
    def make_partner(cls, email, name="Ana Pereira", **values):
        return cls.env["res.partner"].create({"name": name, "email": email, **values})

    @classmethod
    def make_crowd(cls, count):
        """Contacts `many0@example.com` and so on with their persons.

        Copies of one contact, by a few statements: thousands take no second.
        """
        first = cls.make_partner("many0@example.com", name="Person 0")
        cls.env.flush_all()
        cls.env.cr.precommit.run()
        own = {"id", "commercial_partner_id", "marketing_person_id"}
        own |= {"name", "complete_name", "email", "email_normalized"}
        shared = SQL(", ").join(
            SQL.identifier(name)
            for name, field in first._fields.items()
            if field.store and field.column_type and name not in own
        )
        rows = cls.env.execute_query(
            SQL(
                """
                INSERT INTO res_partner (
                    id, commercial_partner_id, name, complete_name, email,
                    email_normalized, %(shared)s)
                SELECT new.id, new.id, 'Person ' || number, 'Person ' || number,
                       'many' || number || '@example.com',
                       'many' || number || '@example.com', %(shared)s
                  FROM (SELECT number, nextval('res_partner_id_seq') AS id
                          FROM generate_series(1, %(last)s) number) new,
                       res_partner
                 WHERE res_partner.id = %(first)s
                 ORDER BY number
                RETURNING id
                """,
                shared=shared,
                last=count - 1,
                first=first.id,
            )
        )
        build_persons(cls.env)
        cls.env.cr.execute("ANALYZE res_partner")
        return first + first.browse(row[0] for row in rows)

    @classmethod
    def make_lead(cls, email, name="Interested in pumps", **values):
        return cls.env["crm.lead"].create(
            {"name": name, "email_from": email, "type": "lead", **values}
        )

    @classmethod
    def make_contact(cls, email, name="Ana Pereira", lists=None, **values):
        return cls.env["mailing.contact"].create(
            {
                "name": name,
                "email": email,
                "list_ids": [Command.set(lists.ids if lists else [])],
                **values,
            }
        )

    @classmethod
    def person_of(cls, email):
        """The person of an address, in fresh state; empty when there is none."""
        cls.env.flush_all()
        cls.env.cr.precommit.run()
        person = cls.env["marketing.person"].search([("email_normalized", "=", email)])
        person.invalidate_recordset()
        return person

    # ------------------------------------------------------------------
    # what happens
    # ------------------------------------------------------------------

    _event_number = 0

    def happened(self, code, email, date=None, **values):
        """Something happened to the person of an address."""
        type(self)._event_number += 1
        self.env["marketing.touchpoint"]._capture(
            [
                {
                    "type": code,
                    "email": email,
                    "date": date or datetime.now(),
                    "dedup_key": f"test:{self.id()}:{self._event_number}",
                    **values,
                }
            ]
        )

    def run_inbox(self, settle=True):
        """Let the inbox lane handle everything that waits.

        :param settle: first let the time pass that clicks wait for
        """
        self.env.flush_all()
        self.env.cr.precommit.run()
        if settle:
            self.clock.tick(15)
        for _run in range(20):
            processed, _remaining = self.env["marketing.inbox"]._run_lane(0, 1)
            self.env.flush_all()
            self.env.cr.precommit.run()
            if not processed:
                return
        raise AssertionError("The inbox does not become empty")

    def touchpoints_of(self, email, *codes):
        """Codes of a person's touchpoints, oldest first."""
        self.env.flush_all()
        self.env.cr.precommit.run()
        domain = [("person_id.email_normalized", "=", email)]
        if codes:
            domain.append(("type_id.code", "in", codes))
        touchpoints = self.env["marketing.touchpoint"].search(domain, order="date, id")
        return [touchpoint.type_id.code for touchpoint in touchpoints]
