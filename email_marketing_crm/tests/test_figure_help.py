from odoo.tests import tagged

from .common_delivery import DeliveryCase

#: Figures that marketers see of campaigns and delivery, by the model that has them.
SHOWN = {
    "mailing.mailing": (
        "marketing_audience",
        "marketing_sent",
        "marketing_waiting",
        "marketing_failed",
        "marketing_unknown",
        "marketing_skipped",
        "marketing_held",
    ),
    "marketing.mailing.plan": (
        "person_count",
        "planned_count",
        "waiting_count",
        "skipped_count",
    ),
    "marketing.ab.test": ("control_size", "control_total", "control_rate"),
    "marketing.ab.arm": ("sent_count", "success_count", "rate", "lead_percent"),
    "marketing.asset": ("person_count",),
    "marketing.frequency.usage": ("used",),
}


@tagged("post_install", "-at_install")
class TestFigureHelp(DeliveryCase):
    def test_every_figure_says_what_it_counts(self):
        for model, names in SHOWN.items():
            shown = self.env[model].fields_get(names, ["help"])
            for name in names:
                with self.subTest(model=model, figure=name):
                    self.assertTrue(shown[name].get("help"))

    def test_buttons_lead_to_what_they_count(self):
        """Days of a sender, requests of a webhook, mailings of a condition."""
        marketer = self.user_manager
        self.make_partner("ana@example.com")
        sender = self.make_mailing().marketing_sender_id
        condition = self.env["marketing.content.condition"].create(
            {"name": "Best fits", "grades": "A"}
        )
        block = f'<p data-marketing-condition="{condition.id}">For you</p>'
        used = self.make_mailing(subject="With a block", body_html=block)
        webhook = self.env["marketing.webhook"].create(
            {"name": "Mail", "provider": "mailgun"}
        )
        call = self.env["marketing.webhook.call"].create(
            {"webhook_id": webhook.id, "date": "2026-03-04 09:00:00", "refused": 1}
        )
        day = self.env["marketing.sender.day"].create(
            {"sender_id": sender.id, "date": "2026-03-04", "sent": 7}
        )
        for record, button, found in (
            (sender, "action_view_days", day),
            (webhook, "action_view_calls", call),
            (condition, "action_open_mailings", used),
        ):
            with self.subTest(button=button):
                action = getattr(record.with_user(marketer), button)()
                rows = self.env[action["res_model"]].with_user(marketer)
                self.assertEqual(rows.search(action["domain"]).sudo(), found)

    def test_the_hours_of_what_is_planned(self):
        self.make_partner("ana@example.com")
        mailing = self.make_mailing(self.make_segment("ana@example.com"))
        mailing.write(
            {"schedule_type": "scheduled", "schedule_date": "2026-03-20 08:30:00"}
        )
        mailing.action_launch()
        action = mailing.with_user(self.user_marketing).action_view_timing()
        self.assertEqual(
            self.env["marketing.delivery"].search(action["domain"]),
            self.deliveries_of(mailing),
        )
        self.assertEqual(action["context"]["group_by"], ["due:hour", "wait_reason"])
