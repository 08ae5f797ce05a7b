from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .common import NOW
from .common_delivery import DeliveryCase

EMAILS = ANA, BOB, CEM, DAN, EVE = tuple(
    f"{name}@example.com" for name in ("ana", "bob", "cem", "dan", "eve")
)


@tagged("post_install", "-at_install")
class TestPlanResend(DeliveryCase):
    """The same mail again, with another subject, to who did not react."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for email in EMAILS:
            cls.make_partner(email, email.split("@")[0].capitalize())
        cls.segment = cls.make_segment(*EMAILS)

    def send_first(self, **values):
        mailing = self.make_mailing(self.segment, **values)
        mailing.action_launch()
        self.deliver()
        self.assertEqual(mailing.state, "done")
        self.clock.tick(3600)
        return mailing

    def react(self, mailing, code, email, reliability="human_likely"):
        self.happened(code, email, mailing_id=mailing.id, reliability=reliability)
        self.env.cr.precommit.run()

    def resend(self, mailing, kind="opened", days=0, subject="Did you see?"):
        action = mailing.with_user(self.user_marketing).action_resend_mailing()
        wizard = (
            self.env[action["res_model"]]
            .with_user(self.user_marketing)
            .with_context(**action["context"])
            .create({"kind": kind, "days": days, "subject": subject})
        )
        self.found = wizard.person_count
        action = wizard.action_create_mailing()
        return self.env["mailing.mailing"].browse(action["res_id"])

    def launch(self, mailing):
        mailing.with_user(self.user_marketing).action_launch()
        return self.outcomes(mailing)

    def test_who_did_not_open(self):
        first = self.send_first()
        self.react(first, "opened", ANA)
        self.react(first, "opened", BOB, "machine_open")
        self.react(first, "opened", CEM, "unknown")
        self.react(first, "clicked", DAN)
        second = self.resend(first)
        self.assertEqual(second.state, "draft")
        self.assertEqual(second.subject, "Did you see?")
        self.assertEqual(second.body_html, first.body_html)
        self.assertEqual(second.marketing_kind, "campaign")
        self.assertEqual(self.found, 3)
        self.assertEqual(
            self.launch(second), {BOB: "planned", CEM: "planned", EVE: "planned"}
        )
        self.deliver()
        self.assertCountEqual(self.received(), [BOB, CEM, EVE])

    def test_a_new_subject_in_each_language(self):
        """Nobody gets the old subject again, in whichever language he reads."""
        french = self.env["res.lang"]._activate_lang("fr_FR")
        first = self.make_mailing(self.segment)
        first.marketing_translation_ids = [
            Command.create(
                {
                    "lang_id": french.id,
                    "subject": "Voici",
                    "body_html": "<p>Bonjour</p>",
                }
            )
        ]
        first.action_launch()
        self.deliver()
        self.clock.tick(3600)
        wizards = self.env["marketing.mailing.resend"].with_user(self.user_marketing)
        values = {"mailing_id": first.id, "kind": "opened", "subject": "Did you see?"}
        translation = first.marketing_translation_ids
        for subject in (None, "", "Voici"):
            line = {"translation_id": translation.id, "subject": subject}
            lines = [Command.create(line)] if subject is not None else None
            with (
                self.subTest(subject),
                self.assertRaisesRegex(ValidationError, "in each of its languages"),
            ):
                wizards.create(
                    values | ({"translation_ids": lines} if lines else {})
                ).action_create_mailing()

        form = Form(wizards.with_context(default_mailing_id=first.id))
        form.subject = "Did you see?"
        with form.translation_ids.edit(0) as line:
            line.subject = "Avez-vous vu ?"
        action = form.save().action_create_mailing()
        second = self.env["mailing.mailing"].browse(action["res_id"])
        self.assertEqual(second.marketing_translation_ids.subject, "Avez-vous vu ?")
        self.assertIn("Bonjour", second.marketing_translation_ids.body_html)
        self.assertEqual(first.marketing_translation_ids.subject, "Voici")

        third = first._create_resend("Did you see?", "opened", 0)
        self.assertFalse(third.marketing_translation_ids)

    def test_nobody_is_held_out_of_the_second_mail(self):
        """Who is held out of the campaign did not get the first one either."""
        first = self.make_mailing(self.segment)
        first.marketing_holdout_percent = 40
        first.action_launch()
        self.deliver()
        got_it = set(self.received())
        self.clock.tick(3600)
        second = self.resend(first)
        self.assertEqual(self.launch(second), {email: "planned" for email in got_it})

    def test_who_did_not_click(self):
        first = self.send_first()
        self.react(first, "opened", ANA)
        self.react(first, "clicked", BOB)
        self.react(first, "clicked", CEM, "security_scan")
        second = self.resend(first, "clicked")
        self.assertEqual(set(self.launch(second)), {ANA, CEM, DAN, EVE})

    def test_never_to_who_answered_or_left(self):
        """Whatever the second mail is for, and wherever they unsubscribed."""
        first = self.send_first()
        self.react(first, "replied", ANA)
        self.react(first, "unsubscribed", BOB)
        self.react(first, "complaint", CEM)
        self.happened("unsubscribed", DAN)
        for kind in ("opened", "clicked"):
            with self.subTest(kind):
                self.assertEqual(set(self.launch(self.resend(first, kind))), {EVE})

    def test_only_to_who_got_the_first_one(self):
        self.env["mail.blacklist"]._add(ANA)
        first = self.send_first()
        self.env["mail.blacklist"]._remove(ANA)
        self.make_partner("late@example.com")
        late = self.env["res.partner"].search([("email", "=", "late@example.com")])
        self.segment._include_records(late)
        bounced = self.deliveries_of(first).filtered(lambda row: row.email == BOB)
        bounced.trace_id.trace_status = "bounce"
        self.assertEqual(set(self.launch(self.resend(first))), {CEM, DAN, EVE})

    def test_who_reacts_while_the_second_mail_waits(self):
        """Asked again at composing, and right before the mail server."""
        first = self.send_first()
        second = self.resend(first)
        self.launch(second)
        self.react(first, "opened", ANA)
        self.compose()
        self.assertEqual(self.outcomes(second)[ANA], "reacted")
        self.react(first, "opened", BOB)
        self.react(first, "opened", CEM, "machine_open")
        self.send()
        self.assertEqual(self.outcomes(second)[BOB], "reacted")
        self.assertCountEqual(self.received(), [CEM, DAN, EVE])

    def test_all_gates_hold(self):
        first = self.send_first()
        out = self.make_segment(BOB, name="Competitors")
        self.env["mail.blacklist"]._add(ANA)
        second = self.resend(first)
        second.marketing_excluded_segment_ids = [Command.set(out.ids)]
        outcomes = self.launch(second)
        self.assertEqual(outcomes[BOB], "excluded_segment")
        self.assertNotIn(ANA, {e for e, o in outcomes.items() if o == "planned"})
        self.assertEqual(outcomes[CEM], "planned")

    def test_it_waits_for_some_days(self):
        first = self.send_first()
        second = self.resend(first, days=3)
        self.assertEqual(second.schedule_type, "scheduled")
        self.assertEqual(second.schedule_date, first.sent_date + timedelta(days=3))
        self.clock.tick(4 * 86400)
        third = self.resend(first, days=3, subject="At once")
        self.assertEqual(third.schedule_type, "now")

    def test_the_audience_is_shown_and_explained(self):
        first = self.send_first()
        self.react(first, "opened", ANA)
        second = self.resend(first).with_user(self.user_marketing)
        action = second.action_view_resend_people()
        people = self.env["marketing.person"].with_user(self.user_marketing)
        self.assertEqual(
            set(people.search(action["domain"]).mapped("email_normalized")),
            {BOB, CEM, DAN, EVE},
        )
        second.invalidate_recordset()
        self.assertEqual(second.total, 4)
        explanation = second._get_audience_explanation()
        self.assertIn("Who got “New pumps” and did not open it", explanation)
        self.assertEqual(first.marketing_resend_count, 1)
        found = self.env["mailing.mailing"].search(
            first.action_view_resends()["domain"]
        )
        self.assertEqual(found, second)

    def test_one_mail_of_the_campaign_does_not_stop_the_second(self):
        """The second mail is the same one again; other mailings still count."""
        campaign = self.env["utm.campaign"].create({"name": "Spring"})
        values = {
            "campaign_id": campaign.id,
            "marketing_is_once_per_campaign": True,
        }
        first = self.send_first(**values)
        second = self.resend(first)
        self.assertEqual(set(self.launch(second).values()), {"planned"})
        other = self.make_mailing(self.segment, subject="Other", **values)
        self.assertEqual(set(self.launch(other).values()), {"campaign_mailed"})

    def test_the_record_of_the_first_mail(self):
        """“Dear Ana of Lisbon” gets the second mail as well."""
        lisbon = self.make_partner("fay@example.com", "Fay of Porto")
        lisbon = self.make_partner("fay@example.com", "Fay of Lisbon", city="Lisbon")
        segment = self.env["marketing.segment"].create(
            {"name": "Lisbon", "domain": "[('city', '=', 'Lisbon')]"}
        )
        first = self.make_mailing(segment)
        first.action_launch()
        self.deliver()
        second = self.resend(first)
        self.launch(second)
        self.assertEqual(self.deliveries_of(second).res_id, lisbon.id)

    def test_after_a_mailing_of_the_standard_queue(self):
        partners = self.env["res.partner"].search([("email", "in", [ANA, BOB])])
        first = self.make_mailing(mailing_domain=repr([("id", "in", partners.ids)]))
        with self.mock_mail_gateway():
            first._action_send_mail()
        first.write({"state": "done", "sent_date": NOW})
        self.react(first, "opened", ANA)
        self.assertEqual(self.launch(self.resend(first)), {BOB: "planned"})

    def test_a_second_mail_can_be_sent_again(self):
        first = self.send_first()
        second = self.resend(first)
        self.launch(second)
        self.deliver()
        self.react(second, "opened", ANA)
        third = self.resend(second, subject="Last call")
        self.assertEqual(set(self.launch(third)), {BOB, CEM, DAN, EVE})
        self.assertEqual(third._get_first_mailings(), second | first)

    def test_a_copy_has_the_same_audience(self):
        first = self.send_first()
        self.react(first, "opened", ANA)
        copied = self.resend(first).copy()
        self.assertEqual(copied.marketing_kind, "campaign")
        self.assertEqual(set(self.launch(copied)), {BOB, CEM, DAN, EVE})

    def test_a_merge_keeps_what_somebody_did(self):
        first = self.send_first()
        self.react(first, "opened", ANA)
        self.env.cr.precommit.run()
        self.person_of(ANA)._merge_into(self.person_of(BOB))
        self.assertNotIn(BOB, self.launch(self.resend(first)))

    def test_what_cannot_be_sent_again(self):
        draft = self.make_mailing(self.segment)
        with self.assertRaisesRegex(UserError, "cannot be sent again"):
            draft.action_resend_mailing()
        first = self.send_first()
        with self.assertRaisesRegex(ValidationError, "another subject"):
            self.resend(first, subject=" New pumps ")
        for email in EMAILS:
            self.react(first, "replied", email)
        with self.assertRaisesRegex(UserError, "Everybody who got"):
            self.resend(first)

    def test_only_marketers(self):
        first = self.send_first()
        for user in (self.user_sales, self.user_employee):
            with self.assertRaises(AccessError):
                first.with_user(user).action_resend_mailing()
            with self.assertRaises(AccessError):
                self.env["marketing.person"].with_user(user).search(
                    [("unreacted_mailing", "=", f"{first.id}:opened")]
                ).mapped("email_normalized")

    def test_odd_questions_find_nobody(self):
        people = self.env["marketing.person"]
        for value in ("", "x", "0:opened", "1", f"{self.send_first().id}:nonsense"):
            self.assertFalse(people.search([("unreacted_mailing", "=", value)]), value)
