from odoo import api, fields, models
from odoo.tools import SQL

from .marketing_sender_provider import PROVIDER_SELECTION
from .number_format import format_number


class MarketingSenderBrake(models.Model):
    """A stop of all mail of a sender, or of what goes to one provider.

    Inserted in the moment when the results pass a limit, or by a manager. While it is
    active nothing is composed and nothing is handed over: neither by the lanes nor
    anything that was composed before. It ends when the owner or a manager goes on and
    says why, or by itself at `until` (mails put off by a provider, a mail server that
    breaks off). Rows stay as the sender's history. Two lanes may brake at once: going
    on releases all of a sender.
    """

    _name = "marketing.sender.brake"
    _description = "Brake of a Sender"
    _order = "date desc, id desc"
    _rec_name = "cause"
    _log_access = False

    sender_id = fields.Many2one(
        "marketing.sender", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="sender_id.company_id")
    provider = fields.Selection(
        PROVIDER_SELECTION, readonly=True, help="Empty: all mail of the sender."
    )
    cause = fields.Selection(
        [
            ("bounce", "Too many bounces"),
            ("complaint", "Too many spam reports"),
            ("policy", "Provider refuses the sender"),
            ("deferral", "Provider puts mail off"),
            ("server", "Mail server breaks off"),
            ("manual", "Stopped by hand"),
        ],
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [("active", "Braked"), ("released", "Released")],
        required=True,
        readonly=True,
        default="active",
    )
    date = fields.Datetime("Braked On", required=True, readonly=True)
    count = fields.Integer("Mails", readonly=True, aggregator=None)
    total = fields.Integer("Of", readonly=True, aggregator=None)
    limit = fields.Float("Limit (%)", readonly=True, aggregator=None)
    rate = fields.Float("Rate (%)", compute="_compute_rate")
    explanation = fields.Char("Why", compute="_compute_explanation")
    until = fields.Datetime(
        "Goes On At", readonly=True, help="Empty: when somebody lets it go on."
    )
    is_told = fields.Boolean(readonly=True)
    # how it ended
    end_date = fields.Datetime("Released On", readonly=True)
    end_user_id = fields.Many2one("res.users", "Released By", readonly=True)
    end_note = fields.Char("What Was Done", readonly=True)

    # What must not leave now; asked with each batch of mails.
    _active = models.Index("(sender_id, provider) WHERE state = 'active'")

    @api.depends("count", "total")
    def _compute_rate(self):
        for brake in self:
            brake.rate = 100 * brake.count / brake.total if brake.total else 0.0

    @api.depends("cause", "provider", "count", "total", "limit")
    @api.depends_context("lang")
    def _compute_explanation(self):
        providers = dict(self._fields["provider"]._description_selection(self.env))
        for brake in self:
            values = {
                "count": format_number(self.env, brake.count, 0),
                "total": format_number(self.env, brake.total, 0),
                "rate": format_number(self.env, brake.rate, 1),
                "limit": format_number(self.env, brake.limit, 1),
                "provider": providers.get(brake.provider)
                or self.env._("all providers"),
            }
            sentences = {
                "bounce": self.env._(
                    "%(count)s of %(total)s mails to %(provider)s bounced for good "
                    "(%(rate)s %%, limit %(limit)s %%). The addresses are old or were "
                    "never good: clean the list before you go on.",
                    **values,
                ),
                "complaint": self.env._(
                    "%(count)s of %(total)s mails to %(provider)s were reported as spam"
                    " (%(rate)s %%, limit %(limit)s %%). Ask whether these people "
                    "expect the mail before you go on.",
                    **values,
                ),
                "policy": self.env._(
                    "%(provider)s: %(count)s of %(total)s mails were refused because of"
                    " the sender or the content (%(rate)s %%, limit %(limit)s %%). Look"
                    " at SPF, DKIM and DMARC, at block lists, and at the text.",
                    **values,
                ),
                "deferral": self.env._(
                    "%(provider)s: %(count)s of %(total)s mails were put off "
                    "(%(rate)s %%, limit %(limit)s %%). It goes on by itself, at half "
                    "the pace.",
                    **values,
                ),
                "server": self.env._(
                    "The mail server broke off while it took %(count)s of %(total)s "
                    "mails: nobody knows whether they left. Ask whoever runs it what "
                    "is wrong. It is tried again by itself after an hour.",
                    **values,
                ),
                "manual": self.env._("Somebody stopped the mails by hand."),
            }
            brake.explanation = sentences[brake.cause]

    @api.model
    def _get_free(self):
        """SQL: deliveries that no brake holds; aliases: delivery, mailing.

        What a user stopped may pass: it is canceled and does not leave.
        """
        return SQL(
            """
            (mailing.marketing_hold = 'stopped'
             OR NOT EXISTS (
                SELECT FROM marketing_sender_brake brake
                 WHERE brake.state = 'active' AND brake.sender_id = delivery.sender_id
                   AND (brake.provider IS NULL
                        OR brake.provider = delivery.provider)))
            """
        )

    def _release(self, note):
        """End these brakes; who did it and why stays with them."""
        self.write(
            {
                "state": "released",
                "is_told": True,
                "end_date": fields.Datetime.now(),
                "end_user_id": self.env.uid,
                "end_note": note,
            }
        )
