import smtplib
import unittest

from hypothesis import given
from hypothesis import strategies as st

from ..tools.delivery_handover import Handover
from ..tools.smtp_postman import Postman
from .common_smtp import ScriptedServer

#: What servers say to a recipient, and to a content.
RECIPIENT_ANSWERS = ((250, b"ok"), (550, b"no"), (451, b"later"))
CONTENT_ANSWERS = (
    (250, b"taken"),
    (554, b"spam"),
    (452, b"later"),
    smtplib.SMTPServerDisconnected("closed"),
)


def make_content(delivery):
    return b"Subject: x\r\n\r\n.%d\r\n..\r\n" % delivery


class Book:
    """A journal that is only looked at: which mail was in hand at each content."""

    def __init__(self):
        self.current, self.is_known = None, False

    def write(self, current, finished):  # pylint: disable=method-required-super
        self.current, self.is_known = current, False

    def wait(self):
        self.is_known = True


class TestPostman(unittest.TestCase):
    """Whatever a server does: nothing twice, and one mail in doubt at most."""

    def hand_over(self, server, count, **values):
        book, self.prepared = Book(), []
        handover = Handover({str(one): one for one in range(count)}, book)

        def connect(must_renew):
            if must_renew or not server.sessions or server.sessions[-1].is_closed:
                server.connect()
            return server.sessions[-1]

        def prepare(delivery):
            self.prepared.append(delivery)
            return lambda: make_content(delivery)

        def note(address):
            self.assertEqual(address, f"p{book.current}@example.com")
            self.assertTrue(book.is_known, "The journal knows it before the server.")

        server.on_taken = note
        postman = Postman(handover, connect, "news@example.com", prepare, **values)
        error = postman.deliver({one: f"p{one}@example.com" for one in range(count)})
        taken = [int(address[1:].partition("@")[0]) for address in server.addresses]
        self.assertEqual(len(taken), len(set(taken)), "Nothing comes twice.")
        self.assertLessEqual(set(handover.sent), set(taken))
        self.assertLessEqual(set(taken), {*handover.sent, *handover.unknown})
        self.assertLessEqual(len(handover.unknown), 1)
        for delivery, (_address, content) in zip(taken, server.taken, strict=True):
            dotted = make_content(delivery).replace(b"\n.", b"\n..")
            self.assertEqual(content, dotted + b".\r\n")
        return postman, handover, error

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(RECIPIENT_ANSWERS), st.sampled_from(CONTENT_ANSWERS)
            ),
            max_size=12,
        ),
        st.booleans(),
        st.one_of(st.none(), st.integers(min_value=1, max_value=5)),
        st.booleans(),
        st.booleans(),
    )
    def test_any_server(self, answers, is_pipelined, limit, forgets, may_begin_early):
        server = ScriptedServer(("pipelining",) if is_pipelined else ())
        server.mails_per_session = limit
        server.forgets_early_commands = forgets
        for delivery, (recipient, content) in enumerate(answers):
            server.recipients[f"p{delivery}@example.com"] = recipient
            server.contents[f"p{delivery}@example.com"] = content
        _postman, handover, error = self.hand_over(
            server, len(answers), may_begin_early=may_begin_early
        )
        expected = len(answers)
        for delivery, (recipient, content) in enumerate(answers):
            if recipient[0] != 250:
                self.assertIn(delivery, handover.failed)
            elif isinstance(content, tuple):
                self.assertEqual(delivery in handover.sent, content[0] == 250)
            else:
                expected = delivery  # it is in doubt, the others wait
                break
        self.assertEqual(
            handover.untouched, list(range(expected + bool(error), len(answers)))
        )
        self.assertEqual(handover.unknown, [expected] if error else [])
        self.assertEqual(len(self.prepared), len(set(self.prepared)), "Written once")

    def test_time_is_up_for_a_mail_that_began(self):
        """Its session is closed: so the server never gets it."""
        server = ScriptedServer()
        answers = iter([False, False, False, True])
        postman, handover, error = self.hand_over(
            server, 5, is_over=lambda _seconds: next(answers)
        )
        self.assertIsNone(error)
        self.assertEqual(handover.sent, [0, 1])
        self.assertEqual(handover.untouched, [2, 3, 4])
        self.assertEqual(server.begun_early, 2)
        self.assertTrue(postman.is_broken)
        self.assertTrue(server.sessions[-1].is_closed)

    def test_mail_that_cannot_be_written(self):
        """It has failed; those around it leave."""
        server = ScriptedServer()

        def prepare(delivery):
            if delivery == 2:
                raise ValueError("A header cannot have a line break.")
            return lambda: make_content(delivery)

        handover = Handover({str(one): one for one in range(5)})
        postman = Postman(handover, lambda _renew: session, "news@example.com", prepare)
        session = server.connect()
        self.assertIsNone(
            postman.deliver({one: f"p{one}@example.com" for one in range(5)})
        )
        self.assertEqual(handover.sent, [0, 1, 3, 4])
        self.assertEqual(list(handover.failed), [2])
