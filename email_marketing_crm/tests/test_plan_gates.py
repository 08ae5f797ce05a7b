from datetime import timedelta

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ..models.marketing_consent_sync import EVIDENCE, Evidence
from ..tools.holdout import is_held_out
from .common_delivery import DeliveryCase

ANA, BOB, CEM = (f"{name}@example.com" for name in ("ana", "bob", "cem"))


@tagged("post_install", "-at_install")
class TestPlanGates(DeliveryCase):
    """Whom a marketer leaves out of a campaign, and when that is looked at."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ana, cls.bob, cls.cem = (
            cls.make_partner(email, email.split("@")[0].capitalize())
            for email in (ANA, BOB, CEM)
        )
        cls.segment = cls.make_segment(ANA, BOB, CEM)
        cls.lead_model = cls.env["ir.model"]._get_id("crm.lead")
        cls.campaign = cls.env["utm.campaign"].create({"name": "Spring"})

    def launch(self, mailing):
        mailing.with_user(self.user_marketing).action_launch()
        return self.outcomes(mailing)

    def make_opportunity(self, email, **values):
        return self.make_lead(email, type="opportunity", **values)

    # ------------------------------------------------------------------
    # segments out
    # ------------------------------------------------------------------

    def test_members_of_a_segment_are_left_out(self):
        out = self.make_segment(BOB, name="Competitors")
        mailing = self.make_mailing(
            self.segment, marketing_excluded_segment_ids=[Command.set(out.ids)]
        )
        self.assertEqual(
            self.launch(mailing),
            {ANA: "planned", BOB: "excluded_segment", CEM: "planned"},
        )
        self.deliver()
        self.assertCountEqual(self.received(), [ANA, CEM])

    def test_who_enters_the_segment_before_the_mail_is_composed_is_left_out(self):
        out = self.make_segment(name="Competitors")
        mailing = self.make_mailing(
            self.segment, marketing_excluded_segment_ids=[Command.set(out.ids)]
        )
        self.launch(mailing)
        out._include_records(self.bob)
        self.compose()
        self.assertEqual(self.outcomes(mailing)[BOB], "excluded_segment")
        out._include_records(self.cem)
        self.send()
        self.assertEqual(self.outcomes(mailing)[CEM], "sent")

    def test_a_mail_that_waited_is_asked_about_again(self):
        """The server is down for two days, with all mails composed."""
        out = self.make_segment(name="Competitors")
        mailing = self.make_mailing(
            self.segment,
            marketing_excluded_segment_ids=[Command.set(out.ids)],
            marketing_skips_opportunities=True,
        )
        self.launch(mailing)
        self.compose()
        self.clock.tick(timedelta(days=2))
        out._include_records(self.bob)
        self.make_opportunity(CEM)
        self.send()
        self.assertEqual(self.received(), [ANA])
        self.assertEqual(
            self.outcomes(mailing),
            {ANA: "sent", BOB: "excluded_segment", CEM: "open_opportunity"},
        )
        self.assertFalse(
            self.env["mail.mail"].search(
                [("mailing_id", "=", mailing.id), ("state", "=", "outgoing")]
            )
        )

    def test_of_two_mails_of_a_campaign_that_waited_one_leaves(self):
        """Never both, never none, whichever was composed first."""
        values = {
            "campaign_id": self.campaign.id,
            "marketing_is_once_per_campaign": True,
        }
        for is_first_composed_first in (True, False):
            first, second = (
                self.make_mailing(self.segment, subject=subject)
                for subject in ("First", "Second")
            )
            with self.subTest(is_first_composed_first=is_first_composed_first):
                for mailing in (first, second):
                    self.launch(mailing)
                pair = first | second if is_first_composed_first else second | first
                for mailing in pair:
                    self.env["marketing.delivery"]._compose(
                        mailing, self.deliveries_of(mailing).ids
                    )
                # They become one campaign while both wait for the server.
                (first | second).write(values)
                self.clock.tick(timedelta(days=2))
                self.send()
                self.assertEqual(set(self.outcomes(first).values()), {"sent"})
                self.assertEqual(
                    set(self.outcomes(second).values()), {"campaign_mailed"}
                )
            self.campaign = self.env["utm.campaign"].create({"name": "Summer"})
            values["campaign_id"] = self.campaign.id

    def test_of_two_mails_to_one_address_that_waited_one_leaves(self):
        mailing = self.make_mailing(self.segment)
        self.launch(mailing)
        self.compose()
        first, second = self.deliveries_of(mailing)[:2]
        # As two lanes may compose them that do not see each other.
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE marketing_delivery SET email = %s WHERE id = %s",
            [first.email, second.id],
        )
        self.env.invalidate_all()
        self.clock.tick(timedelta(hours=1))
        self.send()
        self.assertEqual(
            (first.state, second.state, second.reason), ("sent", "skipped", "duplicate")
        )

    def test_who_was_kept_out_of_the_segment_by_hand_gets_the_mail(self):
        out = self.make_segment(BOB, name="Competitors")
        out._exclude_persons(self.person_of(BOB).ids)
        mailing = self.make_mailing(
            self.segment, marketing_excluded_segment_ids=[Command.set(out.ids)]
        )
        self.assertEqual(self.launch(mailing)[BOB], "planned")

    def test_the_segment_out_is_brought_up_to_date(self):
        out = self.env["marketing.segment"].create(
            {"name": "Bobs", "domain": "[('name', '=', 'Bob')]"}
        )
        out._refresh()
        self.ana.name = "Bob"
        mailing = self.make_mailing(
            self.segment, marketing_excluded_segment_ids=[Command.set(out.ids)]
        )
        outcomes = self.launch(mailing)
        self.assertEqual(outcomes[ANA], "excluded_segment")

    def test_a_mailing_to_a_list_knows_segments_out_as_well(self):
        """With a segment out it has a plan: Odoo's queue knows no segments."""
        news = self.env["mailing.list"].create({"name": "News"})
        for email in (ANA, BOB):
            self.make_contact(email, lists=news)
        out = self.make_segment(BOB, name="Competitors")
        mailing = self.make_mailing(
            mailing_model_id=self.env["ir.model"]._get_id("mailing.list"),
            contact_list_ids=[Command.set(news.ids)],
            marketing_excluded_segment_ids=[Command.set(out.ids)],
        )
        self.assertEqual(mailing.marketing_kind, "campaign")
        self.assertEqual(
            self.launch(mailing), {ANA: "planned", BOB: "excluded_segment"}
        )

    def test_the_address_counts_that_is_really_used(self):
        """A lead of Cem whose customer is Bob would be mailed to Bob."""
        lead = self.make_lead("cem@example.com")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_lead SET partner_id = %s WHERE id = %s", [self.bob.id, lead.id]
        )
        self.env.invalidate_all()
        out = self.make_segment(BOB, name="Competitors")
        segment = self.make_segment(CEM, name="Leads", model="crm.lead")
        mailing = self.make_mailing(
            segment,
            mailing_model_id=self.lead_model,
            marketing_excluded_segment_ids=[Command.set(out.ids)],
        )
        self.assertEqual(self.launch(mailing), {CEM: "excluded_segment"})

    def test_a_copy_leaves_out_the_same(self):
        out = self.make_segment(BOB, name="Competitors")
        stage = self.env["crm.stage"].search([], limit=1)
        mailing = self.make_mailing(
            self.segment,
            marketing_excluded_segment_ids=[Command.set(out.ids)],
            marketing_skips_opportunities=True,
            marketing_opportunity_stage_ids=[Command.set(stage.ids)],
            marketing_holdout_percent=5,
        )
        copied = mailing.copy()
        self.assertEqual(copied.marketing_excluded_segment_ids, out)
        self.assertEqual(copied.marketing_opportunity_stage_ids, stage)
        self.assertEqual(copied.marketing_holdout_percent, 5)

    # ------------------------------------------------------------------
    # one mail of a campaign
    # ------------------------------------------------------------------

    def test_one_mail_of_a_campaign_across_contacts_and_leads(self):
        """One person, one mail, whatever records two mailings go to."""
        self.make_lead(ANA)
        self.make_lead("dan@example.com")
        values = {
            "campaign_id": self.campaign.id,
            "marketing_is_once_per_campaign": True,
        }
        contacts = self.make_mailing(self.segment, **values)
        leads = self.make_mailing(
            self.make_segment(ANA, "dan@example.com", name="Leads", model="crm.lead"),
            mailing_model_id=self.lead_model,
            **values,
        )
        self.launch(contacts)
        self.assertEqual(
            self.launch(leads), {ANA: "campaign_mailed", "dan@example.com": "planned"}
        )
        self.deliver()
        received = self.received()
        self.assertEqual(len(received), len(set(received)))
        self.assertEqual(len(received), 4)

    def test_both_planned_at_once_the_first_one_is_sent(self):
        """Two plans that do not see each other: composing tells them apart."""
        values = {"campaign_id": self.campaign.id}
        first = self.make_mailing(self.segment, **values)
        second = self.make_mailing(self.segment, **values)
        self.launch(first)
        self.launch(second)
        (first | second).marketing_is_once_per_campaign = True
        self.deliver()
        self.assertEqual(set(self.outcomes(first).values()), {"sent"})
        self.assertEqual(set(self.outcomes(second).values()), {"campaign_mailed"})
        self.assertEqual(len(self.received()), 3)

    def test_who_did_not_get_the_other_mailing_gets_this_one(self):
        values = {
            "campaign_id": self.campaign.id,
            "marketing_is_once_per_campaign": True,
        }
        out = self.make_segment(BOB, name="Competitors")
        first = self.make_mailing(
            self.segment,
            marketing_excluded_segment_ids=[Command.set(out.ids)],
            **values,
        )
        self.launch(first)
        self.deliver()
        second = self.make_mailing(self.segment, **values)
        self.assertEqual(
            self.launch(second),
            {ANA: "campaign_mailed", BOB: "planned", CEM: "campaign_mailed"},
        )

    def test_mailings_of_the_standard_queue_count(self):
        stock = self.make_mailing(
            mailing_domain=repr([("id", "=", self.ana.id)]),
            campaign_id=self.campaign.id,
        )
        with self.mock_mail_gateway():
            stock._action_send_mail()
        mailing = self.make_mailing(
            self.segment,
            campaign_id=self.campaign.id,
            marketing_is_once_per_campaign=True,
        )
        self.assertEqual(self.launch(mailing)[ANA], "campaign_mailed")

    def test_without_the_tick_everybody_gets_both(self):
        for _number in range(2):
            mailing = self.make_mailing(self.segment, campaign_id=self.campaign.id)
            self.assertEqual(set(self.launch(mailing).values()), {"planned"})

    def test_the_tick_needs_a_campaign(self):
        with self.assertRaisesRegex(ValidationError, "has no campaign"):
            self.make_mailing(self.segment, marketing_is_once_per_campaign=True)

    # ------------------------------------------------------------------
    # open opportunities
    # ------------------------------------------------------------------

    def test_open_opportunities(self):
        self.make_opportunity(ANA)
        self.make_opportunity(BOB).action_set_won()
        self.make_opportunity(CEM).action_set_lost()
        mailing = self.make_mailing(self.segment, marketing_skips_opportunities=True)
        self.assertEqual(
            self.launch(mailing),
            {ANA: "open_opportunity", BOB: "planned", CEM: "planned"},
        )

    def test_a_lead_is_no_opportunity(self):
        self.make_lead(ANA)
        mailing = self.make_mailing(self.segment, marketing_skips_opportunities=True)
        self.assertEqual(self.launch(mailing)[ANA], "planned")

    def test_opportunities_in_some_stages(self):
        first, second = self.env["crm.stage"].search([], limit=2)
        self.make_opportunity(ANA, stage_id=first.id)
        self.make_opportunity(BOB, stage_id=second.id)
        mailing = self.make_mailing(
            self.segment,
            marketing_skips_opportunities=True,
            marketing_opportunity_stage_ids=[Command.set(second.ids)],
        )
        outcomes = self.launch(mailing)
        self.assertEqual(outcomes[ANA], "planned")
        self.assertEqual(outcomes[BOB], "open_opportunity")

    def test_the_customer_of_an_opportunity_counts(self):
        opportunity = self.make_opportunity("procurement@example.com")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_lead SET partner_id = %s WHERE id = %s",
            [self.bob.id, opportunity.id],
        )
        self.env.invalidate_all()
        mailing = self.make_mailing(self.segment, marketing_skips_opportunities=True)
        self.assertEqual(self.launch(mailing)[BOB], "open_opportunity")

    def test_opportunities_of_another_company_do_not_count(self):
        self.make_opportunity(
            ANA, company_id=self.company_other.id, team_id=False, user_id=False
        )
        mailing = self.make_mailing(self.segment, marketing_skips_opportunities=True)
        self.assertEqual(self.launch(mailing)[ANA], "planned")

    def test_an_opportunity_that_is_opened_meanwhile(self):
        """Looked at again at composing, and not after."""
        mailing = self.make_mailing(self.segment, marketing_skips_opportunities=True)
        self.launch(mailing)
        self.make_opportunity(ANA)
        self.compose()
        self.assertEqual(self.outcomes(mailing)[ANA], "open_opportunity")
        self.make_opportunity(BOB)
        self.send()
        self.assertEqual(self.outcomes(mailing)[BOB], "sent")

    # ------------------------------------------------------------------
    # open complaints
    # ------------------------------------------------------------------

    def use_complaint_segment(self, *emails):
        segment = self.make_segment(*emails, name="Service case open")
        company = self.user_marketing.company_id
        company.marketing_complaint_segment_ids = segment
        return segment

    def test_open_complaints_by_segment(self):
        self.use_complaint_segment(BOB)
        self.assertEqual(
            self.launch(self.make_mailing(self.segment))[BOB], "complaint_open"
        )

    def test_open_complaints_by_tag(self):
        tag = self.env["crm.tag"].create({"name": "Complaint"})
        self.user_marketing.company_id.marketing_complaint_tag_ids = tag
        self.make_lead(ANA, tag_ids=[Command.set(tag.ids)])
        case = self.make_opportunity(BOB, tag_ids=[Command.set(tag.ids)])
        self.make_lead(CEM)
        self.assertEqual(
            self.launch(self.make_mailing(self.segment)),
            {ANA: "complaint_open", BOB: "complaint_open", CEM: "planned"},
        )
        case.action_set_won()
        mailing = self.make_mailing(self.segment)
        self.assertEqual(self.launch(mailing)[BOB], "planned", "It was settled")

    def test_a_complaint_a_second_before_counts(self):
        segment = self.use_complaint_segment()
        mailing = self.make_mailing(self.segment)
        self.launch(mailing)
        segment._include_records(self.ana)
        self.compose()
        self.assertEqual(self.outcomes(mailing)[ANA], "complaint_open")
        segment._include_records(self.bob)
        self.send()
        self.assertEqual(self.outcomes(mailing)[BOB], "complaint_open")
        self.assertEqual(self.received(), [CEM])

    def test_a_complaint_of_another_company_does_not_count(self):
        segment = self.make_segment(BOB, name="Cases of the others")
        self.company_other.marketing_complaint_segment_ids = segment
        self.assertEqual(self.launch(self.make_mailing(self.segment))[BOB], "planned")

    def test_who_complains_gets_transactional_mail(self):
        self.use_complaint_segment(BOB)
        mailing = self.make_mailing(self.segment, marketing_is_transactional=True)
        self.assertEqual(self.launch(mailing)[BOB], "planned")

    # ------------------------------------------------------------------
    # holdout
    # ------------------------------------------------------------------

    def make_crowd(self):
        emails = [f"person{number}@example.com" for number in range(60)]
        self.env["res.partner"].create(
            [{"name": email, "email": email} for email in emails]
        )
        return emails, self.make_segment(*emails, name="Crowd")

    def test_the_holdout_is_that_of_the_formula(self):
        """PostgreSQL and Python agree about every person."""
        emails, crowd = self.make_crowd()
        mailing = self.make_mailing(
            crowd, marketing_holdout_percent=30, campaign_id=self.campaign.id
        )
        outcomes = self.launch(mailing)
        scope = f"campaign:{self.campaign.id}"
        for email in emails:
            expected = "holdout" if is_held_out(scope, email, 30) else "planned"
            self.assertEqual(outcomes[email], expected, email)
        self.assertIn("holdout", outcomes.values())

    def test_the_holdout_never_changes(self):
        """Planned again, another mailing, a larger share: the same and more."""
        _emails, crowd = self.make_crowd()
        mailing = self.make_mailing(
            crowd, marketing_holdout_percent=20, campaign_id=self.campaign.id
        )
        before = self.launch(mailing)
        mailing.with_user(self.user_marketing).action_cancel()
        self.assertEqual(self.launch(mailing), before)
        other = self.make_mailing(
            crowd, marketing_holdout_percent=40, campaign_id=self.campaign.id
        )
        after = self.launch(other)
        held_out = {email for email, reason in before.items() if reason == "holdout"}
        self.assertTrue(held_out)
        for email in held_out:
            self.assertEqual(after[email], "holdout")

    def test_without_a_campaign_the_mailing_has_a_holdout_of_its_own(self):
        emails, crowd = self.make_crowd()
        mailing = self.make_mailing(crowd, marketing_holdout_percent=30)
        outcomes = self.launch(mailing)
        scope = f"mailing:{mailing.id}"
        self.assertEqual(
            {email for email in emails if outcomes[email] == "holdout"},
            {email for email in emails if is_held_out(scope, email, 30)},
        )

    def test_the_holdout_is_like_who_gets_the_mail(self):
        """Who does not get it anyway is counted there, and is nothing to compare."""
        emails, crowd = self.make_crowd()
        scope = f"campaign:{self.campaign.id}"
        unlucky = next(email for email in emails if is_held_out(scope, email, 30))
        self.env["mail.blacklist"]._add(unlucky)
        mailing = self.make_mailing(
            crowd, marketing_holdout_percent=30, campaign_id=self.campaign.id
        )
        self.assertEqual(self.launch(mailing)[unlucky], "blacklisted")

    def test_transactional_mail_holds_nobody_out(self):
        _emails, crowd = self.make_crowd()
        mailing = self.make_mailing(
            crowd, marketing_holdout_percent=50, marketing_is_transactional=True
        )
        self.assertEqual(set(self.launch(mailing).values()), {"planned"})

    def test_a_holdout_of_everybody_is_refused(self):
        for percent in (-1, 91):
            with self.assertRaisesRegex(ValidationError, "Between 0 and 90"):
                self.make_mailing(self.segment, marketing_holdout_percent=percent)

    # ------------------------------------------------------------------
    # the exclusion list
    # ------------------------------------------------------------------

    def stop_everything(self, email, source):
        self.env["mail.blacklist"].with_context(
            **{EVIDENCE: Evidence(source=source)}
        )._block([email])

    def test_who_said_no_is_never_mailed(self):
        """Also by a mailing that ignores the exclusion list."""
        for email, source in ((ANA, "page"), (BOB, "mail"), (CEM, "api")):
            self.stop_everything(email, source)
        for values in (
            {"use_exclusion_list": False},
            {"use_exclusion_list": False, "marketing_is_transactional": True},
            {"marketing_is_transactional": True},
        ):
            with self.subTest(values):
                mailing = self.make_mailing(self.segment, **values)
                self.assertFalse(
                    {"planned"} & set(self.launch(mailing).values()), values
                )

    def test_who_says_no_after_the_mail_was_composed(self):
        mailing = self.make_mailing(self.segment, use_exclusion_list=False)
        self.launch(mailing)
        self.compose()
        self.stop_everything(ANA, "page")
        self.send()
        self.assertEqual(self.outcomes(mailing)[ANA], "stopped")
        self.assertCountEqual(self.received(), [BOB, CEM])

    def test_who_said_no_is_not_mailed_by_the_standard_queue_either(self):
        self.stop_everything(ANA, "page")
        mailing = self.make_mailing(
            mailing_domain=repr([("id", "in", (self.ana | self.bob).ids)]),
            use_exclusion_list=False,
        )
        with self.mock_mail_gateway():
            mailing._action_send_mail()
        self.assertEqual(self.received(), [BOB])

    def test_what_the_company_blocked_can_be_ignored(self):
        self.stop_everything(ANA, "blacklist")
        mailing = self.make_mailing(self.segment, use_exclusion_list=False)
        self.assertEqual(self.launch(mailing)[ANA], "planned")

    def test_who_is_blocked_by_the_company_before_anybody_knew_him(self):
        self.env["mail.blacklist"].create({"email": "dan@example.com"})
        self.assertFalse(self.person_of("dan@example.com").has_said_no)
        self.stop_everything("eva@example.com", "page")
        self.assertTrue(self.person_of("eva@example.com").has_said_no)

    def test_who_says_no_to_an_address_that_was_blocked_before(self):
        self.stop_everything(ANA, "blacklist")
        self.stop_everything(ANA, "page")
        self.assertTrue(self.person_of(ANA).has_said_no)
        self.stop_everything(ANA, "blacklist")
        self.assertTrue(self.person_of(ANA).has_said_no, "The company unsays nothing")

    def test_who_wants_mail_again_is_mailed_again(self):
        self.stop_everything(ANA, "page")
        self.person_of(ANA)._allow_mail({"source": "page"})
        self.assertFalse(self.person_of(ANA).has_said_no)
        mailing = self.make_mailing(self.segment)
        self.assertEqual(self.launch(mailing)[ANA], "planned")

    def test_an_address_blocked_before_anybody_knew_it_said_no(self):
        self.env.cr.execute(
            "INSERT INTO mail_blacklist (email, active)"
            " VALUES ('dan@example.com', TRUE)"
        )
        self.make_partner("dan@example.com")
        self.assertTrue(self.person_of("dan@example.com").has_said_no)

    def test_a_merge_keeps_the_no(self):
        self.stop_everything(BOB, "page")
        self.person_of(BOB)._merge_into(self.person_of(ANA))
        self.assertTrue(self.person_of(ANA).has_said_no)

    # ------------------------------------------------------------------
    # transactional, priority
    # ------------------------------------------------------------------

    def test_transactional_mail_ignores_pauses(self):
        self.person_of(ANA).write(
            {"paused_until": "2027-01-01", "preferred_frequency": "month"}
        )
        self.assertEqual(self.launch(self.make_mailing(self.segment))[ANA], "paused")
        mailing = self.make_mailing(self.segment, marketing_is_transactional=True)
        self.assertEqual(self.launch(mailing)[ANA], "planned")

    def test_what_is_waited_for_is_composed_first(self):
        """Then by priority, though it is due later."""
        mailings = {
            name: self.make_mailing(self.segment, subject=name, **values)
            for name, values in (
                ("low", {"marketing_priority": "0"}),
                ("normal", {}),
                ("high", {"marketing_priority": "2"}),
                (
                    "transactional",
                    {"marketing_priority": "0", "marketing_is_transactional": True},
                ),
            )
        }
        for mailing in mailings.values():
            self.launch(mailing)
            self.clock.tick(60)
        deliveries = self.env["marketing.delivery"]
        order = []
        for _mailing in mailings:
            claimed = deliveries._claim_due(0, 1, 3)
            [mailing_id] = {row[1] for row in claimed}
            order.append(self.env["mailing.mailing"].browse(mailing_id).subject)
            deliveries._skip({row[0]: "canceled" for row in claimed})
        self.assertEqual(order, ["transactional", "high", "normal", "low"])

    def test_strict_profiles_let_transactional_mail_have_no_topic(self):
        profile = self.env["marketing.compliance.profile"].create(
            {"name": "Strict", "check_consent": "block"}
        )
        mailing = self.make_mailing(self.segment)
        self.assertTrue(mailing._find_consent_problem(profile))
        mailing.marketing_is_transactional = True
        self.assertFalse(mailing._find_consent_problem(profile))
