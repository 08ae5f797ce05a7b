"""The high-volume lane: mails that are written once and filled in."""

import logging
import smtplib
import time
from collections import defaultdict, deque

from psycopg2 import errors

from odoo import api, models
from odoo.tools import SQL

from ..tools.delivery_handover import Handover
from ..tools.smtp_postman import Postman
from .marketing_delivery_letter import get_date
from .marketing_delivery_plan import SEND_GATES
from .marketing_delivery_sessions import Sessions
from .marketing_delivery_writer import CannotWriteError, MailWriter

_logger = logging.getLogger(__name__)

#: Mails a run takes where a sender is set to high volume: about ten seconds' work.
VOLUME_BATCH = 5000
#: Fewer recipients of one text than this are not worth writing it for all of them.
SMALLEST_GROUP = 10


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
        if sessions is None:
            return super()._compose_part(mailing, content, deliveries)
        others = list(deliveries)
        if len(deliveries) >= SMALLEST_GROUP and not mailing._get_volume_obstacle():
            others = self._send_volume(mailing, content, deliveries, sessions)
        if not others:
            return None
        mine = self._lock_planned([deliveries[res_id] for res_id in others])
        return super()._compose_part(
            mailing,
            content,
            {
                res_id: deliveries[res_id]
                for res_id in others
                if deliveries[res_id] in mine
            },
        )

    @api.model
    def _lock_planned(self, ids):
        """Those of these mails that are still to be written, locked once more.

        Each group that is handed over is committed, and frees the batch: meanwhile a
        user stopped some, or the lane of the person that theirs was merged into took
        them.
        """
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM marketing_delivery WHERE id = ANY(%s)"
                " AND state = 'planned' ORDER BY id FOR UPDATE SKIP LOCKED",
                ids,
            )
        )
        return {delivery_id for (delivery_id,) in rows}

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
        self._note_slow(mailing, writer, groups, len(deliveries))
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
                self._note_failed(mailing, reason)
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
    def _note_slow(self, mailing, writer, groups, total):
        """Tell the marketer why a good part of the mails goes mail by mail."""
        sizes = [len(recipients) for recipients in groups.values()]
        small = sum(size for size in sizes if size < SMALLEST_GROUP)
        fallbacks = self.env["marketing.mailing.fallback"].sudo()
        fallbacks._note_many(mailing, "formatted", len(writer.formatted), total)
        fallbacks._note_many(mailing, "small", small, total)

    @api.model
    def _note_failed(self, mailing, reason):
        """Tell the marketer why mails that were alike go mail by mail."""
        fallbacks = self.env["marketing.mailing.fallback"].sudo()
        if not isinstance(reason, CannotWriteError):
            fallbacks._note(mailing, "error", str(reason) or repr(reason))
        elif reason.cause:
            fallbacks._note(mailing, reason.cause)

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
            lambda one: letter.prepare(by_delivery[one], ids[one], get_date()),
            sessions.is_group_over,
            sessions.may_begin_early,
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
            sessions.may_begin_early = postman.may_begin_early
            if error or postman.is_broken:
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
    def _settle_volume(self, handover, error=None):
        """Write down what became of mails that were handed over, in sets."""
        self._mark_sent(handover.sent)
        # Somebody's mails go with him, when he is forgotten while they leave.
        self.browse(handover.sent).exists().trace_id._set_handed_over()
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
            self.browse(ids).exists().trace_id.set_failed(failure_type=failure_type)
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
        self.browse([*waiting, *untouched]).exists().trace_id.unlink()
