from odoo import api, fields, models


class MarketingWebhookCall(models.Model):
    """A request of a mail provider, and how many events of it were taken.

    Written by the route, one row a request; kept for 90 days. Holds no address.
    """

    _name = "marketing.webhook.call"
    _description = "Request of a Mail Provider"
    _order = "date desc, id desc"
    _rec_name = "date"
    _log_access = False

    webhook_id = fields.Many2one(
        "marketing.webhook", required=True, readonly=True, ondelete="cascade"
    )
    date = fields.Datetime(required=True, readonly=True)
    taken = fields.Integer(readonly=True)
    ignored = fields.Integer("Not Used", readonly=True)
    unknown = fields.Integer("Not Understood", readonly=True)
    refused = fields.Integer(readonly=True)
    error = fields.Char("What Was Wrong", readonly=True)

    # Figures of a webhook, and its latest requests.
    _webhook_date = models.Index("(webhook_id, date)")

    @api.autovacuum
    def _gc_calls(self):
        old = self.search([("date", "<", "today -90d")], limit=10000, order="id")
        old.unlink()
        return len(old), int(len(old) == 10000)
