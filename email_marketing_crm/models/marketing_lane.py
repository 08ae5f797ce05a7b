import logging
import traceback
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import format_datetime

from ..tools.client_action import RELOAD, notify
from ..tools.conflict import CONFLICTS
from ..tools.wording import last_line

_logger = logging.getLogger(__name__)

#: Number of workers per kind on a new database: Odoo's default of cron threads.
DEFAULT_LANES = 2
#: Shard key of every table a lane works on, so that two lanes never meet on a row.
LANES_PARAMETER = "email_marketing_crm.lanes"
#: Idle workers run every minute; when none did for so long, something is wrong.
SILENCE = timedelta(minutes=10)


class MarketingLane(models.Model):
    """A worker: one row per kind of work and shard, run by an ir.cron of its own.

    Odoo never runs one cron record twice at once, so a lane is the only worker of
    its shard (`person_id % lanes = number`), on however many machines the crons run.
    The lane's cron is its only writer; `error` keeps the last failure until a run
    succeeds. A lane never leaves a batch half done: what it did is committed with
    the rows it took, or rolled back with them.
    """

    _name = "marketing.lane"
    _description = "Marketing Worker"
    _order = "kind, number"

    kind = fields.Selection(selection="_selection_kind", required=True, readonly=True)
    number = fields.Integer(required=True, readonly=True)
    cron_id = fields.Many2one("ir.cron", readonly=True, ondelete="set null")
    active = fields.Boolean(related="cron_id.active", string="Running")
    # last run
    last_run = fields.Datetime(readonly=True)
    last_duration = fields.Float(
        "Duration (s)", readonly=True, help="Seconds the last run took."
    )
    last_processed = fields.Integer(
        "Processed", readonly=True, help="What the last run handled."
    )
    error = fields.Text("Last Error", readonly=True)
    error_date = fields.Datetime(readonly=True)
    # what waits, measured when the page is opened
    backlog = fields.Integer("Waiting", compute="_compute_backlog", compute_sudo=True)
    oldest_date = fields.Datetime(
        "Waiting Since", compute="_compute_backlog", compute_sudo=True
    )
    state = fields.Selection(
        [("ok", "Running"), ("late", "Late"), ("error", "Error"), ("off", "Off")],
        compute="_compute_backlog",
        compute_sudo=True,
    )
    error_summary = fields.Char("What Went Wrong", compute="_compute_error_summary")

    _kind_number_unique = models.Constraint(
        "UNIQUE(kind, number)", "There is one worker per kind and shard."
    )

    @api.depends("kind", "number")
    def _compute_display_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for lane in self:
            lane.display_name = f"{labels.get(lane.kind, lane.kind)} {lane.number + 1}"

    def _compute_backlog(self):
        now = fields.Datetime.now()
        count = self._get_lane_count()
        for lane in self:  # one query per worker, on a page of some ten rows
            waiting, oldest = self.env[self._get_kinds()[lane.kind]]._get_lane_backlog(
                lane.number, count
            )
            lane.backlog = waiting
            lane.oldest_date = oldest
            if lane.error:
                lane.state = "error"
            elif not lane.cron_id.active:
                lane.state = "off"
            elif lane._is_silent(now) or (oldest and now - oldest > SILENCE):
                lane.state = "late"
            else:
                lane.state = "ok"

    @api.depends("error")
    def _compute_error_summary(self):
        for lane in self:
            lane.error_summary = last_line(lane.error)

    # ------------------------------------------------------------------
    # SET-UP
    # ------------------------------------------------------------------

    @api.model
    def _get_kinds(self):
        """Kinds of work: `{kind: model that does it}`; see `_run`."""
        return {
            "inbox": "marketing.inbox",
            "segment": "marketing.segment",
            "journey": "marketing.journey.participant",
            "import": "marketing.import",
            "address": "marketing.email.domain",
            "pace": "marketing.sender",
            "compose": "marketing.delivery",
            "smtp": "mail.mail",
            "check": "marketing.mailing.check",
            "job": "marketing.job",
        }

    @api.model
    def _selection_kind(self):
        return [
            ("inbox", self.env._("Events")),
            ("segment", self.env._("Segments")),
            ("journey", self.env._("Journeys")),
            ("import", self.env._("Imports")),
            ("address", self.env._("Address checks")),
            ("pace", self.env._("Pace of senders")),
            ("compose", self.env._("Composing")),
            ("smtp", self.env._("Sending")),
            ("check", self.env._("Checks before sending")),
            ("job", self.env._("Plans and figures of many persons")),
        ]

    @api.model
    def _get_single_kinds(self):
        """Kinds of work that cannot be shared: they have one worker, number 0."""
        return {"import", "pace", "check", "job"}

    @api.model
    def _get_lane_count(self):
        """Number of shards, the same for every kind."""
        value = self.env["ir.config_parameter"].sudo().get_param(LANES_PARAMETER)
        return max(1, int(value)) if value and value.isdigit() else DEFAULT_LANES

    @api.model
    def _synchronize(self):
        """Make the lanes and their crons match the setting.

        A cron that somebody deleted is made anew: its work would not be done.
        """
        count = self._get_lane_count()
        lanes = self.with_context(active_test=False).search([])
        surplus = lanes.filtered(
            lambda lane: (
                lane.kind not in self._get_kinds()
                or lane.number
                >= (1 if lane.kind in self._get_single_kinds() else count)
            )
        )
        surplus.cron_id.unlink()
        surplus.unlink()
        kept = lanes - surplus
        known = {(lane.kind, lane.number) for lane in kept}
        missing = kept.filtered(lambda lane: not lane.cron_id) | self.create(
            [
                {"kind": kind, "number": number}
                for kind in self._get_kinds()
                for number in range(1 if kind in self._get_single_kinds() else count)
                if (kind, number) not in known
            ]
        )
        crons = self.env["ir.cron"].create(
            [lane._prepare_cron_values() for lane in missing]
        )
        for lane, cron in zip(missing, crons, strict=True):
            lane.cron_id = cron

    def _prepare_cron_values(self):
        self.ensure_one()
        return {
            "cron_name": f"Marketing: {self.display_name}",
            "name": f"Marketing: {self.display_name}",
            "model_id": self.env["ir.model"]._get_id(self._name),
            "state": "code",
            "code": f"model.browse({self.id})._run()",
            "user_id": self.env.ref("base.user_root").id,
            "interval_number": 1,
            "interval_type": "minutes",
            "priority": 3,
        }

    # ------------------------------------------------------------------
    # RUN
    # ------------------------------------------------------------------

    def _run(self):
        """Handle one bounded batch of the shard; called by the cron until done.

        The model of the kind implements `_run_lane(number, count)`, which returns
        `(processed, remaining)` and leaves the commit to the lane. A conflict with
        another transaction is no error: the batch is rolled back and taken again.
        """
        self.ensure_one()
        start = fields.Datetime.now()
        worker = self.env[self._get_kinds()[self.kind]]
        try:
            processed, remaining = worker._run_lane(self.number, self._get_lane_count())
            self.env.flush_all()
        except CONFLICTS:
            self.env.cr.rollback()
            self.env.invalidate_all()
            _logger.info("%s met another transaction, taking it again", self)
            self.env["ir.cron"]._commit_progress(0, remaining=1)
            return
        except Exception:
            self.env.cr.rollback()
            self.env.invalidate_all()
            _logger.exception("%s failed", self)
            self.write(
                {
                    "error": traceback.format_exc(limit=-5),
                    "error_date": fields.Datetime.now(),
                    "last_run": start,
                }
            )
            self.env["ir.cron"]._commit_progress(0, remaining=0)
            return
        if processed or self.error or self._is_heartbeat_due(start):
            self.write(
                {
                    "last_run": start,
                    "last_duration": (fields.Datetime.now() - start).total_seconds(),
                    "last_processed": processed,
                    "error": False,
                    "error_date": False,
                }
            )
        self.env["ir.cron"]._commit_progress(processed, remaining=remaining)

    def _is_heartbeat_due(self, now):
        """Whether an idle run is worth a write: once a minute shows it is alive."""
        return not self.last_run or (now - self.last_run).total_seconds() >= 50

    @api.model
    def _wake(self, *kinds, at=None):
        """Let workers look now, or at a later moment, rather than at their minute."""
        for cron in self.sudo().search([("kind", "in", kinds)]).cron_id:
            cron._trigger(at=at)

    # ------------------------------------------------------------------
    # HEALTH PAGE
    # ------------------------------------------------------------------

    @api.model
    def get_health_alert(self):
        """What keeps all workers from working, in words, or False."""
        self.check_access("read")
        lanes = self.sudo().search([])
        running = lanes.filtered("active")
        if not running:
            return self.env._(
                "All workers are switched off: no event is processed and no mail is "
                "sent. An administrator switches them on again in Settings > Technical "
                "> Scheduled Actions."
            )
        now = fields.Datetime.now()
        if all(lane._is_silent(now) for lane in running):
            last_run = max(filter(None, running.mapped("last_run")), default=None)
            since = last_run or min(running.mapped("create_date"))
            return self.env._(
                "No worker has run since %s. The server's cron threads are off "
                "(--max-cron-threads) or busy with other scheduled actions.",
                format_datetime(self.env, since),
            )
        return False

    def _is_silent(self, now):
        """Whether a worker does not run: idle ones show each minute that they live."""
        return now - (self.last_run or self.create_date) > SILENCE

    def action_run_now(self):
        """Ask the scheduler to run these workers as soon as it can."""
        self.check_access("read")
        for cron in self.sudo().cron_id:
            cron._trigger()
        return notify(
            self.env._("Will run as soon as a cron thread is free."), next=RELOAD
        )

    def action_clear_error(self):
        """Forget what went wrong; the next run says whether it still does."""
        self.check_access("read")
        self.sudo().write({"error": False, "error_date": False})
