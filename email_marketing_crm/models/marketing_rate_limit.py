from datetime import timedelta

from odoo import api, fields, models, tools


class MarketingRateLimit(models.Model):
    """One try of a stranger on a public page, kept for a day.

    Holds a keyed hash of what is limited (a network address, a mail address), never
    the address. Written by the public pages only.
    """

    _name = "marketing.rate.limit"
    _description = "Try on a Public Page"
    _log_access = False

    key = fields.Char(required=True)
    date = fields.Datetime(required=True)

    _key_date = models.Index("(key, date)")

    @api.model
    def _is_allowed(self, scope, subject, limit, hours):
        """Count a try, and whether it is one of the first of the last hours.

        :param scope: what is tried; each counts for itself
        :param subject: who tries: a network address, a mail address
        :param limit: how many tries are allowed
        :param hours: in how many hours
        """
        now = fields.Datetime.now()
        key = tools.hmac(self.env(su=True), "marketing-rate", f"{scope}:{subject}")
        self.env.cr.execute(
            """
            INSERT INTO marketing_rate_limit (key, date) VALUES (%(key)s, %(now)s);
            SELECT count(*) FROM marketing_rate_limit
             WHERE key = %(key)s AND date > %(since)s
            """,
            {"key": key, "now": now, "since": now - timedelta(hours=hours)},
        )
        [count] = self.env.cr.fetchone()
        return count <= limit

    @api.autovacuum
    def _gc_tries(self):
        self.env.cr.execute(
            "DELETE FROM marketing_rate_limit WHERE date < %s",
            [fields.Datetime.now() - timedelta(days=1)],
        )
