import time
from datetime import timedelta
from math import ceil

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.http import request
from odoo.tools import SQL

#: Persons that are planned, moved or counted while the user waits. On two cores that
#: had other work a million was planned in 72 seconds, moved in 106, looked at in 78,
#: and estimated in 42, so that these take one second at most.
REQUEST_PERSONS = 10_000
#: Seconds that segments may take to be brought up to date while the user waits.
REQUEST_SECONDS = 1.0
#: Persons the worker takes at once: some five seconds, then it says how far it is.
PART_PERSONS = 50_000
#: For how long the rows that a user asked for are there.
RESULT_AGE = timedelta(hours=1)
#: For how long it is remembered what was done.
KEPT_DAYS = 7
#: Kinds of work that only look, and whose result its user opens.
LOOKS = ("preview", "estimate", "capped")
#: Kinds of work while which nothing of a mailing leaves.
EXCLUSIVE_KINDS = ("plan", "move")


class MarketingJob(models.Model):
    """Work for a marketer about many persons, part by part.

    What few persons need is done at once and has no row. The worker of the kind `job`
    takes a part of the persons and then goes on with whichever work it has not looked
    at for the longest time; works of one mailing are done in their order. The mailing
    of work that failed stands still.

    A kind has three methods: `_count_<kind>` says how many persons it is about,
    `_do_<kind>(part)` does one part, `_finish_<kind>` ends it. Never: a mail that
    leaves while its mailing is planned or moved.
    """

    _name = "marketing.job"
    _description = "Work in the Background"
    _inherit = ["marketing.work"]
    _order = "id desc"
    _rec_name = "kind"

    kind = fields.Selection(
        [
            ("plan", "Planning the audience"),
            ("move", "Changing the hour"),
            ("forget", "Forgetting the plan"),
            ("history", "Noting who gets no mail"),
            ("preview", "Looking at the plan"),
            ("estimate", "When it will leave"),
            ("capped", "Who is capped tomorrow"),
        ],
        string="What",
        required=True,
        readonly=True,
    )
    user_id = fields.Many2one(
        "res.users", "Asked By", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    arguments = fields.Json(readonly=True, help="Companies of the user, and choices.")
    date = fields.Datetime("Asked On")
    person_count = fields.Integer("Persons", readonly=True, aggregator=None)
    part_count = fields.Integer(
        "Parts", readonly=True, aggregator=None, help="0: not counted yet."
    )
    done_parts = fields.Integer("Parts Done", readonly=True, aggregator=None)
    progress = fields.Float(compute="_compute_progress")
    duration = fields.Float(
        "Duration (s)", readonly=True, aggregator=None, help="Seconds of work."
    )
    run_date = fields.Datetime("Last Part On", readonly=True)
    result_id = fields.Integer(readonly=True, aggregator=None)
    can_show = fields.Boolean(compute="_compute_can_show")

    # The worker, and whether a mailing may be sent.
    _running = models.Index("(mailing_id, id) WHERE state = 'running'")

    @api.depends("kind", "mailing_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for job in self:
            names = (labels.get(job.kind), job.mailing_id.subject)
            job.display_name = ": ".join(name for name in names if name)

    @api.depends("state", "part_count", "done_parts")
    def _compute_progress(self):
        for job in self:
            done = job.done_parts / job.part_count if job.part_count else 0.0
            job.progress = 100.0 if job.state == "done" else 100.0 * done

    @api.depends("state", "user_id", "kind")
    @api.depends_context("uid")
    def _compute_can_show(self):
        for job in self:
            job.can_show = (
                job.state == "done"
                and job.user_id == self.env.user
                and job.kind in LOOKS
            )

    # ------------------------------------------------------------------
    # ASKING FOR IT
    # ------------------------------------------------------------------

    @api.model
    def _is_for_worker(self, mailing):
        """Whether this takes too long for whoever waits for an answer.

        Crons and scripts wait; all wait for what is being done to the mailing already.
        """
        if mailing._is_being_worked_on():
            return True
        return self._is_awaited() and mailing.sudo()._is_large()

    @api.model
    def _is_awaited(self):
        """Whether a user sits in front of a screen."""
        return bool(request)

    @api.model
    def _add(self, kind, mailing=None, **arguments):
        """Let the worker do this for the user; what he asked for before is dropped."""
        mailing = mailing or self.env["mailing.mailing"]
        self._stop_kinds(mailing, [kind], self.env.user)
        job = self.sudo().create(
            {
                "kind": kind,
                "mailing_id": mailing.id,
                "user_id": self.env.uid,
                "company_id": self.env.company.id,
                "arguments": {
                    "context": {
                        "allowed_company_ids": self.env.companies.ids,
                        "lang": self.env.lang,
                        "tz": self.env.context.get("tz"),
                    },
                    **arguments,
                },
                "date": fields.Datetime.now(),
            }
        )
        mailing.invalidate_recordset(["marketing_job_state", "marketing_job_text"])
        self.env["marketing.lane"]._wake("job")
        return job.with_env(self.env)

    @api.model
    def _stop_kinds(self, mailings, kinds, user=None):
        """Nobody wants this any more."""
        domain = [
            ("mailing_id", "in", mailings.ids or [False]),
            ("kind", "in", kinds),
            ("state", "=", "running"),
        ]
        if user:
            domain.append(("user_id", "=", user.id))
        self.sudo().search(domain).state = "stopped"

    @api.model
    def _get_free_mailings(self):
        """SQL: mailings that nobody plans or moves at the moment; alias: mailing."""
        return SQL(
            "NOT EXISTS (SELECT FROM marketing_job job"
            " WHERE job.mailing_id = mailing.id AND job.state = 'running'"
            " AND job.kind IN %s)",
            EXCLUSIVE_KINDS,
        )

    # ------------------------------------------------------------------
    # WORKER
    # ------------------------------------------------------------------

    @api.model
    def _run_lane(self, _number, _count):
        """Do one part of the work that was not looked at for the longest time."""
        job = self._claim_next(
            SQL("run_date NULLS FIRST, id"),
            SQL(
                "NOT EXISTS (SELECT FROM marketing_job earlier"
                " WHERE earlier.mailing_id = work.mailing_id"
                " AND earlier.state = 'running' AND earlier.id < work.id)"
            ),
        )
        if not job:
            return 0, 0
        job._go_on()
        waiting, _oldest = self._get_lane_backlog(0, 1)
        return 1, waiting

    def _go_on(self):
        """Do the next part."""
        begun = time.monotonic()
        with self._attempt():
            self._as_user()._step()
        self.write(
            {
                "run_date": fields.Datetime.now(),
                "duration": self.duration + time.monotonic() - begun,
            }
        )

    def _fail(self, error):
        result = super()._fail(error)
        self._as_user()._give_up(self.error)
        return result

    def _as_user(self):
        """This work with the rights, the companies and the language of its user."""
        return self.with_user(self.user_id).with_context(**self.arguments["context"])

    def _step(self):
        """Count, or do the next part, or end it."""
        job = self.sudo()
        if not job.part_count:
            if self._refresh_next_segment():
                return
            count = getattr(self, f"_count_{job.kind}")()
            job.write(
                {
                    "person_count": count,
                    "part_count": max(1, ceil(count / PART_PERSONS)),
                }
            )
        getattr(self, f"_do_{job.kind}")((job.done_parts, job.part_count))
        job.done_parts += 1
        if job.done_parts == job.part_count:
            getattr(self, f"_finish_{job.kind}")()
            job.state = "done"

    def _refresh_next_segment(self):
        """Bring one segment of the audience up to date, one pass at a time.

        :returns: whether there was one
        """
        job = self.sudo()
        if job.kind not in ("plan", "preview", "estimate"):
            return False
        for segment in job.mailing_id._get_audience_segments():
            if not segment.refreshed_at or segment.refreshed_at < job.date:
                segment._refresh_pass()
                return True
        return False

    def _give_up(self, message):
        """Leave the mailing as somebody can go on with it."""

    @api.model
    def _get_part(self, part, key):
        """SQL: the rows of one part of the persons.

        :param part: (number, of how many), None for all of them
        :param key: SQL of a number that a person has
        """
        if part is None or part[1] == 1:
            return SQL("TRUE")
        number, count = part
        return SQL("mod(%s, %s) = %s", key, count, number)

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def _get_title(self):
        return dict(self._fields["kind"]._description_selection(self.env))[self.kind]

    def action_show(self):
        """Open what was found out."""
        self.ensure_one()
        self.check_access("read")
        if not self.can_show:
            raise UserError(self.env._("There is nothing to show."))
        if self.sudo().run_date < fields.Datetime.now() - RESULT_AGE:
            raise UserError(
                self.env._("These figures are old and were forgotten. Ask again.")
            )
        return getattr(self, f"_show_{self.kind}")()

    def action_stop(self):
        """Leave it; what is done to a mailing is stopped there."""
        self.check_access("read")
        looks = self.sudo().filtered(
            lambda job: job.state == "running" and job.kind in LOOKS
        )
        if any(job.user_id != self.env.user for job in looks):
            raise AccessError(self.env._("Somebody else asked for this."))
        looks.state = "stopped"

    @api.autovacuum
    def _gc_jobs(self):
        self.search(
            [
                ("state", "!=", "running"),
                ("date", "<", fields.Datetime.now() - timedelta(days=KEPT_DAYS)),
            ]
        ).unlink()
