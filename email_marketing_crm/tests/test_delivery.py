import smtplib
from datetime import timedelta
from unittest.mock import patch

from psycopg2 import errors

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_mail_server import MailDeliveryException

from .common import NOW
from .common_delivery import DeliveryCase


@tagged("post_install", "-at_install")
class TestDeliveryGates(DeliveryCase):
    """Who gets a mail, asked when it is planned, composed and sent."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ana = cls.make_partner("ana@example.com", "Ana")
        cls.bob = cls.make_partner("bob@example.com", "Bob")
        cls.eve = cls.make_partner("eve@example.com", "Eve")
        cls.segment = cls.make_segment(
            "ana@example.com", "bob@example.com", "eve@example.com"
        )
        cls.mailing = cls.make_mailing(cls.segment)

    def test_blacklisted_when_planned(self):
        self.env["mail.blacklist"]._add("bob@example.com")
        self.mailing.action_launch()
        self.assertEqual(
            self.outcomes(self.mailing),
            {
                "ana@example.com": "planned",
                "bob@example.com": "blacklisted",
                "eve@example.com": "planned",
            },
        )

    def test_unsubscribed_between_plan_and_compose(self):
        self.mailing.action_launch()
        self.env["mail.blacklist"]._add("bob@example.com")
        self.deliver()
        self.assertEqual(self.outcomes(self.mailing)["bob@example.com"], "blacklisted")
        self.assertCountEqual(self.received(), ["ana@example.com", "eve@example.com"])

    def test_unsubscribed_between_compose_and_send(self):
        """An opt-out a second before counts."""
        self.mailing.action_launch()
        self.compose()
        self.assertEqual(set(self.outcomes(self.mailing).values()), {"composed"})
        self.env["mail.blacklist"]._add("bob@example.com")
        self.send()
        self.assertEqual(self.outcomes(self.mailing)["bob@example.com"], "blacklisted")
        self.assertCountEqual(self.received(), ["ana@example.com", "eve@example.com"])
        trace = self.mailing.mailing_trace_ids.filtered(
            lambda trace: trace.email == "bob@example.com"
        )
        self.assertEqual(trace.trace_status, "cancel")
        self.assertEqual(trace.failure_type, "mail_bl")
        self.assertEqual(self.touchpoints_of("bob@example.com", "skipped"), ["skipped"])

    def test_blacklist_ignored_where_mailing_says_so(self):
        self.env["mail.blacklist"]._add("bob@example.com")
        self.mailing.use_exclusion_list = False
        self.mailing.action_launch()
        self.deliver()
        self.assertEqual(self.outcomes(self.mailing)["bob@example.com"], "sent")

    def test_suppressed_person(self):
        self.person_of("eve@example.com").action_suppress()
        self.mailing.action_launch()
        self.assertEqual(self.outcomes(self.mailing)["eve@example.com"], "suppressed")

    def test_suppressed_after_composing(self):
        self.mailing.action_launch()
        self.compose()
        self.person_of("eve@example.com").action_suppress()
        self.send()
        self.assertEqual(self.outcomes(self.mailing)["eve@example.com"], "suppressed")
        self.assertNotIn("eve@example.com", self.received())

    def test_address_removed_after_plan(self):
        self.mailing.action_launch()
        self.bob.email = False
        self.deliver()
        self.assertEqual(self.outcomes(self.mailing)["bob@example.com"], "no_address")

    def test_address_made_malformed_after_plan(self):
        self.mailing.action_launch()
        self.bob.email = "bob at example"
        self.deliver()
        self.assertEqual(self.outcomes(self.mailing)["bob@example.com"], "no_address")

    def test_address_changed_after_plan(self):
        """The mail goes to the new address, which is gated too."""
        self.env["mail.blacklist"]._add("blocked@example.com")
        self.mailing.action_launch()
        self.bob.email = "bob.new@example.com"
        self.eve.email = "blocked@example.com"
        self.deliver()
        self.assertCountEqual(
            self.received(), ["ana@example.com", "bob.new@example.com"]
        )
        self.assertEqual(self.outcomes(self.mailing)["eve@example.com"], "blacklisted")

    def test_address_changed_to_one_of_the_audience(self):
        self.mailing.action_launch()
        self.eve.email = "ana@example.com"
        self.deliver()
        self.assertCountEqual(self.received(), ["ana@example.com", "bob@example.com"])
        self.assertEqual(self.outcomes(self.mailing)["eve@example.com"], "duplicate")

    def test_archived_and_deleted_record(self):
        self.mailing.action_launch()
        self.bob.active = False
        self.eve.unlink()
        self.deliver()
        self.assertEqual(self.outcomes(self.mailing)["bob@example.com"], "gone")
        self.assertEqual(self.outcomes(self.mailing)["eve@example.com"], "gone")

    def test_merged_record_is_replaced(self):
        double = self.make_partner("ana@example.com", "Ana P.")
        self.mailing.action_launch()
        self.assertEqual(self.deliveries_of(self.mailing)[0].res_id, self.ana.id)
        self.ana.unlink()
        self.deliver()
        delivery = self.deliveries_of(self.mailing)[0]
        self.assertEqual((delivery.state, delivery.res_id), ("sent", double.id))

    def test_composer_leaves_somebody_out(self):
        """What another module's composer refuses has its reason too."""
        composer = type(self.env["mail.compose.message"])
        original = composer._process_mail_values_state

        def refuse(self, values):
            values = original(self, values)
            for res_id, value in values.items():
                if res_id == refused:
                    value.update(state="cancel", failure_type="mail_dup")
            return values

        refused = self.bob.id
        self.mailing.action_launch()
        with patch.object(composer, "_process_mail_values_state", refuse):
            self.compose()
        delivery = self.deliveries_of(self.mailing)[1]
        self.assertEqual(delivery.reason, "duplicate")
        self.assertEqual(delivery.trace_id.trace_status, "cancel")

    def test_list_opt_out(self):
        news, offers = self.env["mailing.list"].create(
            [{"name": "News"}, {"name": "Offers"}]
        )
        for email in ("ana@example.com", "bob@example.com", "eve@example.com"):
            self.make_contact(email, lists=news)
        both = self.make_contact("eve@example.com", lists=offers)
        mailing = self.make_mailing(
            self.segment,
            mailing_model_id=self.env["ir.model"]._get_id("mailing.list"),
            contact_list_ids=[(6, 0, (news | offers).ids)],
        )
        (news | offers).contact_ids.flush_recordset()
        subscriptions = news.subscription_ids
        subscriptions.filtered(
            lambda line: line.contact_id.email_normalized != "ana@example.com"
        ).opt_out = True
        self.assertFalse(both.subscription_ids.opt_out)
        mailing.action_launch()
        self.assertEqual(
            self.outcomes(mailing),
            {
                "ana@example.com": "planned",
                "bob@example.com": "opted_out",
                # Still in one of the two lists, as Odoo counts it.
                "eve@example.com": "planned",
            },
        )
        news.subscription_ids.opt_out = True
        self.deliver()
        self.assertEqual(self.outcomes(mailing)["ana@example.com"], "opted_out")
        self.assertEqual(self.outcomes(mailing)["eve@example.com"], "sent")

    def test_opt_outs_of_a_model(self):
        """Models with opt-outs of their own are asked, as in Odoo."""
        self.mailing.action_launch()
        partners = type(self.env["res.partner"])
        partners._mailing_get_opt_out_list = lambda self, mailing: {"bob@example.com"}
        self.addCleanup(delattr, partners, "_mailing_get_opt_out_list")
        self.deliver()
        self.assertEqual(self.outcomes(self.mailing)["bob@example.com"], "opted_out")


@tagged("post_install", "-at_install")
class TestDeliveryJourney(DeliveryCase):
    """Mails of journeys: the same pipeline, person by person."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ana = cls.make_partner("ana@example.com", "Ana")
        cls.bob = cls.make_partner("bob@example.com", "Bob")
        cls.mailing = cls.make_mailing(marketing_kind="journey")

    def plan(self, *rows):
        self.env["marketing.delivery"]._plan(
            self.mailing,
            [
                (self.person_of(email).id, record and record.id, visit)
                for email, record, visit in rows
            ],
        )

    def test_plan_and_send(self):
        self.plan(("ana@example.com", self.ana, 11))
        self.deliver()
        self.assertEqual(self.received(), ["ana@example.com"])
        self.assertEqual(self.deliveries_of(self.mailing).visit, 11)
        self.assertEqual(self.touchpoints_of("ana@example.com", "sent"), ["sent"])
        self.assertEqual(self.mailing.state, "sending", "A journey is never done")

    def test_planned_twice_is_sent_once(self):
        self.plan(("ana@example.com", self.ana, 11))
        self.plan(("ana@example.com", self.ana, 11))
        self.deliver()
        self.plan(("ana@example.com", self.ana, 11))
        self.deliver()
        self.assertEqual(len(self.deliveries_of(self.mailing)), 1)

    def test_next_visit_gets_the_mail_again(self):
        self.plan(("ana@example.com", self.ana, 11))
        self.deliver()
        self.plan(("ana@example.com", self.ana, 12))
        self.deliver()
        self.assertEqual(self.received(), ["ana@example.com"])
        self.assertEqual(
            self.deliveries_of(self.mailing).mapped("state"), ["sent", "sent"]
        )

    def test_two_visits_at_once(self):
        self.plan(("ana@example.com", self.ana, 11), ("ana@example.com", self.ana, 12))
        self.deliver()
        self.assertEqual(self.received(), ["ana@example.com"] * 2)

    def test_record_is_found_by_person(self):
        self.plan(("bob@example.com", None, 5))
        self.assertEqual(self.deliveries_of(self.mailing).res_id, self.bob.id)

    def test_person_without_record_of_the_model(self):
        self.make_lead("lea@example.com")
        self.plan(("lea@example.com", None, 5))
        delivery = self.deliveries_of(self.mailing)
        self.assertEqual((delivery.state, delivery.reason), ("skipped", "no_address"))

    def test_skip_is_told_at_once(self):
        """A journey that waits for the mail goes on."""
        self.env["mail.blacklist"]._add("ana@example.com")
        self.plan(("ana@example.com", self.ana, 11))
        self.env.cr.precommit.run()
        touchpoint = self.env["marketing.touchpoint"].search(
            [
                ("type_id.code", "=", "skipped"),
                ("mailing_id", "=", self.mailing.id),
            ]
        )
        self.assertEqual(touchpoint.person_id, self.person_of("ana@example.com"))
        self.assertEqual(touchpoint.res_model, "marketing.delivery")
        self.assertEqual(touchpoint.res_id, self.deliveries_of(self.mailing).id)
        self.assertEqual(touchpoint.data, {"reason": "blacklisted"})

    def test_later_due(self):
        self.env["marketing.delivery"]._plan(
            self.mailing,
            [(self.person_of("ana@example.com").id, self.ana.id, 1)],
            due=NOW + timedelta(hours=2),
        )
        self.deliver()
        self.assertEqual(self.outcomes(self.mailing), {"ana@example.com": "planned"})
        self.clock.tick(2 * 3600 + 1)
        self.deliver()
        self.assertEqual(self.outcomes(self.mailing), {"ana@example.com": "sent"})

    def test_cannot_be_sent_past_its_journey(self):
        with self.assertRaisesRegex(UserError, "belongs to a journey"):
            self.mailing._action_send_mail()

    def test_merged_persons(self):
        """Two planned mails become one; of two rows the one that left stays."""
        self.plan(("ana@example.com", self.ana, 0), ("bob@example.com", self.bob, 0))
        self.compose()
        other = self.make_mailing(marketing_kind="journey")
        self.env["marketing.delivery"]._plan(
            other,
            [
                (self.person_of("ana@example.com").id, self.ana.id, 0),
                (self.person_of("bob@example.com").id, self.bob.id, 0),
            ],
        )
        self.person_of("bob@example.com")._merge_into(self.person_of("ana@example.com"))
        self.assertEqual(len(self.deliveries_of(self.mailing)), 1)
        self.assertEqual(len(self.deliveries_of(other)), 1)
        mails = self.env["mail.mail"].search([("mailing_id", "=", self.mailing.id)])
        self.assertEqual(len(mails), 1)
        self.deliver()
        self.assertEqual(self.received(), ["ana@example.com"] * 2)

    def test_merge_keeps_what_was_sent(self):
        self.plan(("bob@example.com", self.bob, 0))
        self.deliver()
        self.plan(("ana@example.com", self.ana, 0))
        ana = self.person_of("ana@example.com")
        self.person_of("bob@example.com")._merge_into(ana)
        self.assertEqual(self.deliveries_of(self.mailing).state, "sent")
        self.assertEqual(self.deliveries_of(self.mailing).person_id, ana)


@tagged("post_install", "-at_install")
class TestDeliverySending(DeliveryCase):
    """What the mail server says, and what a dead worker leaves behind."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.emails_known = [f"p{number}@example.com" for number in range(4)]
        for email in cls.emails_known:
            cls.make_partner(email, f"Partner {email}")
        cls.mailing = cls.make_mailing(cls.make_segment(*cls.emails_known))
        cls.mailing.action_launch()

    def refuse(self, address, code):
        """Let the mail server refuse one address."""
        session = self.testing_smtp_session
        original = type(session).send_message

        def send_message(session, message, smtp_from, smtp_to_list):
            if address in smtp_to_list:
                raise smtplib.SMTPRecipientsRefused({address: (code, b"no")})
            return original(session, message, smtp_from, smtp_to_list)

        return patch.object(type(session), "send_message", send_message)

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_refused_for_good(self):
        self.compose()
        with self.mock_mail_gateway(mail_unlink_sent=True):
            with self.refuse("p1@example.com", 550):
                self.env["mail.mail"]._run_lane(0, 1)
        self.assertEqual(
            self.outcomes(self.mailing),
            {
                "p0@example.com": "sent",
                "p1@example.com": "failed",
                "p2@example.com": "sent",
                "p3@example.com": "sent",
            },
        )
        failed = self.deliveries_of(self.mailing)[1]
        self.assertIn("550", failed.error)
        self.assertEqual(failed.trace_id.trace_status, "error")
        self.assertEqual(self.mailing.state, "done")
        # The marketer tries again.
        failed.with_user(self.user_marketing).action_resend()
        self.assertEqual(self.mailing.state, "sending")
        self.send()
        self.assertEqual(failed.state, "sent")
        self.assertEqual(failed.trace_id.trace_status, "sent")
        self.assertEqual(self.mailing.state, "done")

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_refused_for_the_moment(self):
        """A mail that the server wants later is tried again, not for ever."""
        self.compose()
        delivery = self.deliveries_of(self.mailing)[1]
        with self.mock_mail_gateway(mail_unlink_sent=True):
            with self.refuse("p1@example.com", 451):
                self.env["mail.mail"]._run_lane(0, 1)
                self.assertEqual(delivery.state, "composed")
                self.assertEqual(delivery.due, NOW + timedelta(minutes=5))
                self.assertIn("451", delivery.error)
                self.assertEqual(delivery.trace_id.trace_status, "outgoing")
                for _try in range(5):
                    self.clock.tick(24 * 3600)
                    self.env["mail.mail"]._run_lane(0, 1)
        self.assertEqual(delivery.state, "failed")
        self.assertEqual(delivery.attempts, 5)

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_server_is_down(self):
        """Nothing fails because a server is away: the mails wait."""
        self.compose()
        with self.mock_mail_gateway(mail_unlink_sent=True):
            with patch.object(
                type(self.env["ir.mail_server"]),
                "_connect__",
                side_effect=MailDeliveryException("down"),
            ):
                processed, remaining = self.env["mail.mail"]._run_lane(0, 1)
        self.assertEqual((processed, remaining), (4, 0))
        self.assertEqual(set(self.outcomes(self.mailing).values()), {"composed"})
        self.send()
        self.assertEqual(self.received(), [], "not before five minutes")
        self.clock.tick(301)
        self.send()
        self.assertCountEqual(self.received(), self.emails_known)

    def test_what_a_dead_worker_had_in_hand(self):
        """Unknown, visible, never sent again by itself."""
        self.compose()
        in_hand = self.deliveries_of(self.mailing)[2]
        self.env["marketing.delivery"]._claim(in_hand.ids)
        self.send()
        self.assertEqual(in_hand.state, "unknown")
        self.assertEqual(in_hand.trace_id.trace_status, "process")
        self.assertNotIn("p2@example.com", self.received())
        self.assertEqual(self.mailing.marketing_unknown, 1)
        self.assertEqual(self.mailing.state, "done")
        # Somebody finds out that it arrived …
        in_hand.with_user(self.user_marketing).action_mark_sent()
        self.assertEqual(in_hand.state, "sent")
        self.assertEqual(in_hand.trace_id.trace_status, "sent")
        self.assertFalse(
            self.env["mail.mail"].search([("mailing_id", "=", self.mailing.id)])
        )

    def test_unknown_is_sent_again_by_a_user(self):
        self.compose()
        in_hand = self.deliveries_of(self.mailing)[2]
        self.env["marketing.delivery"]._claim(in_hand.ids)
        self.send()
        in_hand.with_user(self.user_marketing).action_resend()
        self.send()
        self.assertEqual(self.received(), ["p2@example.com"])
        self.assertEqual(in_hand.state, "sent")

    def test_a_claimed_mail_is_never_claimed_again(self):
        self.compose()
        delivery = self.deliveries_of(self.mailing)[0]
        self.env["marketing.delivery"]._claim(delivery.ids)
        with self.assertRaises(errors.SerializationFailure):
            self.env["marketing.delivery"]._claim(delivery.ids)

    def test_the_queue_of_odoo_keeps_away(self):
        self.compose()
        with self.mock_mail_gateway(mail_unlink_sent=True):
            self.env["mail.mail"].process_email_queue()
            self.env["mail.mail"].search([("mailing_id", "=", self.mailing.id)]).send()
        self.assertEqual(self.emails, [])
        self.send()
        self.assertCountEqual(self.received(), self.emails_known)

    def test_mail_deleted_or_canceled_by_hand(self):
        self.compose()
        deliveries = self.deliveries_of(self.mailing)
        mails = self.env["mail.mail"].search([("mailing_id", "=", self.mailing.id)])
        by_delivery = {mail.marketing_delivery_id: mail for mail in mails}
        by_delivery[deliveries[0]].unlink()
        by_delivery[deliveries[1]].cancel()
        self.send()
        self.assertEqual(
            deliveries.mapped("reason"), ["canceled", "canceled", False, False]
        )
        self.assertCountEqual(self.received(), self.emails_known[2:])

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_retry_of_odoo_passes_the_gate(self):
        self.compose()
        with self.mock_mail_gateway(mail_unlink_sent=True):
            with self.refuse("p1@example.com", 550):
                self.env["mail.mail"]._run_lane(0, 1)
        mail = self.env["mail.mail"].search([("mailing_id", "=", self.mailing.id)])
        self.assertEqual(mail.state, "exception")
        mail.action_retry()
        self.env["mail.blacklist"]._add("p1@example.com")
        self.send()
        self.assertEqual(self.received(), [])
        self.assertEqual(self.outcomes(self.mailing)["p1@example.com"], "blacklisted")

    @mute_logger(
        "odoo.addons.email_marketing_crm.models.marketing_delivery_compose",
        "odoo.addons.mail.models.mail_render_mixin",
    )
    def test_one_mail_cannot_be_rendered(self):
        """One failing record costs itself, not the others of its batch."""
        self.mailing.action_cancel()
        self.mailing.body_html = "<p t-if=\"1 / (object.ref != 'bad')\">Hello</p>"
        self.mailing.action_launch()
        partner = self.env["res.partner"].search([("email", "=", "p2@example.com")])
        partner.ref = "bad"  # nothing that the check could have found
        self.deliver()
        outcomes = self.outcomes(self.mailing)
        self.assertEqual(outcomes.pop("p2@example.com"), "failed")
        self.assertEqual(set(outcomes.values()), {"sent"})
        self.assertTrue(self.deliveries_of(self.mailing)[2].error)
        self.mailing.body_html = "<p>Hello</p>"
        self.mailing.with_user(self.user_marketing).action_retry_failed()
        self._run_lane("marketing.mailing.check")  # looks at the changed text first
        self.deliver()
        self.assertEqual(self.outcomes(self.mailing)["p2@example.com"], "sent")

    def test_mails_of_standard_mailings_are_gated_too(self):
        """An unsubscribe between composing and sending counts for all mailings."""
        mailing = self.make_mailing(
            mailing_domain=repr([("email", "in", self.emails_known[:2])])
        )
        self.assertFalse(mailing.marketing_kind)
        composer_model = type(self.env["mail.compose.message"])
        original = composer_model.create
        with patch.object(
            composer_model,
            "create",
            lambda self, values: original(self, dict(values, force_send=False)),
        ):
            mailing._action_send_mail()
        self.env["mail.blacklist"]._add("p1@example.com")
        with self.mock_mail_gateway(mail_unlink_sent=True):
            self.env["mail.mail"].process_email_queue()
        self.assertEqual(self.received(), ["p0@example.com"])
        self.assertEqual(
            sorted(mailing.mailing_trace_ids.mapped("trace_status")), ["cancel", "sent"]
        )

    def test_lanes_share_the_work(self):
        self.env["marketing.delivery"]._run_lane(1, 2)
        mine = self.deliveries_of(self.mailing).filtered(
            lambda delivery: delivery.person_id.id % 2 == 1
        )
        self.assertEqual(set(mine.mapped("state")), {"composed"})
        self.assertEqual(
            set((self.deliveries_of(self.mailing) - mine).mapped("state")), {"planned"}
        )
        waiting, oldest = self.env["marketing.delivery"]._get_lane_backlog(0, 2)
        self.assertEqual(waiting, 4 - len(mine))
        self.assertEqual(oldest, NOW)
        self.assertEqual(
            self.env["mail.mail"]._get_lane_backlog(1, 2), (len(mine), NOW)
        )
