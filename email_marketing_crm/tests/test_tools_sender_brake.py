import smtplib
from unittest import TestCase

from hypothesis import given
from hypothesis import strategies as st

from ..tools.mail_provider import PROVIDERS
from ..tools.sender_brake import (
    DEFAULT_LIMITS,
    MIN_COUNTS,
    OUTCOMES,
    OutsideLog,
    OutsideMail,
    classify_refusal,
    decide_brakes,
)

results = st.dictionaries(
    st.sampled_from(PROVIDERS),
    st.dictionaries(st.sampled_from(OUTCOMES), st.integers(0, 5000)),
)


def decide(stopped=(), **providers):
    return [brake[:2] for brake in decide_brakes(providers, DEFAULT_LIMITS, stopped)]


class TestSenderBrake(TestCase):
    def test_bounces_and_complaints_stop_the_sender(self):
        self.assertEqual(
            decide(gmail={"sent": 100, "bounced_hard": 6}), [(None, "bounce")]
        )
        self.assertEqual(
            decide(gmail={"sent": 50, "refused_address": 3}, qq={"refused_address": 3}),
            [(None, "bounce")],
        )
        self.assertEqual(
            decide(gmail={"sent": 900, "complained": 3}), [(None, "complaint")]
        )

    def test_what_a_provider_thinks_stops_its_mail(self):
        self.assertEqual(
            decide(gmail={"deferred": 40, "sent": 50}, qq={"sent": 1000}),
            [("gmail", "deferral")],
        )
        self.assertEqual(
            decide(gmail={"refused_policy": 9}, qq={"refused_policy": 9}),
            [("gmail", "policy"), ("qq", "policy")],
        )
        self.assertEqual(
            decide(gmail={"bounced_hard": 10, "sent": 100}, qq={"sent": 1000}),
            [("gmail", "bounce")],
        )

    def test_chance_stops_nothing(self):
        self.assertEqual(decide(gmail={"sent": 4, "bounced_hard": 4}), [])
        self.assertEqual(decide(gmail={"sent": 1, "complained": 2}), [])
        self.assertEqual(decide(gmail={"sent": 9, "deferred": 9}), [])
        self.assertEqual(decide(gmail={"sent": 1000, "bounced_soft": 900}), [])

    def test_nothing_of_nothing_is_no_rate(self):
        self.assertEqual(decide(gmail={"bounced_hard": 50, "complained": 50}), [])

    def test_what_has_stopped_is_not_stopped_again(self):
        self.assertEqual(decide(stopped=("gmail",), gmail={"refused_policy": 9}), [])
        self.assertEqual(decide(stopped=(None,), gmail={"bounced_hard": 90}), [])

    def test_nothing_is_watched_without_a_limit(self):
        limits = dict.fromkeys(DEFAULT_LIMITS, 0)
        bad = {"gmail": dict.fromkeys(OUTCOMES, 100)}
        self.assertEqual(decide_brakes(bad, limits), [])

    @given(results)
    def test_a_brake_has_its_numbers(self, found):
        for brake in decide_brakes(found, DEFAULT_LIMITS):
            self.assertGreaterEqual(brake.count, MIN_COUNTS[brake.cause])
            self.assertGreater(
                100 * brake.count, DEFAULT_LIMITS[brake.cause] * brake.total
            )

    @given(results)
    def test_braked_once(self, found):
        brakes = decide_brakes(found, DEFAULT_LIMITS)
        stopped = [brake.provider for brake in brakes]
        self.assertEqual(len(stopped), len(set(stopped)))
        again = decide_brakes(found, DEFAULT_LIMITS, stopped)
        self.assertFalse({brake.provider for brake in again} & set(stopped))

    def test_answers_of_servers(self):
        def refused(code, text):
            return smtplib.SMTPRecipientsRefused({"a@example.com": (code, text)})

        for error, outcome in (
            (refused(421, b"4.7.0 too fast"), "deferred"),
            (refused(451, b"later"), "deferred"),
            (refused(550, b"5.1.1 unknown"), "refused_address"),
            (refused(550, b"no such user"), "refused_address"),
            (refused(552, b"5.2.2 full"), "refused_address"),
            (refused(550, b"5.7.1 blocked"), "refused_policy"),
            (refused(554, b"blocked"), "refused_policy"),
            (smtplib.SMTPDataError(550, b"looks like spam"), "refused_policy"),
            (smtplib.SMTPDataError(550, b"5.1.1 unknown"), "refused_address"),
            (smtplib.SMTPSenderRefused(550, b"who?", "a@b.c"), "refused_policy"),
            (smtplib.SMTPSenderRefused(550, b"5.1.1 no", "a@b.c"), "refused_policy"),
            (smtplib.SMTPSenderRefused(501, b"5.1.7 bad", "a@b.c"), "refused_policy"),
            (smtplib.SMTPSenderRefused(450, b"4.1.8 dns", "a@b.c"), "deferred"),
            (refused(550, b"5.1.8 domain of the sender"), "refused_policy"),
            (refused(550, b"5.1.0 Sender address rejected"), "refused_policy"),
            (refused(554, b"[5.1.66.12] blocked"), "refused_policy"),
            (smtplib.SMTPDataError(552, b"5.2.3 too large"), "refused_policy"),
            (smtplib.SMTPDataError(552, b"5.2.2 full"), "refused_address"),
            (smtplib.SMTPDataError(452, b"later"), "deferred"),
            (smtplib.SMTPServerDisconnected("bye"), None),
            (ConnectionRefusedError(), None),
            (None, None),
        ):
            self.assertEqual(classify_refusal(error), outcome, error)

    def test_answer_behind_another_error(self):
        try:
            try:
                raise smtplib.SMTPDataError(554, b"5.7.1 spam")
            except smtplib.SMTPDataError as cause:
                raise ValueError("wrapped") from cause
        except ValueError as error:
            self.assertEqual(classify_refusal(error), "refused_policy")

    def test_mails_that_no_delivery_counts(self):
        log = OutsideLog({"<1@pumps>": 7})
        for number, to, outcome in (
            ("<1@pumps>", '"Ana, of Pumps" <ana@Gmail.com>', "sent"),
            ("<1@pumps>", "bo@gmail.com", "sent"),
            ("<2@pumps>", "cy@example.com, di@example.com", "deferred"),
            ("<3@pumps>", "", "sent"),
            ("<4@pumps>", "eve@example.com", None),
        ):
            log.note(
                {"Message-Id": number, "From": "P <a@Pumps.example>", "To": to}, outcome
            )
        self.assertEqual(
            log.counts,
            {
                OutsideMail(7, "pumps.example", "gmail.com", "sent"): 2,
                OutsideMail(None, "pumps.example", "example.com", "deferred"): 1,
                OutsideMail(None, "pumps.example", "", "sent"): 1,
            },
        )
