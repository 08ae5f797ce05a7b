"""Sent + Σ reasons = audience, whatever happens to a mailing in whatever order."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import NOW
from .common_delivery import DeliveryCase
from .machine_common import run_stories

NAMES = ("ana", "bob", "cem", "dan", "eve", "fay")
EMAILS = tuple(f"{name}@example.com" for name in NAMES)
persons = st.integers(0, len(EMAILS) - 1)


class MailingLife(RuleBasedStateMachine):
    """A mailing between its confirmation and its end, and what people do meanwhile."""

    case = None

    @initialize(
        holdout=st.sampled_from([0, 30]),
        out=st.lists(persons, max_size=2),
        first=st.lists(persons, max_size=2),
    )
    def confirm(self, holdout, out, first):
        case = self.case
        self.savepoint = case.env.cr.savepoint()
        case.clock.move_to(NOW)
        for email in EMAILS:
            case.make_partner(email)
        segment = case.make_segment(*EMAILS)
        self.out = case.make_segment(*(EMAILS[one] for one in out), name="Out")
        campaign = case.env["utm.campaign"].create({"name": "Spring"})
        values = {
            "campaign_id": campaign.id,
            "marketing_is_once_per_campaign": True,
            "marketing_skips_opportunities": True,
        }
        if first:
            before = case.make_mailing(
                case.make_segment(*(EMAILS[one] for one in first), name="First"),
                **values,
            )
            before.action_launch()
        self.mailing = case.make_mailing(
            segment,
            marketing_excluded_segment_ids=[Command.set(self.out.ids)],
            marketing_holdout_percent=holdout,
            **values,
        )
        self.mailing.action_launch()
        self.lost = set()
        self.received = []

    def teardown(self):
        if hasattr(self, "savepoint"):
            self.savepoint.close(rollback=True)
            self.case.env.invalidate_all(flush=False)
            self.case.env.cr.precommit.clear()

    # what the lanes do

    @rule(number=st.integers(1, 4))
    def compose_some(self, number):
        deliveries = self.case.env["marketing.delivery"]
        for delivery_id, mailing_id, _company in deliveries._claim_due(0, 1, number):
            mailing = self.case.env["mailing.mailing"].browse(mailing_id)
            deliveries._compose(mailing, [delivery_id])

    @rule()
    def send(self):
        self.case.send()
        self.received += self.case.received()

    @rule(who=persons)
    def server_refuses(self, who):
        delivery = self.delivery_of(who)
        if delivery and delivery.state in ("planned", "composed"):
            delivery._fail({delivery.id: "550 no such user"})
            self.case.env["mail.mail"].search(
                [("marketing_delivery_id", "=", delivery.id)]
            ).write({"state": "exception"})

    @rule(who=persons)
    def worker_dies(self, who):
        delivery = self.delivery_of(who)
        if delivery and delivery.state == "composed":
            self.case.env.cr.execute(
                "UPDATE marketing_delivery SET state = 'sending' WHERE id = %s",
                [delivery.id],
            )
            delivery._invalidate_deliveries()

    # what people do

    @rule(who=persons)
    def opt_out(self, who):
        self.case.env["mail.blacklist"]._add(EMAILS[who])

    @rule(who=persons)
    def enter_the_segment_out(self, who):
        records = self.case.env["res.partner"].search([("email", "=", EMAILS[who])])
        self.out._include_records(records)

    @rule(who=persons)
    def open_an_opportunity(self, who):
        self.case.make_lead(EMAILS[who], type="opportunity")

    @rule(who=persons, other=persons)
    def merge(self, who, other):
        source, target = (
            self.case.person_of(EMAILS[one])._get_person() for one in (who, other)
        )
        if source and target and source != target:
            source._merge_into(target)

    # what users do

    @rule()
    def pause(self):
        self.mailing.action_marketing_pause()

    @rule()
    def resume(self):
        self.mailing.action_marketing_resume()

    @rule()
    def stop(self):
        self.mailing.action_marketing_stop()

    @rule(who=persons)
    def cancel_one(self, who):
        delivery = self.delivery_of(who)
        if delivery and delivery.state in ("planned", "composed"):
            delivery._cancel()

    @rule(who=persons)
    def send_again(self, who):
        delivery = self.delivery_of(who)
        if delivery and delivery.state in ("failed", "unknown"):
            delivery._resend()

    @rule(hours=st.integers(0, 3))
    def change_the_hour(self, hours):
        self.mailing.schedule_date = self.case.clock() + timedelta(hours=hours)

    @rule()
    def an_hour_passes(self):
        self.case.clock.tick(3600)

    @rule()
    def back_to_draft(self):
        try:
            self.mailing.action_cancel()
        except UserError:
            return
        self.mailing.action_launch()

    # what always holds

    def delivery_of(self, who):
        person = self.case.person_of(EMAILS[who])
        person = person.merged_into_id or person
        return self.case.env["marketing.delivery"].search(
            [("mailing_id", "=", self.mailing.id), ("person_id", "=", person.id)]
        )

    @invariant()
    def sums_up(self):
        if not hasattr(self, "mailing"):
            return
        case, mailing = self.case, self.mailing
        case.env.flush_all()
        mailing.invalidate_recordset()
        rows = case.deliveries_of(mailing)
        reasons = rows.filtered(lambda row: row.state == "skipped").grouped("reason")
        case.assertNotIn(False, reasons)
        case.assertEqual(
            mailing.marketing_audience,
            mailing.marketing_sent
            + mailing.marketing_waiting
            + mailing.marketing_failed
            + mailing.marketing_unknown
            + sum(len(people) for people in reasons.values()),
        )
        case.assertEqual(mailing.marketing_audience, len(rows))
        case.assertEqual(len(rows), len(rows.person_id), "One row a person")
        living = {
            (person.merged_into_id or person).id
            for person in map(case.person_of, EMAILS)
        }
        case.assertEqual(set(rows.person_id.ids), living, "Nobody is lost")

    @invariant()
    def nobody_gets_two(self):
        received = getattr(self, "received", [])
        self.case.assertEqual(len(received), len(set(received)))


@tagged("post_install", "-at_install")
class TestPlanProperties(DeliveryCase):
    def test_sent_and_reasons_are_the_audience_at_every_moment(self):
        run_stories(self, MailingLife, examples=25, steps=14)
