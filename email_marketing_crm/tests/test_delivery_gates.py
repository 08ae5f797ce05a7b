from unittest.mock import patch

from odoo.tests import tagged

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

    def test_who_is_left_out_has_it_in_his_history(self):
        """The plan tells it once, to whoever waits for the mail."""
        self.env["mail.blacklist"]._add("bob@example.com")
        self.mailing.action_launch()
        self.env.cr.precommit.run()
        delivery = self.deliveries_of(self.mailing).filtered(
            lambda delivery: delivery.state == "skipped"
        )
        event = self.env["marketing.touchpoint"].search(
            [("person_id", "=", delivery.person_id.id), ("mailing_id", "!=", False)]
        )
        self.assertEqual(event.type_id.code, "skipped")
        self.assertEqual(event.data, {"reason": "blacklisted"})
        self.assertEqual(event.mailing_id, self.mailing)
        self.assertEqual(event.company_id, delivery.company_id)
        self.assertEqual(
            (event.res_model, event.res_id), ("marketing.delivery", delivery.id)
        )
        self.assertEqual(event.reliability, event.type_id.reliability)
        self.assertEqual(
            self.env["marketing.inbox"].search_count(
                [("touchpoint_id", "=", event.id)]
            ),
            1,
        )
        delivery._capture_skipped(
            [
                (
                    delivery.id,
                    delivery.person_id.id,
                    self.mailing.id,
                    delivery.company_id.id,
                    "blacklisted",
                )
            ]
        )
        self.env.cr.precommit.run()
        self.assertEqual(self.touchpoints_of("bob@example.com", "skipped"), ["skipped"])

    def test_a_company_that_is_deleted_leaves_its_mails(self):
        """No foreign key does it."""
        self.mailing.action_launch()
        deliveries = self.deliveries_of(self.mailing)
        company = self.env["res.company"].create({"name": "Closed"})
        self.env.cr.execute(
            "UPDATE marketing_delivery SET company_id = %s WHERE id = ANY(%s)",
            [company.id, deliveries.ids],
        )
        self.env.invalidate_all()
        self.assertEqual(deliveries.company_id, company)
        company.unlink()
        self.assertEqual(len(deliveries.exists()), 3)
        self.assertFalse(deliveries.company_id)

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
        mailing = self.make_list_mailing(news | offers, self.segment)
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

    def test_who_left_a_list_that_is_archived_meanwhile_has_left_it(self):
        news, offers = self.env["mailing.list"].create(
            [{"name": "News"}, {"name": "Offers"}]
        )
        for email in ("ana@example.com", "bob@example.com", "eve@example.com"):
            self.make_contact(email, lists=news)
        self.make_contact("eve@example.com", lists=offers)
        mailing = self.make_mailing(
            self.segment,
            mailing_model_id=self.env["ir.model"]._get_id("mailing.list"),
            contact_list_ids=[(6, 0, (news | offers).ids)],
        )
        mailing.action_launch()
        news.contact_ids.flush_recordset()
        news.subscription_ids.filtered(
            lambda line: line.contact_id.email_normalized != "ana@example.com"
        ).opt_out = True
        # Odoo lets nobody archive a list that a mailing needs, as far as it sees it.
        mailing.active = False
        (news | offers).active = False
        mailing.active = True
        self.deliver()
        self.assertEqual(
            self.outcomes(mailing),
            {
                "ana@example.com": "sent",
                "bob@example.com": "opted_out",
                "eve@example.com": "opted_out",
            },
        )

    def test_whoever_an_address_was_merged_into_is_asked(self):
        """The lead is somebody else's, its customer goes by an old address."""
        old = self.make_partner("ana.old@example.com", "Ana")
        lead = self.make_lead("ana.old@example.com", partner_id=old.id)
        lead.flush_recordset()
        # As old data has it: Odoo keeps the two addresses alike nowadays.
        self.env.cr.execute(
            "UPDATE crm_lead SET email_from = %(email)s, email_normalized = %(email)s,"
            " marketing_person_id = %(person)s WHERE id = %(lead)s",
            {
                "email": "bob@example.com",
                "person": self.person_of("bob@example.com").id,
                "lead": lead.id,
            },
        )
        self.env.invalidate_all()
        ana = self.person_of("ana@example.com")
        self.person_of("ana.old@example.com")._merge_into(ana)
        segment = self.make_segment("bob@example.com", model="crm.lead")
        for values in ({"suppression": "complaint"}, {"is_suppressed": True}):
            with self.subTest(values):
                ana.write({"suppression": "none", "is_suppressed": False, **values})
                mailing = self.make_mailing(
                    segment, mailing_model_id=self.env["ir.model"]._get_id("crm.lead")
                )
                mailing.action_launch()
                delivery = self.deliveries_of(mailing)
                self.assertEqual(delivery.email, "ana.old@example.com")
                self.assertEqual(delivery.state, "skipped")

    def test_who_is_merged_while_the_plan_is_made_gets_one_mail(self):
        """Neither sees what the other one has not committed yet."""
        self.mailing.action_launch()
        ana, bob = (
            self.person_of(email) for email in ("ana@example.com", "bob@example.com")
        )
        with patch.object(type(ana), "_get_person_models", lambda persons: []):
            bob._merge_into(ana)
        self.assertEqual(len(self.deliveries_of(self.mailing)), 3)
        self.deliver()
        self.assertEqual(
            self.outcomes(self.mailing),
            {"ana@example.com": "sent", "eve@example.com": "sent"},
        )
        self.assertEqual(len(self.received()), 2)
