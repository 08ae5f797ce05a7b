"""What a marketer sees of the results of a mailing, and how a manager lifts."""

from odoo import Command, fields
from odoo.tests import HttpCase, tagged

from .tour_common import TourCase


@tagged("post_install", "-at_install")
class TestAfterTour(HttpCase):
    def setUp(self):
        super().setUp()
        self.partner = self.env["res.partner"].create(
            {"name": "Ana", "email": "ana@example.com"}
        )
        self.mailing = self.env["mailing.mailing"].create(
            {
                "subject": "Pumps of spring",
                "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
                "mailing_domain": f"[('id', '=', {self.partner.id})]",
                "body_html": '<p><a href="https://www.example.com/pumps">Look here</a>'
                '</p><p><a href="https://www.example.com/pumps">Look here</a></p>',
                "state": "done",
                "marketing_holdout_percent": 50,
            }
        )
        links = self.env["link.tracker"].search_or_create(
            [
                self.mailing._get_link_tracker_values()
                | {"url": "https://www.example.com/pumps", "label": "Look here"}
                for _place in range(2)
            ]
        )
        trace = self.env["mailing.trace"].create(
            {
                "trace_type": "mail",
                "mass_mailing_id": self.mailing.id,
                "model": "res.partner",
                "res_id": self.partner.id,
                "email": "ana@example.com",
                "trace_status": "sent",
            }
        )
        self.env["marketing.touchpoint"]._capture(
            [
                {
                    "type": "clicked",
                    "email": trace.email,
                    "mailing_id": self.mailing.id,
                    "link_id": links[0].id,
                    "reliability": "human_likely",
                    "dedup_key": "tour:click",
                }
            ]
        )
        self.env.flush_all()
        self.env.cr.precommit.run()

    def hold_out(self):
        """Bo was held out; Ana got the mail, and became a lead."""
        bo = self.env["res.partner"].create({"name": "Bo", "email": "bo@example.com"})
        self.env.flush_all()
        self.env.cr.precommit.run()
        now = fields.Datetime.now()
        self.env["marketing.delivery"].create(
            [
                {
                    "mailing_id": self.mailing.id,
                    "person_id": partner.marketing_person_id.id,
                    "email": partner.email,
                    "due": now,
                    "planned_date": now,
                    **values,
                }
                for partner, values in (
                    (self.partner, {"state": "sent", "sent_date": now}),
                    (bo, {"state": "skipped", "reason": "holdout"}),
                )
            ]
        )
        self.env["crm.lead"].create(
            {
                "name": "Pumps",
                "type": "lead",
                "email_from": "ana@example.com",
                "expected_revenue": 700,
            }
        )
        self.env.flush_all()
        self.env.cr.precommit.run()

    def test_results_of_a_mailing(self):
        self.hold_out()
        self.start_tour(
            f"/odoo/email-marketing/{self.mailing.id}",
            "marketing_results",
            login="admin",
            timeout=120,
        )

    def test_lifting_a_suppression(self):
        person = self.partner.marketing_person_id
        person._suppress_at_once(["ana@example.com"], "bounce")
        self.start_tour(
            f"/odoo/marketing.person/{person.id}",
            "marketing_suppression_lift",
            login="admin",
        )
        self.env.invalidate_all()
        self.assertEqual(person.suppression, "none")
        lifted = self.env["marketing.touchpoint"].search(
            [
                ("person_id", "=", person.id),
                ("type_id.code", "=", "suppression_lifted"),
            ]
        )
        self.assertIn("She called", lifted.data["reason"])


@tagged("post_install", "-at_install")
class TestClickVersionTour(TourCase):
    def test_each_language_has_its_map(self):
        """A marketer asks where those were who read the mail in French."""
        self.clear_deliveries()
        french = self.env["res.lang"]._activate_lang("fr_FR")
        readers = {"ana": "en_US", "eva": "en_US", "luc": "fr_FR"}
        partners = self.env["res.partner"].create(
            [
                {"name": name.title(), "email": f"{name}@example.com", "lang": lang}
                for name, lang in readers.items()
            ]
        )
        body, translated = (
            f'<p><a href="https://www.example.com/{page}">{label}</a></p>'
            for page, label in (("pumps", "Look here"), ("pompes", "Regardez ici"))
        )
        mailing = self.make_mailing(
            self.make_segment(partners),
            body_arch=body,
            body_html=body,
            marketing_lang_id=self.env.ref("base.lang_en").id,
            marketing_translation_ids=[
                Command.create(
                    {
                        "lang_id": french.id,
                        "subject": "Nouvelles pompes",
                        "body_arch": translated,
                        "body_html": translated,
                    }
                )
            ],
        )
        mailing.action_put_in_queue()
        self.run_lanes()
        links = self.env["link.tracker"].search([("mass_mailing_id", "=", mailing.id)])
        clicked = {link.label: link.id for link in links}
        self.env["marketing.touchpoint"]._capture(
            [
                {
                    "type": "clicked",
                    "email": partner.email,
                    "mailing_id": mailing.id,
                    "link_id": clicked[
                        "Look here" if partner.lang == "en_US" else "Regardez ici"
                    ],
                    "reliability": "human_likely",
                    "dedup_key": f"tour:{partner.id}",
                }
                for partner in partners
            ]
        )
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.start_tour(
            f"/odoo/mailing.mailing/{mailing.id}",
            "marketing_click_versions",
            login="admin",
        )
