import time
from ast import literal_eval
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.client_action import show_record
from ..tools.conflict import CONFLICTS

#: Seconds a user waits for a check; what is left is done by the worker.
REQUEST_SECONDS = 2.0
#: Seconds the worker spends on a check before it saves how far it came.
LANE_SECONDS = 10.0
#: A check that is older says nothing about the audience of now.
MAX_AGE = timedelta(days=1)
#: Days for which checks are kept that are not the last of their mailing.
KEPT_DAYS = 30


class MarketingMailingCheck(models.Model):
    """One look at a mailing before it is sent: by whom, on how many persons, and how.

    Made by the button “Check”, by the launch of a campaign and by the publishing of a
    journey. Texts and counts over the whole audience are there at once; writing the
    mail for every person takes longer, so it goes on in the worker, as do questions to
    other programs and servers. `rendered` tells how far it is.

    A mailing on its way is held until its check is done and lets it leave.

    The findings belong to the text of then: `fingerprint` tells whether the mailing has
    changed since. Never: a mailing launched on the findings of another text.
    """

    _name = "marketing.mailing.check"
    _description = "Check Before Sending"
    _inherit = ["marketing.work"]
    _order = "id desc"
    _rec_name = "mailing_id"

    mailing_id = fields.Many2one(required=True, index=True)
    user_id = fields.Many2one("res.users", "Checked By", readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    date = fields.Datetime("Checked On")
    duration = fields.Float(
        "Duration (s)", readonly=True, help="Seconds of work, wherever it was done."
    )
    set_duration = fields.Float(
        "Texts and Counts (s)",
        readonly=True,
        help="Seconds for the texts, and for what is counted over the whole audience.",
    )
    fingerprint = fields.Char(readonly=True)
    is_stale = fields.Boolean("Changed Since", compute="_compute_is_stale")
    # audience
    audience_domain = fields.Char(readonly=True, required=True, default="[]")
    audience = fields.Integer(
        "Persons", readonly=True, help="Everybody the mailing is meant for."
    )
    rendered = fields.Integer(
        "Written For",
        readonly=True,
        help="Persons for whom the mail was written as a trial.",
    )
    is_render_needed = fields.Boolean(readonly=True)
    render_cursor = fields.Integer(
        readonly=True, aggregator=None, help="The last record it was written for."
    )
    progress = fields.Float(compute="_compute_progress")
    # findings
    finding_ids = fields.One2many(
        "marketing.mailing.check.finding", "check_id", string="Findings"
    )
    block_count = fields.Integer("Stop It", compute="_compute_counts")
    warn_count = fields.Integer("Warnings", compute="_compute_counts")
    info_count = fields.Integer("Mentioned", compute="_compute_counts")
    # other programs and servers
    is_spam_pending = fields.Boolean(readonly=True)
    spam_points = fields.Float(readonly=True)
    spam_report = fields.Text("SpamAssassin", readonly=True)
    is_link_pending = fields.Boolean(readonly=True)
    link_report = fields.Text("Pages Behind Links", readonly=True)
    link_cursor = fields.Integer(
        readonly=True, aggregator=None, help="Links that were followed so far."
    )
    is_told = fields.Boolean(
        readonly=True, help="Who launched the mailing knows that it is held."
    )
    # sent all the same
    override_reason = fields.Text("Sent All the Same Because", readonly=True)
    override_user_id = fields.Many2one("res.users", "Decided By", readonly=True)

    # Serves the worker, which asks for what is left to be done.
    _running = models.Index("(id) WHERE state = 'running'")

    @api.depends("mailing_id.subject")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for check in self:
            check.display_name = self.env._("Check of “%s”", check.mailing_id.subject)

    @api.depends(
        "fingerprint",
        "mailing_id.subject",
        "mailing_id.preview",
        "mailing_id.body_html",
        "mailing_id.email_from",
        "mailing_id.mailing_domain",
    )
    def _compute_is_stale(self):
        for check in self:
            check.is_stale = check._is_outdated()

    def _is_outdated(self):
        """Whether the mailing is no longer the one that was checked."""
        self.ensure_one()
        return self.fingerprint != self.mailing_id.sudo()._get_check_fingerprint()

    def _is_superseded(self):
        """Whether the mailing was checked again since, or will be as it changed."""
        self.ensure_one()
        newer = [("mailing_id", "=", self.mailing_id.id), ("id", ">", self.id)]
        is_held = self.mailing_id.sudo().marketing_hold == "check"
        return bool(self.search_count(newer, limit=1)) or (
            is_held and self._is_outdated()
        )

    def _get_open_blocks(self):
        """What stops a mailing, and no manager has accepted."""
        return self.finding_ids.filtered(
            lambda finding: finding.severity == "block" and not finding.is_accepted
        )

    def _is_cleared(self):
        """Whether the mailing, as it is, may leave by this check."""
        self.ensure_one()
        is_over = self.state == "done" or (
            self.override_reason and self.state != "running"
        )
        return bool(is_over and not self._get_open_blocks() and not self._is_outdated())

    @api.depends("audience", "rendered", "state", "is_render_needed")
    def _compute_progress(self):
        for check in self:
            if check.state == "done" or not check.is_render_needed:
                check.progress = 100.0 if check.state == "done" else 99.0
            else:
                check.progress = min(
                    99.0, 100.0 * check.rendered / max(check.audience, 1)
                )

    @api.depends("finding_ids.severity")
    def _compute_counts(self):
        counts = {
            (check, severity): count
            for check, severity, count in self.env[
                "marketing.mailing.check.finding"
            ]._read_group(
                [("check_id", "in", self.ids)], ["check_id", "severity"], ["__count"]
            )
        }
        for check in self:
            check.block_count = counts.get((check, "block"), 0)
            check.warn_count = counts.get((check, "warn"), 0)
            check.info_count = counts.get((check, "info"), 0)

    # ------------------------------------------------------------------
    # RUN
    # ------------------------------------------------------------------

    @api.model
    def _check_mailing(self, mailing, seconds=REQUEST_SECONDS):
        """Check a mailing now; what takes longer goes on in the worker.

        :param seconds: how long writing the mail for persons may take here
        """
        mailing.ensure_one()
        mailing = mailing.sudo()
        check = self.sudo().create(self._prepare_check_values(mailing))
        begun = time.perf_counter()
        check._check_sets()
        check.set_duration = check.duration = time.perf_counter() - begun
        check._continue(seconds, in_request=True)
        if check.state == "running":
            self.env["marketing.lane"]._wake("check")
        return check.with_env(self.env)

    @api.model
    def _prepare_check_values(self, mailing):
        return {
            "mailing_id": mailing.id,
            "user_id": self.env.uid,
            "company_id": mailing._get_compliance_company().id,
            "date": fields.Datetime.now(),
            "fingerprint": mailing._get_check_fingerprint(),
            "audience_domain": repr(list(mailing._get_checked_domain())),
        }

    @api.model
    def _check_safely(self, mailing):
        """Begin a check in the worker; one that breaks at once says so."""
        try:
            with self.env.cr.savepoint():
                self._check_mailing(mailing, 0)
        except CONFLICTS:
            raise  # the lane begins it again
        except Exception as error:
            self.env.invalidate_all()
            check = self.sudo().create(self._prepare_check_values(mailing))
            check._fail(error)

    def _check_sets(self):
        """What needs no person's mail to be written: texts, and counts by SQL."""
        self.audience = self._get_records().search_count(self._get_domain())
        self._check_law()
        for text in self.mailing_id._get_checked_texts():
            self._check_text(text)
            self._check_values(text)
            self._check_language(text)
        self._check_sender()
        self._prepare_rendering()
        self._prepare_programs()

    def _continue(self, seconds, in_request=False):
        """Go on where the check stands, for so many seconds."""
        begun = time.perf_counter()
        is_written = self._render_persons(begun + seconds)
        if is_written and not in_request:
            self._ask_programs()
        values = {"duration": self.duration + time.perf_counter() - begun}
        if is_written and not self.is_spam_pending and not self.is_link_pending:
            values["state"] = "done"
        self.write(values)

    def _get_records(self):
        """The model that is mailed, with every right, as in sending."""
        return self.env[self.mailing_id.mailing_model_real].sudo()

    def _get_domain(self, text=None):
        """Who is looked at: the audience, or those of it who get a text."""
        domain = Domain(literal_eval(self.audience_domain))
        return domain & text["domain"] if text and text.get("domain") else domain

    # ------------------------------------------------------------------
    # WORKER
    # ------------------------------------------------------------------

    @api.model
    def _run_lane(self, _number, _count):
        """Go on with a check, and with the mailings that wait for theirs."""
        processed = self._continue_oldest()
        settled, changed = self.env["mailing.mailing"]._settle_held()
        waiting, _oldest = self._get_lane_backlog(0, 1)
        return processed + settled, waiting + changed

    @api.model
    def _continue_oldest(self):
        """Go on with the oldest check that is not finished; how many there were."""
        check = self.sudo()._claim_next(SQL("id"), SQL("TRUE"))
        if not check:
            return 0
        check = check.with_context(lang=check.user_id.lang)
        if check._is_superseded():
            check.state = "stopped"
            return 1
        with check._attempt():
            check._continue(LANE_SECONDS)
        return 1

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_again(self):
        """Check the mailing as it is now, and show it in place of this check."""
        self.ensure_one()
        self.mailing_id.check_access("read")
        return show_record(self._check_mailing(self.mailing_id).id)

    def action_stop(self):
        """Leave it at what was found so far."""
        self.check_access("read")
        self.sudo().filtered(lambda check: check.state == "running").state = "stopped"

    def _get_title(self):
        return self.env._("Check Before Sending")

    @api.autovacuum
    def _gc_checks(self):
        """Forget old checks but the last one of a mailing and those with a decision."""
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM marketing_mailing_check old
                 WHERE old.date < %s AND old.override_reason IS NULL
                   AND EXISTS (SELECT FROM marketing_mailing_check newer
                                WHERE newer.mailing_id = old.mailing_id
                                  AND newer.id > old.id)
                """,
                fields.Datetime.now() - timedelta(days=KEPT_DAYS),
            )
        )
        self.env.invalidate_all()
