"""The mail of a group of the high-volume lane: written once, filled in for each."""

import datetime
import hmac
import re
from email.utils import format_datetime
from functools import lru_cache, partial

from werkzeug.urls import url_encode, url_quote_plus

from ..tools import mail_holes
from ..tools.mail_bytes import to_bytes
from ..tools.mail_policy import LIST_MAIL
from ..tools.mail_skeleton import Skeleton, fold_header
from ..tools.mail_text import Text
from .mail_mail_consent import PREFERENCES_PATH
from .mailing_trace_link import LINK_SCOPE, SIGNATURE_LENGTH

#: What Odoo signs the pixel of a mail for.
PIXEL_SCOPE = "mass_mailing-mail_mail-open"

#: Headers that are the recipient's own.
OWN_HEADERS = (
    "message-id",
    "references",
    "subject",
    "to",
    "date",
    "x-odoo-objects",
    "list-unsubscribe",
)


class Letter:
    """The mail of a group: a skeleton, and how it is filled in.

    :param writer: of the part
    :param probe: the `Reference` with markers in its holes
    :param recipient: whom the probe is written to
    """

    def __init__(self, writer, probe, recipient):
        self.mailing = writer.mailing
        self.content = writer.content
        self.env = writer.mailing.env
        self.server = probe.server
        self.sender = probe.sender
        memo = writer.composer.env.context["marketing_memo"]
        # Odoo writes the HTML anew when it shortens links: quotes are no entities then.
        self.is_rewritten = any(key[0] == "link" for key in memo)
        self.headers = [
            (name, None)
            if name.lower() in OWN_HEADERS
            else (name, LIST_MAIL.fold_binary(name, value))
            for name, value in probe.message.raw_items()
            if name.lower() not in ("mime-version", "content-type")
        ]
        markers = {
            hole.marker: f"value{number}"
            for number, hole in enumerate(writer.cut.holes)
        }
        self.used = {"unsubscribe", "view", "preferences"}
        self.sign_pixel, self.end_link, self.sign_mailing = _learn_signatures(
            self.mailing, probe.ids, recipient
        )
        self.preferences_page = f"{self.mailing.get_base_url()}{PREFERENCES_PATH}"
        self.look_up([recipient])
        self.links = {
            name: _learn_link(getattr(self.mailing, f"_get_{name}_url"), recipient)
            for name in ("unsubscribe_oneclick", "unsubscribe", "view")
        }
        own = self._get_own_texts(recipient, probe.ids)
        html, plain = probe.body, probe.plain
        for name, text in own.items():
            if name in ("unsubscribe", "view", "preferences") and text not in html:
                continue
            marker = f"Zq{name}{writer.separator}"
            markers[marker] = name
            html = html.replace(text, marker)
            plain = plain.replace(text, marker)
        marker = f"Zqtrace{writer.separator}"
        markers[marker] = "trace"
        trace = re.compile(rf"(/r/\w+/m/){probe.ids.trace}\?k=\w+")
        html = trace.sub(rf"\g<1>{marker}", html)
        plain = trace.sub(rf"\g<1>{marker}", plain)
        self.skeleton = Skeleton(LIST_MAIL, Text(plain, markers), Text(html, markers))
        self.used = self.skeleton.used

    def _get_own_texts(self, recipient, ids):
        """Texts of a mail that are made for its recipient, by name of the hole."""
        texts = {"pixel": f"{ids.mail}/{self.sign_pixel(ids.mail)}"}
        hash_token = self.sign_mailing(recipient.res_id, recipient.address)
        for name in ("unsubscribe", "view"):
            if name in self.used:
                texts[name] = self.links[name](recipient, hash_token)
        texts["unsubscribe_oneclick"] = self.links["unsubscribe_oneclick"](
            recipient, hash_token
        )
        if "preferences" in self.used:
            texts["preferences"] = self.preference_urls.get(
                recipient.address, self.preferences_page
            )
        return texts

    def look_up(self, recipients):
        """Read what the mails of many recipients need to know, before any is written.

        While mails are handed over, nothing is asked of the database.
        """
        if "preferences" in self.used:
            self.preference_urls = self.env["marketing.person"]._get_preference_urls(
                [recipient.address for recipient in recipients]
            )

    def fill(self, recipient, ids, date):
        """The mail to somebody, as bytes."""
        return self.prepare(recipient, ids, date)()

    def prepare(self, recipient, ids, date):
        """Make what is the recipient's own about his mail.

        :param ids: `Ids` of the mail
        :param date: of the header
        :returns: what writes the mail, as bytes
        """
        texts = self._get_own_texts(recipient, ids)
        values = {name: text.encode() for name, text in texts.items()}
        if "trace" in self.used:
            values["trace"] = self.end_link(ids.trace).encode()
        html, plain = dict(values), values
        for number, value in enumerate(recipient.values):
            plain[f"value{number}"] = value.encode()
            html[f"value{number}"] = (
                mail_holes.to_markup(value)
                if self.is_rewritten
                else mail_holes.to_escaped(value)
            ).encode()
        own = {
            "message-id": ids.message,
            "references": ids.message,
            "subject": recipient.subject,
            "to": recipient.to,
            "date": date,
            "x-odoo-objects": recipient.record_headers.get("X-Odoo-Objects"),
            "list-unsubscribe": f"<{texts['unsubscribe_oneclick']}>",
        }
        headers = [
            folded
            if folded is not None
            else fold_header(LIST_MAIL, name, own[name.lower()])
            for name, folded in self.headers
        ]
        return partial(self.skeleton.fill, headers, plain, html)

    @staticmethod
    def normalize(mail):
        """A mail without what is drawn for each: the boundary between its bodies."""
        content = mail if isinstance(mail, bytes) else to_bytes(mail)
        return re.sub(rb"={15}\d{19}==", b"", content)


def _learn_signatures(mailing, ids, recipient):
    """Functions that sign for a reader as Odoo does, with a key that is read once.

    Where what Odoo makes is something else, Odoo goes on making it.

    :param ids: `Ids` of a mail, and its `recipient`, that both are asked about
    :returns: functions of the number of a mail; of the number of a trace; of a record
        and its address
    """
    env = mailing.env
    key = env["ir.config_parameter"].sudo().get_param("database.secret").encode()
    database, mailing_id = env.cr.dbname, mailing.id

    def sign(message, method="sha256"):
        return hmac.digest(key, repr(message).encode(), method).hex()

    def sign_pixel(mail_id):
        return sign((PIXEL_SCOPE, mail_id))

    def end_link(trace_id):
        return f"{trace_id}?k={sign((LINK_SCOPE, trace_id))[:SIGNATURE_LENGTH]}"

    def sign_mailing(res_id, address):
        return sign((database, mailing_id, res_id, address), "sha512")

    return [
        ours if ours(*sample) == theirs(*sample) else theirs
        for ours, theirs, sample in (
            (
                sign_pixel,
                env["mail.mail"]._generate_mail_recipient_token,
                (ids.mail,),
            ),
            (end_link, env["mailing.trace"]._get_link_ending, (ids.trace,)),
            (
                sign_mailing,
                mailing._generate_mailing_recipient_token,
                (recipient.res_id, recipient.address),
            ),
        )
    ]


def _learn_link(make, recipient):
    """A function that makes one of Odoo's links to a mailing without building it.

    What differs in it are the record, the address and their token; where the link has
    another form, Odoo goes on making it.

    :param make: Odoo's method, of the address and the record
    :returns: function of a `Recipient` and his token
    """
    mailing = make.__self__
    token = mailing._generate_mailing_recipient_token(
        recipient.res_id, recipient.address
    )
    known = url_encode(
        {
            "document_id": recipient.res_id,
            "email": recipient.address,
            "hash_token": token,
        }
    )
    start, found, end = make(recipient.address, recipient.res_id).partition(known)
    if not found:
        return lambda somebody, _token: make(somebody.address, somebody.res_id)
    return lambda somebody, token: (
        f"{start}document_id={somebody.res_id}&email={_quote(somebody.address)}"
        f"&hash_token={token}{end}"
    )


@lru_cache(maxsize=1_000)  # a mail has several links
def _quote(address):
    return url_quote_plus(address)


def get_date():
    """The date of a mail that is sent now, as Odoo writes it."""
    return format_datetime(datetime.datetime.now(datetime.UTC).replace(tzinfo=None))
