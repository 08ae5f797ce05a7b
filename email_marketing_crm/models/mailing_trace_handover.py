from odoo import fields, models


class MailingTrace(models.Model):
    _inherit = "mailing.trace"

    def _set_handed_over(self):
        """Note in a set of traces that their mails left.

        Somebody may have opened his mail in the second before: what is further stays.
        """
        waiting = self.filtered(
            lambda trace: trace.trace_status in ("outgoing", "process")
        )
        waiting.set_sent()
        quick = self - waiting
        if quick:
            quick.write({"sent_datetime": fields.Datetime.now()})
            quick._capture_sent()

    def _capture_sent(self):
        """Record that mails were sent whose status says more already."""
        self.env["marketing.touchpoint"]._capture(
            [
                {
                    "type": "sent",
                    "email": trace.email,
                    "mailing_id": trace.mass_mailing_id.id,
                    "res_model": trace.model,
                    "res_id": trace.res_id,
                    "dedup_key": f"trace:{trace.id}:sent",
                }
                for trace in self.sudo()
                if trace.email and not trace.is_test_trace
            ]
        )
