"""One audience, and in it one person for each reason that a plan knows."""

from datetime import timedelta

from odoo import Command
from odoo.tests import tagged

from ..tools.holdout import is_held_out
from .common import NOW
from .consent_common import ConsentCase

HOLDOUT = 5
#: Why somebody does not get the mailing, in the order in which it is asked.
REASONS = (
    "suppressed",
    "suppression_list",
    "blacklisted",
    "consent_out",
    "consent_pending",
    "consent_expired",
    "no_consent",
    "paused",
    "frequency",
    "no_legal_basis",
    "invalid_address",
    "complaint_open",
    "excluded_segment",
    "open_opportunity",
    "campaign_mailed",
    "already_mailed",
    "frequency_cap",
    "holdout",
)
#: Who gets it later, and why.
WAITS = {"quiet_hours": "quiet_hours", "put_off": "frequency"}


@tagged("post_install", "-at_install")
class TestPlanReasons(ConsentCase):
    """The panel adds up to the audience, and each of its numbers opens its person."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["marketing.frequency.rule"].search([]).active = False
        cls.env["marketing.quiet.hours"].search([]).active = False
        cls.env.company.resource_calendar_id.tz = "UTC"
        cls.campaign = cls.env["utm.campaign"].create({"name": "Spring"})
        cls.addresses = cls.choose_addresses()
        for reason, email in cls.addresses.items():
            zone = "Pacific/Auckland" if reason == "quiet_hours" else "UTC"
            cls.make_partner(email, reason, tz=zone)
        cls.make_partner(cls.addresses["planned"], "The same once more", tz="UTC")
        cls.env["res.partner"].create({"name": "Nowhere", "email": "nowhere"})

    @classmethod
    def choose_addresses(cls):
        """An address for each reason; one of them only is held out."""
        scope = f"campaign:{cls.campaign.id}"

        def find(name, is_out):
            numbered = (f"{name}{number}@example.com" for number in range(10**4))
            return next(
                email
                for email in numbered
                if is_held_out(scope, email, HOLDOUT) == is_out
            )

        return {
            reason: find(reason, reason == "holdout")
            for reason in ("planned", *WAITS, *REASONS)
        }

    def setUp(self):
        super().setUp()
        self.people = {
            reason: self.person_of(email) for reason, email in self.addresses.items()
        }
        self.mailing = self.make_campaign()
        self.agree()
        self.refuse()
        self.leave_out()
        self.cap()

    def make_campaign(self, **values):
        ignored = {
            f"check_{check}": "ignore"
            for check in self.env["marketing.compliance.profile"]._get_checks()
        }
        profile = self.env["marketing.compliance.profile"].create(
            {"name": "Strict", **ignored, "check_consent": "block"}
        )
        for company in self.env.company | self.user_marketing.company_id:
            company.marketing_compliance_profile_id = profile
        self.topic.expiry_months = 12
        return self.make_mailing(
            self.make_segment(*self.addresses.values()),
            campaign_id=self.campaign.id,
            marketing_topic_id=self.topic.id,
            marketing_is_once_per_campaign=True,
            marketing_skips_opportunities=True,
            marketing_holdout_percent=HOLDOUT,
            marketing_excluded_segment_ids=[
                Command.set(self.segment_of("excluded_segment").ids)
            ],
            **values,
        )

    def segment_of(self, reason):
        return self.make_segment(self.addresses[reason], name=reason)

    def agree(self):
        """Everybody wants the topic but those who do not."""
        others = {"no_consent", "consent_out", "consent_pending", "consent_expired"}
        for reason, email in self.addresses.items():
            basis = "unknown" if reason == "no_legal_basis" else "consent"
            if reason not in others:
                self.answer(email, "in", source="import", legal_basis=basis)
        self.answer(self.addresses["consent_out"], "out")
        self.answer(self.addresses["consent_pending"], "pending", source="form")
        self.clock.move_to(NOW - timedelta(days=400))
        self.answer(self.addresses["consent_expired"], "in")
        self.clock.move_to(NOW)

    def refuse(self):
        """What speaks against mail to somebody, whatever it is about."""
        persons = self.env["marketing.person"]
        persons._suppress_at_once([self.addresses["suppressed"]], "bounce")
        self.env["marketing.suppression"]._suppress(
            [self.addresses["suppression_list"]], "manual"
        )
        self.env["mail.blacklist"]._add(self.addresses["blacklisted"])
        self.people["paused"].paused_until = NOW + timedelta(days=7)
        self.people["frequency"].preferred_frequency = "week"
        self.got_one("frequency")
        self.people["no_legal_basis"].legal_basis = "unknown"
        self.people["invalid_address"].address_state = "invalid"

    def leave_out(self):
        """Whom the marketer or the company leaves out."""
        self.user_marketing.company_id.marketing_complaint_segment_ids = (
            self.segment_of("complaint_open")
        )
        self.make_lead(self.addresses["open_opportunity"], type="opportunity")
        self.make_mailing(
            self.segment_of("campaign_mailed"),
            subject="The first of the campaign",
            campaign_id=self.campaign.id,
            marketing_topic_id=self.topic.id,
        ).action_launch()
        self.env["mailing.trace"].create(
            {
                "trace_type": "mail",
                "mass_mailing_id": self.mailing.id,
                "model": "res.partner",
                "res_id": self.env["res.partner"]
                .search([("email", "=", self.addresses["already_mailed"])])
                .id,
                "email": self.addresses["already_mailed"],
                "trace_status": "sent",
            }
        )

    def cap(self):
        """Two rules, each for one person, and the night."""
        self.make_rule("frequency_cap", "skip")
        self.make_rule("put_off", "later")
        self.env["marketing.quiet.hours"].create({"hour_from": 22, "hour_to": 7.5})

    def make_rule(self, reason, outcome):
        self.got_one(reason)
        self.env["marketing.frequency.rule"].create(
            {
                "name": reason,
                "outcome": outcome,
                "segment_id": self.segment_of(reason).id,
                "window_ids": [Command.create({"limit": 1, "unit": "day"})],
            }
        )

    def got_one(self, reason):
        """He got a mail an hour ago."""
        self.happened("sent", self.addresses[reason], date=NOW - timedelta(hours=1))
        self.run_inbox(settle=False)

    # ------------------------------------------------------------------
    # STORIES
    # ------------------------------------------------------------------

    def open_plan(self):
        action = self.mailing.with_user(self.user_marketing).action_check_audience()
        return (
            self.env[action["res_model"]]
            .browse(action["res_id"])
            .with_user(self.user_marketing)
        )

    def test_each_reason_has_its_line_and_its_person(self):
        plan = self.open_plan()
        found = {(line.kind, line.code): line for line in plan.line_ids}
        expected = {
            ("gets", "planned"): "planned",
            **{("waits", code): who for who, code in WAITS.items()},
            **{("skipped", reason): reason for reason in REASONS},
        }
        self.assertEqual(
            {key: line.count for key, line in found.items()},
            dict.fromkeys([*expected, ("record", "same_person")], 1),
        )
        for key, who in expected.items():
            with self.subTest(reason=key[1]):
                line = found[key]
                self.assertNotEqual(line.label, line.code, "A reason has its words")
                action = line.action_view_people()
                rows = self.env[action["res_model"]].search(action["domain"])
                self.assertEqual(rows.mapped("email"), [self.addresses[who]])
        self.assertEqual(plan.person_count, len(self.addresses))
        self.assertEqual(
            (plan.planned_count, plan.waiting_count, plan.skipped_count),
            (1 + len(WAITS), len(WAITS), len(REASONS)),
        )

    def test_the_deliveries_say_the_same_and_each_person_shows_it(self):
        self.mailing.with_user(self.user_marketing).action_launch()
        self.deliver()
        outcomes = self.outcomes(self.mailing)
        expected = {self.addresses[reason]: reason for reason in REASONS}
        expected |= {self.addresses[who]: "planned" for who in WAITS}
        self.assertEqual(outcomes, expected | {self.addresses["planned"]: "sent"})
        self.assertEqual(
            set(self.received()),
            {self.addresses["planned"], self.addresses["campaign_mailed"]},
            "The latter by the first mailing of the campaign.",
        )
        waiting = self.deliveries_of(self.mailing).filtered(
            lambda delivery: delivery.state == "planned"
        )
        self.assertEqual(
            {row.email: row.wait_reason for row in waiting},
            {self.addresses[who]: code for who, code in WAITS.items()},
        )
        mailing = self.mailing
        mailing.invalidate_recordset()
        self.assertEqual(
            (
                mailing.marketing_audience,
                mailing.marketing_sent,
                mailing.marketing_waiting,
                mailing.marketing_skipped,
            ),
            (len(self.addresses), 1, len(WAITS), len(REASONS)),
        )
        deliveries = self.env["marketing.delivery"].with_user(self.user_marketing)
        for reason in REASONS:
            with self.subTest(reason=reason):
                person = self.people[reason].with_user(self.user_marketing)
                action = person.action_view_skipped_deliveries()
                rows = deliveries.search(action["domain"]).filtered(
                    lambda row: row.mailing_id == mailing and row.state == "skipped"
                )
                self.assertEqual(rows.mapped("reason"), [reason])

    def test_a_warm_up_is_a_reason_to_wait(self):
        self.mailing.marketing_sender_id.sudo().action_start_warm_up()
        lines = self.open_plan().line_ids
        waits = {line.code: line.count for line in lines if line.kind == "waits"}
        self.assertEqual(waits.pop("warm_up"), 1)
        self.assertEqual(waits, {code: 1 for code in WAITS.values()})
        self.assertFalse(lines.filtered(lambda line: line.kind == "gets"))
