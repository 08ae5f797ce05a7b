from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .campaign_common import CampaignCase
from .common import NOW


@tagged("post_install", "-at_install")
class TestCampaign(CampaignCase):
    """A marketer sends a mailing to segments."""

    # ------------------------------------------------------------------
    # from the form to the inbox
    # ------------------------------------------------------------------

    def test_marketer_sends_to_a_segment(self):
        marketer = self.env["mailing.mailing"].with_user(self.user_marketing)
        with Form(marketer) as form:
            form.subject = "New pumps"
            form.mailing_model_id = self.env["ir.model"]._get("res.partner")
            form.marketing_segment_ids.add(self.segment)
        mailing = form.record
        mailing.body_html = "<p>Dear <t t-out='object.name'/></p>"
        self.assertEqual(mailing.marketing_kind, "campaign")
        self.assertEqual(
            mailing.mailing_domain,
            f"[('marketing_segment_ids', 'in', [{self.segment.id}])]",
        )
        self.assertEqual(mailing.total, 2)
        self.assertFalse(mailing.marketing_topic_id)
        mailing.action_launch()
        self.assertEqual(mailing.state, "in_queue")
        self.assertEqual(mailing.marketing_waiting, 2)
        self.assert_sums_up(mailing)
        self.compose()
        self.assert_sums_up(mailing)
        self.send()
        self.assert_sums_up(mailing)
        self.assertCountEqual(self.received(), ["ana@example.com", "bob@example.com"])
        self.assertEqual(mailing.state, "done")
        self.assertEqual(mailing.sent_date, NOW)
        self.assertTrue(mailing.kpi_mail_required)
        self.assertEqual((mailing.sent, mailing.expected, mailing.scheduled), (2, 2, 0))
        self.assertIn("Dear Ana", self.emails[0]["message"])
        self.assertRegex(
            self.emails[0]["message"],
            r"\r\nList-Unsubscribe: <http\S+/unsubscribe_oneclick\?\S+>\r\n",
            "Mailbox providers read this header as it stands",
        )
        self.assertFalse(
            self.env["mail.mail"].search([("mailing_id", "=", mailing.id)]),
            "Mails that were sent are deleted, as in Odoo",
        )
        self.assertEqual(self.touchpoints_of("ana@example.com", "sent"), ["sent"])

    def test_archived_mails_are_kept_where_the_mailing_says_so(self):
        mailing = self.make_mailing(self.segment, keep_archives=True)
        mailing.action_launch()
        self.deliver()
        mails = self.env["mail.mail"].search([("mailing_id", "=", mailing.id)])
        self.assertEqual(mails.mapped("state"), ["sent", "sent"])
        self.send()
        self.assertEqual(self.received(), [])

    def test_audience_is_frozen(self):
        mailing = self.make_mailing(self.segment)
        mailing.action_launch()
        self.make_partner("late@example.com")
        late = self.env["res.partner"].search([("email", "=", "late@example.com")])
        self.segment._include_records(late)
        self.deliver()
        self.assertNotIn("late@example.com", self.received())

    def test_dynamic_segment_is_up_to_date(self):
        segment = self.env["marketing.segment"].create(
            {"name": "Named Ana", "domain": "[('name', '=', 'Ana')]"}
        )
        mailing = self.make_mailing(segment)
        self.bob.name = "Ana"
        mailing.action_launch()
        self.assertEqual(len(self.deliveries_of(mailing)), 2)

    def test_nobody_in_the_audience(self):
        mailing = self.make_mailing(self.make_segment())
        with self.assertRaisesRegex(UserError, "Nobody is in the audience"):
            mailing.action_launch()

    def test_nobody_left_to_mail(self):
        self.env["mail.blacklist"]._add("ana@example.com")
        self.env["mail.blacklist"]._add("bob@example.com")
        mailing = self.make_mailing(self.segment)
        mailing.action_launch()
        self.deliver()
        self.assertEqual(mailing.state, "done")
        self.assertEqual(mailing.marketing_skipped, 2)

    # ------------------------------------------------------------------
    # one person, one mail
    # ------------------------------------------------------------------

    def test_hundred_records_with_one_address(self):
        self.env["res.partner"].create(
            [{"name": f"Ana {n}", "email": "ANA@example.com "} for n in range(100)]
        )
        mailing = self.make_mailing(self.segment)
        self.assertEqual(mailing.total, 102)
        mailing.action_launch()
        self.deliver()
        self.assertCountEqual(self.received(), ["ana@example.com", "bob@example.com"])
        self.assertEqual(mailing.marketing_audience, 2)

    def test_several_segments_and_one_person(self):
        other = self.make_segment("ana@example.com", name="Customers")
        mailing = self.make_mailing(self.segment | other)
        mailing.action_launch()
        self.deliver()
        self.assertCountEqual(self.received(), ["ana@example.com", "bob@example.com"])

    def test_segment_of_another_model(self):
        """Segments hold persons: leads of the members are mailed too."""
        lead = self.make_lead("ana@example.com")
        mailing = self.make_mailing(
            self.segment, mailing_model_id=self.env["ir.model"]._get_id("crm.lead")
        )
        mailing.action_launch()
        self.assertEqual(self.deliveries_of(mailing).res_id, lead.id)
        self.deliver()
        self.assertEqual(self.received(), ["ana@example.com"])
        self.assertEqual(mailing.mailing_trace_ids.model, "crm.lead")

    def test_leads_of_one_customer(self):
        """Odoo mails the customer of a lead: two leads, one address, one mail."""
        leads = [
            self.make_lead(f"lead.{number}@example.com") for number in ("one", "two")
        ]
        self.env.flush_all()
        # As old data has it: Odoo keeps the two addresses alike nowadays.
        self.env.cr.execute(
            "UPDATE crm_lead SET partner_id = %s WHERE id = ANY(%s)",
            [self.ana.id, [lead.id for lead in leads]],
        )
        self.env.invalidate_all()
        segment = self.make_segment(
            "lead.one@example.com", "lead.two@example.com", model="crm.lead"
        )
        self.assertEqual(segment.member_count, 2)
        mailing = self.make_mailing(
            segment, mailing_model_id=self.env["ir.model"]._get_id("crm.lead")
        )
        mailing.action_launch()
        self.assertEqual(
            self.outcomes(mailing),
            {"lead.one@example.com": "planned", "lead.two@example.com": "duplicate"},
        )
        self.deliver()
        self.assertEqual(self.received(), ["ana@example.com"])

    def test_members_record_stands_for_its_person(self):
        """“Dear Ana of Lisbon” goes to the record the segment chose."""
        lisbon = self.make_partner("ana@example.com", "Ana of Lisbon", city="Lisbon")
        segment = self.env["marketing.segment"].create(
            {"name": "Lisbon", "domain": "[('city', '=', 'Lisbon')]"}
        )
        mailing = self.make_mailing(segment)
        mailing.action_launch()
        self.assertEqual(self.deliveries_of(mailing).res_id, lisbon.id)

    def test_sent_by_odoo_before(self):
        """Who got the mailing before it had segments is left out."""
        mailing = self.make_mailing(mailing_domain=repr([("id", "=", self.ana.id)]))
        with self.mock_mail_gateway():
            mailing._action_send_mail()
        mailing.write(
            {"marketing_segment_ids": [Command.link(self.segment.id)], "state": "draft"}
        )
        mailing.action_launch()
        self.assertEqual(
            self.outcomes(mailing),
            {"ana@example.com": "already_mailed", "bob@example.com": "planned"},
        )

    # ------------------------------------------------------------------
    # bad input
    # ------------------------------------------------------------------

    def test_odd_addresses_and_names(self):
        partners = self.env["res.partner"].create(
            [
                {"name": "Nobody"},
                {"name": "Broken", "email": "not an address"},
                {"name": "Spaces", "email": "  spaces@example.com  "},
                {"name": "王小明 <b>", "email": "wang@example.com"},
                {"name": "أحمد \u202e בן", "email": "ahmad@example.com"},
                {"name": "Quote \" O'Neil, Esq.", "email": "quote@example.com"},
                {"name": "Two", "email": "two@example.com; second@example.com"},
            ]
        )
        segment = self.env["marketing.segment"].create(
            {"name": "Odd", "domain": repr([("id", "in", partners.ids)])}
        )
        mailing = self.make_mailing(segment)
        mailing.action_launch()
        self.deliver()
        self.assertEqual(
            set(self.received()),
            {
                "spaces@example.com",
                "wang@example.com",
                "ahmad@example.com",
                "quote@example.com",
                "two@example.com",
                "second@example.com",
            },
        )
        self.assert_sums_up(mailing)
        self.assertEqual(mailing.marketing_sent, 5)

    def test_a_second_address_gets_no_second_mail(self):
        """It is somebody else's, who gets a mail of his own."""
        self.ana.email = "ana@example.com, bob@example.com"
        mailing = self.make_mailing(self.segment)
        mailing.action_launch()
        self.deliver()
        self.assertEqual(set(self.outcomes(mailing).values()), {"sent"})
        self.assertCountEqual(self.received(), ["ana@example.com", "bob@example.com"])

    def test_big_body_and_odd_links(self):
        self.env["marketing.check.policy"].search([]).level = "off"
        links = "".join(
            f'<a href="{url}">x</a>'
            for url in (
                "https://example.com/ü/ö?q=1&amp;r=%20%C3%BC#frag",
                "https://例え.jp/路径?关键词=水泵",
                "https://example.com/a b/'quoted'",
                "mailto:sales@example.com?subject=100%25",
                "tel:+351 21 000",
                "#top",
                "javascript:void(0)",
            )
        )
        filler = "<p>" + "水泵 pump &amp; مضخة " * 90000 + "</p>"
        mailing = self.make_mailing(
            self.segment, body_html=f"<div>{links}{filler}</div>"
        )
        self.assertGreater(len(mailing.body_html.encode()), 2_000_000)
        mailing.action_launch()
        self.deliver()
        self.assertEqual(set(self.outcomes(mailing).values()), {"sent"})

    # ------------------------------------------------------------------
    # people
    # ------------------------------------------------------------------

    def test_merge_of_contacts_between_plan_and_sending(self):
        """The survivor gets one mail."""
        mailing = self.make_mailing(self.segment)
        mailing.action_launch()
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (self.ana | self.bob).ids, self.ana
        )
        self.deliver()
        self.assertEqual(self.received(), ["ana@example.com"])
        self.assert_sums_up(mailing)
        self.assertEqual(set(self.outcomes(mailing).values()), {"sent"})

    def test_access(self):
        mailing = self.make_mailing(self.segment)
        mailing.action_launch()
        delivery = self.deliveries_of(mailing)[0]
        for user in (self.user_marketing, self.user_manager):
            with self.subTest(user=user.login):
                self.assertEqual(delivery.with_user(user).state, "planned")
                for attempt in (
                    lambda user=user: delivery.with_user(user).write({"state": "sent"}),
                    lambda user=user: delivery.with_user(user).unlink(),
                    lambda user=user: delivery.with_user(user).copy(),
                ):
                    with self.assertRaises(AccessError):
                        attempt()
        for user in (self.user_sales, self.user_employee):
            with self.subTest(user=user.login):
                model = self.env["marketing.delivery"].with_user(user)
                with self.assertRaises(AccessError):
                    model.search([])
                with self.assertRaises(AccessError):
                    delivery.with_user(user).action_cancel()
                with self.assertRaises(AccessError):
                    mailing.with_user(user).action_check_audience()
                with self.assertRaises(AccessError):
                    mailing.with_user(user).action_marketing_stop()

    def test_mailing_user_without_marketing(self):
        """Whoever may send Odoo's mailings still opens and sends them."""
        mailer = new_test_user(
            self.env, "mailer", groups="mass_mailing.group_mass_mailing_user"
        )
        mailing = self.make_mailing(self.segment).with_user(mailer)
        mailing.web_read({"subject": {}, "mailing_domain": {}, "state": {}})
        mailing.read()
        with Form(mailing) as form:
            form.subject = "Newer pumps"
        copy = mailing.copy()
        self.assertEqual(copy.sudo().marketing_segment_ids, self.segment)
        self.assertEqual(copy.mailing_domain, mailing.mailing_domain)
        copy.unlink()
        mailing.action_launch()
        self.deliver()
        self.assertEqual(mailing.state, "done")

    def test_companies(self):
        """A plan reaches the records of the marketer's companies only."""
        self.make_partner("other@example.com", company_id=self.company_other.id)
        segment = self.env["marketing.segment"].create(
            {
                "name": "Everywhere",
                "company_id": False,
                "domain": repr([("email", "ilike", "@example.com")]),
            }
        )
        mailing = self.make_mailing(segment).with_user(self.user_marketing)
        mailing.action_launch()
        self.assertNotIn("other@example.com", self.outcomes(mailing))
        self.assertEqual(
            self.deliveries_of(mailing).company_id, self.user_marketing.company_id
        )
        self.user_manager.write(
            {
                "company_ids": [Command.set(self.company_other.ids)],
                "company_id": self.company_other.id,
            }
        )
        model = self.env["marketing.delivery"].with_user(self.user_manager)
        self.assertFalse(model.search([("mailing_id", "=", mailing.id)]))
        second = self.make_mailing(segment).with_user(self.user_manager)
        second.action_launch()
        self.assertIn("other@example.com", self.outcomes(second))
        self.assertEqual(model.search([]).mailing_id.ids, second.ids)

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_composed_in_the_company_of_the_plan(self):
        mailing = self.make_mailing(self.segment)
        self.env["marketing.delivery"].with_company(self.company_other)._plan(
            mailing, [(self.person_of("ana@example.com").id, self.ana.id, 0)]
        )
        self.assertEqual(self.deliveries_of(mailing).company_id, self.company_other)
        self.deliver()
        self.assertEqual(self.received(), ["ana@example.com"])
