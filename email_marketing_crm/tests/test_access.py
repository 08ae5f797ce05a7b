from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tests import new_test_user, tagged

from .common import MarketingCase


@tagged("post_install", "-at_install")
class TestAccess(MarketingCase):
    """Who may see persons, their history and the workers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.make_partner("ana@example.com")
        cls.person = cls.partner.marketing_person_id
        cls.env["marketing.touchpoint"]._capture(
            [
                {
                    "type": "form",
                    "email": "ana@example.com",
                    "dedup_key": "access:1",
                    "company_id": company.id,
                }
                for company in cls.env.company
            ]
        )
        cls.env.cr.precommit.run()

    def test_a_marketer_reads_persons_and_history_and_changes_neither(self):
        person = self.person.with_user(self.user_marketing)
        self.assertEqual(person.email_normalized, "ana@example.com")
        history = self.env["marketing.touchpoint"].with_user(self.user_marketing)
        self.assertTrue(history.search([("person_id", "=", person.id)]))
        for attempt in (
            lambda: person.write({"name": "Eve"}),
            lambda: person.unlink(),
            lambda: person.action_lift_suppression(),
            lambda: history.search([], limit=1).unlink(),
        ):
            with self.assertRaises(AccessError):
                attempt()

    def test_a_manager_suppresses_and_lifts(self):
        person = self.person.with_user(self.user_manager)
        person.action_suppress()
        self.assertEqual(person.suppression, "manual")
        person._lift_suppression("He asked for it")
        self.assertEqual(person.suppression, "none")

    def test_salespeople_and_employees_do_not_read_the_tables(self):
        for user in (self.user_sales, self.user_employee):
            for model in (
                "marketing.person",
                "marketing.touchpoint",
                "marketing.inbox",
            ):
                with self.subTest(user=user.login, model=model):
                    with self.assertRaises(AccessError):
                        self.env[model].with_user(user).search([], limit=1)

    def test_everybody_still_works_with_contacts_and_leads(self):
        partner = self.partner.with_user(self.user_employee)
        self.assertEqual(partner.read(["name"])[0]["name"], "Ana Pereira")
        lead = (
            self.env["crm.lead"]
            .with_user(self.user_sales)
            .create({"name": "Pumps", "email_from": "new@example.com"})
        )
        self.assertEqual(lead.marketing_score, 0)
        self.assertTrue(lead.sudo().marketing_person_id)
        lead.search([("marketing_score", ">", 10)], order="marketing_score desc")

    def test_persons_of_another_company_are_not_seen(self):
        self.make_partner("secret@example.com", company_id=self.company_other.id)
        self.make_partner("both@example.com", company_id=self.company_other.id)
        self.make_partner("both@example.com")
        self.happened("form", "secret@example.com", company_id=self.company_other.id)
        self.happened("form", "both@example.com", company_id=self.company_other.id)
        self.person_of("secret@example.com")
        model = self.env["marketing.person"].with_user(self.user_marketing)
        found = model.search(
            [("email_normalized", "in", ("secret@example.com", "both@example.com"))]
        )
        self.assertEqual(found.mapped("email_normalized"), ["both@example.com"])
        history = self.env["marketing.touchpoint"].with_user(self.user_marketing)
        self.assertFalse(history.search([("company_id", "=", self.company_other.id)]))

    def test_only_managers_watch_the_workers(self):
        lanes = self.env["marketing.lane"]
        self.assertTrue(lanes.with_user(self.user_manager).search([]))
        with self.assertRaises(AccessError):
            lanes.with_user(self.user_marketing).search([])

    def test_what_somebody_prepares_is_his_own(self):
        """Nobody opens a dialog of somebody else, not even a manager."""
        rules = self.env["ir.rule"].with_user(self.user_manager)
        dialogs = [
            name
            for name, model in self.env.items()
            if model._transient
            and not model._abstract
            and model._original_module == "email_marketing_crm"
        ]
        self.assertGreater(len(dialogs), 20)
        for name in dialogs:
            own = Domain("create_uid", "=", self.user_manager.id)
            own = own.optimize(self.env[name])
            for mode in ("read", "write", "unlink"):
                with self.subTest(model=name, mode=mode):
                    found = Domain(rules._compute_domain(name, mode))
                    self.assertEqual(found.optimize(self.env[name]), own)

    def test_dialogs_about_persons_are_closed_to_others(self):
        colleague = new_test_user(
            self.env,
            "colleague",
            groups="email_marketing_crm.group_marketing_manager,base.group_user",
        )
        topic = self.env["marketing.topic"].create({"name": "Pumps"})
        attribute = self.env.ref("email_marketing_crm.profile_attribute_time")
        for name, values in (
            ("marketing.consent.change", {"topic_id": topic.id, "note": "Said so"}),
            ("marketing.person.erase", {}),
            ("marketing.segment.add", {"target": "new", "name": "Mine"}),
            ("marketing.suppression.lift", {"reason": "Asked for it"}),
            (
                "marketing.profile.answer",
                {
                    "res_model": "res.partner",
                    "res_ids": self.partner.ids,
                    "attribute_id": attribute.id,
                },
            ),
        ):
            with self.subTest(model=name):
                source = (
                    self.person if name == "marketing.person.erase" else self.partner
                )
                dialog = (
                    self.env[name]
                    .with_user(self.user_manager)
                    .with_context(active_model=source._name, active_ids=source.ids)
                    .create(values)
                )
                self.assertTrue(dialog.read(["create_uid"]))
                dialog.invalidate_recordset()
                for attempt in (
                    lambda other: other.read(["create_uid"]),
                    lambda other: other.write({}),
                    lambda other: other.unlink(),
                ):
                    with self.assertRaises(AccessError):
                        attempt(dialog.with_user(colleague))
