"""What a marketer is told when mails of a quick sender go one by one."""

from psycopg2 import errors

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.wording import shorten

#: Key of the locks under which a lane writes a row: one that waits would be late.
LOCK_CLASS = 0x66616C6C
#: Mails of one text from which on it is worth telling, of them one in so many.
LEAST_MAILS = 10
LEAST_SHARE = 10


class MarketingMailingFallback(models.Model):
    """Why mails of a mailing were sent one by one, though its sender is set to more.

    Written by the high-volume lane when it finds out, once for a mailing and a cause,
    whatever the number of batches; shown on the mailing. What is known before a mail is
    written (`marketing_lane_reason`) has no row. Never: a lane that waits for another
    one, or a mail that does not leave, because of a row.
    """

    _name = "marketing.mailing.fallback"
    _description = "Reason of Mail by Mail"
    _order = "id"
    _rec_name = "cause"
    _log_access = False

    mailing_id = fields.Many2one(
        "mailing.mailing", required=True, readonly=True, ondelete="cascade"
    )
    cause = fields.Selection(
        [
            ("differs", "Odoo writes them in another way"),
            ("messages", "More than one message"),
            ("left_out", "The composer leaves somebody out"),
            ("formatted", "Values with formatting"),
            ("small", "Too few alike"),
            ("error", "An error"),
        ],
        required=True,
        readonly=True,
    )
    detail = fields.Char(readonly=True)
    date = fields.Datetime("First Time", required=True, readonly=True)

    _cause_unique = models.Constraint(
        "UNIQUE(mailing_id, cause)", "A cause is told once of a mailing."
    )

    @api.model
    def _note(self, mailing, cause, detail=None):
        """Remember a cause, unless it is known or another lane writes it right now."""
        try:
            with self.env.cr.savepoint(flush=False):
                self.env.cr.execute(
                    SQL(
                        """
                        INSERT INTO marketing_mailing_fallback (
                            mailing_id, cause, detail, date)
                        SELECT %(mailing)s, %(cause)s, %(detail)s, %(now)s
                         WHERE NOT EXISTS (SELECT FROM marketing_mailing_fallback
                                            WHERE mailing_id = %(mailing)s
                                              AND cause = %(cause)s)
                           AND pg_try_advisory_xact_lock(%(lock)s, %(mailing)s)
                        ON CONFLICT DO NOTHING
                        """,
                        mailing=mailing.id,
                        cause=cause,
                        detail=detail and shorten(detail),
                        now=fields.Datetime.now(),
                        lock=LOCK_CLASS,
                    ),
                    log_exceptions=False,
                )
        except errors.SerializationFailure:  # another lane has written it meanwhile
            return
        self.invalidate_model()

    @api.model
    def _note_many(self, mailing, cause, mails, total):
        """Remember a cause that concerns some mails of a part, if they are many."""
        if mails >= LEAST_MAILS and mails * LEAST_SHARE >= total:
            self._note(mailing, cause)

    def _say(self):
        """What it was, and what to do, in sentences."""
        self.ensure_one()
        return {
            "differs": self.env._(
                "Odoo writes the mails in another way than they could be written once: "
                "something in them changes while they are written. Look for a part of "
                "the text that does, or ask your administrator for a module that adds "
                "it."
            ),
            "messages": self.env._(
                "Odoo makes more than one message of a mail, or adds a file to it. Ask "
                "your administrator for the module that does."
            ),
            "left_out": self.env._(
                "Odoo left out the person the mail was written for as a trial. The "
                "list under “Audience” says why it leaves somebody out."
            ),
            "formatted": self.env._(
                "The text shows values with formatting or links in them, such as a "
                "field with HTML. Show a plain field instead."
            ),
            "small": self.env._(
                "Fewer than ten persons at a time share language, sender, address for "
                "replies and company. One sender and one address for replies make them "
                "alike."
            ),
            "error": self.env._(
                "Writing the mail once failed: %s. Ask your administrator what it "
                "means. Mails that fail one by one as well say so in the list under "
                "“Audience”.",
                self.detail or "",
            ),
        }[self.cause]


class MailingMailing(models.Model):
    _inherit = "mailing.mailing"

    marketing_fallback_text = fields.Text(
        "Sent Mail by Mail",
        compute="_compute_marketing_fallback_text",
        compute_sudo=True,
        help="Why mails of this mailing were sent one by one, though its sender is set "
        "to high volume: it took longer, and nothing was lost.",
    )

    @api.depends_context("lang")
    def _compute_marketing_fallback_text(self):
        rows = self.env["marketing.mailing.fallback"].search(
            [("mailing_id", "in", self._origin.ids)]
        )
        known = rows.grouped("mailing_id")
        for mailing in self:
            own = known.get(mailing._origin, rows.browse())
            mailing.marketing_fallback_text = "\n".join(row._say() for row in own)
