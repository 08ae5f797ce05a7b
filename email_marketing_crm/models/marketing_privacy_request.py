import logging

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)

#: Persons that are erased in one transaction.
ERASE_BATCH = 100
#: Why personal data is erased (GDPR, article 17, paragraph 1).
GROUNDS = [
    ("request", "The person asked for it"),
    ("withdrawn", "Consent was withdrawn"),
    ("unneeded", "The data is no longer needed"),
    ("unlawful", "The data should not have been collected"),
]


class MarketingPrivacyRequest(models.Model):
    """What was done for somebody's rights over his data. No personal data in it.

    Written when a manager confirms an erasure or takes out all that is known of a
    person; it says who did that, when, why and how much was found, and stays.

    ``waiting``  an erasure of many persons, taken up in batches by a worker
    ``done``     everything happened
    ``failed``   a batch could not be erased, `error` says why; it can be tried again

    The persons of an erasure are rows without identity afterwards; `company_ids` are
    theirs of before, for the managers of these companies only. Never: a name or an
    address in this table, or a person who is erased in part.
    """

    _name = "marketing.privacy.request"
    _description = "Privacy Request"
    _order = "id desc"

    kind = fields.Selection(
        [("erasure", "Erasure"), ("disclosure", "Copy of the data")],
        required=True,
        readonly=True,
    )
    ground = fields.Selection(GROUNDS, readonly=True)
    user_id = fields.Many2one(
        "res.users",
        string="Handled By",
        required=True,
        readonly=True,
        default=lambda self: self.env.user,
    )
    date = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    state = fields.Selection(
        [("waiting", "In Progress"), ("done", "Done"), ("failed", "Failed")],
        required=True,
        readonly=True,
        default="done",
    )
    finished_date = fields.Datetime("Finished", readonly=True)
    has_records_kept = fields.Boolean("Contacts and Leads Kept", readonly=True)
    error = fields.Text(readonly=True)
    # whom
    person_ids = fields.Many2many(
        "marketing.person",
        "marketing_privacy_request_person_rel",
        "request_id",
        "person_id",
        string="Persons",
        readonly=True,
    )
    person_count = fields.Integer("Persons Asked For", readonly=True)
    company_ids = fields.Many2many(
        "res.company",
        "marketing_privacy_request_company_rel",
        "request_id",
        "company_id",
        string="Companies",
        readonly=True,
        help="That knew these persons when they were asked for; none: persons whose "
        "records are shared by all companies.",
    )
    erased_count = fields.Integer("Persons Erased", readonly=True)
    line_ids = fields.One2many(
        "marketing.privacy.request.line", "request_id", readonly=True
    )

    # What the worker takes up.
    _waiting = models.Index("(id) WHERE state = 'waiting'")

    @api.depends("kind", "date")
    def _compute_display_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for request in self:
            request.display_name = f"{labels[request.kind]} #{request.id}"

    # ------------------------------------------------------------------
    # ERASE
    # ------------------------------------------------------------------

    @api.model
    def _request_erasure(self, persons, ground, keep_records=False):
        """Erase persons: at once, or by the worker where there are many.

        :param keep_records: leave contacts and leads as they are
        :returns: the request
        """
        persons = persons._get_identities()
        persons._check_companies()
        request = self.sudo().create(
            {
                "kind": "erasure",
                "ground": ground,
                "user_id": self.env.uid,
                "state": "waiting",
                "has_records_kept": keep_records,
                "person_count": len(persons),
                **self._prepare_whom(persons),
            }
        )
        if len(persons) <= ERASE_BATCH:
            request._erase_batch()
        else:
            self.env.ref(
                "email_marketing_crm.ir_cron_privacy_request"
            ).sudo()._trigger()
        return request

    @api.model
    def _prepare_whom(self, persons):
        """Whom a request is about, and which companies may know of it later."""
        return {
            "person_ids": [Command.set(persons.ids)],
            "company_ids": [Command.set(persons.sudo().company_ids.ids)],
        }

    def _get_waiting_persons(self, limit=None):
        """Persons of an erasure who still have an identity."""
        self.ensure_one()
        return self.env["marketing.person"].search(
            [("id", "in", self.person_ids.ids), ("is_erased", "=", False)],
            order="id",
            limit=limit,
        )

    def _erase_batch(self):
        """Erase the next persons of this request; returns how many are left."""
        self.ensure_one()
        persons = self._get_waiting_persons(ERASE_BATCH)
        counts = persons._erase(keep_records=self.has_records_kept)
        self._add_counts(counts)
        left = len(self._get_waiting_persons())
        self.erased_count += len(persons)
        if not left:
            self.write({"state": "done", "finished_date": fields.Datetime.now()})
        return left

    def _add_counts(self, counts):
        """Add `{(what, outcome): number}` to the lines."""
        self.ensure_one()
        lines = {(line.res_model, line.outcome): line for line in self.line_ids}
        new = []
        for (model, outcome), count in counts.items():
            if not count:
                continue
            if line := lines.get((model, outcome)):
                line.count += count
            else:
                new.append(
                    {
                        "request_id": self.id,
                        "res_model": model,
                        "outcome": outcome,
                        "count": count,
                    }
                )
        self.env["marketing.privacy.request.line"].create(new)

    def _note_copies(self, counts):
        """Write down how much was handed over: `{model: rows}`."""
        self.ensure_one()
        self.line_ids.unlink()
        self._add_counts({(model, "copied"): rows for model, rows in counts.items()})
        self.finished_date = fields.Datetime.now()

    @api.model
    def _cron_erase(self):
        """Erase the persons of requests that wait, a committed batch at a time."""
        cron = self.env["ir.cron"]
        for request in self.search([("state", "=", "waiting")], order="id"):
            left = len(request._get_waiting_persons())
            while left:
                before = left
                try:
                    with self.env.cr.savepoint():
                        left = request._erase_batch()
                except Exception as error:
                    _logger.exception("Erasing persons of request %s", request.id)
                    request.write({"state": "failed", "error": str(error)})
                    left = 0
                if not cron._commit_progress(before - left, remaining=left):
                    return

    def action_retry(self):
        """Go on with an erasure that failed."""
        self.check_access("read")
        self._check_manager()
        failed = self.sudo().filtered(lambda request: request.state == "failed")
        failed.write({"state": "waiting", "error": False})
        self.env.ref("email_marketing_crm.ir_cron_privacy_request").sudo()._trigger()

    @api.model
    def _check_manager(self):
        """Personal data leaves or vanishes by the hand of a manager only."""
        self.env["marketing.person"].check_access("write")

    def action_view_persons(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": "marketing.person",
            "view_mode": "list,form",
            "domain": [("id", "in", self.person_ids.ids)],
        }


class MarketingPrivacyRequestLine(models.Model):
    """How many rows of one kind a request found, and what became of them."""

    _name = "marketing.privacy.request.line"
    _description = "Part of a Privacy Request"
    _order = "outcome, res_model"
    _log_access = False

    request_id = fields.Many2one(
        "marketing.privacy.request",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    res_model = fields.Char(required=True, readonly=True)
    name = fields.Char("What", compute="_compute_name")
    outcome = fields.Selection(
        [
            ("deleted", "Deleted"),
            ("anonymized", "Made anonymous"),
            ("kept", "Kept"),
            ("copied", "Handed over"),
        ],
        required=True,
        readonly=True,
    )
    count = fields.Integer(required=True, readonly=True)

    @api.depends("res_model")
    def _compute_name(self):
        for line in self:
            line.name = self.env["ir.model"]._get(line.res_model).name or line.res_model


class MarketingPerson(models.Model):
    _inherit = "marketing.person"

    is_erased = fields.Boolean(
        "Erased", readonly=True, help="There was a person here who asked to go."
    )

    def _get_identities(self):
        """Persons and whom they were merged into, with all their other addresses.

        One human is asked for, whichever of his addresses was chosen.
        """
        survivors = self | self.merged_into_id
        survivors = survivors.filtered(lambda person: not person.merged_into_id)
        return survivors | self.search([("merged_into_id", "in", survivors.ids)])

    def _check_companies(self):
        """Records of a company belong to those who may work there."""
        companies = self.sudo().company_ids - self.env.user.company_ids
        if companies and not self.env.su:
            raise UserError(
                self.env._(
                    "Some of these persons are known to %s too, where you have no"
                    " access. Ask somebody who may work in all of these companies.",
                    ", ".join(companies.mapped("name")),
                )
            )

    def _get_addresses(self):
        return [person.email_normalized for person in self if not person.is_erased]
