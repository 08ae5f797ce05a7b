from odoo import api, fields, models

from ..tools.reliability import classify_hit, distrust

#: Status of a trace → type of touchpoint; a bounce is refined by `marketing_bounce`.
STATUS_TYPES = {
    "sent": "sent",
    "open": "opened",
    "reply": "replied",
    "bounce": "soft_bounce",
}
#: What a touchpoint takes from its trace.
CAPTURED_FIELDS = (
    "trace_type",
    "is_test_trace",
    "email",
    "mass_mailing_id",
    "model",
    "res_id",
    "sent_datetime",
    "failure_reason",
)


class MailingTrace(models.Model):
    _inherit = "mailing.trace"

    # Every reply and bounce looks its trace up by Message-ID.
    _message_id = models.Index("(message_id) WHERE message_id IS NOT NULL")

    # Who got this mailing already, by address.
    _mailing_email = models.Index("(mass_mailing_id, email)")

    @api.model_create_multi
    def create(self, vals_list):
        traces = super().create(vals_list)
        traces.filtered(
            lambda trace: trace.trace_status in STATUS_TYPES
        )._capture_status()
        return traces

    def write(self, vals):
        if "trace_status" not in vals:
            return super().write(vals)
        before = {trace.id: trace.trace_status for trace in self}
        result = super().write(vals)
        if vals["trace_status"] in STATUS_TYPES:
            self.filtered(
                lambda trace: trace.trace_status != before[trace.id]
            )._capture_status()
        return result

    def set_opened(self, domain=None):
        """Read what an open needs with the search for it: one round trip less."""
        if domain:
            self += self.search_fetch(domain, ["trace_status", *CAPTURED_FIELDS])
        return super(MailingTrace, self._get_tracked()).set_opened()

    def set_clicked(self, domain=None):
        if domain:
            self += self.search(domain)
        return super(MailingTrace, self._get_tracked()).set_clicked()

    def _get_tracked(self):
        """Without those of persons who do not want to be tracked."""
        persons = self.env["marketing.person"].sudo()
        normal = {trace: persons._normalize(trace.email) for trace in self}
        silent = persons._get_untracked_emails(
            [mail for mail in normal.values() if mail]
        )
        return self.filtered(lambda trace: normal[trace] not in silent)

    def _capture_status(self):
        """Record what these traces came to: sent, opened, replied or bounced.

        Every path ends here, other modules' too. The context says more where the
        caller knows more: `marketing_hit` (the HTTP request of an open),
        `marketing_bounce` (kind of `tools/bounce.py`) with `marketing_bounce_facts`,
        `marketing_auto_reply`.
        """
        self.env["marketing.touchpoint"]._capture(
            [
                trace._prepare_touchpoint_values()
                for trace in self.sudo()
                if trace.trace_type == "mail"
                and trace.email
                and not trace.is_test_trace
            ]
        )

    def _prepare_touchpoint_values(self):
        self.ensure_one()
        status = self.trace_status
        code = STATUS_TYPES[status]
        if status == "bounce":
            code = self.env.context.get("marketing_bounce") or code
        values = {
            "type": code,
            "email": self.email,
            "mailing_id": self.mass_mailing_id.id,
            "res_model": self.model,
            "res_id": self.res_id,
            # A bounce may come in two kinds, yet a mail bounces once.
            "dedup_key": f"trace:{self.id}:{status}",
        }
        if status == "open":
            values |= self._prepare_hit_values("open", self.sent_datetime)
        elif status == "reply" and self.env.context.get("marketing_auto_reply"):
            values |= {
                "reliability": "machine_open",
                "reliability_reasons": ["auto_reply"],
            }
        elif status == "bounce":
            facts = self.env.context.get("marketing_bounce_facts") or {}
            if self.failure_reason:
                facts = {"title": self.failure_reason[:200]} | facts
            values["data"] = facts
        return values

    def _capture_complaint(self, data):
        """Somebody complained about these mails: recorded, and suppressed at once."""
        self.env["marketing.touchpoint"]._capture(
            [
                {
                    "type": "complaint",
                    "email": trace.email,
                    "mailing_id": trace.mass_mailing_id.id,
                    "res_model": trace.model,
                    "res_id": trace.res_id,
                    "data": data,
                    "dedup_key": f"trace:{trace.id}:complaint",
                }
                for trace in self
                if trace.email
            ]
        )
        persons = self.env["marketing.person"].sudo()
        persons._suppress_at_once(self.mapped("email"), "complaint")

    @api.model
    def _prepare_hit_values(self, kind, sent_datetime):
        """Class of an open or click of a mail, with the facts it comes from."""
        hit = self.env.context.get("marketing_hit")
        if hit is None:
            return {"reliability": "unknown", "reliability_reasons": ["no_request"]}
        delay = None
        if sent_datetime:
            delay = (fields.Datetime.now() - sent_datetime).total_seconds()
        found = classify_hit(kind, hit["user_agent"], hit["method"], delay)
        if not hit.get("is_signed", True):
            found = distrust(found)
        return {
            "reliability": found.reliability,
            "reliability_reasons": found.reasons,
            "data": {
                "user_agent": (hit["user_agent"] or "")[:255].replace("\0", ""),
                "method": hit["method"],
                "seconds_since_sent": delay,
            },
        }
