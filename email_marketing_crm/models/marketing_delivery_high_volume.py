"""The high-volume lane: mails that are written once and filled in."""

import logging
import smtplib
import time
from collections import defaultdict

from psycopg2 import errors

from odoo import api, fields, models
from odoo.tools import SQL, split_every

from ..tools.delivery_handover import Handover
from ..tools.smtp_postman import Postman
from .marketing_delivery_plan import SEND_GATES
from .marketing_delivery_writer import (
    CannotWriteError,
    Ids,
    MailWriter,
    get_date,
)

_logger = logging.getLogger(__name__)

#: Mails a run takes where a sender is set to high volume.
VOLUME_BATCH = 2000
#: Mails that are claimed, and asked about for the last time, at once: what is handed
#: over in about a quarter of a second.
VOLUME_GROUP = 200
#: Seconds a run hands mails over; what is left then waits for the next one. Odoo kills
#: a worker whose scheduled action takes too long.
RUN_SECONDS = 20
#: Fewer recipients of one text than this are not worth writing it for all of them.
SMALLEST_GROUP = 10
#: Columns of a trace that the lane writes by SQL. Where a module added others, it is
#: asked to make them.
TRACE_COLUMNS = {
    "mail_mail_id",
    "mail_mail_id_int",
    "res_id",
    "mass_mailing_id",
    "campaign_id",
    "trace_type",
    "email",
    "message_id",
    "model",
    "trace_status",
    "failure_type",
    "failure_reason",
    "is_test_trace",
    "sent_datetime",
    "open_datetime",
    "reply_datetime",
    "links_click_datetime",
    # of mass_mailing_sms
    "sms_id",
    "sms_id_int",
    "sms_number",
    "sms_code",
    "sms_tracker_ids",
}


class Sessions:
    """Connections to mail servers, kept for a run.

    :param servers: `ir.mail_server`
    """

    def __init__(self, servers):
        self.servers = servers
        self.open = {}
        self.deadline = time.monotonic() + RUN_SECONDS

    def is_over(self):
        """Whether the time of the run is up."""
        return time.monotonic() > self.deadline

    def get(self, server_id, smtp_from, must_renew=False):
        """The connection, opened when there is none; None where no mail is sent."""
        key = server_id, smtp_from
        if must_renew:
            self.drop(key)
        if key not in self.open:
            self.open[key] = self.servers._connect__(
                mail_server_id=server_id, smtp_from=smtp_from
            )
        return self.open[key]

    def drop(self, key):
        session = self.open.pop(key, None)
        if session is not None:
            session.close()

    def quit(self):
        for session in self.open.values():
            if session is None:
                continue
            try:
                session.quit()
            except (OSError, smtplib.SMTPException):
                session.close()
        self.open.clear()


class MarketingDelivery(models.Model):
    """Mails of senders with high volume: no mail.mail, traces written in sets.

    A part of a mailing is cut into groups whose mails are the same but for what is the
    recipient's own (`MailWriter`). What cannot be written at once goes through Odoo,
    mail by mail, in the same run. Mails are claimed a hundred at a time, with a journal
    that knows which one is in hand (`marketing.handover`), so that a worker that is
    killed leaves one mail in doubt.
    """

    _inherit = "marketing.delivery"

    @api.model
    def _run_lane(self, number, count):
        self.env.flush_all()
        self.env["mail.mail"]._settle_abandoned(number, count)
        sessions = Sessions(self.env["ir.mail_server"])
        try:
            processed, remaining = super(
                MarketingDelivery, self.with_context(marketing_sessions=sessions)
            )._run_lane(number, count)
            return processed, remaining or int(sessions.is_over())
        finally:
            sessions.quit()

    @api.model
    def _get_compose_batch(self):
        has_volume = (
            self.env["marketing.sender"]
            .sudo()
            .search_count([("is_high_volume", "=", True)], limit=1)
        )
        return VOLUME_BATCH if has_volume else super()._get_compose_batch()

    @api.model
    def _compose_part(self, mailing, content, deliveries):
        sessions = self.env.context.get("marketing_sessions")
        if sessions is None or len(deliveries) < SMALLEST_GROUP:
            return super()._compose_part(mailing, content, deliveries)
        if mailing._get_volume_obstacle():
            return super()._compose_part(mailing, content, deliveries)
        others = self._send_volume(mailing, content, deliveries, sessions)
        if others:
            super()._compose_part(
                mailing, content, {res_id: deliveries[res_id] for res_id in others}
            )
        return None

    # ------------------------------------------------------------------
    # WRITE
    # ------------------------------------------------------------------

    @api.model
    def _send_volume(self, mailing, content, deliveries, sessions):
        """Write and hand over the mails of a part.

        :returns: the records whose mails have to go through Odoo
        """
        try:
            writer = MailWriter(mailing, content, deliveries)
        except CannotWriteError as reason:
            _logger.info("Mailing %s goes mail by mail: %s", mailing.id, reason)
            return list(deliveries)
        groups, others = self._group_safely(writer, list(deliveries))
        for recipients in groups.values():
            if len(recipients) < SMALLEST_GROUP:
                others += [recipient.res_id for recipient in recipients]
                continue
            try:
                letter = writer.write_skeleton(recipients, sessions)
            except (errors.SerializationFailure, errors.DeadlockDetected):
                raise
            except (OSError, smtplib.SMTPException) as error:
                self._postpone(
                    [recipient.delivery_id for recipient in recipients],
                    self.env._("The mail server is not there: %s", error),
                    is_counted=False,
                )
                continue
            except Exception as reason:
                _logger.info(
                    "%s mails of mailing %s go mail by mail: %s",
                    len(recipients),
                    mailing.id,
                    reason,
                )
                others += [recipient.res_id for recipient in recipients]
                continue
            for group in split_every(VOLUME_GROUP, recipients):
                if sessions.is_over() or mailing.marketing_hold == "paused":
                    break  # they stay planned
                others += self._send_group(letter, list(group), sessions)
        return others

    @api.model
    def _group_safely(self, writer, res_ids):
        """Groups of recipients; the one whose template fails is left to Odoo."""
        try:
            with self.env.cr.savepoint():
                return writer.group(res_ids)
        except (errors.SerializationFailure, errors.DeadlockDetected):
            raise
        except Exception:
            self.env.invalidate_all()
            if len(res_ids) == 1:
                return {}, res_ids
        middle = len(res_ids) // 2
        groups, others = self._group_safely(writer, res_ids[:middle])
        more, more_others = self._group_safely(writer, res_ids[middle:])
        for key, recipients in more.items():
            groups.setdefault(key, []).extend(recipients)
        return groups, others + more_others

    # ------------------------------------------------------------------
    # SEND
    # ------------------------------------------------------------------

    @api.model
    def _send_group(self, letter, recipients, sessions):
        """Claim mails, hand them over, and write down what became of them.

        :returns: the records whose mails have to go through Odoo
        """
        mailing = letter.mailing
        by_delivery = {recipient.delivery_id: recipient for recipient in recipients}
        self.env.flush_all()
        refused = self._get_refused(
            mailing, self._get_planned_candidates(list(by_delivery)), SEND_GATES
        )
        self._skip(refused)
        others = self._get_others(by_delivery)
        claimed = [
            delivery_id
            for delivery_id in by_delivery
            if delivery_id not in refused and delivery_id not in others
        ]
        ids = self._claim_group(mailing, [by_delivery[one] for one in claimed])
        if not ids:
            return [by_delivery[one].res_id for one in others]
        journal = self.env["marketing.handover"]._begin(ids)
        handover = Handover({str(one): one for one in ids}, journal)
        postman = Postman(
            handover,
            lambda must_renew: sessions.get(*letter.server, must_renew=must_renew),
            letter.sender,
            lambda one: letter.fill(by_delivery[one], ids[one], get_date()),
            sessions.is_over,
        )
        try:
            self._note_variant(letter.content, ids)
            self.env["mail.mail"]._commit_handover()
            try:
                error = postman.deliver({one: by_delivery[one].address for one in ids})
            except Exception as problem:  # whatever it is, what left has left
                _logger.exception("Handing mails over broke off")
                error = problem
            if error:
                sessions.drop(letter.server)
            self.env["mail.mail"]._settle_safely(handover, error)
        finally:
            journal.close()
        return [by_delivery[one].res_id for one in others]

    @api.model
    def _get_others(self, by_delivery):
        """Deliveries that Odoo has to write: the address is another than the one that
        was asked about, or its owner does not want to be tracked."""
        rows = self.env.execute_query(
            SQL(
                "SELECT id, email FROM marketing_delivery WHERE id = ANY(%s)",
                list(by_delivery),
            )
        )
        untracked = self.env["marketing.person"]._get_untracked_emails(
            [recipient.address for recipient in by_delivery.values()]
        )
        return {
            delivery_id
            for delivery_id, email in rows
            if by_delivery[delivery_id].address != email
            or by_delivery[delivery_id].address in untracked
        }

    @api.model
    def _claim_group(self, mailing, recipients):
        """Take mails in hand and give them their numbers: `{delivery id: Ids}`.

        Mails that a user stopped meanwhile are left alone.
        """
        if not recipients:
            return {}
        claimed = {
            row[0]
            for row in self.env.execute_query(
                SQL(
                    "UPDATE marketing_delivery SET state = 'sending'"
                    " WHERE id = ANY(%s) AND state = 'planned' RETURNING id",
                    [recipient.delivery_id for recipient in recipients],
                )
            )
        }
        recipients = [
            recipient for recipient in recipients if recipient.delivery_id in claimed
        ]
        messages = self.env["mail.message"]
        model = mailing.mailing_model_real
        rows = [
            (
                recipient.delivery_id,
                recipient.res_id,
                recipient.address,
                messages._get_message_id(
                    {
                        "model": model,
                        "res_id": recipient.res_id,
                        "reply_to_force_new": True,
                    }
                ),
            )
            for recipient in recipients
        ]
        numbers = self._insert_traces(mailing, rows)
        self.env.execute_query(
            SQL(
                """
                UPDATE marketing_delivery delivery
                   SET mail_mail_id_int = made.mail_id, trace_id = made.trace_id,
                       composed_date = %s, is_high_volume = TRUE
                  FROM unnest(%s::int[], %s::int[], %s::int[])
                           made (id, mail_id, trace_id)
                 WHERE delivery.id = made.id
                RETURNING delivery.id
                """,
                fields.Datetime.now(),
                [row[0] for row in rows],
                [mail_id for mail_id, _trace_id in numbers],
                [trace_id for _mail_id, trace_id in numbers],
            )
        )
        self._invalidate_deliveries()
        return {
            row[0]: Ids(mail_id, trace_id, row[3])
            for row, (mail_id, trace_id) in zip(rows, numbers, strict=True)
        }

    @api.model
    def _insert_traces(self, mailing, rows):
        """Traces of mails that Odoo would have made with its mail.mail.

        The number of the mail is drawn from the sequence of mail.mail: by it the pixel
        finds the trace, as it does when a sent mail was deleted.

        :param rows: `[(delivery id, record id, address, Message-ID)]`
        :returns: `[(mail id, trace id)]`
        """
        traces = self.env["mailing.trace"]
        mail_ids = [
            mail_id
            for (mail_id,) in self.env.execute_query(
                SQL(
                    "SELECT nextval('mail_mail_id_seq') FROM generate_series(1, %s)",
                    len(rows),
                )
            )
        ]
        stored = {
            name
            for name, field in traces._fields.items()
            if field.store and field.column_type
        }
        if stored - TRACE_COLUMNS - set(models.MAGIC_COLUMNS):
            made = traces.create(
                [
                    {
                        "mail_mail_id_int": mail_id,
                        "email": address,
                        "message_id": message_id,
                        "model": mailing.mailing_model_real,
                        "res_id": res_id,
                        "mass_mailing_id": mailing.id,
                    }
                    for mail_id, (_delivery, res_id, address, message_id) in zip(
                        mail_ids, rows, strict=True
                    )
                ]
            )
            self.env.flush_all()
            return list(zip(mail_ids, made.ids, strict=True))
        made = dict(
            self.env.execute_query(
                SQL(
                    """
                    INSERT INTO mailing_trace (
                        create_uid, write_uid, create_date, write_date, trace_type,
                        trace_status, model, mass_mailing_id, campaign_id,
                        mail_mail_id_int, res_id, email, message_id)
                    SELECT %(user)s, %(user)s, %(now)s, %(now)s, 'mail', 'outgoing',
                           %(model)s, %(mailing)s, %(campaign)s, mail.*
                      FROM unnest(%(mails)s::int[], %(records)s::int[],
                                  %(addresses)s::text[], %(messages)s::text[]) mail
                    RETURNING mail_mail_id_int, id
                    """,
                    user=self.env.uid,
                    now=fields.Datetime.now(),
                    model=mailing.mailing_model_real,
                    mailing=mailing.id,
                    campaign=mailing.campaign_id.id or None,
                    mails=mail_ids,
                    records=[row[1] for row in rows],
                    addresses=[row[2] for row in rows],
                    messages=[row[3] for row in rows],
                )
            )
        )
        traces.invalidate_model()
        return [(mail_id, made[mail_id]) for mail_id in mail_ids]

    @api.model
    def _settle_volume(self, handover, error=None):
        """Write down what became of mails that were handed over, in sets."""
        self._mark_sent(handover.sent)
        self.browse(handover.sent).trace_id._set_handed_over()
        failures = handover.failed
        outcomes = dict.fromkeys(handover.sent, "sent") | {
            delivery_id: failure["outcome"]
            for delivery_id, failure in failures.items()
            if failure.get("outcome")
        }
        self.env["marketing.sender"]._note_deliveries(outcomes)
        later = [one for one in failures if one in handover.postponed]
        by_reason = defaultdict(list)
        for delivery_id in later:
            by_reason[failures[delivery_id]["reason"]].append(delivery_id)
        waiting = set(later)
        for reason, ids in by_reason.items():
            waiting -= set(self._postpone(ids, reason))
        for delivery_id in waiting:
            failures.pop(delivery_id)
        self._fail({one: failure["reason"] for one, failure in failures.items()})
        by_type = defaultdict(list)
        for delivery_id, failure in failures.items():
            by_type[failure["type"]].append(delivery_id)
        for failure_type, ids in by_type.items():
            self.browse(ids).trace_id.set_failed(failure_type=failure_type)
        self._mark_unknown(
            SQL("id = ANY(%s)", handover.unknown),
            self.env._("The connection broke while the mail was handed over: %s", error)
            if error
            else self.env._("The worker stopped while it handed this mail over."),
        )
        untouched = handover.untouched
        self._release(untouched)
        if error:
            self._postpone(untouched, str(error), is_counted=False)
        # They get other numbers with the next try.
        self.browse([*waiting, *untouched]).trace_id.unlink()
