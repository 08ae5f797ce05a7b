import smtplib
import unittest
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.email_marketing_crm.tools.delivery_handover import (
    MAX_ATTEMPTS,
    Handover,
    is_temporary_refusal,
    retry_delay,
)


class Session:
    """As much of smtplib.SMTP as a hand-over looks at."""

    def data(self, content):
        return (250, content)


class TestHandover(unittest.TestCase):
    """The last moment that was reached tells what became of a mail."""

    def test_nothing_in_hand(self):
        self.assertIsNone(Handover({"<1@x>": 1}).outcome)

    def test_before_the_content(self):
        handover = Handover({"<1@x>": 1})
        self.assertEqual(handover.needs_claim("<1@x>"), 1)
        handover.take(1)
        self.assertEqual(handover.outcome, "unsent")

    def test_content_is_on_its_way(self):
        handover = Handover({"<1@x>": 1})
        handover.take(1)
        session = Session()
        with handover.watch(session):
            session.data(b"Hello")
        self.assertEqual(handover.outcome, "unknown")
        self.assertNotIn("data", vars(session))

    def test_session_that_cannot_be_watched(self):
        handover = Handover({"<1@x>": 1})
        handover.take(1)
        with handover.watch(None):
            self.assertEqual(handover.outcome, "unknown")

    def test_server_has_it(self):
        handover = Handover({"<1@x>": 1})
        handover.take(1)
        handover.accepted = True
        self.assertEqual(handover.outcome, "sent")

    def test_refusal_is_an_answer(self):
        handover = Handover({"<1@x>": 1})
        handover.take(1)
        session = Session()
        with handover.watch(session):
            session.data(b"Hello")
        handover.refused(temporary=True)
        self.assertEqual(handover.outcome, "unsent")
        self.assertEqual(handover.postponed, {1})

    def test_second_message_of_one_mail(self):
        handover = Handover({"<1@x>": 1, "<2@x>": 2})
        handover.take(handover.needs_claim("<1@x>"))
        self.assertIsNone(handover.needs_claim("<1@x>"))
        handover.accepted = True
        handover.refused(temporary=True)
        self.assertEqual(handover.outcome, "sent", "One of its messages left")
        self.assertFalse(handover.postponed)
        self.assertEqual(handover.needs_claim("<2@x>"), 2)

    def test_mail_of_another_run(self):
        with self.assertRaises(KeyError):
            Handover({"<1@x>": 1}).needs_claim("<2@x>")

    def test_the_journal_knows_a_mail_before_the_server(self):
        told = []

        class Journal:
            # pylint: disable-next=method-required-super
            def write(self, current, finished):
                told.append((current, dict(finished)))

            def wait(self):
                waited.append(told[-1][0])

        waited = []
        handover = Handover({f"<{number}@x>": number for number in range(4)}, Journal())
        handover.take(0)
        handover.finish(0)
        handover.take(1)
        handover.refused(temporary=True)
        handover.finish(1, {"type": "unknown", "reason": "later"})
        handover.take(2)
        refusal = {"type": "unknown", "reason": "later", "is_temporary": True}
        self.assertEqual(told, [(0, {}), (1, {0: None}), (2, {1: refusal})])
        self.assertEqual(waited, [0, 1, 2])

    def test_after_a_dead_worker(self):
        """What is finished is known, what was in hand is not, the rest stayed."""
        failure = {"type": "unknown", "reason": "no", "is_temporary": True}
        found = Handover.resume([1, 2, 3, 4], 3, {1: None, 2: failure}, True)
        self.assertEqual(found.sent, [1])
        self.assertEqual(found.failed, {2: failure})
        self.assertEqual(found.postponed, {2})
        self.assertEqual(found.unknown, [3])
        self.assertEqual(found.untouched, [4])

    def test_after_a_dead_worker_and_a_dead_database(self):
        """The end of the journal may be lost: mails after it may have left."""
        found = Handover.resume([1, 2, 3, 4], 2, {1: None}, False)
        self.assertEqual(found.sent, [1])
        self.assertCountEqual(found.unknown, [2, 3, 4])
        self.assertEqual(found.untouched, [])

    def test_after_results_were_written(self):
        found = Handover.resume([4], 3, {1: None, 2: None}, True)
        self.assertEqual((found.sent, found.unknown), ([], []))
        self.assertEqual(found.untouched, [4])

    @given(
        st.lists(
            st.sampled_from(["accept", "refuse", "break before", "break within"]),
            max_size=30,
        )
    )
    def test_only_the_mail_in_hand_is_ever_unclear(self, answers):
        """Whatever the server does, a run that breaks off leaves one mail to judge."""
        handover = Handover({f"<{number}@x>": number for number in range(30)})
        judged = {}
        for number, answer in enumerate(answers):
            handover.take(handover.needs_claim(f"<{number}@x>"))
            session = Session()
            with handover.watch(session):
                if answer in ("accept", "break within"):
                    session.data(b"Hello")
            if answer == "accept":
                handover.accepted = True
            elif answer == "refuse":
                handover.refused(temporary=False)
            judged[number] = handover.outcome
            if answer.startswith("break"):
                break
        expected = {
            "accept": "sent",
            "refuse": "unsent",
            "break before": "unsent",
            "break within": "unknown",
        }
        for number, outcome in judged.items():
            self.assertEqual(outcome, expected[answers[number]])


class TestRetry(unittest.TestCase):
    @given(st.integers(min_value=100, max_value=599))
    def test_codes(self, code):
        """RFC 5321: 4yz asks to come again, everything else does not."""
        expected = 400 <= code < 500
        for error in (
            smtplib.SMTPDataError(code, b"answer"),
            smtplib.SMTPSenderRefused(code, b"answer", "a@example.com"),
            smtplib.SMTPRecipientsRefused({"b@example.com": (code, b"answer")}),
        ):
            self.assertEqual(is_temporary_refusal(error), expected)

    @given(st.lists(st.integers(min_value=400, max_value=599), min_size=1))
    def test_several_recipients(self, codes):
        """One refusal for good is one for the mail."""
        error = smtplib.SMTPRecipientsRefused(
            {f"{n}@example.com": (code, b"answer") for n, code in enumerate(codes)}
        )
        self.assertEqual(is_temporary_refusal(error), all(code < 500 for code in codes))

    def test_wrapped_by_odoo(self):
        try:
            try:
                raise smtplib.SMTPDataError(451, b"later")
            except smtplib.SMTPDataError:
                raise ValueError("Mail Delivery Failed")  # noqa: B904
        except ValueError as error:
            self.assertTrue(is_temporary_refusal(error))

    def test_other_errors(self):
        self.assertFalse(is_temporary_refusal(None))
        self.assertFalse(is_temporary_refusal(ValueError("no")))
        self.assertFalse(is_temporary_refusal(smtplib.SMTPServerDisconnected("bye")))
        self.assertFalse(is_temporary_refusal(smtplib.SMTPRecipientsRefused({})))

    def test_errors_that_cause_each_other(self):
        first, second = ValueError(1), ValueError(2)
        first.__context__, second.__context__ = second, first
        self.assertFalse(is_temporary_refusal(first))

    @given(st.integers(min_value=1, max_value=50))
    def test_delays_grow_and_end(self, attempts):
        delay = retry_delay(attempts)
        if attempts >= MAX_ATTEMPTS:
            self.assertIsNone(delay)
        else:
            self.assertGreaterEqual(delay, timedelta(minutes=5))
            if attempts > 1:
                self.assertGreater(delay, retry_delay(attempts - 1))
