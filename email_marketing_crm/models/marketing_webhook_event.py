"""What becomes of the events that a mail provider reports."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

#: Kinds after which a mail did not arrive.
BOUNCES = ("hard_bounce", "soft_bounce", "policy_bounce")


class MarketingWebhook(models.Model):
    _inherit = "marketing.webhook"

    def _take_events(self, events):
        """Write what a provider reports into the history of persons, in sets.

        :param events: `ProviderEvent`s of a kind in `TELLING_KINDS`
        :returns: how many were new and about somebody
        """
        if not events:
            return 0
        self.env.flush_all()
        persons = self.env["marketing.person"].sudo()
        normal = {event.email: persons._normalize(event.email) for event in events}
        known = persons._get_ids_by_email(set(normal.values()) - {False})
        traces = self._find_event_traces(
            events,
            {email: known[name] for email, name in normal.items() if name in known},
        )
        rows = {}
        for place, event in enumerate(events):
            trace = traces.get(place)
            email = normal[event.email]
            if trace and persons._normalize(trace.email) != email:
                trace = None  # the mail had more than one reader
            if trace or email in known:
                rows[self._get_dedup_key(event, trace)] = (event, trace, email)
        fresh = self._leave_out_known(rows)
        self._capture_events(fresh)
        self._mark_bounced(fresh.values())
        for kind, suppression in (
            ("hard_bounce", "bounce"),
            ("complaint", "complaint"),
        ):
            persons._suppress_at_once(
                [row[2] for row in fresh.values() if row[0].kind == kind], suppression
            )
        self._unsubscribe(
            [row for row in fresh.values() if row[0].kind == "unsubscribed"]
        )
        return len(fresh)

    def _get_dedup_key(self, event, trace):
        """What makes an event happen once, also when a notification tells it too."""
        if trace and event.kind in BOUNCES:
            return f"trace:{trace.id}:bounce"
        if trace and event.kind in ("complaint", "delivered"):
            return f"trace:{trace.id}:{event.kind}"
        return f"webhook:{self.provider}:{event.kind}:{event.id}"

    @api.model
    def _find_traces(self, events):
        """`{Message-ID: trace}` of the mails that these events are about."""
        message_ids = {event.message_id for event in events} - {""}
        if not message_ids:
            return {}
        found = (
            self.env["mailing.trace"]
            .sudo()
            .search_fetch(
                [("message_id", "in", sorted(message_ids))],
                ["message_id", "email", "mass_mailing_id", "model", "res_id"],
            )
        )
        return {trace.message_id: trace for trace in found}

    @api.model
    def _leave_out_known(self, rows):
        """Those that were not reported before."""
        known = {
            key
            for (key,) in self.env.execute_query(
                SQL(
                    "SELECT dedup_key FROM marketing_touchpoint"
                    " WHERE dedup_key = ANY(%s)",
                    list(rows),
                )
            )
        }
        return {key: row for key, row in rows.items() if key not in known}

    def _capture_events(self, rows):
        """Record events; a bounce of a trace is recorded by what happens to that."""
        now = fields.Datetime.now()
        self.env["marketing.touchpoint"].sudo()._capture(
            [
                {
                    "type": event.kind,
                    "date": min(event.date or now, now),
                    "email": email,
                    "mailing_id": trace and trace.mass_mailing_id.id,
                    "res_model": trace and trace.model,
                    "res_id": trace and trace.res_id,
                    "company_id": self.company_id.id,
                    "data": {
                        "source": self.name,
                        "status": event.status or None,
                        "diagnostic": event.diagnostic or None,
                    },
                    "dedup_key": key,
                }
                for key, (event, trace, email) in rows.items()
            ]
        )

    @api.model
    def _mark_bounced(self, rows):
        """Show in Odoo's traces what did not arrive; the event is recorded already."""
        reasons = {
            trace: event.diagnostic
            for event, trace, _email in rows
            if trace and event.kind in BOUNCES
        }
        self.env["mailing.trace"].concat(*reasons).set_bounced()
        # Nearly each has words of its own; they are written together.
        for trace, reason in reasons.items():
            trace.failure_reason = reason

    @api.model
    def _unsubscribe(self, rows):
        """Somebody used the provider's own link: the topic, else all mail, ends."""
        by_topic = defaultdict(set)
        for event, trace, email in rows:
            mailing = trace.mass_mailing_id if trace else None
            topic = mailing.marketing_topic_id if mailing else None
            by_topic[topic or None, mailing].add(event.email if topic else email)
        persons = self.env["marketing.person"].sudo()
        for (topic, mailing), emails in by_topic.items():
            if topic:
                self.env["marketing.consent"].sudo()._set_state(
                    list(persons._get_or_create_ids(sorted(emails)).values()),
                    topic,
                    "out",
                    {"source": "mail", "mailing_id": mailing.id, "note": self.name},
                )
            else:
                self.env["mail.blacklist"]._block(sorted(emails))
