"""The high-volume lane: mails that are written once and filled in."""

import logging
import smtplib
import time
from collections import defaultdict, deque

from psycopg2 import errors

from odoo import api, fields, models, modules
from odoo.tools import SQL

from ..tools.delivery_handover import Handover
from ..tools.smtp_postman import Postman
from .marketing_delivery_plan import SEND_GATES
from .marketing_delivery_writer import (
    CannotWriteError,
    Ids,
    MailWriter,
    get_date,
)
from .marketing_handover import JournalConnection

_logger = logging.getLogger(__name__)

#: Mails a run takes where a sender is set to high volume: about ten seconds' work.
VOLUME_BATCH = 5000
#: Mails that are claimed, and asked about for the last time, at once; the first time,
#: and at most.
FIRST_GROUP, VOLUME_GROUP = 100, 500
#: Seconds a group is handed over after it was asked about: what is left is asked about
#: anew, so that what somebody said a second ago counts, however slow the server is.
GROUP_SECONDS = 0.75
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
    """Connections to mail servers and the one of the journal, kept for a run.

    :param servers: `ir.mail_server`
    """

    def __init__(self, servers):
        self.servers = servers
        self.open = {}
        self.journal = None
        self.deadline = time.monotonic() + RUN_SECONDS
        self.group_deadline = self.deadline
        self.group_size = FIRST_GROUP

    def is_over(self):
        """Whether the time of the run is up."""
        return time.monotonic() > self.deadline

    def is_group_over(self):
        """Whether the time of the run, or of what was asked about last, is up."""
        return time.monotonic() > self.group_deadline

    def begin_group(self):
        """From now on the answers to what is asked about grow old."""
        self.group_deadline = min(self.deadline, time.monotonic() + GROUP_SECONDS)

    def note_group(self, count, seconds):
        """Let the next group be as large as the server is fast.

        :param count: mails that were handed over
        :param seconds: it took
        """
        fitting = int(0.8 * GROUP_SECONDS * count / max(seconds, 0.001))
        self.group_size = min(max(fitting, 1), VOLUME_GROUP, 4 * self.group_size)

    def get_journal(self):
        """The connection that journals are written over; None in a test."""
        if modules.module.current_test:
            return None
        if self.journal is None or self.journal.is_closed:
            self.journal = JournalConnection(self.servers.env.cr.dbname)
        return self.journal

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
        if self.journal is not None:
            self.journal.close()


class MarketingDelivery(models.Model):
    """Mails of senders with high volume: no mail.mail, traces written in sets.

    A part of a mailing is cut into groups whose mails are the same but for what is the
    recipient's own (`MailWriter`). What cannot be written at once goes through Odoo,
    mail by mail, in the same run. Mails are claimed by the hundred, with a journal that
    knows which one is in hand (`marketing.handover`), so that a worker that is killed
    leaves one mail in doubt.
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
            waiting = deque(recipients)
            while waiting and not sessions.is_over():  # else they stay planned
                count = min(len(waiting), sessions.group_size)
                group = [waiting.popleft() for _number in range(count)]
                for_odoo, left = self._send_group(letter, group, sessions)
                others += for_odoo
                waiting.extendleft(reversed(left))
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

        :returns: `(the records whose mails have to go through Odoo, the recipients
            that there was no time for)`
        """
        mailing = letter.mailing
        # What was said until now counts: the transaction sees what was before it.
        self.env["mail.mail"]._commit_handover()
        sessions.begin_group()
        by_delivery = {recipient.delivery_id: recipient for recipient in recipients}
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
        for_odoo = [by_delivery[one].res_id for one in others]
        ids = self._claim_group(mailing, [by_delivery[one] for one in claimed])
        if not ids:
            return for_odoo, []
        journal = self.env["marketing.handover"]._begin(ids, sessions.get_journal())
        handover = Handover({str(one): one for one in ids}, journal)
        postman = Postman(
            handover,
            lambda must_renew: sessions.get(*letter.server, must_renew=must_renew),
            letter.sender,
            lambda one: letter.fill(by_delivery[one], ids[one], get_date()),
            sessions.is_group_over,
        )
        try:
            self._note_variant(letter.content, ids)
            letter.look_up([by_delivery[one] for one in ids])
            self.env["mail.mail"]._commit_handover()
            start = time.monotonic()
            try:
                error = postman.deliver({one: by_delivery[one].address for one in ids})
            except Exception as problem:  # whatever it is, what left has left
                _logger.exception("Handing mails over broke off")
                error = problem
            if error:
                sessions.drop(letter.server)
            sessions.note_group(len(handover.finished), time.monotonic() - start)
            untouched = [] if error else handover.untouched
            self.env["mail.mail"]._settle_safely(handover, error)
        finally:
            journal.close()
        return for_odoo, [by_delivery[one] for one in untouched]

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
        messages = self.env["mail.message"]
        model = mailing.mailing_model_real
        rows = {
            recipient.delivery_id: (
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
        }
        claim = SQL(
            """
            UPDATE marketing_delivery delivery
               SET state = 'sending', composed_date = %(now)s, is_high_volume = TRUE,
                   mail_mail_id_int = nextval('mail_mail_id_seq'), trace_id = %(trace)s
              FROM mailing_mailing mailing
             WHERE delivery.id = ANY(%(ids)s) AND delivery.state = 'planned'
               AND mailing.id = delivery.mailing_id AND %(active)s
            RETURNING delivery.id, delivery.mail_mail_id_int, delivery.trace_id
            """,
            now=fields.Datetime.now(),
            ids=list(rows),
            active=self._get_active_mailings(),
            trace=SQL("nextval('mailing_trace_id_seq')")
            if self._are_traces_plain()
            else SQL("NULL"),
        )
        self.env.flush_all()
        claimed = (
            self._claim_with_traces(mailing, rows, claim)
            if self._are_traces_plain()
            else self._claim_and_create_traces(mailing, rows, claim)
        )
        self._invalidate_deliveries()
        return {
            delivery_id: Ids(mail_id, trace_id, rows[delivery_id][2])
            for delivery_id, mail_id, trace_id in claimed
        }

    @api.model
    def _are_traces_plain(self):
        """Whether the columns of a trace are those that we know."""
        stored = {
            name
            for name, field in self.env["mailing.trace"]._fields.items()
            if field.store and field.column_type
        }
        return not stored - TRACE_COLUMNS - set(models.MAGIC_COLUMNS)

    @api.model
    def _claim_with_traces(self, mailing, rows, claim):
        """Claim, and insert the traces that Odoo would have made with its mail.mail.

        The number of the mail is drawn from the sequence of mail.mail: by it the pixel
        finds the trace, as it does when a sent mail was deleted.

        :param rows: `{delivery id: (record id, address, Message-ID)}`
        :param claim: SQL that claims and returns `(delivery id, mail id, trace id)`
        :returns: `[(delivery id, mail id, trace id)]`
        """
        claimed = self.env.execute_query(
            SQL(
                """
                WITH claimed AS (%(claim)s), made AS (
                    INSERT INTO mailing_trace (
                        id, create_uid, write_uid, create_date, write_date, trace_type,
                        trace_status, model, mass_mailing_id, campaign_id,
                        mail_mail_id_int, res_id, email, message_id)
                    SELECT claimed.trace_id, %(user)s, %(user)s, %(now)s, %(now)s,
                           'mail', 'outgoing', %(model)s, %(mailing)s, %(campaign)s,
                           claimed.mail_mail_id_int, mail.res_id, mail.address,
                           mail.message
                      FROM claimed
                      JOIN unnest(%(ids)s::int[], %(records)s::int[],
                                  %(addresses)s::text[], %(messages)s::text[])
                           mail (id, res_id, address, message) ON mail.id = claimed.id)
                SELECT id, mail_mail_id_int, trace_id FROM claimed
                """,
                claim=claim,
                user=self.env.uid,
                now=fields.Datetime.now(),
                model=mailing.mailing_model_real,
                mailing=mailing.id,
                campaign=mailing.campaign_id.id or None,
                ids=list(rows),
                records=[row[0] for row in rows.values()],
                addresses=[row[1] for row in rows.values()],
                messages=[row[2] for row in rows.values()],
            )
        )
        self.env["mailing.trace"].invalidate_model()
        return claimed

    @api.model
    def _claim_and_create_traces(self, mailing, rows, claim):
        """As `_claim_with_traces`, where a module added columns to traces."""
        claimed = self.env.execute_query(claim)
        traces = self.env["mailing.trace"].create(
            [
                {
                    "mail_mail_id_int": mail_id,
                    "email": rows[delivery_id][1],
                    "message_id": rows[delivery_id][2],
                    "model": mailing.mailing_model_real,
                    "res_id": rows[delivery_id][0],
                    "mass_mailing_id": mailing.id,
                }
                for delivery_id, mail_id, _trace_id in claimed
            ]
        )
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE marketing_delivery delivery SET trace_id = made.trace_id"
                "  FROM unnest(%s::int[], %s::int[]) made (id, trace_id)"
                " WHERE delivery.id = made.id",
                [delivery_id for delivery_id, _mail_id, _trace_id in claimed],
                traces.ids,
            )
        )
        return [
            (delivery_id, mail_id, trace_id)
            for (delivery_id, mail_id, _none), trace_id in zip(
                claimed, traces.ids, strict=True
            )
        ]

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
