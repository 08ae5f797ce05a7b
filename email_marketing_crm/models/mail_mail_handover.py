"""How the smtp lane hands its mails over, and what it notes of each."""

import logging
import smtplib
import time
from collections import defaultdict
from contextlib import nullcontext

import psycopg2

from odoo import api, models, modules
from odoo.tools import SQL

from ..tools.delivery_handover import Handover
from ..tools.smtp_postman import describe

_logger = logging.getLogger(__name__)

#: What happens and passes: the mails are taken again with the next run.
TRANSIENT_ERRORS = (
    psycopg2.OperationalError,
    psycopg2.InterfaceError,
    smtplib.SMTPServerDisconnected,
)
#: Seconds between the tries to write results down, while the database is away or
#: somebody opens a mail in the moment it is noted as sent.
SETTLE_DELAYS = (0.05, 0.2, 0.5, 1, 2, 3, 3, 5, 5, 10, 10)


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _hand_over(self, turn):
        """Send these mails; when it breaks off, keep what is known of each.

        It breaks off when the server hangs up, when somebody opens a mail in the
        moment it is noted as sent, or when something is wrong with the whole batch.

        The gates are asked once the mails are claimed: the transaction that begins
        then sees every opt-out until now.

        :param turn: the `Turn` of the run
        :returns: whether the mail servers were there
        """
        if not self:
            return True
        deliveries = self.env["marketing.delivery"]
        by_message = {mail.message_id: mail.marketing_delivery_id.id for mail in self}
        deliveries._claim(by_message.values())
        journal = self.env["marketing.handover"]._begin(by_message.values())
        handover = Handover(by_message, journal)
        try:
            self._commit_handover()
            with self._begin_handover():
                turn.note_asked(time.monotonic())
                mails = self - self._leave_out(self._get_refused_mails())
                mails._read_ahead()
                mails.with_context(
                    marketing_handover=handover,
                    marketing_turn=turn,
                    marketing_untracked=frozenset(mails._get_untracked().ids),
                    marketing_preference_urls=mails._get_preference_urls(),
                    marketing_without_notifications=not mails._has_notifications(),
                    marketing_quick_mail=not self.env[
                        "marketing.sender"
                    ]._get_sending_overrides("ir.mail_server"),
                ).send()
                deliveries._mark_sent(handover.sent)
                deliveries._release(handover.untouched)
            self._commit_handover()
            journal.end()
        except Exception as error:
            if modules.module.current_test and not isinstance(error, OSError):
                raise
            _logger.warning("Handing mails over broke off: %s", error)
            self._settle_safely(handover, error)
        finally:
            journal.close()
        return not (handover.unreachable or handover.unknown)

    def _send(
        self,
        auto_commit=False,
        raise_exception=False,
        smtp_session=None,
        alias_domain_id=False,
        mail_server=False,
        post_send_callback=None,
    ):
        """Hand over as long as there is time, to who may get his mail even now.

        At a slow server a batch takes long; who opts out meanwhile is left out.
        """
        turn = self.env.context.get("marketing_turn")
        if turn is None:
            return super()._send(
                auto_commit=auto_commit,
                raise_exception=raise_exception,
                smtp_session=smtp_session,
                alias_domain_id=alias_domain_id,
                mail_server=mail_server,
                post_send_callback=post_send_callback,
            )
        for position, mail in enumerate(self):
            if turn.is_over(time.monotonic()):
                break
            if turn.must_ask(time.monotonic()):
                turn.note_asked(time.monotonic())
                rest = self[position:]
                rest._leave_out(rest._get_refused_now())
            super(MailMail, mail)._send(
                auto_commit=auto_commit,
                raise_exception=raise_exception,
                smtp_session=smtp_session,
                alias_domain_id=alias_domain_id,
                mail_server=mail_server,
                post_send_callback=post_send_callback,
            )
        return True

    def _get_refused_now(self):
        """The same as `_get_refused_mails`, with what others committed meanwhile.

        The own transaction sees the database as it was when it began.
        """
        if modules.module.current_test:
            return self._get_refused_mails()
        with self.env.registry.cursor() as cr:
            return self.with_env(self.env(cr=cr))._get_refused_mails()

    def _leave_out(self, refused):
        """Cancel mails that were claimed already; returns them.

        :param refused: `{mail id: reason}`
        """
        mails = self.browse(list(refused))
        self.env["marketing.delivery"]._release(mails.marketing_delivery_id.ids)
        mails._cancel_refused(refused, skip=True)
        return mails

    def _read_ahead(self):
        """Read at once what Odoo's sending reads mail by mail."""
        for records in (
            self,
            self.mail_message_id,
            self.mail_message_id.mail_ids,
            self.recipient_ids,
            self.mailing_trace_ids,
            self.attachment_ids,
        ):
            fields = records._fields.items()
            records.fetch([name for name, field in fields if field.column_type])

    def _has_notifications(self):
        return bool(
            self.env["mail.notification"].search_count(
                [("mail_mail_id", "in", self.ids)], limit=1
            )
        )

    def _get_untracked(self):
        """Those whose recipients do not want to be tracked."""
        silent = self.mailing_trace_ids - self.mailing_trace_ids._get_tracked()
        return silent.mail_mail_id

    def _commit_handover(self):
        """Commit claims and results; a test has one transaction for its story."""
        if modules.module.current_test:
            self.env.flush_all()
        else:
            self.env.cr.commit()  # pylint: disable=invalid-commit

    def _begin_handover(self):
        """What is undone when it breaks off: in a test not all of its story."""
        if modules.module.current_test:
            return self.env.cr.savepoint()
        return nullcontext()

    @api.model
    def _settle_safely(self, handover, error=None):
        """Write down what became of each mail, however often it takes.

        The own transaction may be gone with the database; the mails are not.
        """
        if modules.module.current_test:
            self._settle_own(handover, error)
            return
        try:
            self.env.cr.rollback()
        except psycopg2.Error:
            _logger.info("The connection to the database is gone.")
        for delay in (*SETTLE_DELAYS, None):
            try:
                with self.env.registry.cursor() as cr:
                    self.with_env(self.env(cr=cr))._settle_own(handover, error)
                return
            except psycopg2.Error:
                if delay is None:
                    raise
                time.sleep(delay)

    @api.model
    def _settle_own(self, handover, error=None):
        """The same as `_settle`, unless somebody has taken the mails over meanwhile.

        He who found no worker behind them wrote down what the journal knew, and may
        have handed others of them over since. What left has left all the same.
        """
        if self.env["marketing.handover"]._end(handover.journal.handover_id):
            self._settle(handover, error)
            return
        sent = self.env["marketing.delivery"].search(
            [("id", "in", handover.sent), ("state", "!=", "sent")]
        )
        _logger.warning("Somebody took %s mails over.", len(handover.deliveries))
        self._settle(Handover.resume(sent.ids, None, dict.fromkeys(sent.ids), True))

    @api.model
    def _settle(self, handover, error=None):
        """Write down what became of the mails of a run that broke off.

        What left is sent, what was refused waits or has failed, what was not in hand
        is ready again, and about the one in between a human decides.
        """
        deliveries = self.env["marketing.delivery"]
        mine = deliveries.browse(handover.deliveries.values()).exists()
        # What a mail server did, or is a worker or the database gone?
        is_server = isinstance(error, OSError)
        outcomes = dict.fromkeys(handover.unknown, "unknown") if is_server else {}
        if mine[:1].is_high_volume:
            deliveries._settle_volume(handover, error)
            self.env["marketing.sender"]._note_deliveries(outcomes)
            return
        put_off = is_server and handover.put_off(describe(error))
        if put_off:
            outcomes[put_off] = "deferred"
        self._settle_results(handover)
        self.env["marketing.sender"]._note_deliveries(outcomes)
        deliveries._mark_unknown(
            SQL("id = ANY(%s)", handover.unknown),
            self.env._("The connection broke while the mail was handed over: %s", error)
            if error
            else self.env._("The worker stopped while it handed this mail over."),
        )
        untouched = handover.untouched
        deliveries._release(untouched)
        if error and (handover.unknown or not isinstance(error, TRANSIENT_ERRORS)):
            # Something is wrong with them or with the server: others come first.
            deliveries._postpone(untouched, str(error), is_counted=False)

    @api.model
    def _settle_results(self, handover):
        """What was decided about mails before it broke off."""
        mails = self.search([("marketing_delivery_id", "in", handover.sent)])
        mails.write({"state": "sent", "failure_reason": False, "failure_type": False})
        mails._postprocess_sent_message(success_pids=[], success_emails=[])
        failures = defaultdict(list)
        for delivery_id, failure in handover.failed.items():
            failures[failure["type"], failure["reason"]].append(delivery_id)
        for (failure_type, reason), ids in failures.items():
            mails = self.search([("marketing_delivery_id", "in", ids)])
            mails.write(
                {
                    "state": "exception",
                    "failure_reason": reason,
                    "failure_type": failure_type,
                }
            )
            mails.with_context(marketing_handover=handover)._postprocess_sent_message(
                success_pids=[],
                success_emails=[],
                failure_reason=reason,
                failure_type=failure_type,
            )

    @api.model
    def _settle_abandoned(self, number, count):
        """Write down what workers that died had claimed."""
        for handover in self.env["marketing.handover"]._take_abandoned():
            self._settle(handover)
        self.env["marketing.delivery"]._mark_unknown(
            SQL(
                """
                person_id %% %s = %s AND NOT EXISTS (
                    SELECT FROM marketing_handover handover
                     WHERE handover.delivery_ids @> to_jsonb(marketing_delivery.id))
                """,
                count,
                number,
            ),
            self.env._("The worker stopped while it handed this mail over."),
        )

    # ------------------------------------------------------------------
    # RESULTS
    # ------------------------------------------------------------------

    def _postprocess_sent_message(
        self, success_pids, success_emails, failure_reason=False, failure_type=None
    ):
        """Note in the deliveries what became of their mails.

        Those that left are noted at once for the whole run, at its end.
        """
        mails = self
        ours = self.filtered("marketing_delivery_id")
        handover = self.env.context.get("marketing_handover")
        if ours and not failure_type:
            for delivery in ours.marketing_delivery_id if handover else ():
                handover.finish(delivery.id)
            if not handover:
                ours.env["marketing.delivery"]._mark_sent(
                    ours.marketing_delivery_id.ids
                )
        elif ours:
            mails -= ours._postpone(failure_reason, failure_type)
        return super(MailMail, mails)._postprocess_sent_message(
            success_pids,
            success_emails,
            failure_reason=failure_reason,
            failure_type=failure_type,
        )

    def _postpone(self, failure_reason, failure_type):
        """Keep mails that the server wants later, or that no server was there for.

        :returns: those mails; the others have failed
        """
        handover = self.env.context.get("marketing_handover")
        later = handover.postponed if handover else set()
        if handover and failure_type == "mail_smtp":
            handover.unreachable = True
        message = failure_reason or self[:1].failure_reason or failure_type
        for delivery in self.marketing_delivery_id if handover else ():
            handover.finish(delivery.id, {"type": failure_type, "reason": message})
        deliveries = self.env["marketing.delivery"]
        waiting = self.filtered(
            lambda mail: (
                failure_type == "mail_smtp" or mail.marketing_delivery_id.id in later
            )
        )
        exhausted = deliveries._postpone(
            waiting.marketing_delivery_id.ids,
            message,
            is_counted=failure_type != "mail_smtp",
        )
        waiting = waiting.filtered(
            lambda mail: mail.marketing_delivery_id.id not in exhausted
        )
        waiting.write({"state": "outgoing"})
        deliveries._fail(
            dict.fromkeys((self - waiting).marketing_delivery_id.ids, message)
        )
        return waiting
