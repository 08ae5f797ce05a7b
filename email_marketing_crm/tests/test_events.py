import json
from datetime import datetime, timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged

from .common import MarketingCase


def event(number=1, **values):
    return {
        "id": f"shop-{number}",
        "type": "form",
        "email": "ana@example.com",
        "source": "shop",
        **values,
    }


@tagged("post_install", "-at_install")
class TestReportEvents(MarketingCase):
    def report(self, events, user=None):
        model = self.env["marketing.touchpoint"].with_user(user or self.user_marketing)
        return model.report_events(events)

    def test_an_event_makes_the_person_and_the_touchpoint(self):
        answer = self.report(
            [event(title="Demo request", url="https://example.com/h5")]
        )
        self.assertEqual(answer, {"accepted": 1, "errors": []})
        self.assertEqual(self.touchpoints_of("ana@example.com"), ["form"])

    def test_a_repeat_changes_nothing(self):
        for _time in range(3):
            self.report([event(), event()])
            self.env.cr.precommit.run()
        self.assertEqual(self.touchpoints_of("ana@example.com"), ["form"])

    def test_a_bad_line_is_named_and_the_others_are_taken(self):
        future = (self.clock() + timedelta(days=1)).isoformat()
        events = [
            event(1),
            event(2, email="not an address"),
            event(3, type="sent"),
            event(4, date="yesterday"),
            event(5, date=future),
            event(6, value="many"),
            "text",
            {"type": "form", "email": "ana@example.com"},
            event(8, data=[1]),
            event(9, type="download", date="2026-03-01T08:00:00Z", value=12.5),
        ]
        answer = self.report(events)
        self.assertEqual(answer["accepted"], 2)
        self.assertEqual(
            [error["index"] for error in answer["errors"]], list(range(1, 9))
        )
        self.assertTrue(all(error["error"] for error in answer["errors"]))
        self.assertEqual(self.touchpoints_of("ana@example.com"), ["download", "form"])

    def test_more_than_a_thousand_are_refused_whole(self):
        with self.assertRaises(UserError):
            self.report([event(number) for number in range(1001)])
        with self.assertRaises(UserError):
            self.report("text")

    def test_who_may_not_see_persons_may_not_report(self):
        for user in (self.user_employee, self.user_sales):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.report([event()], user=user)

    def test_two_systems_may_use_the_same_id(self):
        self.report([event(source="shop"), event(source="forum")])
        self.assertEqual(len(self.touchpoints_of("ana@example.com")), 2)


@tagged("post_install", "-at_install")
class TestEventsEndpoint(HttpCase):
    def setUp(self):
        super().setUp()
        self.user = self.env["res.users"].create(
            {
                "name": "Shop",
                "login": "shop",
                "group_ids": [
                    (4, self.env.ref("email_marketing_crm.group_marketing_user").id)
                ],
            }
        )
        self.key = (
            self.env["res.users.apikeys"]
            .with_user(self.user)
            ._generate("rpc", "shop", datetime.now() + timedelta(days=1))
        )

    def post(self, body, key=None):
        headers = {"Content-Type": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        data = body if isinstance(body, str) else json.dumps(body)
        return self.url_open("/marketing/events", data=data, headers=headers)

    def test_events_arrive_with_the_key_of_a_marketing_user(self):
        answer = self.post({"events": [event(1), event(2, email="")]}, self.key)
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.json()["accepted"], 1)
        self.assertEqual(answer.json()["errors"][0]["index"], 1)
        self.assertEqual(
            self.env["marketing.touchpoint"].search_count(
                [("person_id.email_normalized", "=", "ana@example.com")]
            ),
            1,
        )

    def test_a_stranger_learns_nothing(self):
        for key in (None, "0" * 40):
            with self.subTest(key=key):
                answer = self.post([event()], key)
                self.assertIn(answer.status_code, (401, 403))
                self.assertNotIn("accepted", answer.text)

    def test_what_cannot_be_read_gets_one_sentence(self):
        answer = self.post("{broken", self.key)
        self.assertEqual(answer.status_code, 400)
        self.assertEqual(answer.json(), {"error": "The body is not JSON."})
        self.assertEqual(self.post({"events": 3}, self.key).status_code, 400)

    def test_an_employee_may_not(self):
        self.user.group_ids = [(5, 0, 0), (4, self.env.ref("base.group_user").id)]
        self.assertEqual(self.post([event()], self.key).status_code, 403)
