from datetime import datetime, timedelta
from unittest.mock import patch

from odoo import modules
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import NOW
from .handoff_common import HandoffCase


@tagged("post_install", "-at_install")
class TestHandoffOffer(HandoffCase):
    """From a person to a lead with salesperson, deadline, note and activity."""

    # ------------------------------------------------------------------
    # the lead
    # ------------------------------------------------------------------

    def test_person_without_lead_gets_one(self):
        person = self.person("ana@example.com", function="Engineer")
        handoff = self.offer(person)
        lead = handoff.lead_id
        self.assertTrue(handoff.is_lead_created)
        self.assertEqual(lead.partner_id, person.partner_ids)
        self.assertEqual(lead.email_from, "ana@example.com")
        self.assertEqual(lead.contact_name, "Ana Pereira")
        self.assertEqual(lead.function, "Engineer")
        self.assertEqual(lead.team_id, self.team)
        self.assertEqual(lead.marketing_person_id, person)

    def test_list_contact_without_partner_gets_a_lead_too(self):
        self.make_contact("li@example.com", name="李小龙", company_name="Pumpen AG")
        handoff = self.offer(self.person_of("li@example.com"))
        self.assertEqual(handoff.lead_id.contact_name, "李小龙")
        self.assertEqual(handoff.lead_id.partner_name, "Pumpen AG")

    def test_newest_open_lead_is_used(self):
        lost = self.make_lead("ana@example.com")
        old, new = (
            self.make_lead("ana@example.com", user_id=False) for _number in range(2)
        )
        lost.action_set_lost()
        handoff = self.offer(self.person_of("ana@example.com"))
        self.assertEqual(handoff.lead_id, new)
        self.assertFalse(handoff.is_lead_created)
        self.assertFalse(old.user_id)

    def test_lead_keeps_its_salesperson(self):
        lead = self.make_lead("ana@example.com", user_id=self.leader.id)
        handoff = self.offer(self.person_of("ana@example.com"))
        self.assertEqual(lead.user_id, self.leader)
        self.assertEqual(handoff.user_id, self.leader)
        self.assertEqual(handoff.assignment, "kept")
        self.assertEqual(handoff.activity_id.user_id, self.leader)

    def test_lead_of_a_former_colleague_is_assigned_anew(self):
        lead = self.make_lead(
            "ana@example.com", user_id=self.colleague.id, team_id=self.team.id
        )
        self.colleague.active = False
        handoff = self.offer(self.person_of("ana@example.com"))
        self.assertEqual(lead.user_id, self.user_sales)
        self.assertEqual(handoff.assignment, "rules")

    def test_lead_has_the_campaign_of_the_last_click(self):
        person = self.person("ana@example.com")
        campaign = self.env["utm.campaign"].create({"name": "Spring"})
        mailings = self.env["mailing.mailing"].create(
            [
                {
                    "subject": subject,
                    "campaign_id": campaign.id,
                    "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
                }
                for subject in ("Old catalogue", "New catalogue")
            ]
        )
        for days, mailing in zip((9, 2), mailings, strict=True):
            self.happened(
                "clicked",
                "ana@example.com",
                date=NOW - timedelta(days=days),
                mailing_id=mailing.id,
                reliability="human_likely",
            )
        self.env.cr.precommit.run()
        lead = self.offer(person).lead_id
        self.assertEqual(lead.source_id, mailings[1].source_id)
        self.assertEqual(lead.campaign_id, campaign)
        self.assertIn("New catalogue", lead.name)

    def test_team_that_qualifies_leads_gets_leads(self):
        self.env.ref("base.group_user").implied_ids += self.env.ref(
            "crm.group_use_lead"
        )
        self.team.use_leads = True
        self.team.assignment_optout = True  # the assignment converts what it assigns
        self.assertEqual(
            self.offer(self.person("ana@example.com")).lead_id.type, "lead"
        )

    # ------------------------------------------------------------------
    # the salesperson
    # ------------------------------------------------------------------

    def test_stock_assignment_chooses_the_member(self):
        """Domains and quotas of the members are those of the sales team."""
        self.member_colleague.assignment_domain = "[('contact_name', '=', 'Bo')]"
        self.member_sales.assignment_domain = "[('contact_name', '!=', 'Bo')]"
        persons = self.person("bo@example.com", name="Bo") + self.person(
            "ana@example.com"
        )
        handoffs = self.offer(persons)
        self.assertEqual(
            handoffs.lead_id.mapped("user_id"), self.colleague + self.user_sales
        )
        self.assertEqual(set(handoffs.mapped("assignment")), {"rules"})

    def test_work_is_spread_over_the_members(self):
        persons = sum(
            (self.person(f"p{number}@example.com") for number in range(6)),
            self.env["marketing.person"],
        )
        handoffs = self.offer(persons)
        self.assertEqual(
            {user: len(mine) for user, mine in handoffs.grouped("user_id").items()},
            {self.user_sales: 3, self.colleague: 3},
        )

    def test_only_the_leads_of_the_hand_off_are_assigned(self):
        other = self.make_lead("bo@example.com", user_id=False, team_id=self.team.id)
        self.offer(self.person("ana@example.com"))
        self.assertFalse(other.user_id)

    def test_capacity_that_nobody_set_is_no_limit(self):
        """Without rule-based assignment in the settings, all members have room."""
        self.env["ir.config_parameter"].set_param("crm.lead.auto.assignment", False)
        (self.member_sales + self.member_colleague).assignment_max = 30
        persons = sum(
            (self.person(f"p{number}@example.com") for number in range(4)),
            self.env["marketing.person"],
        )
        self.assertEqual(
            sorted(self.offer(persons).mapped("user_id.login")),
            ["colleague", "salesperson"],
        )
        self.assertNotIn("leader", self.handoffs_of(persons).mapped("assignment"))

    def test_team_leader_gets_what_is_over_the_quota(self):
        self.env["ir.config_parameter"].set_param("crm.lead.auto.assignment", True)
        (self.member_sales + self.member_colleague).assignment_max = 30  # one a day
        persons = sum(
            (self.person(f"p{number}@example.com") for number in range(3)),
            self.env["marketing.person"],
        )
        handoffs = self.offer(persons)
        self.assertEqual(
            sorted(handoffs.mapped("assignment")), ["leader", "rules", "rules"]
        )
        late = handoffs.filtered(lambda handoff: handoff.assignment == "leader")
        self.assertEqual(late.user_id, self.leader)
        self.assertIn("no member had room", late.lead_id.message_ids[:1].body)

    def test_nobody_is_said_too(self):
        self.team.crm_team_member_ids.unlink()
        self.team.user_id = False
        handoff = self.offer(self.person("ana@example.com"))
        self.assertEqual(handoff.assignment, "none")
        self.assertFalse(handoff.user_id)
        self.assertFalse(handoff.activity_id)
        self.assertTrue(handoff.deadline)

    def test_assignment_does_not_commit_our_transaction(self):
        person = self.person("ana@example.com")
        with patch.object(modules.module, "current_test", False):
            self.assertEqual(self.offer(person).assignment, "rules")
        with self.assertRaises(AssertionError), mute_logger("odoo.sql_db"):
            # The cursor is as the tests left it.
            self.env.cr.commit()  # pylint: disable=invalid-commit

    # ------------------------------------------------------------------
    # the deadline
    # ------------------------------------------------------------------

    def test_deadline_jumps_over_lunch(self):
        """Wednesday 10:00 and four hours are 15:00, with an hour for lunch."""
        handoff = self.offer(self.person("ana@example.com"))
        self.assertEqual(handoff.deadline, datetime(2026, 3, 4, 15))
        self.assertEqual(str(handoff.activity_id.date_deadline), "2026-03-04")

    def test_deadline_across_weekend_and_holiday_to_the_minute(self):
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Carnival",
                "calendar_id": self.calendar.id,
                "company_id": self.company.id,
                "date_from": datetime(2026, 3, 9),
                "date_to": datetime(2026, 3, 10, 8, 30),
            }
        )
        self.clock.move_to(datetime(2026, 3, 6, 15, 47))  # Friday
        handoff = self.offer(self.person("ana@example.com"))
        # 73 minutes on Friday, then 167 minutes from Tuesday 08:30
        self.assertEqual(handoff.deadline, datetime(2026, 3, 10, 11, 17))

    def test_deadline_follows_the_salesperson_s_own_calendar(self):
        afternoon = self.env["resource.calendar"].create(
            {
                "name": "Afternoons in Shanghai",
                "tz": "Asia/Shanghai",
                "company_id": self.company.id,
                "attendance_ids": [
                    (5, 0, 0),
                    *[
                        (
                            0,
                            0,
                            {
                                "name": "Afternoon",
                                "dayofweek": str(day),
                                "hour_from": 13,
                                "hour_to": 18,
                                "day_period": "afternoon",
                            },
                        )
                        for day in range(5)
                    ],
                ],
            }
        )
        self.env["resource.resource"].create(
            {
                "name": "Salesperson",
                "user_id": self.user_sales.id,
                "company_id": self.company.id,
                "calendar_id": afternoon.id,
                "tz": "Asia/Shanghai",
            }
        )
        self.user_sales.tz = "Asia/Shanghai"
        self.make_lead("ana@example.com", user_id=self.user_sales.id)
        handoff = self.offer(self.person_of("ana@example.com"))
        # Thursday 13:00 to 17:00 in Shanghai
        self.assertEqual(handoff.deadline, datetime(2026, 3, 5, 9))

    def test_holidays_of_another_company_do_not_count(self):
        leave = self.env["resource.calendar.leaves"].create(
            {
                "name": "Elsewhere",
                "calendar_id": False,
                "date_from": datetime(2026, 3, 4),
                "date_to": datetime(2026, 3, 5),
            }
        )
        leave.company_id = self.company_other
        handoff = self.offer(self.person("ana@example.com"))
        self.assertEqual(handoff.deadline, datetime(2026, 3, 4, 15))

    # ------------------------------------------------------------------
    # what the salesperson reads
    # ------------------------------------------------------------------

    def test_one_readable_note(self):
        person = self.person("ana@example.com")
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "Pumps <b>that last</b>",
                "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
            }
        )
        for code, days in (("sent", 5), ("opened", 5), ("clicked", 5), ("replied", 3)):
            self.happened(
                code,
                "ana@example.com",
                date=NOW - timedelta(days=days),
                mailing_id=mailing.id,
                reliability="human_likely",
            )
        for number in range(40):
            self.happened(
                "page_view",
                "ana@example.com",
                date=NOW - timedelta(days=2, minutes=number),
                data={
                    "url": f"https://example.com/{number}",
                    "title": f"Page {number}",
                },
            )
        self.happened("clicked", "ana@example.com", reliability="security_scan")
        self.env.cr.precommit.run()
        self.policy.guidance = "Ask for the flow rate."
        handoff = self.offer(person, cause="Asked for prices")
        (note,) = handoff.lead_id.message_ids
        self.assertIn("Asked for prices", note.body)
        self.assertIn("Ask for the flow rate.", note.body)
        self.assertIn("Pumps &lt;b&gt;that last&lt;/b&gt;", note.body)
        self.assertIn("link clicked", note.body)
        self.assertEqual(handoff.evidence.count("Page viewed"), 3)
        self.assertEqual(handoff.evidence.count("<li>"), 6, "five reasons and one mail")
        self.assertLess(
            handoff.evidence.index("Replied"), handoff.evidence.index("Link clicked")
        )

    def test_note_is_in_the_language_of_the_salesperson(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.reason_budget.with_context(lang="fr_FR").name = "Pas de budget"
        self.policy.with_context(lang="fr_FR").guidance = "Demandez le débit."
        self.policy.guidance = "Ask for the flow rate."
        self.user_sales.lang = "fr_FR"
        self.make_lead("ana@example.com", user_id=self.user_sales.id)
        handoff = self.offer(self.person_of("ana@example.com"))
        self.assertIn("Demandez le débit.", handoff.lead_id.message_ids[:1].body)

    def test_salesperson_is_notified_once(self):
        handoff = self.offer(self.person("ana@example.com"))
        notifications = self.env["mail.notification"].search(
            [("res_partner_id", "=", handoff.user_id.partner_id.id)]
        )
        self.assertEqual(len(notifications), 1)

    def test_many_hand_offs_are_one_notification(self):
        persons = self.env["marketing.person"]
        for number in range(6):
            self.make_lead(f"p{number}@example.com", user_id=self.user_sales.id)
            persons += self.person_of(f"p{number}@example.com")
        handoffs = self.offer(persons)
        self.assertEqual(len(handoffs.activity_id), 6)
        notification = self.env["mail.notification"].search(
            [("res_partner_id", "=", self.user_sales.partner_id.id)]
        )
        self.assertEqual(len(notification), 1)
        self.assertIn("6 marketing hand-offs", notification.mail_message_id.subject)

    # ------------------------------------------------------------------
    # the batch
    # ------------------------------------------------------------------

    def _count_queries(self, count, prefix):
        persons = self.env["marketing.person"]
        for number in range(count):
            email = f"{prefix}{number}@example.com"
            self.make_lead(email, user_id=self.user_sales.id)
        persons = self.env["marketing.person"].search(
            [("email_normalized", "=like", f"{prefix}%@example.com")]
        )
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        handoffs = self.offer(persons)
        self.assertEqual(len(handoffs), count)
        return self.env.cr.sql_log_count - before

    def test_batch_of_200_costs_no_query_per_person(self):
        """Our part is constant: twenty or two hundred persons, the same queries.

        The leads have a salesperson, as Odoo's own assignment writes lead by lead.
        """
        few = self._count_queries(20, "few")
        many = self._count_queries(200, "many")
        self.assertLess(many - few, 30)

    def test_nobody_qualifies_costs_one_query(self):
        persons = sum(
            (self.person(f"p{number}@example.com") for number in range(5)),
            self.env["marketing.person"],
        )
        self.look_at(persons)
        with self.assertQueryCount(2):  # the policies, and one question of the policy
            self.look_at(persons)

    def test_without_policy_says_what_to_do(self):
        self.policy.active = False
        person = self.person("ana@example.com")
        with self.assertRaisesRegex(UserError, "Create one under"):
            self.env["marketing.handoff"]._offer_persons(person.ids)
