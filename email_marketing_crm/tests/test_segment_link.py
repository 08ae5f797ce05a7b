from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .segment_common import SegmentCase

ANA, BO, CY = "ana@example.com", "bo@example.com", "cy@example.com"


@tagged("post_install", "-at_install")
class TestSegmentLink(SegmentCase):
    def setUp(self):
        super().setUp()
        self.make_partner(ANA, city="Porto", function="Buyer")
        self.make_partner(BO, city="Porto")
        self.make_partner(CY, city="Lund", function="Buyer")
        self.porto = self.make_segment(domain=[("city", "=", "Porto")], name="Porto")
        self.buyers = self.make_segment(
            domain=[("function", "=", "Buyer")], name="Buyers"
        )

    def link(self, *links, **values):
        """A segment of the crowd with links (kind, segment)."""
        return self.make_segment(
            link_ids=[
                Command.create({"kind": kind, "other_id": other.id})
                for kind, other in links
            ],
            **values,
        )

    def test_include_and_exclude(self):
        for values, links, emails in (
            ({}, (("include", self.porto),), [ANA, BO]),
            ({}, (("include", self.porto), ("include", self.buyers)), [ANA]),
            (
                {"include_match": "any"},
                (("include", self.porto), ("include", self.buyers)),
                [ANA, BO, CY],
            ),
            ({}, (("exclude", self.porto),), [CY]),
            ({}, (("include", self.buyers), ("exclude", self.porto)), [CY]),
            ({}, (("exclude", self.buyers), ("exclude", self.porto)), []),
        ):
            with self.subTest(links=[(kind, other.name) for kind, other in links]):
                self.assertEqual(self.members_of(self.link(*links, **values)), emails)

    def test_change_of_the_inner_one_reaches_the_outer_ones(self):
        inside = self.link(("include", self.porto), name="Inside")
        around = self.link(("include", inside), name="Around")
        outside = self.link(("exclude", inside), name="Outside")
        partner = self.env["res.partner"].search([("email", "=", CY)])
        partner.city = "Porto"
        self.run_inbox()
        self.assertEqual(self.members_of(inside), [ANA, BO, CY])
        self.assertEqual(self.members_of(around), [ANA, BO, CY])
        self.assertEqual(self.members_of(outside), [])
        self.porto._exclude_persons(self.person_of(ANA).ids)
        self.run_inbox()
        self.assertEqual(self.members_of(around), [BO, CY])
        self.assertEqual(self.members_of(outside), [ANA])
        self.assertEqual(
            self.moves_of(around, ANA), ["segment_entered", "segment_left"]
        )

    def test_inner_segment_of_other_records(self):
        self.make_lead(BO, city="Faro-Link")
        leads = self.env["marketing.segment"].create(
            {
                "name": "Leads",
                "res_model": "crm.lead",
                "domain": "[('city', '=', 'Faro-Link')]",
            }
        )
        leads._refresh()
        self.assertEqual(self.members_of(self.link(("include", leads))), [BO])
        self.assertEqual(self.members_of(self.link(("exclude", leads))), [ANA, CY])

    def test_cycles_are_refused_with_the_path(self):
        middle = self.link(("include", self.porto), name="Middle")
        outer = self.link(("exclude", middle), name="Outer")
        with self.assertRaises(ValidationError) as caught:
            self.porto.link_ids = [
                Command.create({"kind": "include", "other_id": outer.id})
            ]
        self.assertIn("“Porto” → “Outer” → “Middle” → “Porto”", str(caught.exception))
        with self.assertRaises(ValidationError) as caught:
            self.porto.domain = repr([("marketing_segment_ids", "in", middle.ids)])
        self.assertIn("“Porto” → “Middle” → “Porto”", str(caught.exception))
        with self.assertRaises(ValidationError):
            outer.link_ids.other_id = outer

    def test_inner_segment_cannot_be_deleted(self):
        outer = self.link(("include", self.porto), name="Outer")
        with self.assertRaises(UserError) as caught:
            self.porto.unlink()
        self.assertIn("“Outer”", str(caught.exception))
        (outer | self.porto).unlink()
        self.assertFalse((outer | self.porto).exists())

    def test_segment_of_another_company_cannot_be_looked_into(self):
        self.porto.company_id = self.company_other
        segments = self.env["marketing.segment"].with_user(self.user_marketing)
        with self.assertRaises(AccessError):
            segments.create(
                {
                    "name": "Curious",
                    "link_ids": [Command.create({"other_id": self.porto.id})],
                }
            )

    def test_copy_has_the_links(self):
        copied = self.link(("include", self.porto)).copy()
        self.assertEqual(copied.link_ids.other_id, self.porto)

    def test_mailing_on_other_records_than_the_segment(self):
        """Through the person, on each of the three models."""
        self.make_lead(ANA)
        contact = self.make_contact(ANA)
        for model in ("res.partner", "crm.lead", "mailing.contact"):
            with self.subTest(model=model):
                mailing = self.env["mailing.mailing"].create(
                    {
                        "subject": "Hello Porto",
                        "mailing_model_id": self.env["ir.model"]._get_id(model),
                        "marketing_segment_ids": [Command.set(self.porto.ids)],
                        "contact_list_ids": [Command.set([])],
                    }
                )
                records = self.env[model].search(mailing._parse_mailing_domain())
                self.assertEqual(
                    sorted(records.mapped("email_normalized")),
                    [ANA, BO] if model == "res.partner" else [ANA],
                )
                self.env["marketing.delivery"]._plan_audience(
                    mailing, mailing.create_date
                )
                deliveries = self.env["marketing.delivery"].search(
                    [("mailing_id", "=", mailing.id)]
                )
                self.assertEqual(
                    set(deliveries.mapped("res_id")), set(records.ids), model
                )
        self.assertTrue(contact.marketing_segment_ids)
