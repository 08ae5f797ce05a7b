import email
import json
import re
import smtplib
from email import policy
from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models import marketing_delivery_sessions as sessions
from ..models import marketing_delivery_writer
from .volume_common import LOGGER, VolumeCase


@tagged("post_install", "-at_install")
class TestHighVolume(VolumeCase):
    def test_everybody_gets_the_mail_once(self):
        self.deliver()
        self.assertCountEqual(self.smtp.addresses, self.emails_known)
        deliveries = self.deliveries_of(self.mailing)
        self.assertEqual(set(deliveries.mapped("state")), {"sent"})
        self.assertTrue(all(deliveries.mapped("is_high_volume")))
        self.assertEqual(set(deliveries.trace_id.mapped("trace_status")), {"sent"})
        self.assertEqual(
            deliveries.trace_id.mapped("mail_mail_id_int"),
            deliveries.mapped("mail_mail_id_int"),
        )
        self.assertFalse(
            self.env["mail.mail"].search([("mailing_id", "=", self.mailing.id)]),
            "No mail.mail is written.",
        )
        self.assertFalse(self.env["marketing.handover"].search([]))
        self.assertEqual(self.mailing.state, "done")
        self.assertEqual(
            self.env["marketing.touchpoint"].search_count(
                [("mailing_id", "=", self.mailing.id), ("type_id.code", "=", "sent")]
            ),
            len(self.emails_known),
        )

    def test_opens_clicks_replies_and_bounces_find_their_mail(self):
        self.deliver()
        delivery = self.deliveries_of(self.mailing)[0]
        content = dict(self.smtp.taken)[delivery.email]
        message = email.message_from_bytes(content, policy=policy.SMTP)
        html = message.get_body(("html",)).get_content()
        pixel = re.search(r"mail/track/(\d+)/(\w+)/blank.gif", html)
        self.assertEqual(int(pixel[1]), delivery.mail_mail_id_int)
        self.assertEqual(
            pixel[2],
            self.env["mail.mail"]._generate_mail_recipient_token(int(pixel[1])),
        )
        code, trace, key = re.search(r"/r/(\w+)/m/(\d+)\?k=(\w+)", html).groups()
        self.assertEqual(int(trace), delivery.trace_id.id)
        self.assertTrue(delivery.trace_id._is_link_signed(int(trace), key))
        self.env["link.tracker.click"].add_click(
            code, mailing_trace_id=int(trace), ip="10.0.0.1"
        )
        self.assertEqual(delivery.trace_id.trace_status, "open")
        self.assertTrue(delivery.trace_id.links_click_datetime)
        self.assertEqual(str(message["Message-Id"]), delivery.trace_id.message_id)
        reply = (
            f"From: {delivery.email}\r\nTo: news@pumps.example.com\r\nSubject: Re\r\n"
            f"Message-Id: <reply@example.com>\r\n"
            f"In-Reply-To: {delivery.trace_id.message_id}\r\n"
            f"References: {delivery.trace_id.message_id}\r\n\r\nYes, please."
        )
        with mute_logger("odoo.addons.mail.models.mail_thread"):
            self.env["mail.thread"].message_process("res.partner", reply.encode())
        self.assertEqual(delivery.trace_id.trace_status, "reply")
        other = self.deliveries_of(self.mailing)[1]
        other.trace_id.set_bounced(
            domain=[("message_id", "in", [other.trace_id.message_id])]
        )
        self.assertEqual(other.trace_id.trace_status, "bounce")

    def test_who_opts_out_a_second_before(self):
        """The gates are asked for each group right before it is handed over."""
        victim = self.partners[7]
        begin = type(self.env["marketing.delivery"])._group_safely

        def opt_out(deliveries, *args):
            found = begin(deliveries, *args)
            self.env["mail.blacklist"]._add(victim.email)
            return found

        with patch.object(
            type(self.env["marketing.delivery"]), "_group_safely", opt_out
        ):
            self.deliver()
        self.assertNotIn(victim.email, self.smtp.addresses)
        self.assertEqual(self.outcomes(self.mailing)[victim.email], "blacklisted")

    def test_who_opts_out_while_a_slow_server_takes_others(self):
        """However slow the server is, nobody is asked about long before his mail."""
        victim = self.partners[7]
        blacklist = self.env["mail.blacklist"]

        class Taken(list):
            def append(self, mail):
                self.extend([mail])
                if len(self) == 3:
                    blacklist._add(victim.email)

        self.smtp.taken = Taken()
        with patch.object(sessions, "GROUP_SECONDS", -1):
            self.deliver()
        self.assertEqual(self.outcomes(self.mailing)[victim.email], "blacklisted")
        self.assertCountEqual(
            self.smtp.addresses,
            [email for email in self.emails_known if email != victim.email],
        )

    def test_links_to_preferences_are_looked_up_together(self):
        """Links to preferences are looked up for many recipients at once."""
        self.mailing.body_html = '<p><a href="/marketing/preferences">Choose</a></p>'
        self.mailing.action_launch()
        urls = type(self.env["marketing.person"])._get_preference_urls
        with patch.object(
            type(self.env["marketing.person"]),
            "_get_preference_urls",
            autospec=True,
            side_effect=urls,
        ) as looked_up:
            self.run_lanes()
        self.assertLess(looked_up.call_count, 10)
        tokens = {
            re.search(rb"preferences/([\w.-]+)", content.replace(b"=\r\n", b""))[1]
            for _address, content in self.smtp.taken
        }
        self.assertEqual(len(tokens), len(self.emails_known))

    def test_template_that_fails_for_some(self):
        """They have failed with words that help; everybody else gets his mail."""
        self.mailing.body_html = (
            "<p>Dear <t t-out='object.name[0 if object.ref != \"bad\" else 99]'/></p>"
        )
        self.mailing.action_launch()
        (self.partners[1] | self.partners[9] | self.partners[19]).ref = "bad"
        with mute_logger(
            LOGGER,
            "odoo.addons.mail.models.mail_render_mixin",
            "odoo.addons.email_marketing_crm.models.marketing_delivery_compose",
        ):
            self.run_lanes()
        failed = self.deliveries_of(self.mailing).filtered(
            lambda delivery: delivery.state == "failed"
        )
        self.assertEqual(
            set(failed.mapped("email")),
            {self.emails_known[number] for number in (1, 9, 19)},
        )
        self.assertTrue(all("index out of range" in one.error for one in failed))
        self.assertEqual(len(self.smtp.taken), 17)
        self.assertEqual(len(set(self.smtp.addresses)), 17)

    def test_fields_are_printed_as_odoo_prints_them(self):
        """The template is parsed once for all, whatever is in the fields."""
        self.partners[4].name = "<b>Eve</b> & 'Bo' = 1"
        self.partners[5].city = False
        self.partners[6].user_id = self.env.user
        self.env.user.signature = "<p>Bo &amp; <i>Eve</i></p>"
        composer = self.env["mail.compose.message"].new({"model": "res.partner"})
        source = (
            'Dear <t t-out="object.name"/>,<b class="x"> in </b>'
            '<B t-out="object.city" >  your &amp; my\n town</B>qZ'
            "<p t-out='object.user_id.name'/><t t-out=\"object.user_id.signature\">"
            "nobody</t> yours"
        )
        ids = self.partners.ids
        found = marketing_delivery_writer._render_fields(composer, source, ids)
        expected = composer._render_template_qweb_regex(source, "res.partner", ids)
        self.assertEqual(found, {key: str(text) for key, text in expected.items()})

    def test_awkward_values_go_through_odoo(self):
        self.partners[3].name = "<b>Eve</b> = 1"
        self.deliver()
        by_email = {one.email: one for one in self.deliveries_of(self.mailing)}
        self.assertFalse(by_email["volume3@example.com"].is_high_volume)
        self.assertTrue(by_email["volume2@example.com"].is_high_volume)
        self.assertIn("volume3@example.com", self.smtp.addresses)

    def test_who_is_not_tracked(self):
        person = self.partners[5].marketing_person_id
        person.is_do_not_track = True
        self.deliver()
        content = dict(self.smtp.taken)["volume5@example.com"]
        self.assertNotIn(b"mail/track", content.replace(b"=\r\n", b""))

    def test_template_that_cannot_be_cut(self):
        self.mailing.body_html = (
            "<p><t t-if='object.city'>Hello</t> <t t-out='object.name'/></p>"
        )
        self.deliver()
        self.assertCountEqual(self.smtp.addresses, self.emails_known)
        self.assertFalse(any(self.deliveries_of(self.mailing).mapped("is_high_volume")))

    def test_what_falls_back(self):
        attachment = self.env["ir.attachment"].create({"name": "a.txt", "raw": b"a"})
        for values, word in (
            ({"attachment_ids": [Command.set(attachment.ids)]}, "attachments"),
            ({"keep_archives": True}, "kept"),
            ({"reply_to_mode": "update"}, "Replies"),
        ):
            with self.subTest(word):
                mailing = self.make_volume_mailing(**values)
                self.assertEqual(mailing.marketing_lane, "standard")
                self.assertIn(word, mailing.marketing_lane_reason)
        self.assertEqual(self.mailing.marketing_lane, "high_volume")
        sender = self.mailing.marketing_sender_id
        self.assertEqual(sender.lane, "high_volume")
        sender.is_high_volume = False
        self.assertEqual(sender.lane, "standard")
        self.assertIn("switched off", self.mailing.marketing_lane_reason)

    def test_another_module_changes_how_mails_are_sent(self):
        sender = self.mailing.marketing_sender_id
        with patch.object(
            type(sender),
            "_get_sending_overrides",
            lambda self, *names: {"other_module": ["mail.mail.send"]},
        ):
            self.assertEqual(sender.lane, "standard")
            self.assertIn("other_module", sender.lane_reason)
            self.deliver()
        self.assertFalse(any(self.deliveries_of(self.mailing).mapped("is_high_volume")))
        self.assertCountEqual(self.smtp.addresses, self.emails_known)

    def test_no_module_of_odoo_stands_in_the_way(self):
        self.assertEqual(self.env["marketing.sender"]._get_sending_overrides(), {})


@tagged("post_install", "-at_install")
class TestVolumeFaults(VolumeCase):
    """What servers do, and what becomes of the mails; nothing twice, nothing lost."""

    def assert_nothing_twice(self):
        self.assertEqual(len(self.smtp.addresses), len(set(self.smtp.addresses)))

    def test_recipient_refused_for_good(self):
        self.smtp.recipients["volume3@example.com"] = (550, b"No such user")
        self.deliver()
        found = self.states()
        self.assertEqual(found.pop("volume3@example.com"), "failed")
        self.assertEqual(set(found.values()), {"sent"})
        delivery = self.deliveries_of(self.mailing).filtered(
            lambda one: one.state == "failed"
        )
        self.assertEqual(delivery.error, "550 No such user")
        self.assertEqual(delivery.trace_id.trace_status, "error")
        self.assert_nothing_twice()

    def test_recipient_wanted_later(self):
        self.smtp.recipients["volume3@example.com"] = (451, b"Greylisted")
        self.deliver()
        delivery = self.deliveries_of(self.mailing).filtered(
            lambda one: one.state != "sent"
        )
        self.assertEqual(
            (delivery.email, delivery.state), ("volume3@example.com", "planned")
        )
        self.assertFalse(delivery.trace_id)
        self.smtp.recipients.clear()
        self.run_lanes()
        self.assertEqual(delivery.state, "planned", "not before five minutes")
        self.clock.tick(301)
        self.run_lanes()
        self.assertEqual(delivery.state, "sent")
        self.assertEqual(delivery.attempts, 2)
        self.assert_nothing_twice()
        self.assertEqual(
            self.env["mailing.trace"].search_count(
                [("mass_mailing_id", "=", self.mailing.id)]
            ),
            len(self.emails_known),
        )

    def test_content_refused(self):
        self.smtp.contents["volume3@example.com"] = (554, b"Spam")
        self.smtp.contents["volume4@example.com"] = (452, b"Later")
        self.deliver()
        found = self.states()
        self.assertEqual(found.pop("volume3@example.com"), "failed")
        self.assertEqual(found.pop("volume4@example.com"), "planned")
        self.assertEqual(set(found.values()), {"sent"})

    def test_server_hangs_up_within_the_content(self):
        """One mail is in doubt, the rest waits a while."""
        self.smtp.contents["volume3@example.com"] = smtplib.SMTPServerDisconnected()
        self.deliver()
        found = self.states()
        self.assertEqual(found["volume3@example.com"], "unknown")
        self.assertEqual(list(found.values()).count("unknown"), 1)
        self.assertEqual(
            set(found.values()) - {"unknown", "sent"}, {"planned"}, "others wait"
        )
        self.smtp.contents.clear()
        self.clock.tick(301)
        self.run_lanes()
        found = self.states()
        self.assertEqual(found.pop("volume3@example.com"), "unknown")
        self.assertEqual(set(found.values()), {"sent"})
        self.assert_nothing_twice()

    def test_server_hangs(self):
        self.smtp.contents["volume3@example.com"] = TimeoutError("timed out")
        self.deliver()
        self.assertEqual(self.states()["volume3@example.com"], "unknown")
        self.assert_nothing_twice()

    def test_sessions_are_limited(self):
        """A server that says 421 after some mails is asked again at once."""
        self.smtp.mails_per_session = 6
        self.deliver()
        self.assertEqual(set(self.states().values()), {"sent"})
        self.assert_nothing_twice()
        self.assertGreaterEqual(len(self.smtp.sessions), 4)

    def test_server_is_down_for_a_while(self):
        """Nothing fails because nobody is there, however long."""
        self.smtp.is_down = True
        self.deliver()
        for _try in range(8):
            self.clock.tick(3600)
            self.run_lanes()
        self.assertEqual(set(self.states().values()), {"planned"})
        self.smtp.is_down = False
        self.clock.tick(3600)
        self.run_lanes()
        self.assertEqual(set(self.states().values()), {"sent"})
        self.assert_nothing_twice()

    def test_server_without_pipelining(self):
        self.smtp.extensions = ("size",)
        self.smtp.recipients["volume3@example.com"] = (550, b"No such user")
        self.smtp.recipients["volume4@example.com"] = (451, b"Greylisted")
        self.deliver()
        self.assertEqual(self.states()["volume3@example.com"], "failed")
        self.assertEqual(self.states()["volume4@example.com"], "planned")
        self.assertEqual(len(self.smtp.taken), len(self.emails_known) - 2)
        self.assert_nothing_twice()

    def test_mails_begin_with_the_content_of_the_one_before(self):
        """What the server says to each is heard all the same."""
        self.smtp.recipients["volume3@example.com"] = (550, b"No such user")
        self.smtp.contents["volume5@example.com"] = (554, b"Spam")
        self.deliver()
        self.assertEqual(self.smtp.begun_early, len(self.emails_known) - 2)
        found = self.states()
        self.assertEqual(found.pop("volume3@example.com"), "failed")
        self.assertEqual(found.pop("volume5@example.com"), "failed")
        self.assertEqual(set(found.values()), {"sent"})
        self.assert_nothing_twice()

    def test_server_that_gets_lost_over_early_commands(self):
        self.smtp.forgets_early_commands = True
        self.deliver()
        self.assertEqual(self.smtp.begun_early, 1)
        deliveries = self.deliveries_of(self.mailing)
        self.assertEqual(set(deliveries.mapped("state")), {"sent"})
        self.assertEqual(set(deliveries.mapped("attempts")), {1})
        self.assert_nothing_twice()

    def test_who_opts_out_after_his_mail_began(self):
        """It began with the one before, for which the server took seconds."""
        self.smtp.clock, self.smtp.seconds_per_mail = self.clock, 2
        victims = []

        def opt_out(address):
            if not victims:
                place = self.emails_known.index(address)
                victims.append(self.emails_known[place + 1])
                self.env["mail.blacklist"]._add(victims[0])

        self.smtp.on_taken = opt_out
        self.deliver()
        for _run in range(2):  # of twenty seconds each
            self.run_lanes()
        self.assertTrue(self.smtp.begun_early)
        found = self.outcomes(self.mailing)
        self.assertEqual(found.pop(victims[0]), "blacklisted")
        self.assertEqual(set(found.values()), {"sent"})
        self.assert_nothing_twice()

    def test_slow_server(self):
        """A run ends in time; what is left stays planned for the next one."""
        with patch.object(sessions, "RUN_SECONDS", -1):
            self.mailing.action_launch()
            with (
                self.smtp.patched(self.env),
                patch.object(type(self.env["ir.mail_server"]), "_disable_send", bool),
            ):
                self.env["marketing.delivery"]._run_lane(0, 1)
        self.assertEqual(self.smtp.taken, [])
        self.assertEqual(set(self.states().values()), {"planned"})
        self.run_lanes()
        self.assertEqual(set(self.states().values()), {"sent"})
        self.assert_nothing_twice()

    def sleep_for_a_week(self):
        """What was due meanwhile leaves with the next run; it is gated again then."""
        self.env["mail.blacklist"]._add(self.emails_known[2])
        self.clock.tick(7 * 24 * 3600)
        self.run_lanes()
        found = self.outcomes(self.mailing)
        self.assertEqual(found.pop(self.emails_known[2]), "blacklisted")
        self.assertEqual(set(found.values()), {"sent"})
        self.assert_nothing_twice()

    def test_scheduler_was_off_for_a_week(self):
        self.mailing.action_launch()
        self.sleep_for_a_week()

    def test_scheduler_was_off_for_a_week_in_the_standard_lane(self):
        """Here the mails are written already."""
        self.mailing.marketing_sender_id.is_high_volume = False
        self.mailing.action_launch()
        self.compose()
        self.sleep_for_a_week()

    def test_the_standard_lane_and_what_servers_say(self):
        self.mailing.marketing_sender_id.is_high_volume = False
        self.smtp.recipients["volume3@example.com"] = (550, b"No such user")
        self.smtp.recipients["volume4@example.com"] = (451, b"Greylisted")
        self.smtp.contents["volume5@example.com"] = (554, b"Spam")
        with mute_logger("odoo.addons.mail.models.mail_mail"):
            self.deliver()
        found = self.states()
        self.assertEqual(found.pop("volume3@example.com"), "failed")
        self.assertEqual(found.pop("volume4@example.com"), "composed")
        self.assertEqual(found.pop("volume5@example.com"), "failed")
        self.assertEqual(set(found.values()), {"sent"})
        self.assert_nothing_twice()
        self.smtp.recipients.clear()
        self.clock.tick(301)
        self.run_lanes()
        self.assertEqual(self.states()["volume4@example.com"], "sent")

    def test_worker_that_died(self):
        """Its journal tells: finished, in hand, or never left."""
        self.mailing.action_launch()
        deliveries = self.deliveries_of(self.mailing)
        self.env.cr.execute(
            "UPDATE marketing_delivery SET state = 'sending', is_high_volume = TRUE"
            " WHERE mailing_id = %s",
            [self.mailing.id],
        )
        journal = self.env["marketing.handover"]._begin(deliveries.ids)
        journal.write(deliveries[0].id, "{}")
        journal.write(deliveries[1].id, f'{{"{deliveries[0].id}": null}}')
        self.env["marketing.delivery"]._invalidate_deliveries()
        self.run_lanes()
        self.assertEqual(deliveries[0].state, "sent")
        self.assertEqual(deliveries[1].state, "unknown")
        self.assertEqual(set(deliveries[2:].mapped("state")), {"sent"})
        self.assertCountEqual(self.smtp.addresses, deliveries[2:].mapped("email"))

    def test_journal_of_mails_that_fail_or_go_out_of_turn(self):
        """What left in order is told by its place; the rest by name."""
        self.mailing.action_launch()
        ids = self.deliveries_of(self.mailing).ids
        self.env.cr.execute(
            "UPDATE marketing_delivery SET state = 'sending' WHERE id = ANY(%s)", [ids]
        )
        journal = self.env["marketing.handover"]._begin(ids)
        refusal = {"type": "unknown", "reason": "no", "is_temporary": False}
        for current, finished, place, kept in (
            (0, {}, 0, {}),
            (1, {0: None}, 1, {}),
            (3, {1: refusal}, 2, {1: refusal}),
            (2, {3: None}, 2, {1: refusal, 3: None}),
            (4, {2: None}, 4, {1: refusal, 3: None}),
        ):
            journal.write(
                ids[current],
                json.dumps({ids[one]: failure for one, failure in finished.items()}),
            )
            self.env.cr.execute(
                "SELECT place, finished FROM marketing_handover WHERE id = %s",
                [journal.handover_id],
            )
            self.assertEqual(
                self.env.cr.fetchone(),
                (place, {str(ids[one]): failure for one, failure in kept.items()}),
            )
        [handover] = self.env["marketing.handover"]._take_abandoned()
        self.assertCountEqual(handover.sent, [ids[0], ids[2], ids[3]])
        self.assertEqual(handover.failed, {ids[1]: refusal})
        self.assertEqual(handover.unknown, [ids[4]])
        self.assertCountEqual(handover.untouched, ids[5:])
