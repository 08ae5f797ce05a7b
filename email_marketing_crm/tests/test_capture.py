from email.message import EmailMessage

from odoo.tests import tagged

from odoo.addons.email_marketing_crm.tests.common import BROWSER, MarketingCase

from .test_tools_bounce import NOTIFICATION


class CaptureCase(MarketingCase):
    """A mailing that reached Ana and Bo."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.make_partner("ana@example.com")
        cls.mailing = cls.env["mailing.mailing"].create(
            {
                "subject": "Spring newsletter",
                "mailing_model_id": cls.env["ir.model"]._get_id("res.partner"),
                "body_html": "<p>Hello</p>",
            }
        )
        cls.links = cls.env["link.tracker"].create(
            [
                {
                    "url": f"https://example.com/{page}",
                    "title": page,
                    "mass_mailing_id": cls.mailing.id,
                }
                for page in ("prices", "pumps", "contact", "news")
            ]
        )

    def make_trace(self, partner=None, **values):
        partner = partner or self.partner
        return self.env["mailing.trace"].create(
            {
                "trace_type": "mail",
                "mass_mailing_id": self.mailing.id,
                "model": "res.partner",
                "res_id": partner.id,
                "email": partner.email_normalized,
                "message_id": f"<mail-{partner.id}@example.com>",
                **values,
            }
        )

    def click(self, link, trace, user_agent=BROWSER, method="GET"):
        hit = {"user_agent": user_agent, "method": method}
        return (
            self.env["link.tracker.click"]
            .with_context(marketing_hit=hit)
            .add_click(link.code, ip="192.0.2.7", mailing_trace_id=trace.id)
        )

    def touchpoint(self, code):
        self.env.flush_all()
        self.env.cr.precommit.run()
        found = self.env["marketing.touchpoint"].search(
            [
                ("person_id", "=", self.partner.marketing_person_id.id),
                ("type_id.code", "=", code),
            ]
        )
        found.invalidate_recordset()
        return found


@tagged("post_install", "-at_install")
class TestCaptureMail(CaptureCase):
    def test_a_mail_is_sent_opened_and_answered_once_each(self):
        trace = self.make_trace()
        trace.set_sent()
        trace.set_opened()
        trace.set_opened()
        trace.set_replied()
        trace.set_replied()
        self.assertEqual(
            sorted(self.touchpoints_of("ana@example.com")),
            ["opened", "replied", "sent"],
        )

    def test_a_trace_created_as_sent_counts(self):
        self.make_trace(trace_status="sent")
        self.assertEqual(self.touchpoints_of("ana@example.com"), ["sent"])

    def test_a_test_mail_is_no_touchpoint(self):
        self.make_trace(is_test_trace=True).set_sent()
        self.assertFalse(self.touchpoints_of("ana@example.com"))

    def test_a_click_says_which_link_and_is_likely_human(self):
        trace = self.make_trace(trace_status="sent")
        trace.sent_datetime = self.clock()
        self.clock.tick(60)
        self.click(self.links[0], trace)
        clicked = self.touchpoint("clicked")
        self.assertEqual(clicked.link_id, self.links[0])
        self.assertEqual(clicked.mailing_id, self.mailing)
        self.assertEqual(clicked.reliability, "human_likely")
        self.assertIn("prices", clicked.description)

    def test_a_click_with_the_trace_of_another_mailing_is_nobodys(self):
        other = self.mailing.copy({"subject": "Other"})
        trace = self.make_trace(mass_mailing_id=other.id)
        self.click(self.links[0], trace)
        self.assertFalse(self.touchpoint("clicked"))
        self.assertFalse(self.touchpoint("opened"))
        self.assertEqual(trace.trace_status, "outgoing")
        self.assertFalse(trace.links_click_datetime)

    def test_a_click_on_a_trace_that_does_not_exist_harms_nobody(self):
        self.env["link.tracker.click"].add_click(
            self.links[0].code, ip="192.0.2.7", mailing_trace_id=999999999
        )
        self.assertFalse(self.touchpoint("clicked"))

    def test_a_scanner_that_follows_every_link_is_recognised_before_it_counts(self):
        trace = self.make_trace(trace_status="sent")
        for link in self.links:
            self.click(link, trace)
        self.run_inbox()
        self.assertEqual(
            set(self.touchpoint("clicked").mapped("reliability")), {"security_scan"}
        )
        self.assertEqual(self.touchpoint("opened").reliability, "security_scan")
        person = self.person_of("ana@example.com")
        self.assertFalse(person.last_click_date)
        self.assertFalse(person.last_engagement_date)

    def test_a_burst_that_is_seen_late_is_repaired(self):
        trace = self.make_trace(trace_status="sent")
        for link in self.links[:2]:
            self.click(link, trace)
        self.run_inbox()
        self.assertTrue(self.person_of("ana@example.com").last_click_date)
        self.env.cr.execute(
            "UPDATE marketing_touchpoint SET date = date + interval '14 seconds'"
        )
        for link in self.links[2:]:
            self.click(link, trace)
        self.run_inbox()
        self.assertFalse(self.person_of("ana@example.com").last_click_date)

    def test_opting_out_and_back_in_of_a_list(self):
        mailing_list = self.env["mailing.list"].create({"name": "News"})
        contact = self.make_contact("ana@example.com", lists=mailing_list)
        contact.subscription_ids.opt_out = True
        contact.subscription_ids.opt_out = True
        contact.subscription_ids.opt_out = False
        self.assertEqual(
            self.touchpoints_of("ana@example.com"), ["unsubscribed", "resubscribed"]
        )

    def test_blocking_and_freeing_an_address(self):
        self.env["mail.blacklist"]._add("Ana@example.com")
        self.env["mail.blacklist"]._add("ana@example.com")
        self.env["mail.blacklist"]._remove("ana@example.com")
        self.assertEqual(
            self.touchpoints_of("ana@example.com"), ["unsubscribed", "resubscribed"]
        )


@tagged("post_install", "-at_install")
class TestCaptureGateway(CaptureCase):
    def receive(self, message):
        return self.env["mail.thread"].message_process(None, message.as_string())

    def bounce(self, trace, status):
        message = NOTIFICATION.format(status=status, action="failed").replace(
            "--b--\n",
            "--b\nContent-Type: text/rfc822-headers\n\n"
            f"Message-Id: {trace.message_id}\nTo: ana@example.com\n\n--b--\n",
        )
        domain = self.env["mail.alias.domain"].search([], limit=1) or self.env[
            "mail.alias.domain"
        ].create({"name": "example.org"})
        self.env.company.alias_domain_id = domain
        header = f"To: {domain.bounce_email}\nMessage-Id: <dsn-{trace.id}@mx>\n"
        self.env["mail.thread"].message_process(None, header + message)

    def test_a_hard_bounce_stops_all_mail(self):
        trace = self.make_trace(trace_status="sent")
        self.bounce(trace, "5.1.1")
        self.run_inbox()
        self.assertIn("hard_bounce", self.touchpoints_of("ana@example.com"))
        person = self.person_of("ana@example.com")
        self.assertEqual(person.suppression, "bounce")
        person.with_user(self.user_manager)._lift_suppression("It was wrong")
        self.assertEqual(person.suppression, "none")

    def test_a_full_mailbox_does_not(self):
        trace = self.make_trace(trace_status="sent")
        self.bounce(trace, "4.2.2")
        self.run_inbox()
        self.assertIn("soft_bounce", self.touchpoints_of("ana@example.com"))
        self.assertEqual(self.person_of("ana@example.com").suppression, "none")

    def test_a_bounce_without_its_message_is_soft(self):
        trace = self.make_trace(trace_status="sent")
        self.env["mail.thread"]._routing_handle_bounce(
            False,
            {
                "bounced_email": "ana@example.com",
                "bounced_partner": self.partner,
                "bounced_msg_ids": [trace.message_id],
                "bounced_message": self.env["mail.message"],
                "email_from": "MAILER-DAEMON@example.com",
                "to": "bounce@example.org",
                "message_id": "<dsn@example.com>",
                "body": "<p>Not now</p>",
            },
        )
        self.assertIn("soft_bounce", self.touchpoints_of("ana@example.com"))

    def reply(self, trace, **headers):
        message = EmailMessage()
        message["From"] = "Ana <ana@example.com>"
        message["To"] = f"catchall@{self.domain.name}"
        message["Subject"] = "Re: Spring newsletter"
        message["Message-Id"] = f"<reply-{trace.id}@example.com>"
        message["References"] = trace.message_id
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content("Please call me")
        alias = self.env["mail.alias"].create(
            {
                "alias_name": "hello",
                "alias_domain_id": self.domain.id,
                "alias_model_id": self.env["ir.model"]._get_id("crm.lead"),
            }
        )
        del message["To"]
        message["To"] = f"{alias.alias_name}@{self.domain.name}"
        self.receive(message)

    def setUp(self):
        super().setUp()
        self.domain = self.env["mail.alias.domain"].search([], limit=1) or self.env[
            "mail.alias.domain"
        ].create({"name": "example.org"})

    def test_a_reply_is_a_human(self):
        self.reply(self.make_trace(trace_status="sent"))
        self.assertEqual(self.touchpoint("replied").reliability, "human_confirmed")

    def test_an_absence_note_is_not(self):
        trace = self.make_trace(trace_status="sent")
        self.reply(trace, Auto_Submitted="auto-replied")
        self.run_inbox()
        self.assertEqual(self.touchpoint("replied").reliability, "machine_open")
        self.assertFalse(self.person_of("ana@example.com").last_reply_date)


@tagged("post_install", "-at_install")
class TestCaptureSales(CaptureCase):
    def test_the_life_of_a_lead(self):
        lead = self.make_lead(
            "ana@example.com", type="opportunity", expected_revenue=1200.0
        )
        stages = self.env["crm.stage"].search([], order="sequence")
        won = stages.filtered("is_won")[:1]
        lead.stage_id = (stages - won - lead.stage_id)[0]
        lead.user_id = self.user_sales
        lead.action_set_won()
        codes = self.touchpoints_of("ana@example.com")
        self.assertEqual(codes[0], "lead_created")
        self.assertEqual(codes.count("won"), 1)
        self.assertEqual(codes.count("assigned"), 1)
        self.assertEqual(codes.count("stage_moved"), 2)
        self.assertEqual(self.touchpoint("won").value, 1200.0)

    def test_a_lost_lead(self):
        lead = self.make_lead("ana@example.com", type="opportunity")
        reason = self.env["crm.lost.reason"].create({"name": "No budget"})
        lead.action_set_lost(lost_reason_id=reason.id)
        self.assertEqual(self.touchpoints_of("ana@example.com", "lost"), ["lost"])

    def test_an_activity_that_is_done(self):
        lead = self.make_lead("ana@example.com")
        activity = lead.activity_schedule(
            "mail.mail_activity_data_call", summary="Call"
        )
        activity.action_feedback("Spoke to her")
        self.assertEqual(
            self.touchpoints_of("ana@example.com", "activity_done"), ["activity_done"]
        )

    def test_writing_a_lead_without_change_captures_nothing(self):
        lead = self.make_lead("ana@example.com", user_id=self.user_sales.id)
        lead.write({"stage_id": lead.stage_id.id, "user_id": self.user_sales.id})
        self.assertEqual(self.touchpoints_of("ana@example.com"), ["lead_created"])

    def test_a_lead_without_address_captures_nothing(self):
        before = self.env["marketing.touchpoint"].search_count([])
        lead = self.make_lead(False)
        lead.user_id = self.user_sales
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.assertEqual(self.env["marketing.touchpoint"].search_count([]), before)
