"""What came of a mailing: figures, and their persons."""

from unittest.mock import patch

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged

from ..models.marketing_consent_sync import EVIDENCE, Evidence
from ..models.marketing_mailing_figures import REPORTED, REVENUES
from .common import NOW
from .results_common import ResultsCase


@tagged("post_install", "-at_install")
class TestResults(ResultsCase):
    def tell_a_story(self):
        self.react("ana", "opened", "machine_open")
        self.react("ana", "clicked")
        self.react("ben", "opened", "machine_open")
        self.react("cy", "opened", "unknown")
        self.react("cy", "clicked", "security_scan")
        self.react("di", "hard_bounce")
        self.react("ed", "replied", "human_confirmed")
        self.react("ed", "unsubscribed")
        self.react("ana", "viewed_online", data={"user_agent": "Phone"})
        self.react("ana", "viewed_online", data={"user_agent": "Office"})
        self.react("ben", "complaint")

    def test_each_person_counts_once_and_machines_are_apart(self):
        self.tell_a_story()
        self.assertEqual(
            self.figures(),
            {
                "sent": 5,
                "delivered": 4,
                "hard": 1,
                "soft": 0,
                "policy": 0,
                "opened": 2,
                "opened_unknown": 1,
                "opened_machine": 1,
                "ignored": 1,
                "clicked": 1,
                "clicked_other": 1,
                "replied": 1,
                "viewed": 1,
                "maybe_forwarded": 1,
                "glanced": 0,
                "skimmed": 0,
                "read": 0,
                "time_unknown": 4,
                "complained": 1,
                "unsubscribed": 1,
                "leads": 0,
                "won": 0,
            },
        )

    def test_each_figure_opens_its_persons(self):
        self.tell_a_story()
        for figure, count in self.figures().items():
            with self.subTest(figure=figure):
                self.assertEqual(len(self.people(figure)), count)
        self.assertEqual(self.people("opened"), {"ana", "ed"})
        self.assertEqual(self.people("opened_machine"), {"ben"})
        self.assertEqual(self.people("delivered"), {"ana", "ben", "cy", "ed"})

    def test_every_figure_has_its_definition(self):
        for group in self.mailing.get_results()["groups"]:
            for figure in group["figures"]:
                self.assertTrue(figure["label"] and figure["help"], figure["code"])

    def test_money_has_its_definition_and_opens_its_persons(self):
        self.react("ana", "clicked")
        self.assertEqual(self.mailing.get_results()["revenues"], [])
        self.clock.tick(3600)
        lead = self.make_lead("ana@example.com", expected_revenue=1000)
        lead.write({"type": "opportunity"})
        lead.action_set_won()
        self.env.flush_all()
        self.env.cr.precommit.run()
        results = self.mailing.get_results()
        self.assertEqual(
            [row["code"] for row in results["revenues"]],
            ["expected_revenue", "won_revenue"],
        )
        for row in results["revenues"]:
            self.assertTrue(row["label"] and row["help"])
            self.assertEqual(results[row["code"]], 1000)
            self.assertEqual(self.people(row["people"]), {"ana"})

    def test_business_within_its_window_only(self):
        self.react("ana", "clicked")
        self.react("ben", "opened")
        self.env.cr.precommit.run()
        self.clock.tick(5 * 24 * 3600)
        for name in ("ana", "ben"):
            lead = self.make_lead(f"{name}@example.com", expected_revenue=1000)
        self.env.flush_all()
        lead = self.env["crm.lead"].search(
            [("email_normalized", "=", "ana@example.com")]
        )
        lead.write({"type": "opportunity"})
        lead.action_set_won()
        self.assertEqual(self.people("leads"), {"ana"})
        self.assertEqual(self.people("won"), {"ana"})
        results = self.mailing.get_results()
        self.assertEqual(results["expected_revenue"], 1000)
        self.assertEqual(results["won_revenue"], 1000)
        self.clock.tick(40 * 24 * 3600)
        self.make_lead("ana@example.com", name="Late", expected_revenue=500)
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.assertEqual(self.mailing.get_results()["expected_revenue"], 1000)

    def test_a_mailing_that_never_left_has_none(self):
        draft = self.make_mailing(self.segment)
        self.assertEqual(draft.get_results(), {"groups": []})

    def test_reports_have_the_figures_of_the_forms(self):
        self.tell_a_story()
        self.env.cr.precommit.run()
        results = self.env["marketing.mailing.result"]
        results._count(sorted(results._get_changed(0)))
        report = self.env["marketing.mailing.report"].with_user(self.user_marketing)
        line = report.search([("mailing_id", "=", self.mailing.id)])
        figures = self.figures()
        for name in ("sent", "delivered", "opened", "clicked", "replied", "leads"):
            self.assertEqual(line[name], figures[name], name)
        self.assertEqual((line.volume, line.weekday), ("one_off", "3"))
        self.assertEqual(line.click_rate, 25)
        self.react("ben", "clicked")
        self.env.cr.precommit.run()
        results._count(sorted(results._get_changed(0)))
        self.env.invalidate_all()
        self.assertEqual(line.clicked, 2)

    def test_rates_of_several_mailings_are_weighted(self):
        other = self.make_mailing(self.segment)
        self.env["marketing.mailing.result"].create(
            [
                {
                    "mailing_id": mailing.id,
                    "date": "2026-03-04 10:00:00",
                    "sent": delivered,
                    "delivered": delivered,
                    "clicked": clicked,
                }
                for mailing, delivered, clicked in (
                    (self.mailing, 90, 9),
                    (other, 10, 9),
                )
            ]
        )
        [(rate,)] = self.env["marketing.mailing.report"]._read_group(
            [("mailing_id", "in", (self.mailing + other).ids)], [], ["click_rate:avg"]
        )
        self.assertEqual(rate, 18)

    def test_a_figure_is_called_the_same_everywhere(self):
        wording = self.mailing._get_figure_wording()
        for model in ("marketing.mailing.result", "marketing.mailing.report"):
            described = self.env[model].fields_get(attributes=["string", "help"])
            for name in (*REPORTED, *REVENUES):
                self.assertEqual(
                    (described[name]["string"], described[name]["help"]), wording[name]
                )
            [(name, only)] = self.env[model].fields_get(["won"], ["type"]).items()
            self.assertEqual((name, only["type"]), ("won", "integer"))
            self.assertNotIn("help", only)

    def test_how_long_a_lead_counts_is_a_setting(self):
        self.react("ana", "clicked")
        self.env.cr.precommit.run()
        self.clock.tick(12 * 24 * 3600)
        self.make_lead("ana@example.com", expected_revenue=1000)
        self.assertEqual(self.people("leads"), {"ana"})
        results = self.env["marketing.mailing.result"]
        self.count_results()
        settings = self.env["res.config.settings"].create(
            {"marketing_conversion_days": 10}
        )
        self.assertEqual(settings.create({}).marketing_conversion_days, 30)
        self.assertEqual(self.count_wakes(settings.execute), 1, "Reports are counted")
        self.assertEqual(self.people("leads"), set())
        self.assertIn("10 days", self.mailing._get_figure_wording()["leads"][1])
        self.count_results()
        row = results.search([("mailing_id", "=", self.mailing.id)])
        self.assertEqual(row.leads, 0)
        self.assertEqual(self.count_wakes(settings.execute), 0, "Nothing has changed")
        for days in (0, -3):
            with self.assertRaises(ValidationError):
                settings.marketing_conversion_days = days

    def count_wakes(self, action):
        """How often something wakes the worker that counts for the reports."""
        cron = self.env.ref("email_marketing_crm.ir_cron_marketing_mailing_result")
        triggers = self.env["ir.cron.trigger"]
        before = triggers.search_count([("cron_id", "=", cron.id)])
        action()
        return triggers.search_count([("cron_id", "=", cron.id)]) - before

    def count_results(self):
        self.env.flush_all()
        with patch.object(
            type(self.env["ir.cron"]), "_commit_progress", return_value=1.0
        ):
            self.env["marketing.mailing.result"]._cron_count()
        self.env.invalidate_all()

    def test_mailings_that_wait_longest_are_counted_first(self):
        other = self.make_mailing(self.segment)
        results = self.env["marketing.mailing.result"]
        self.react("ana", "clicked")
        self.happened("clicked", "ben@example.com", mailing_id=other.id)
        self.env.cr.precommit.run()
        mine = (self.mailing + other).ids
        results._count([self.mailing.id])
        changed = [number for number in results._get_changed(0) if number in mine]
        self.assertEqual(changed, [other.id, self.mailing.id])
        self.clock.tick(60)
        results._count([other.id])
        changed = [number for number in results._get_changed(0) if number in mine]
        self.assertEqual(changed, [self.mailing.id, other.id])

    def test_figures_stay_when_their_events_are_deleted(self):
        self.tell_a_story()
        self.env.cr.precommit.run()
        self.mailing.sent_date = NOW
        self.count_results()
        before = self.figures()
        self.assertFalse(self.mailing.get_results()["kept_since"])
        people = self.mailing.action_view_result("clicked")
        self.assertEqual(people["res_model"], "marketing.person")
        self.clock.tick(3 * 366 * 24 * 3600)
        retention = self.env["marketing.retention"]
        retention._delete_old_touchpoints(retention._get_cutoff("touchpoints"))
        self.assertTrue(self.mailing.get_results()["kept_since"])
        told = self.mailing.action_view_result("clicked")
        self.assertIn("not known any more", told["params"]["message"])
        after = self.figures()
        self.assertEqual(after, {name: before[name] for name in REPORTED})
        # A late click is no reason to forget the others.
        self.react("cy", "clicked")
        self.env.cr.precommit.run()
        self.count_results()
        self.assertEqual(self.figures(), after)

    def test_a_campaign_shows_what_came_of_its_mailings(self):
        campaign = self.env["utm.campaign"].create({"title": "Spring"})
        self.mailing.campaign_id = campaign
        self.tell_a_story()
        self.env.cr.precommit.run()
        self.count_results()
        mine = campaign.with_user(self.user_marketing)
        line = mine.marketing_report_ids
        self.assertEqual((line.opened, line.clicked), (2, 1))
        self.assertEqual(line.action_open_mailing()["res_id"], self.mailing.id)
        report = self.env["marketing.mailing.report"].with_user(self.user_marketing)
        action = mine.action_view_marketing_results()
        self.assertEqual(report.search(action["domain"]), line)
        with Form(mine) as form:
            self.assertEqual(form.title, "Spring")
        theirs = campaign.with_user(self.user_sales)
        with self.assertRaises(AccessError):
            theirs.read(["marketing_report_ids"])
        with Form(theirs) as form:
            self.assertEqual(form.title, "Spring", "A lead of theirs may lead to it")

    def test_the_calendar_shows_what_left_and_what_waits(self):
        later = self.make_mailing(
            self.segment, schedule_type="scheduled", schedule_date="2026-03-20 08:30:00"
        )
        later.action_put_in_queue()
        self.env.flush_all()
        volume = self.env["marketing.mail.volume"].with_user(self.user_marketing)
        lines = volume.search([("mailing_id", "in", (self.mailing + later).ids)])
        self.assertEqual(
            [(line.state, line.count, line.volume) for line in lines],
            [("waiting", 5, "one_off"), ("sent", 5, "one_off")],
        )
        self.assertEqual(str(lines[0].date), "2026-03-20 08:00:00")

    def test_mails_ignored_in_a_row(self):
        persons = self.env["marketing.person"]
        ana, ben = self.person_of("ana@example.com"), self.person_of("ben@example.com")
        for _mail in range(2):
            for name in ("ana", "ben"):
                self.react(name, "sent", "human_confirmed")
        self.react("ana", "opened", "machine_open")
        self.clock.tick(3600)
        self.react("ben", "clicked")
        self.run_inbox()
        self.env.invalidate_all()
        self.assertEqual(ana.ignored_mail_count, 3)
        self.assertEqual(ben.ignored_mail_count, 0)
        found = persons.search([("ignored_mail_count", ">=", 3)])
        self.assertIn(ana, found)
        self.assertNotIn(ben, found)
        segment = self.env["marketing.segment"].create(
            {
                "name": "Ignores us",
                "res_model": "res.partner",
                "domain": "[('marketing_person_id.ignored_mail_count', '>=', 3)]",
            }
        )
        segment._refresh()
        emails = segment.member_ids.person_id.mapped("email_normalized")
        self.assertIn("ana@example.com", emails)
        self.assertNotIn("ben@example.com", emails)

    def test_others_see_nothing(self):
        for user in (self.user_sales, self.user_employee):
            mailing = self.mailing.with_user(user)
            for method in (mailing.get_results, mailing.get_click_map):
                with self.assertRaises(AccessError):
                    method()

    def test_reports_are_for_marketers_and_nobody_writes_them(self):
        self.count_results()
        for model in (
            "marketing.mailing.result",
            "marketing.mailing.report",
            "marketing.mail.volume",
        ):
            found = self.env[model].with_user(self.user_marketing).search([], limit=1)
            self.assertTrue(found, model)
            for attempt in (
                found.unlink,
                lambda row=found: row.write({"mailing_id": 0}),
            ):
                with self.assertRaises(AccessError):
                    attempt()
            for user in (self.user_sales, self.user_employee):
                with self.assertRaises(AccessError):
                    self.env[model].with_user(user).search([], limit=1)

    def test_an_opt_out_by_the_mail_is_a_result_of_it(self):
        evidence = Evidence({"source": "mail", "mailing_id": self.mailing.id})
        blacklist = self.env["mail.blacklist"]
        blacklist.with_context(**{EVIDENCE: evidence})._block(["ana@example.com"])
        blacklist._block(["ben@example.com"])
        self.assertEqual(self.people("unsubscribed"), {"ana"})
