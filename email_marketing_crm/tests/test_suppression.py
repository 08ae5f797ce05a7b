import base64
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import SQL

from ..models import marketing_suppression_import
from ..models.marketing_suppression import KEY_PARAMETER
from ..tools.suppression_hash import get_digest
from .common_delivery import DeliveryCase

EVIDENCE = {"source": "confirmation page", "text": "Yes, mail me"}


@tagged("post_install", "-at_install")
class TestSuppression(DeliveryCase):
    """An address on the suppression list is not mailed, whoever brings it back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.suppressions = cls.env["marketing.suppression"]

    def suppress(self, *emails, reason="manual"):
        return self.suppressions._suppress(emails, reason)

    def planned(self, *emails):
        """What a campaign to contacts with these addresses makes of them."""
        mailing = self.make_mailing(self.make_segment(*emails))
        mailing.action_put_in_queue()
        self.env["marketing.delivery"]._plan_audience(mailing)
        return self.outcomes(mailing)

    # ------------------------------------------------------------------
    # list
    # ------------------------------------------------------------------

    def test_every_spelling_of_an_address_is_recognised(self):
        self.assertEqual(self.suppress("Ana <ANA@example.com>"), 1)
        self.assertEqual(
            self.suppressions._is_suppressed(
                ["ana@example.com", " ana@EXAMPLE.com", "bo@example.com", "", None]
            ),
            {"ana@example.com", " ana@EXAMPLE.com"},
        )

    def test_no_address_is_kept(self):
        self.suppress("ana@example.com", reason="erased")
        self.env.cr.execute("SELECT row_to_json(s)::text FROM marketing_suppression s")
        rows = " ".join(row for (row,) in self.env.cr.fetchall())
        self.assertNotIn("ana", rows)
        self.assertNotIn(get_digest("ana@example.com"), rows)

    def test_database_and_python_agree_about_the_hash(self):
        emails = ["ana@example.com", "jörg@münchen.example", "李@例子.example"]
        hashes = self.suppressions._get_hashes(emails)
        for email in emails:
            with self.subTest(email=email):
                rows = self.env.execute_query(
                    SQL("SELECT %s", self.suppressions._get_hash_of(SQL("%s", email)))
                )
                self.assertEqual(rows, [(hashes[email],)])

    def test_who_is_on_the_list_stays_there_for_the_first_reason(self):
        self.assertEqual(self.suppress("ana@example.com", reason="erased"), 1)
        self.assertEqual(self.suppress("ana@example.com", "ana@example.com"), 0)
        entry = self.suppressions.search([("email", "=", "ana@example.com")])
        self.assertEqual(entry.reason, "erased")

    def test_an_address_is_found_by_typing_all_of_it(self):
        self.suppress("ana@example.com")
        self.assertTrue(self.suppressions.search([("email", "=", "Ana@example.com")]))
        self.assertFalse(self.suppressions.search([("email", "ilike", "ana")]))

    # ------------------------------------------------------------------
    # persons
    # ------------------------------------------------------------------

    def test_the_person_there_is_and_the_one_who_comes_back_are_flagged(self):
        self.make_partner("ana@example.com")
        self.suppress("ana@example.com", "bo@example.com")
        self.make_lead("bo@example.com")
        self.assertTrue(self.person_of("ana@example.com").is_suppressed)
        self.assertTrue(self.person_of("bo@example.com").is_suppressed)
        self.make_lead("cy@example.com")
        self.assertFalse(self.person_of("cy@example.com").is_suppressed)

    def test_merging_keeps_the_no_of_either(self):
        for suppressed in ("ana@example.com", "a.pereira@example.com"):
            with self.subTest(suppressed=suppressed):
                kept = self.make_partner("ana@example.com")
                former = self.make_partner("a.pereira@example.com")
                self.suppress(suppressed)
                self.env["base.partner.merge.automatic.wizard"]._merge(
                    (kept | former).ids, kept
                )
                self.assertTrue(kept.marketing_person_id.is_suppressed)

    def test_an_alias_who_says_no_says_it_for_the_person(self):
        kept = self.make_partner("ana@example.com")
        former = self.make_partner("a.pereira@example.com")
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (kept | former).ids, kept
        )
        self.suppress("a.pereira@example.com")
        self.assertTrue(self.person_of("ana@example.com").is_suppressed)

    def test_an_existing_database_flags_its_persons(self):
        from ..hooks import build_persons

        self.make_partner("ana@example.com")
        self.suppress("ana@example.com")
        self.env.cr.execute("UPDATE marketing_person SET is_suppressed = NULL")
        build_persons(self.env)
        self.assertTrue(self.person_of("ana@example.com").is_suppressed)

    # ------------------------------------------------------------------
    # mail
    # ------------------------------------------------------------------

    def test_a_campaign_says_why_it_leaves_somebody_out(self):
        self.make_partner("ana@example.com")
        self.make_partner("bo@example.com")
        self.suppress("ana@example.com")
        self.assertEqual(
            self.planned("ana@example.com", "bo@example.com"),
            {"ana@example.com": "suppression_list", "bo@example.com": "planned"},
        )

    def test_the_address_counts_even_where_the_person_has_no_flag(self):
        self.make_partner("ana@example.com")
        self.suppress("ana@example.com")
        self.env.cr.execute("UPDATE marketing_person SET is_suppressed = FALSE")
        self.assertEqual(
            self.planned("ana@example.com"), {"ana@example.com": "suppression_list"}
        )

    def test_who_is_put_on_the_list_while_his_mail_waits_does_not_get_it(self):
        for stop_after in ("plan", "compose"):
            with self.subTest(stop_after=stop_after):
                email = f"{stop_after}@example.com"
                self.make_partner(email)
                mailing = self.make_mailing(self.make_segment(email))
                mailing.action_put_in_queue()
                self.env["marketing.delivery"]._plan_audience(mailing)
                if stop_after == "compose":
                    self.compose()
                self.suppress(email)
                self.deliver()
                self.assertEqual(self.outcomes(mailing), {email: "suppression_list"})
                self.assertNotIn(email, self.received())

    def test_mass_mails_without_a_mailing_leave_the_list_out(self):
        ana = self.make_partner("ana@example.com")
        ana |= self.make_partner("cy@example.com")
        bo = self.make_partner("bo@example.com")
        self.suppress("ana@example.com")
        self.happened("complaint", "cy@example.com")
        self.run_inbox()
        composer = self.env["mail.compose.message"].create(
            {
                "composition_mode": "mass_mail",
                "model": "res.partner",
                "res_ids": (ana | bo).ids,
                "subject": "Hello",
                "body": "<p>Hello</p>",
            }
        )
        with self.mock_mail_gateway():
            composer._action_send_mail()
        self.assertEqual(self.received(), ["bo@example.com"])

    # ------------------------------------------------------------------
    # lift
    # ------------------------------------------------------------------

    def test_his_own_confirmation_lifts_it(self):
        self.make_partner("ana@example.com")
        self.suppress("ana@example.com", reason="erased")
        self.assertTrue(self.suppressions._lift("Ana@example.com", EVIDENCE))
        self.assertEqual(
            self.planned("ana@example.com"), {"ana@example.com": "planned"}
        )
        entry = self.suppressions.search([("email", "=", "ana@example.com")])
        self.assertTrue(entry.lifted_date)
        self.assertFalse(self.suppressions._lift("ana@example.com", EVIDENCE))

    def test_his_own_confirmation_takes_a_complaint_back_but_no_block_by_users(self):
        for code, left in (("complaint", "none"), ("hard_bounce", "none")):
            with self.subTest(code=code):
                email = f"{code}@example.com"
                self.happened(code, email)
                self.run_inbox()
                self.suppressions._lift(email, EVIDENCE)
                self.assertEqual(self.person_of(email).suppression, left)
        self.make_partner("ana@example.com")
        self.person_of("ana@example.com").action_suppress()
        self.suppressions._lift("ana@example.com", EVIDENCE)
        self.assertEqual(self.person_of("ana@example.com").suppression, "manual")

    def test_nobody_lifts_it_without_evidence(self):
        self.suppress("ana@example.com")
        with self.assertRaises(UserError):
            self.suppressions._lift("ana@example.com", {})
        self.assertTrue(self.suppressions._is_suppressed(["ana@example.com"]))

    def test_a_confirmed_alias_does_not_lift_the_other_address(self):
        kept = self.make_partner("ana@example.com")
        former = self.make_partner("a.pereira@example.com")
        self.suppress("ana@example.com", "a.pereira@example.com")
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (kept | former).ids, kept
        )
        self.suppressions._lift("a.pereira@example.com", EVIDENCE)
        self.assertTrue(kept.marketing_person_id.is_suppressed)
        self.suppressions._lift("ana@example.com", EVIDENCE)
        self.assertFalse(kept.marketing_person_id.is_suppressed)

    def test_who_says_no_again_is_on_the_list_again(self):
        self.suppress("ana@example.com", reason="erased")
        self.suppressions._lift("ana@example.com", EVIDENCE)
        self.assertEqual(self.suppress("ana@example.com"), 1)
        self.assertTrue(self.suppressions._is_suppressed(["ana@example.com"]))

    # ------------------------------------------------------------------
    # import and rights
    # ------------------------------------------------------------------

    def test_a_manager_takes_over_a_list_of_addresses_and_hashes(self):
        lines = f"Name;E-mail\nAna;ana@example.com\n;{get_digest('bo@example.com')}\n"
        job = (
            self.env["marketing.suppression.import"]
            .with_user(self.user_manager)
            .create(
                {
                    "file": base64.b64encode((lines + "Cy;nobody\n").encode()),
                    "addresses": "dee@example.com\nwrong@\n",
                }
            )
        )
        job.action_import()
        self.assertEqual(job.state, "done")
        self.assertEqual(job.added_count, 3)
        self.assertEqual((job.unread_count, job.unread_lines), (2, "4"))
        self.assertEqual(
            self.suppressions._is_suppressed(
                ["ana@example.com", "bo@example.com", "cy@example.com"]
            ),
            {"ana@example.com", "bo@example.com"},
        )
        self.assertFalse(job.file or job.addresses, "Only fingerprints stay")
        with self.assertRaises(UserError):
            job.action_import()

    def test_a_file_without_addresses_is_refused(self):
        job = self.env["marketing.suppression.import"].create({"addresses": "no\n"})
        with self.assertRaises(UserError):
            job.action_import()

    def import_many(self):
        """Five addresses and a SHA-256, where two are many."""
        self.make_partner("p3@example.com")
        self.make_partner("hidden@example.com")
        addresses = [f"p{number}@example.com" for number in range(5)]
        job = self.env["marketing.suppression.import"].create(
            {"addresses": "\n".join([*addresses, get_digest("hidden@example.com")])}
        )
        self.patch(marketing_suppression_import, "AT_ONCE", 2)
        self.patch(marketing_suppression_import, "BATCH", 2)
        job.action_import()
        return job, [*addresses, "hidden@example.com"]

    def test_a_long_list_is_taken_over_by_the_schedule_in_batches(self):
        job, addresses = self.import_many()
        self.assertEqual((job.state, job.progress), ("running", 0))
        self.assertFalse(self.suppressions._is_suppressed(addresses))
        commits = []

        def commit(_cron, processed, remaining):
            commits.append((processed, remaining, job.state))
            return 60

        with patch.object(type(self.env["ir.cron"]), "_commit_progress", commit):
            job._cron_take_over()
        self.assertEqual(
            commits, [(2, 4, "running"), (2, 2, "running"), (2, 0, "done")]
        )
        self.assertEqual((job.added_count, job.progress), (6, 100))
        self.assertEqual(self.suppressions._is_suppressed(addresses), set(addresses))
        for email in ("p3@example.com", "hidden@example.com"):
            self.assertTrue(self.person_of(email).is_suppressed)
        self.assertFalse(job.addresses)

    def test_a_run_that_ends_early_goes_on_where_it_was(self):
        job, addresses = self.import_many()
        with patch.object(
            type(self.env["ir.cron"]), "_commit_progress", lambda *_args, **_kwargs: 0
        ):
            job._cron_take_over()
            self.assertEqual((job.state, job.position), ("running", 2))
            job._cron_take_over()
            job._cron_take_over()
        self.assertEqual((job.state, job.added_count), ("done", 6))
        self.assertEqual(self.suppressions._is_suppressed(addresses), set(addresses))

    def test_segments_follow_the_list(self):
        self.make_partner("ana@example.com")
        segment = self.env["marketing.segment"].create(
            {
                "name": "May be mailed",
                "res_model": "res.partner",
                "domain": repr(
                    [
                        ("email", "=", "ana@example.com"),
                        ("marketing_person_id.is_suppressed", "!=", True),
                    ]
                ),
            }
        )
        segment._refresh()
        members = segment.member_count
        self.suppress("ana@example.com")
        self.run_inbox()
        segment.invalidate_recordset()
        self.assertEqual((members, segment.member_count), (1, 0))
        self.suppressions._lift("ana@example.com", EVIDENCE)
        self.run_inbox()
        segment.invalidate_recordset()
        self.assertEqual(segment.member_count, 1)

    def test_marketers_read_the_list_and_change_nothing(self):
        self.suppress("ana@example.com")
        suppressions = self.suppressions.with_user(self.user_marketing)
        entry = suppressions.search([("email", "=", "ana@example.com")])
        self.assertEqual(entry.reason, "manual")
        for attempt in (
            entry.unlink,
            lambda: entry.write({"lifted_date": "2026-01-01"}),
            lambda: (
                self.env["marketing.suppression.import"]
                .with_user(self.user_marketing)
                .create({})
            ),
        ):
            with self.assertRaises(AccessError):
                attempt()
        for user in (self.user_sales, self.user_employee):
            with self.assertRaises(AccessError):
                self.suppressions.with_user(user).search([])

    def test_the_key_stays_while_somebody_is_on_the_list(self):
        self.suppressions._get_key()
        key = self.env["ir.config_parameter"].search([("key", "=", KEY_PARAMETER)])
        self.suppress("ana@example.com")
        for attempt in (
            lambda: key.write({"value": "00" * 32}),
            lambda: key.write({"key": "other"}),
            lambda: key.unlink(),
            lambda: key.set_param(KEY_PARAMETER, False),
        ):
            with self.assertRaises(UserError):
                attempt()
        key.write({"value": key.value})
