from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .marketing_delivery_state import UNEVENTFUL
from .marketing_job import EXCLUSIVE_KINDS, REQUEST_PERSONS, REQUEST_SECONDS
from .number_format import format_number

#: What is done to a mailing; everything else only looks at it.
MAILING_KINDS = (*EXCLUSIVE_KINDS, "forget")


class MarketingJob(models.Model):
    """What is done to a large mailing, part by part of its persons."""

    _inherit = "marketing.job"

    def _get_moment(self):
        """When a mailing is due, as it was when somebody asked for the work."""
        job = self.sudo()
        return max(job.mailing_id.schedule_date or job.date, job.date)

    def _count_waiting_mails(self):
        return self.sudo().mailing_id.marketing_waiting

    # ------------------------------------------------------------------
    # PLAN
    # ------------------------------------------------------------------

    def _count_plan(self):
        return self.sudo().mailing_id._count_audience()

    def _do_plan(self, part):
        self.env["marketing.delivery"].sudo()._plan_audience(
            self.sudo().mailing_id, self._get_moment(), part
        )

    def _finish_plan(self):
        self.sudo().mailing_id._finish_plan(self._get_moment())

    def _give_up(self, message):
        """Without a plan a mailing is a draft; with half a new hour it is paused."""
        result = super()._give_up(message)
        job = self.sudo()
        mailing = job.mailing_id
        if job.kind == "plan":
            mailing.action_cancel()
            text = self.env._(
                "The audience could not be planned, so the mailing is a draft again: "
                "%s",
                message,
            )
        elif job.kind == "move":
            mailing.marketing_hold = "paused"
            text = self.env._(
                "The new hour could not be given to all mails, so the mailing is "
                "paused. Change the hour again, then resume it. What went wrong: %s",
                message,
            )
        else:
            return result
        mailing.message_post(body=text, partner_ids=job.user_id.partner_id.ids)
        return result

    # ------------------------------------------------------------------
    # HISTORY
    # ------------------------------------------------------------------

    def _count_history(self):
        return self.sudo().mailing_id._count_left_out()

    def _do_history(self, part):
        self.env["marketing.delivery"].sudo()._tell_skipped(
            self.sudo().mailing_id, part
        )

    def _finish_history(self):
        """Nothing is left to do."""

    # ------------------------------------------------------------------
    # MOVE
    # ------------------------------------------------------------------

    def _count_move(self):
        return self._count_waiting_mails()

    def _do_move(self, part):
        self.sudo().mailing_id._move_deliveries(part)

    def _finish_move(self):
        due = self.sudo().mailing_id.schedule_date or fields.Datetime.now()
        self.env["marketing.delivery"]._wake_lanes(at=due)

    # ------------------------------------------------------------------
    # FORGET
    # ------------------------------------------------------------------

    def _count_forget(self):
        return self.sudo().mailing_id.marketing_audience

    def _do_forget(self, part):
        self.sudo().mailing_id._forget_plan(part)

    def _finish_forget(self):
        self.env["marketing.delivery"]._invalidate_deliveries()


class MailingMailing(models.Model):
    """What is being done to a mailing, and how far it is."""

    _inherit = "mailing.mailing"

    marketing_job_state = fields.Selection(
        [("running", "Running")], compute="_compute_marketing_job", compute_sudo=True
    )
    marketing_job_progress = fields.Float(
        "Progress", compute="_compute_marketing_job", compute_sudo=True
    )
    marketing_job_text = fields.Char(
        "Work in the Background", compute="_compute_marketing_job", compute_sudo=True
    )

    @api.depends_context("lang")
    def _compute_marketing_job(self):
        jobs = self.env["marketing.job"].search(
            [
                ("mailing_id", "in", self._origin.ids),
                ("state", "=", "running"),
                ("kind", "in", MAILING_KINDS),
            ],
            order="id desc",
        )
        first = {job.mailing_id: job for job in jobs}
        for mailing in self:
            job = first.get(mailing._origin)
            mailing.marketing_job_state = job and "running"
            mailing.marketing_job_progress = job.progress if job else 0.0
            mailing.marketing_job_text = job and mailing._get_job_text(job)

    def _get_job_text(self, job):
        values = {"count": format_number(self.env, job.person_count, 0)}
        if job.kind == "plan" and not job.part_count:
            return self.env._(
                "The segments are brought up to date. Nothing leaves before the "
                "audience is planned."
            )
        if job.kind == "plan":
            return self.env._(
                "The audience of about %(count)s persons is being planned. Nothing "
                "leaves before that is done.",
                **values,
            )
        if job.kind == "move":
            return self.env._(
                "%(count)s mails get their new hour. Nothing leaves before that is "
                "done.",
                **values,
            )
        return self.env._("The plan of %(count)s persons is being removed.", **values)

    def _is_being_worked_on(self):
        """Whether a worker plans, moves or forgets these mailings."""
        return bool(
            self.env["marketing.job"]
            .sudo()
            .search_count(
                [
                    ("mailing_id", "in", self.ids),
                    ("state", "=", "running"),
                    ("kind", "in", MAILING_KINDS),
                ],
                limit=1,
            )
        )

    def _is_large(self):
        """Whether its audience, or what its segments ask for, takes a worker."""
        self.ensure_one()
        segments = self._get_audience_segments()
        if sum(segments.mapped("refresh_seconds")) > REQUEST_SECONDS:
            return True
        is_unknown = any(
            segment.kind == "dynamic" and not segment.is_settled for segment in segments
        )
        if is_unknown and self.env["marketing.person"]._is_many():
            return True
        waiting = self.marketing_audience
        return max(waiting, self._count_audience(REQUEST_PERSONS + 1)) > REQUEST_PERSONS

    def _count_audience(self, limit=None):
        """Records the mailing is meant for."""
        self.ensure_one()
        return (
            self.env[self.mailing_model_real]
            .sudo()
            .search_count(self._get_recipients_domain(), limit=limit)
        )

    def _move_deliveries(self, part=None):
        """Move what has not left to the hour of the mailing.

        What is held back by something else forgets it: at the new hour that is looked
        at anew. A mail that the server wants later keeps waiting for that, too.
        """
        self.ensure_one()
        self.env.cr.execute(
            SQL(
                """
                UPDATE marketing_delivery
                   SET due = CASE WHEN state = 'composed' AND attempts > 0
                                  THEN GREATEST(due, %(due)s) ELSE %(due)s END,
                       wait_reason = NULL
                 WHERE mailing_id = %(mailing)s AND state IN ('planned', 'composed')
                   AND %(part)s
                """,
                due=self.schedule_date or fields.Datetime.now(),
                mailing=self.id,
                part=self.env["marketing.job"]._get_part(part, SQL("person_id")),
            )
        )
        self.env["marketing.delivery"]._invalidate_deliveries()

    def _forget_plan(self, part=None):
        """Back to draft: nobody is in the audience any more."""
        self.ensure_one()
        self.env.cr.execute(
            SQL(
                "DELETE FROM marketing_delivery WHERE mailing_id = %s AND %s",
                self.id,
                self.env["marketing.job"]._get_part(part, SQL("person_id")),
            )
        )

    def _finish_plan(self, due):
        """Let the lanes begin with a plan that is complete."""
        self.ensure_one()
        deliveries = self.env["marketing.delivery"].sudo()
        if not deliveries.search_count([("mailing_id", "=", self.id)], limit=1):
            raise UserError(
                self.env._(
                    "Nobody is in the audience of “%s”: its segments have no "
                    "members with an address. Look at the segments, or choose "
                    "others.",
                    self.subject,
                )
            )
        deliveries._wake_lanes("compose", at=due)
        # No mail waits for the history of those who get none.
        if self._count_left_out() > REQUEST_PERSONS:
            self.env["marketing.job"]._add("history", self)
        else:
            deliveries._tell_skipped(self)

    def _count_left_out(self):
        """Persons whose history is to say that they do not get the campaign."""
        self.ensure_one()
        return (
            self.env["marketing.delivery"]
            .sudo()
            .search_count(
                [
                    ("mailing_id", "=", self.id),
                    ("state", "=", "skipped"),
                    ("reason", "not in", list(UNEVENTFUL)),
                ]
            )
        )

    def action_marketing_stop(self):
        """What is planned or moved is left where it is, and canceled."""
        self.env["marketing.job"]._stop_kinds(
            self.filtered(lambda mailing: mailing.state in ("in_queue", "sending")),
            list(EXCLUSIVE_KINDS),
        )
        return super().action_marketing_stop()


class MarketingPerson(models.Model):
    _inherit = "marketing.person"

    @api.model
    def _is_many(self):
        """Whether asking about all persons takes a worker."""
        return self.sudo().search_count([], limit=REQUEST_PERSONS + 1) > REQUEST_PERSONS
