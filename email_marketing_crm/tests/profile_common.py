"""Helpers for tests of what persons are like: answers and personas."""

from .common import MarketingCase


class ProfileCase(MarketingCase):
    """Ana, and the personas and buyer stages that answers about her may name."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager_persona = cls.env["marketing.persona"].create(
            {"name": "IT manager"}
        )
        cls.doctor_persona = cls.env["marketing.persona"].create({"name": "Doctor"})
        cls.awareness = cls.env.ref("email_marketing_crm.buyer_stage_awareness")
        cls.decision = cls.env.ref("email_marketing_crm.buyer_stage_decision")
        cls.partner = cls.make_partner("ana@example.com")
        cls.person = cls.person_of("ana@example.com")

    def answer(self, value, origin="form", attribute="persona", person=None, **kwargs):
        self.env["marketing.profile.value"]._set_values(
            [
                {
                    "person_id": (person or self.person).id,
                    "attribute": attribute,
                    "value": value,
                    "origin": origin,
                    **kwargs,
                }
            ]
        )

    def answers_in_effect(self, attribute, person=None):
        answers = self.env["marketing.profile.value"].search(
            [
                ("person_id", "=", (person or self.person).id),
                ("attribute_id.code", "=", attribute),
                ("is_in_effect", "=", True),
            ]
        )
        return sorted(answers.mapped("value"))
