import unittest

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.email_marketing_crm.tools.handover_progress import Progress, recover

REFUSAL = {"type": "unknown", "reason": "no", "is_temporary": False}
#: What becomes of a mail: it leaves, is refused, is taken in hand anew before it
#: leaves, cannot even be written, or has its turn after the next one.
FATES = ("sent", "refused", "renewed", "unwritten", "swapped")


class Journal:
    """What is written of a worker: a row, and steps that are counted since."""

    def __init__(self, deliveries):
        self.progress = Progress(deliveries)
        self.deliveries = deliveries
        self.place, self.current, self.finished, self.steps = 0, None, {}, 0
        self.rows = 0

    # pylint: disable-next=method-required-super
    def write(self, current, finished):
        news = self.progress.advance(current, finished)
        if news is None:
            self.steps += 1
            return
        self.place, self.current = self.progress.place, current
        self.finished |= news
        self.steps = 0
        self.rows += 1

    def recover(self):
        return recover(
            self.deliveries, self.place, self.current, self.finished, self.steps
        )


def order(fates):
    """Numbers of the mails, in the order in which they have their turn."""
    numbers = list(range(len(fates)))
    for number in range(len(fates) - 1):
        if fates[number] == "swapped":
            numbers[number], numbers[number + 1] = numbers[number + 1], numbers[number]
    return numbers


class TestProgress(unittest.TestCase):
    """Whoever comes after a dead worker knows what the worker knew."""

    @given(st.lists(st.sampled_from(FATES), max_size=40))
    def test_every_moment_is_known(self, fates):
        deliveries = [1000 - 7 * number for number in range(len(fates))]
        journal, known, unwritten = Journal(deliveries), {}, {}
        self.assertEqual(journal.recover(), (None, {}))
        for number in order(fates):
            delivery, fate = deliveries[number], fates[number]
            if fate != "unwritten":
                journal.write(delivery, unwritten)
                known |= unwritten
                unwritten = {}
                self.assertEqual(journal.recover(), (delivery, known))
            if fate == "renewed":
                journal.write(delivery, {})
                self.assertEqual(journal.recover(), (delivery, known))
            is_sent = fate in ("sent", "renewed", "swapped")
            unwritten[delivery] = None if is_sent else REFUSAL

    def test_mails_that_leave_in_turn_are_only_counted(self):
        deliveries = list(range(100, 600))
        journal, finished = Journal(deliveries), {}
        for delivery in deliveries:
            journal.write(delivery, finished)
            finished = {delivery: None}
        self.assertEqual((journal.rows, journal.steps), (0, 500))
        self.assertEqual(journal.recover(), (599, dict.fromkeys(deliveries[:-1])))

    def test_counting_goes_on_after_a_refusal(self):
        journal = Journal([1, 2, 3, 4, 5])
        journal.write(1, {})
        journal.write(2, {1: None})
        journal.write(3, {2: REFUSAL})
        journal.write(4, {3: None})
        journal.write(5, {4: None})
        self.assertEqual((journal.rows, journal.steps), (1, 2))
        self.assertEqual(
            journal.recover(), (5, {1: None, 2: REFUSAL, 3: None, 4: None})
        )

    @given(
        st.integers(-10, 10**6).filter(lambda steps: not 0 <= steps <= 5),
        st.sampled_from([None, 1]),
    )
    def test_steps_of_somebody_else(self, steps, current):
        with self.assertRaises(ValueError):
            recover([1, 2, 3, 4, 5], 0, current, {}, steps)

    def test_steps_from_a_mail_out_of_turn(self):
        with self.assertRaises(ValueError):
            recover([1, 2, 3], 0, 2, {}, 1)
