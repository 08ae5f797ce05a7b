"""Mails on their way back to Odoo: replies, absence notes, and bounces.

They are delivered as a mail server delivers them: its pipe program, `odoo-mailgate`,
hands the source of the message to `mail.thread.message_process` by XML-RPC.
"""

import xmlrpc.client
from email.message import EmailMessage, Message
from email.mime.base import MIMEBase
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formataddr, make_msgid

from .mailbox import Mail

HARD = ("5.1.1", "550 5.1.1 <{address}>: Recipient address rejected: User unknown")
SOFT = ("4.2.2", "452 4.2.2 <{address}>: Mailbox full, try again later")


class Gateway:
    """The pipe of the company's mail server."""

    def __init__(self, url: str, database: str, login: str, password: str) -> None:
        common = xmlrpc.client.ServerProxy(f"{url}/xmlrpc/2/common")
        self._credentials = (
            database,
            common.authenticate(database, login, password, {}),
            password,
        )
        self._url = url

    def deliver(self, source: bytes) -> None:
        """Hand a message to Odoo."""
        # A pipe program is a process of its own: nothing is kept between two mails.
        models = xmlrpc.client.ServerProxy(f"{self._url}/xmlrpc/2/object")
        models.execute_kw(
            *self._credentials,
            "mail.thread",
            "message_process",
            [False, xmlrpc.client.Binary(source)],
            {},
        )


def make_reply(mail: Mail, name: str, text: str) -> bytes:
    """Write somebody's answer to a mail."""
    reply = _make_answer(mail, name)
    reply["Subject"] = f"Re: {mail.subject}"
    reply.set_content(text)
    return reply.as_bytes()


def make_absence_note(mail: Mail, name: str) -> bytes:
    """Write what an Exchange server answers for somebody who is away (RFC 3834)."""
    note = _make_answer(mail, name)
    note["Subject"] = f"Automatic reply: {mail.subject}"
    note["Auto-Submitted"] = "auto-replied"
    note["X-Auto-Response-Suppress"] = "All"
    note.set_content("I am out of the office until Monday.")
    return note.as_bytes()


def _make_answer(mail: Mail, name: str) -> EmailMessage:
    answer = EmailMessage()
    answer["From"] = formataddr((name, mail.address))
    answer["To"] = str(mail.message["Reply-To"] or mail.message["From"])
    answer["Message-Id"] = make_msgid(domain=mail.address.partition("@")[2])
    answer["In-Reply-To"] = mail.message_id
    answer["References"] = mail.message_id
    return answer


def make_bounce(mail: Mail, status: str, diagnosis: str) -> bytes:
    """Write the delivery status notification of a mail server (RFC 3464).

    :param status: enhanced status code, such as ``5.1.1``
    :param diagnosis: the words of the server, with ``{address}`` in them
    """
    domain = mail.address.partition("@")[2]
    words = diagnosis.format(address=mail.address)
    report = MIMEMultipart("report", **{"report-type": "delivery-status"})
    report["From"] = f"Mail Delivery System <MAILER-DAEMON@mx.{domain}>"
    report["To"] = str(mail.message["Return-Path"] or mail.message["From"]).strip("<>")
    report["Subject"] = "Undelivered Mail Returned to Sender"
    report["Message-Id"] = make_msgid(domain=f"mx.{domain}")
    report["Auto-Submitted"] = "auto-replied"
    report.attach(MIMEText(f"Your message could not be delivered.\n\n{words}\n"))
    report.attach(_make_delivery_status(mail.address, domain, status, words))
    report.attach(MIMEMessage(mail.message))
    return report.as_bytes()


def _make_delivery_status(
    address: str, domain: str, status: str, words: str
) -> MIMEBase:
    server, recipient = Message(), Message()
    server["Reporting-MTA"] = f"dns; mx.{domain}"
    recipient["Final-Recipient"] = f"rfc822; {address}"
    # Of a mailbox that stayed full, too: what is only delayed has not come back.
    recipient["Action"] = "failed"
    recipient["Status"] = status
    recipient["Diagnostic-Code"] = f"smtp; {words}"
    part = MIMEBase("message", "delivery-status")
    part.attach(server)
    part.attach(recipient)
    return part
