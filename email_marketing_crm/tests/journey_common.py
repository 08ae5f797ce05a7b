"""Helpers to tell how people walk a journey."""

from datetime import timedelta

from odoo import Command

from .common import MarketingCase


class JourneyCase(MarketingCase):
    """A segment of Ana, Bo and Chen, and verbs to send them on a journey."""

    EMAILS = ("ana@example.com", "bo@example.com", "chen@example.com")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tag_engaged = cls.env["res.partner.category"].create({"name": "Engaged"})
        cls.partners = cls.env["res.partner"].concat(
            *(
                cls.make_partner(email, email.split("@")[0].title())
                for email in cls.EMAILS
            )
        )
        cls.ana, cls.bo, cls.chen = cls.partners
        cls.segment = cls.make_segment("Newcomers", cls.partners)
        cls.env.cr.precommit.run()

    @classmethod
    def make_segment(cls, name, records, **values):
        segment = cls.env["marketing.segment"].create(
            {
                "name": name,
                "kind": "static",
                "res_model": records._name,
                "company_id": False,
                **values,
            }
        )
        cls.env.flush_all()
        segment._include_records(records)
        return segment

    @classmethod
    def make_journey(cls, *steps, publish=True, **values):
        """A journey of steps, see `add_steps`; running unless told otherwise."""
        journey = cls.env["marketing.journey"].create(
            {
                "name": "Welcome",
                "segment_id": cls.segment.id,
                "user_id": cls.user_marketing.id,
                "company_id": False,
                **values,
            }
        )
        cls.add_steps(journey.draft_version_id, steps)
        if publish:
            journey.action_publish()
        return journey

    @classmethod
    def add_steps(cls, version, steps, parent=None, edge="next"):
        """Build a tree: `{values}` in a row; `"yes"` and `"no"` hold lists of steps."""
        for step in steps:
            branches = {name: step[name] for name in ("yes", "no") if name in step}
            parent = cls.env["marketing.journey.step"].create(
                {
                    "version_id": version.id,
                    "parent_id": parent.id if parent else False,
                    "edge": edge,
                    **{k: v for k, v in step.items() if k not in branches},
                }
            )
            edge = "next"
            if parent.mailing_id:
                parent.mailing_id.body_html = "<p>Good day</p>"
            for name, branch in branches.items():
                cls.add_steps(version, branch, parent, name)

    @classmethod
    def mail(cls, name="Welcome", **values):
        return {"kind": "mail", "name": name, **values}

    @classmethod
    def wait(cls, number=1, unit="days"):
        return {"kind": "wait", "wait_number": number, "wait_unit": unit}

    @classmethod
    def wait_for(cls, code="clicked", number=3, unit="days", **values):
        return {
            "kind": "wait_event",
            "event_type_id": cls.env["marketing.touchpoint.type"]._get_id(code),
            "wait_number": number,
            "wait_unit": unit,
            **values,
        }

    @classmethod
    def tag(cls, *tags, **values):
        tags = tags or (cls.tag_engaged,)
        return {
            "kind": "tag",
            "category_ids": [Command.set([tag.id for tag in tags])],
            **values,
        }

    END = {"kind": "end"}

    # ------------------------------------------------------------------
    # walking
    # ------------------------------------------------------------------

    def run_journeys(self):
        """Let the journey lane carry out everything that is due."""
        self.env.flush_all()
        for _run in range(20):
            processed, _remaining = self.env["marketing.journey.participant"]._run_lane(
                0, 1
            )
            self.env.flush_all()
            self.env.cr.precommit.run()
            if not processed:
                return
        raise AssertionError("The journey lane does not come to rest")

    def pass_time(self, **amount):
        """Time goes by, and the workers do what has become due."""
        self.clock.tick(timedelta(**amount))
        self.run_inbox(settle=False)
        self.run_journeys()

    def participant_of(self, journey, partner):
        """The latest pass of a contact, in fresh state."""
        self.env.flush_all()
        participant = self.env["marketing.journey.participant"].search(
            [
                ("journey_id", "=", journey.id),
                ("person_id", "=", partner.marketing_person_id.id),
            ],
            limit=1,
        )
        participant.invalidate_recordset()
        return participant

    def story_of(self, participant):
        """`[(event, outcome)]` of a participant, oldest first."""
        self.env.flush_all()
        participant.invalidate_recordset()
        return [
            (line.event, line.outcome or None)
            for line in participant.log_ids.sorted("id")
        ]

    def step_of(self, journey, kind, number=0):
        steps = journey.shown_version_id.step_ids.sorted("position")
        return steps.filtered(lambda step: step.kind == kind)[number]

    def sent(self, journey, email, number=0, **values):
        """A mail of the journey has left."""
        mailing = self.step_of(journey, "mail", number).mailing_id
        self.happened("sent", email, mailing_id=mailing.id, **values)

    def clicked(self, journey, email, number=0, **values):
        mailing = self.step_of(journey, "mail", number).mailing_id
        self.happened(
            "clicked",
            email,
            mailing_id=mailing.id,
            **{"reliability": "human_likely", **values},
        )
