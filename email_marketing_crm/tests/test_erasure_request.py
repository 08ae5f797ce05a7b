from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from ..models import marketing_privacy_request
from .erasure_common import ErasureCase


@tagged("post_install", "-at_install")
class TestErasureRequest(ErasureCase):
    """A request to be erased: its preview, its log, and who may answer it."""

    def test_the_preview_says_what_the_erasure_does(self):
        self.make_lead("ana@example.com")
        self.happened("form", "ana@example.com")
        self.run_inbox()
        form = Form(
            self.env["marketing.person.erase"]
            .with_user(self.user_manager)
            .with_context(active_ids=self.person.ids)
        )
        promised = {
            (line["res_model"], line["outcome"]): line["count"]
            for line in form.line_ids._records
        }
        self.assertEqual(promised["crm.lead", "anonymized"], 1)
        self.assertTrue(all(line["reason"] for line in form.line_ids._records))
        wizard = form.save()
        request = self.env["marketing.privacy.request"].browse(
            wizard.action_erase()["res_id"]
        )
        done = {(line.res_model, line.outcome): line.count for line in request.line_ids}
        self.assertEqual(done, promised)

    def test_the_log_keeps_no_personal_data(self):
        request = self.erase()
        text = str(request.read()) + str(request.line_ids.read())
        self.assertNotIn("ana", text.lower().replace("manager", ""))
        self.assertTrue(request.line_ids)

    def test_many_are_erased_by_the_worker(self):
        self.patch(marketing_privacy_request, "ERASE_BATCH", 2)
        partners = self.env["res.partner"].create(
            [{"name": f"P{n}", "email": f"p{n}@example.com"} for n in range(5)]
        )
        persons = partners.marketing_person_id
        request = self.erase(persons)
        self.assertEqual(request.state, "waiting")
        self.assertFalse(any(persons.mapped("is_erased")))
        self.run_worker()
        self.assertTrue(all(persons.mapped("is_erased")))
        self.assertEqual((request.state, request.erased_count), ("done", 5))

    def test_what_fails_is_said_and_can_be_tried_again(self):
        self.patch(marketing_privacy_request, "ERASE_BATCH", 0)
        request = self.erase()
        self.patch(marketing_privacy_request, "ERASE_BATCH", 2)
        persons = self.registry["marketing.person"]
        erase = persons._erase

        def fail(self, keep_records=False):
            raise OSError("The disk is full")

        self.patch(persons, "_erase", fail)
        with self.assertLogs(marketing_privacy_request._logger, level="ERROR"):
            self.run_worker()
        self.assertEqual((request.state, request.error), ("failed", "The disk is full"))
        self.assertFalse(self.person.is_erased)
        self.patch(persons, "_erase", erase)
        request.with_user(self.user_manager).action_retry()
        self.run_worker()
        self.assertEqual(request.state, "done")

    # ------------------------------------------------------------------
    # Odoo's look-up
    # ------------------------------------------------------------------

    def test_odoos_privacy_lookup_finds_and_erases_the_person(self):
        self.happened("form", "ana@example.com")
        self.run_inbox()
        wizard = self.env["privacy.lookup.wizard"].create(
            {"name": "Ana Quintela", "email": "ana@example.com"}
        )
        wizard.action_lookup()
        models = wizard.line_ids.mapped("res_model")
        self.assertEqual(models.count("marketing.person"), 1)
        self.assertNotIn("marketing.delivery", models)
        line = wizard.line_ids.filtered(lambda one: one.res_model == "marketing.person")
        line.action_unlink()
        self.assertTrue(self.person.is_erased)
        self.assertTrue(line.is_unlinked)
        self.env.flush_all()
        self.assertIn("identity erased", wizard.log_id.execution_details)
        self.assertEqual(self.partner.email, "ana@example.com")
        with self.assertRaises(UserError):
            line.action_unlink()

    def test_only_managers_erase(self):
        for user in (self.user_marketing, self.user_sales, self.user_employee):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.env["marketing.person.erase"].with_user(user).with_context(
                    active_ids=self.person.ids
                ).create({})
            with self.assertRaises(AccessError):
                self.env["marketing.privacy.request"].with_user(user).search([])
        request = self.erase()
        with self.assertRaises(AccessError):
            request.with_user(self.user_manager).unlink()

    def test_a_manager_erases_nobody_of_another_company(self):
        self.partner.company_id = self.company_other
        self.run_inbox()
        with self.assertRaises(UserError):
            self.erase()
        self.assertFalse(self.person.is_erased)

    def test_a_person_of_two_companies_is_a_matter_for_somebody_of_both(self):
        self.partner.company_id = self.env.company
        self.make_partner("ana@example.com", company_id=self.company_other.id)
        self.run_inbox()
        with self.assertRaisesRegex(UserError, "Other Company"):
            self.erase()
        with self.assertRaisesRegex(UserError, "Other Company"):
            self.person.with_user(self.user_manager).action_disclose()
        self.user_manager.company_ids |= self.company_other
        self.erase()
        self.assertTrue(self.person.is_erased)

    def test_requests_are_seen_by_the_companies_of_their_persons(self):
        shared = self.erase()
        self.assertFalse(shared.company_ids)
        other = self.make_partner("bo@example.com", company_id=self.company_other.id)
        self.run_inbox()
        self.user_manager.company_ids |= self.company_other
        person = other.marketing_person_id.with_user(self.user_manager)
        person = person.with_company(self.company_other)
        person.action_disclose()
        requests = self.env["marketing.privacy.request"]
        disclosed = requests.search([("kind", "=", "disclosure")], limit=1)
        wizard = (
            self.env["marketing.person.erase"]
            .with_user(self.user_manager)
            .with_company(self.company_other)
            .with_context(active_ids=person.ids)
            .create({})
        )
        erased = requests.browse(wizard.action_erase()["res_id"])
        self.assertEqual((disclosed | erased).company_ids, self.company_other)
        foreign = disclosed | erased
        colleague = new_test_user(
            self.env,
            "manager_of_one",
            groups="email_marketing_crm.group_marketing_manager,base.group_user",
        )
        seen = requests.with_user(colleague).search(
            [("id", "in", (shared | foreign).ids)]
        )
        self.assertEqual(seen, shared)
        self.assertTrue(seen.line_ids.with_user(colleague).mapped("count"))
        for records, field in ((foreign, "kind"), (erased.line_ids, "count")):
            with self.assertRaises(AccessError):
                records.with_user(colleague).read([field])
        mine = requests.with_user(self.user_manager).with_context(
            allowed_company_ids=self.user_manager.company_ids.ids
        )
        self.assertEqual(
            mine.search([("id", "in", (shared | foreign).ids)]), shared | foreign
        )
