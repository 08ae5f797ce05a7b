import logging
from contextlib import contextmanager

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools.conflict import CONFLICTS
from ..tools.wording import last_line

_logger = logging.getLogger(__name__)


class MarketingWork(models.AbstractModel):
    """Work about a mailing that goes on when its user has gone.

    A row is made where a user asks for what takes longer than a request may. The one
    worker of its kind claims a row, does a bounded part of it, and writes down how far
    it came; the lane commits. A worker that dies loses one part and does it again.

    ``running`` something is still to be done
    ``done``    all of it was done
    ``failed``  it broke; `error` says where
    ``stopped`` nobody wants it any more

    Who inherits has a `mailing_id` and a `date`, and says how it is called
    (`_get_title`). Never: a part that is half done, or work that broke and goes on.
    """

    _name = "marketing.work"
    _description = "Work About a Mailing"

    mailing_id = fields.Many2one("mailing.mailing", readonly=True, ondelete="cascade")
    date = fields.Datetime(required=True, readonly=True)
    state = fields.Selection(
        [
            ("running", "Running"),
            ("done", "Done"),
            ("failed", "Failed"),
            ("stopped", "Stopped"),
        ],
        required=True,
        readonly=True,
        default="running",
    )
    error = fields.Text(readonly=True)

    # ------------------------------------------------------------------
    # WORKER
    # ------------------------------------------------------------------

    @api.model
    def _get_lane_backlog(self, _number, _count):
        return self.env.execute_query(
            SQL(
                "SELECT count(*), min(date) FROM %s WHERE state = 'running'",
                SQL.identifier(self._table),
            )
        )[0]

    @api.model
    def _claim_next(self, order, condition):
        """What runs and is next, for this transaction alone; empty without any.

        :param order: SQL
        :param condition: SQL; alias: work
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM %s work WHERE state = 'running' AND %s"
                " ORDER BY %s LIMIT 1 FOR UPDATE SKIP LOCKED",
                SQL.identifier(self._table),
                condition,
                order,
            )
        )
        return self.browse(row[0] for row in rows)

    @contextmanager
    def _attempt(self):
        """Do a part of it, or nothing; what breaks is shown to who asked for it."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                yield
                self.env.flush_all()
        except CONFLICTS:
            raise  # the lane takes the part again
        except Exception as error:
            self._fail(error)

    def _fail(self, error):
        """It broke: nobody goes on with it."""
        self.env.invalidate_all()
        if not isinstance(error, UserError):
            _logger.warning("%s failed", self, exc_info=error)
        self.write({"state": "failed", "error": last_line(str(error)) or repr(error)})

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def _get_action(self):
        """Open it."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self._get_title(),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
        }

    def action_open_mailing(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "mailing.mailing",
            "res_id": self.mailing_id.id,
            "views": [(False, "form")],
        }
