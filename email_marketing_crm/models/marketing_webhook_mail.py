from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

#: Days within which what a provider reports is about the last mail of a person.
LAST_MAIL_DAYS = 7
#: How much the clock of a provider may be behind ours.
CLOCK_TOLERANCE = timedelta(minutes=5)


class MarketingWebhook(models.Model):
    """Which mail an event is about, where the provider keeps its number to itself.

    Postmark writes numbers of its own into the mails, and SES tells ours with the
    original headers only. What they report is taken for the last mail of a mailing
    that the person was sent in the week before.
    """

    _inherit = "marketing.webhook"

    @api.model
    def _find_event_traces(self, events, person_ids):
        """The mails that events are about: `{place of the event: trace}`.

        :param events: `ProviderEvent`s
        :param person_ids: `{address as it came: person}` of those who are known
        """
        by_message_id = self._find_traces(events)
        found = {
            place: by_message_id[event.message_id]
            for place, event in enumerate(events)
            if event.message_id in by_message_id
        }
        nameless = {
            place: (event, person_ids[event.email])
            for place, event in enumerate(events)
            if not event.message_id and event.email in person_ids
        }
        return found | self._find_last_mails(nameless)

    @api.model
    def _find_last_mails(self, events):
        """The last mails before these events.

        What was opened or answered did arrive: a bounce is not about that.

        :param events: `{place: (ProviderEvent, person)}`
        :returns: `{place: trace}`
        """
        if not events:
            return {}
        now = fields.Datetime.now()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT event.place, trace.id
                  FROM unnest(%(places)s::int[], %(persons)s::int[], %(emails)s::text[],
                              %(moments)s::timestamp[], %(bounces)s::boolean[])
                           AS event (place, person_id, email, moment, is_bounce)
                 CROSS JOIN LATERAL (
                       SELECT mailing_id, res_model, res_id
                         FROM marketing_touchpoint
                        WHERE person_id = event.person_id AND type_id = %(sent)s
                          AND mailing_id IS NOT NULL
                          AND date <= event.moment + %(tolerance)s
                          AND date >= event.moment - %(days)s * interval '1 day'
                        ORDER BY date DESC, id DESC
                        LIMIT 1) AS mail
                 CROSS JOIN LATERAL (
                       SELECT id
                         FROM mailing_trace
                        WHERE mass_mailing_id = mail.mailing_id
                          AND email = event.email
                          AND model = mail.res_model AND res_id = mail.res_id
                          AND NOT (event.is_bounce
                                   AND trace_status IN ('open', 'reply'))
                        ORDER BY id DESC
                        LIMIT 1) AS trace
                """,
                places=list(events),
                persons=[person_id for _event, person_id in events.values()],
                emails=[
                    self.env["marketing.person"]._normalize(event.email)
                    for event, _person_id in events.values()
                ],
                moments=[
                    min(event.date or now, now) for event, _person in events.values()
                ],
                bounces=[
                    event.kind.endswith("_bounce") for event, _person in events.values()
                ],
                sent=self.env["marketing.touchpoint.type"]._get_id("sent"),
                tolerance=CLOCK_TOLERANCE,
                days=LAST_MAIL_DAYS,
            )
        )
        traces = self.env["mailing.trace"].sudo()
        return {place: traces.browse(trace_id) for place, trace_id in rows}


class MarketingWebhookCall(models.Model):
    """A request whose signature does not cover its content counts once."""

    _inherit = "marketing.webhook.call"

    nonce = fields.Char(
        readonly=True, help="What the provider signed, if that is not the content."
    )

    # Who has seen a signature cannot use it again, for events of his own.
    _nonce_unique = models.UniqueIndex("(webhook_id, nonce) WHERE nonce IS NOT NULL")
