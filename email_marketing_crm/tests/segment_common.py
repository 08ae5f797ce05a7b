"""Helpers for tests of segments: who is in them, and how he came in."""

from odoo import Command
from odoo.tests import new_test_user

from .common import MarketingCase

MODELS = "odoo.addons.email_marketing_crm.models"


class SegmentCase(MarketingCase):
    """Segments over the contacts of the test alone: those with the tag `crowd`."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.crowd = cls.env["res.partner.category"].create({"name": "Crowd"})
        cls.in_crowd = ("category_id", "in", cls.crowd.ids)

    @classmethod
    def make_partner(cls, email, name="Ana Pereira", **values):
        return super().make_partner(
            email, name, category_id=[Command.set(cls.crowd.ids)], **values
        )

    def make_segment(self, *rules, domain=(), name="Readers", **values):
        """A segment of the crowd; a rule is (code, operator, times, days, …)."""
        commands = []
        for code, operator, times, days, *more in rules:
            commands.append(
                Command.create(
                    {
                        "type_id": self.env["marketing.touchpoint.type"]._get_id(code),
                        "operator": operator,
                        "times": times,
                        "days": days,
                        **(more[0] if more else {}),
                    }
                )
            )
        segment = self.env["marketing.segment"].create(
            {
                "name": name,
                "domain": repr([self.in_crowd, *domain]),
                "rule_ids": commands,
                **values,
            }
        )
        segment._refresh()
        return segment

    def make_readers(self, **clicks):
        """Contacts by first name, and how often each of them clicked."""
        for name, times in clicks.items():
            email = f"{name}@example.com"
            self.make_partner(email)
            for _click in range(times):
                self.happened("clicked", email, reliability="human_likely")
        self.run_inbox()

    def members_of(self, segment):
        """Addresses of the members, sorted."""
        self.env.flush_all()
        members = self.env["marketing.segment.member"].search(
            [("segment_id", "=", segment.id), ("state", "=", "member")]
        )
        return sorted(members.person_id.mapped("email_normalized"))

    def moves_of(self, segment, email):
        """Codes of the events of one segment in a person's history, oldest first."""
        events = self.env["marketing.touchpoint"].search(
            [
                ("person_id.email_normalized", "=", email),
                ("res_model", "=", "marketing.segment"),
                ("res_id", "=", segment.id),
            ],
            order="id",
        )
        return [event.type_id.code for event in events]

    def make_marketer_of_both_companies(self):
        return new_test_user(
            self.env,
            "marketer_of_both",
            groups="email_marketing_crm.group_marketing_user,base.group_user",
            company_id=self.env.company.id,
            company_ids=[Command.set((self.env.company | self.company_other).ids)],
        )

    def add(self, records, segment, operation="include"):
        """Select records in a list and add them to a segment."""
        wizard = (
            self.env["marketing.segment.add"]
            .with_context(active_model=records._name, active_ids=records.ids)
            .create({"segment_id": segment.id, "operation": operation})
        )
        return wizard.action_apply()["params"]["message"]

    def member(self, segment, email):
        return segment.member_ids.filtered(
            lambda member: member.person_id.email_normalized == email
        )


class ScreenCase(SegmentCase):
    """What a user sees of a segment: figures, and the people behind them."""

    def people(self, action, user=None):
        """Addresses of the persons that an action opens, sorted."""
        persons = self.env[action["res_model"]].with_user(user or self.env.user)
        return sorted(persons.search(action["domain"]).mapped("email_normalized"))

    def figures(self, outcomes):
        self.assertFalse(outcomes["took_too_long"])
        return {figure["code"]: figure["count"] for figure in outcomes["figures"]}
