"""Where imported persons come from, and who of them may be mailed."""

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .import_common import ImportCase


@tagged("post_install", "-at_install")
class TestImportBasis(ImportCase):
    def make_mailing(self):
        return self.env["mailing.mailing"].create(
            {
                "subject": "News",
                "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
                "mailing_domain": "[('email', '=like', '%@x.test')]",
                "body_html": "<p>News</p>",
            }
        )

    def reasons_of(self, mailing):
        """Who would not get the mail and why: `{address: reason}`."""
        self.env["marketing.delivery.preview"]._open_for(mailing)
        rows = self.env["marketing.delivery.preview"].search(
            [("mailing_id", "=", mailing.id)]
        )
        return {row.email: row.outcome for row in rows}

    def test_origin_and_basis_are_kept_with_the_person(self):
        self.do_import("Email\nana@x.test\n")
        ana = self.person_of("ana@x.test")
        self.assertEqual(ana.acquisition_source_id, self.fair)
        self.assertEqual(ana.legal_basis, "consent")
        other = self.fair.copy({"name": "Other", "legal_basis": "contract"})
        self.do_import("Email\nana@x.test\n", source_id=other.id)
        ana = self.person_of("ana@x.test")
        self.assertEqual(ana.acquisition_source_id, self.fair, "the first one stays")
        self.assertEqual(ana.legal_basis, "consent")

    def test_a_list_without_basis_is_imported_and_not_mailed(self):
        self.make_partner("customer@x.test")
        bought = self.env["marketing.acquisition.source"].create(
            {"name": "Bought", "kind": "list", "legal_basis": "unknown"}
        )
        text = "Email\nana@x.test\ncustomer@x.test\nbo@x.test\n"
        self.do_import(text, source_id=bought.id, duplicate_policy="update")
        topic = self.env["marketing.topic"].create({"name": "Pumps"})
        bo = self.person_of("bo@x.test")
        self.env["marketing.consent"]._set_state(
            bo.ids, topic, "in", {"source": "hand", "legal_basis": "consent"}
        )
        mailing = self.make_mailing()
        self.assertEqual(
            self.reasons_of(mailing),
            {
                "ana@x.test": "no_legal_basis",
                "customer@x.test": "planned",
                "bo@x.test": "planned",
            },
        )
        # A source with a basis answers for her.
        self.do_import("Email\nana@x.test\n", duplicate_policy="update")
        self.assertEqual(self.reasons_of(mailing)["ana@x.test"], "planned")

    def test_an_import_makes_nobody_mailable_who_said_no(self):
        blocked = self.make_partner("blocked@x.test")
        self.env["mail.blacklist"]._add("blocked@x.test")
        self.person_of("stopped@x.test")
        self.env["marketing.person"]._get_or_create_ids(["stopped@x.test"])
        self.person_of("stopped@x.test").action_suppress()
        blocked.unlink()
        self.env["marketing.suppression"]._suppress(["gone@x.test"], "erased")
        self.env["marketing.suppression"]._suppress(["manual@x.test"], "manual")
        job = self.do_import(
            "Email\nblocked@x.test\nstopped@x.test\ngone@x.test\nmanual@x.test\n",
            duplicate_policy="update",
            update_mode="overwrite",
        )
        self.assertEqual(
            job.line_ids.mapped("state"), ["created", "created", "skipped", "created"]
        )
        self.assertFalse(self.contact_of("gone@x.test"))
        outcomes = self.reasons_of(self.make_mailing())
        self.assertEqual(
            set(outcomes), {"blocked@x.test", "stopped@x.test", "manual@x.test"}
        )
        self.assertNotIn("planned", outcomes.values())

    def test_nobody_consented_to_a_list_that_was_bought(self):
        with self.assertRaises(ValidationError):
            self.env["marketing.acquisition.source"].create(
                {"name": "Bought", "kind": "list", "legal_basis": "consent"}
            )
