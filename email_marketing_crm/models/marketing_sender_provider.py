from odoo import fields, models

PROVIDER_SELECTION = [
    ("gmail", "Gmail"),
    ("outlook", "Outlook"),
    ("yahoo", "Yahoo"),
    ("qq", "QQ"),
    ("163", "163 NetEase"),
    ("aliyun", "Aliyun"),
    ("other", "Others"),
]


class MarketingSenderProvider(models.Model):
    """How many mails of a sender one mailbox provider gets in an hour.

    Made by a manager, or by a brake that goes on carefully: then `careful_quota` holds
    too, twice as much each hour, until the full pace is reached again. Without a row
    a provider has no limit of its own.
    """

    _name = "marketing.sender.provider"
    _description = "Pace for a Mailbox Provider"
    _order = "sender_id, provider"
    _rec_name = "provider"

    sender_id = fields.Many2one("marketing.sender", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="sender_id.company_id")
    provider = fields.Selection(PROVIDER_SELECTION, required=True)
    hourly_quota = fields.Integer(
        aggregator=None, help="Mails in an hour at most. 0: no limit."
    )
    # careful pace after a brake
    careful_quota = fields.Integer(
        "For Now",
        readonly=True,
        aggregator=None,
        help="After a brake the provider gets half of what it got before, then twice "
        "as much each hour.",
    )
    full_pace = fields.Integer(readonly=True, aggregator=None)
    careful_date = fields.Datetime("Faster At", readonly=True)

    _sender_provider_unique = models.Constraint(
        "UNIQUE(sender_id, provider)", "A provider has one limit per sender."
    )
    _quota_positive = models.Constraint(
        "CHECK(hourly_quota >= 0)", "A quota is a number of mails, or 0 for no limit."
    )

    def _get_limit(self, later=0):
        """Mails in an hour, None for any number.

        :param later: hours from now, each of which goes well
        """
        self.ensure_one()
        careful = self.careful_quota * 2 ** min(later, 30)
        if later and careful > self.full_pace:
            careful = 0
        return min(
            (quota for quota in (self.hourly_quota, careful) if quota), default=None
        )
