"""How the high-volume lane writes the mails of one text: once, and filled in."""

import logging
from typing import NamedTuple

from markupsafe import escape

from odoo.tools.mail import (
    email_normalize,
    email_normalize_all,
    email_split_and_format_normalize,
    formataddr,
    html_normalize,
)

from ..tools import mail_holes
from ..tools.mail_policy import LIST_MAIL
from ..tools.mail_text import is_plain_value
from .marketing_delivery_letter import Letter

_logger = logging.getLogger(__name__)


class CannotWriteError(Exception):
    """These mails cannot be written at once: they go through Odoo one by one.

    :param cause: of `marketing.mailing.fallback`, where the marketer is told
    """

    def __init__(self, message, cause=None):
        super().__init__(message)
        self.cause = cause


class Recipient(NamedTuple):
    """What is his own about a mail to somebody."""

    res_id: int
    delivery_id: int
    address: str
    to: str
    subject: str
    record_headers: dict
    values: list  # what is printed in the holes, as plain text


class Ids(NamedTuple):
    """The numbers of a mail, by which opens, clicks, replies and bounces find it."""

    mail: int
    trace: int
    message: str


class Reference(NamedTuple):
    """A mail that Odoo wrote, by which ours is made and checked."""

    ids: Ids
    body: str
    plain: str
    message: object
    server: tuple
    sender: str


class MailWriter:
    """Writes the mails of one part of a mailing (see `_split_by_content`).

    :param mailing: the mailing, as the company that sends it
    :param content: values of the composer that differ from the mailing's own
    :param deliveries: `{record id: delivery id}`
    """

    def __init__(self, mailing, content, deliveries):
        self.mailing = mailing
        self.content = content
        self.deliveries = deliveries
        self.composer = mailing._create_delivery_composer(content, deliveries, {})
        self.model = self.composer.model
        self.cut = mail_holes.cut_template(self.composer.body or "")
        if self.cut is None:
            raise CannotWriteError("parts of the text depend on the recipient")
        self.is_compiled = self.composer._has_unsafe_expression_template_qweb(
            self.composer.body or "", self.model
        )
        self.separator = mail_holes.make_separator()
        self.formatted = set()  # records whose values are more than plain text

    # ------------------------------------------------------------------
    # RECIPIENTS
    # ------------------------------------------------------------------

    def group(self, res_ids):
        """Recipients whose mails are the same but for what is their own.

        :returns: `({group: [Recipient]}, record ids that Odoo has to write to)`
        :raises Exception: whatever a template raises for one of them
        """
        composer = self.composer
        records = composer.env[self.model].browse(res_ids)
        companies = records._mail_get_companies(default=composer.env.company)
        domains = records._mail_get_alias_domains(default_company=composer.env.company)
        langs = composer._render_lang(res_ids)
        subjects = composer._render_field("subject", res_ids, compute_lang=True)
        froms = composer._render_field("email_from", res_ids)
        replies = composer._render_field("reply_to", res_ids)
        recipients = records._message_get_default_recipients()
        printed = print_values(composer, self.cut, res_ids, langs)
        groups, others = {}, []
        for record in records:
            address, to = self._get_to(recipients.get(record.id, {}))
            values = printed[record.id]
            if values is None:
                self.formatted.add(record.id)
            if values is None or not address or not address.isascii():
                others.append(record.id)
                continue
            headers = dict(record._notify_by_email_get_headers())
            own = headers.pop("X-Odoo-Objects", "")
            key = (
                langs[record.id],
                companies[record.id].id,
                domains[record.id].id,
                froms[record.id],
                replies[record.id],
                tuple(sorted(headers.items())),
                tuple(bool(value) for value in values),
            )
            groups.setdefault(key, []).append(
                Recipient(
                    record.id,
                    self.deliveries[record.id],
                    address,
                    to,
                    subjects[record.id],
                    {"X-Odoo-Objects": own} if own else {},
                    values,
                )
            )
        return groups, others

    def _get_to(self, recipients):
        """The one address of a record, and as Odoo writes it into To; or twice None."""
        partner_ids = [
            *recipients.get("partner_ids", []),
            *self.composer.partner_ids.ids,
        ]
        if recipients.get("email_cc"):
            return None, None
        if partner_ids and not recipients.get("email_to"):
            partner = self.composer.env["res.partner"].browse(partner_ids[:1])
            emails = (
                [partner.email]
                if partner.email and partner.email == partner.email_normalized
                else email_normalize_all(partner.email)
            )
            found = [formataddr((partner.name or "", email)) for email in emails]
        elif not partner_ids:
            found = email_split_and_format_normalize(recipients.get("email_to") or "")
            emails = [email_normalize(one, strict=False) for one in found]
        else:
            return None, None
        if len(partner_ids) > 1 or len(found) != 1:
            return None, None
        return emails[0], found[0]

    # ------------------------------------------------------------------
    # WRITING
    # ------------------------------------------------------------------

    def write_skeleton(self, recipients, sessions):
        """Write the mail of a group once.

        :param recipients: all of the group
        :param sessions: opens and keeps the connections to mail servers
        :returns: a `Letter`
        :raises CannotWriteError: when what Odoo writes is not what we would
        """
        first, last = recipients[0], recipients[-1]
        # Links are looked for and made here: what follows is rolled back.
        self.composer._render_field(
            "body", [first.res_id], options={"preserve_comments": True}
        )
        body = self.cut.get_body(
            [bool(value) for value in first.values], self.is_compiled
        )
        probe = self._write_by_odoo(first, sessions, {**self.content, "body": body})
        letter = Letter(self, probe, first)
        for recipient in {first.res_id: first, last.res_id: last}.values():
            reference = self._write_by_odoo(recipient, sessions, self.content)
            letter.look_up([recipient])
            expected = letter.normalize(reference.message)
            date = str(reference.message["Date"])
            written = letter.fill(recipient, reference.ids, date)
            if letter.normalize(written) != expected:
                _logger.debug("%s\n%s", letter.normalize(written), expected)
                raise CannotWriteError("Odoo writes them in another way", "differs")
        return letter

    def _write_by_odoo(self, recipient, sessions, content):
        """The mail that Odoo would send; nothing of it stays in the database."""
        env = self.mailing.env
        savepoint = env.cr.savepoint(flush=True)
        try:
            composer = self.mailing._create_delivery_composer(
                content, {recipient.res_id: recipient.delivery_id}, {}
            ).with_context(marketing_memo=self.composer.env.context["marketing_memo"])
            mail = composer._action_send_mail()[0]
            return self._read_reference(mail[:1], sessions)
        finally:
            savepoint.close(rollback=True)
            env.invalidate_all(flush=False)

    def _read_reference(self, mail, sessions):
        """What Odoo makes of a mail right before SMTP (`mail.mail._send`)."""
        if not mail:
            raise CannotWriteError("Odoo leaves the recipient out", "left_out")
        [(server_id, alias_domain_id, smtp_from, _ids)] = (
            mail._split_by_mail_configuration()
        )
        servers = mail.env["ir.mail_server"]
        server = servers.browse(server_id)
        # Who does not want to be tracked gets his mail from Odoo (`_get_others`).
        values = mail.with_context(marketing_untracked=())._prepare_outgoing_list(
            mail_server=server or mail.mail_server_id
        )
        if len(values) != 1 or values[0]["attachments"]:
            raise CannotWriteError("it is more than one message", "messages")
        [value] = values
        session = sessions.get(server_id, smtp_from)
        if session is None:
            raise CannotWriteError("no mail is sent here")
        context = {"send_validated_to": value["email_to_normalized"]}
        if alias_domain_id:
            domain = mail.env["mail.alias.domain"].sudo().browse(alias_domain_id)
            context["domain_notifications_email"] = domain.default_from_email
            context["domain_bounce_address"] = (
                value["headers"].get("Return-Path") or domain.bounce_email
            )
        servers = servers.with_context(**context)
        froms = email_split_and_format_normalize(mail.email_from)
        message = servers._build_email__(
            email_from=froms[0] if froms else mail.email_from,
            email_to=value["email_to"],
            subject=value["subject"],
            body=value["body"],
            body_alternative=value["body_alternative"],
            email_cc=value["email_cc"],
            reply_to=value["reply_to"],
            attachments=[],
            message_id=value["message_id"],
            references=value["references"],
            object_id=value["object_id"],
            subtype="html",
            subtype_alternative="plain",
            headers=value["headers"],
        )
        sender, addresses, message = servers._prepare_email_message__(message, session)
        if len(addresses) != 1:
            raise CannotWriteError("it goes to more than one address", "messages")
        message.policy = LIST_MAIL
        return Reference(
            Ids(mail.id, mail.mailing_trace_ids[:1].id, mail.message_id),
            str(value["body"]),
            value["body_alternative"],
            message,
            (server_id, smtp_from),
            sender,
        )


def _render_all(composer, source, res_ids, is_compiled):
    """Render a short template for records: in one go, where Odoo compiles it.

    :returns: `{record id: text}`
    """
    options = {"preserve_comments": True}
    if not is_compiled:
        return _render_fields(composer, source, res_ids) or composer._render_template(
            source, composer.model, res_ids, engine="qweb", options=options
        )
    end = mail_holes.make_separator()
    records = composer.env[composer.model].browse(res_ids)
    [text] = composer._render_template(
        f'<t t-foreach="marketing_records" t-as="object">{source}{end}</t>',
        composer.model,
        res_ids[:1],
        engine="qweb",
        add_context={"marketing_records": records},
        options=options,
    ).values()
    return dict(zip(res_ids, str(text).split(end)[:-1], strict=True))


def _render_fields(composer, source, res_ids):
    """Render a template of fields by their names; Odoo parses it for each record.

    :returns: `{record id: text}`; None where Odoo makes something else of the first
    """
    wrapped = html_normalize(f"<div>{source}</div>")
    if not (wrapped.startswith("<div>") and wrapped.endswith("</div>")):
        return None
    texts, named = mail_holes.cut_fields(wrapped[len("<div>") : -len("</div>")])
    rendered = {}
    for record in composer.env[composer.model].browse(res_ids):
        parts = [texts[0]]
        for field, text in zip(named, texts[1:], strict=True):
            parts += _print_field(record, field), text
        rendered[record.id] = "".join(parts)
    first = composer._render_template(
        source,
        composer.model,
        res_ids[:1],
        engine="qweb",
        options={"preserve_comments": True},
    )
    return rendered if all(rendered[one] == str(first[one]) for one in first) else None


def _print_field(record, field):
    value = record
    try:
        for name in field.names:
            value = value[name]
    except KeyError:
        value = None
    return escape(value or field.default or "")


def print_values(composer, cut, res_ids, langs):
    """What is printed in the holes of a template, by Odoo's own rendering.

    :param cut: the template, cut at its holes
    :param langs: language by record id
    :returns: `{record id: plain values, or None when one is more than plain text}`
    """
    if not cut.holes:
        return {res_id: [] for res_id in res_ids}
    is_compiled = composer._has_unsafe_expression_template_qweb(
        composer.body or "", composer.model
    )
    separator = mail_holes.make_separator()
    source = cut.get_source(separator, is_compiled)
    by_lang = {}
    for res_id in res_ids:
        by_lang.setdefault(langs[res_id], []).append(res_id)
    found = {}
    for lang, ids in by_lang.items():
        rendered = _render_all(
            composer.with_context(lang=lang) if lang else composer,
            source,
            ids,
            is_compiled,
        )
        for res_id, text in rendered.items():
            values = [
                mail_holes.to_plain(value)
                for value in mail_holes.split_values(str(text), separator)
            ]
            is_plain = (
                "<" not in text
                and len(values) == len(cut.holes)
                and all(map(is_plain_value, values))
            )
            found[res_id] = values if is_plain else None
    return found
