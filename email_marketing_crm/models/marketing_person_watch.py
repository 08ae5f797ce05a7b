from odoo import models


class MarketingPerson(models.Model):
    """Conditions on what is known about a person follow when it is written."""

    _inherit = "marketing.person"

    def _write_multi(self, vals_list):
        self._watch_fields({name for vals in vals_list for name in vals})
        return super()._write_multi(vals_list)

    def _watch_fields(self, names):
        """Queue these persons where a written field matters to somebody.

        Whoever writes persons by SQL calls this himself.
        """
        watched = self.env["marketing.segment"]._get_watched_fields(self._name)
        if watched.intersection(names):
            self.env["marketing.inbox"]._push(self.ids, "changed")
