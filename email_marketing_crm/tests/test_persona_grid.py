"""Personas: the grid of personas and buyer stages."""

from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import NOW
from .profile_common import ProfileCase


@tagged("post_install", "-at_install")
class TestPersonaGrid(ProfileCase):
    """Persona by buyer stage: every cell counts, opens and becomes a segment."""

    def cell(self, persona, stage, user=None):
        cells = self.env["marketing.profile.cell"].with_user(
            user or self.user_marketing
        )
        return cells.search(
            [
                ("persona_id", "=", persona and persona.id),
                ("buyer_stage_id", "=", stage and stage.id),
            ]
        )

    def test_the_grid_has_every_cell_once_and_counts_everybody(self):
        self.answer("Doctor", "hand")
        self.answer("Decision", "hand", "buyer_stage")
        cells = self.env["marketing.profile.cell"].with_user(self.user_marketing)
        cells = cells.search([])
        personas = self.env["marketing.persona"].search_count([])
        stages = self.env["marketing.buyer.stage"].search_count([])
        self.assertEqual(len(cells), (personas + 1) * (stages + 1))
        self.assertEqual(
            sum(cells.mapped("person_count")),
            self.env["marketing.person"].search_count([("merged_into_id", "=", False)]),
        )
        cell = self.cell(self.doctor_persona, self.decision)
        self.assertEqual((cell.person_count, cell.mailable_count), (1, 1))
        action = cell.action_open_persons()
        self.assertEqual(
            self.env["marketing.person"].search(action["domain"]), self.person
        )

    def test_an_archived_persona_stays_while_somebody_has_it(self):
        self.answer("Doctor", "hand")
        (self.doctor_persona | self.manager_persona).active = False
        self.assertEqual(self.cell(self.doctor_persona, False).person_count, 1)
        self.assertFalse(self.cell(self.manager_persona, False))

    def test_who_is_not_mailed_is_counted_apart(self):
        self.answer("Doctor", "hand")
        self.person.action_suppress()
        cell = self.cell(self.doctor_persona, False)
        self.assertEqual((cell.person_count, cell.mailable_count), (1, 0))

    def test_a_cell_becomes_a_segment_that_follows(self):
        self.answer("Doctor", "hand")
        self.answer("Decision", "hand", "buyer_stage")
        action = self.cell(self.doctor_persona, self.decision).action_make_segment()
        segment = self.env["marketing.segment"].browse(action["res_id"])
        self.assertEqual(segment.res_model, "res.partner")
        segment.action_refresh()
        self.assertEqual(segment.member_ids.person_id, self.person)
        self.answer("Awareness", "hand", "buyer_stage", date=NOW + timedelta(days=1))
        self.run_inbox()
        self.assertFalse(segment.member_ids)

    def test_a_cell_of_leads_becomes_a_segment_of_leads(self):
        lead = self.make_lead("bo@example.com")
        self.answer("Doctor", "hand", person=lead.marketing_person_id)
        action = self.cell(self.doctor_persona, False, self.user_manager)
        action = action.with_user(self.env.ref("base.user_admin")).action_make_segment()
        segment = self.env["marketing.segment"].browse(action["res_id"])
        self.assertEqual(segment.res_model, "crm.lead")

    def test_personas_of_other_companies_are_not_in_the_grid(self):
        foreign = self.env["marketing.persona"].create(
            {"name": "Foreigner", "company_id": self.company_other.id}
        )
        self.assertFalse(self.cell(foreign, False))

    def test_salespeople_and_employees_do_not_see_the_grid(self):
        for user in (self.user_sales, self.user_employee):
            with self.assertRaises(AccessError):
                self.cell(self.doctor_persona, False, user)
