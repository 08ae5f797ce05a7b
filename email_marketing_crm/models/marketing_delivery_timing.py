from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.best_hour import choose_slot, get_slots
from ..tools.quiet_hours import find_open, is_open

#: How far a best hour may lie ahead.
BEST_HOURS = {"day": 24, "week": 168}


class MarketingDelivery(models.Model):
    """When a mail leaves: by the person's clock, at his best hour, not in quiet hours.

    The plan gives each person the moment that is right for him, zone by zone, in the
    statement that makes his row. When a mail is due it is looked at again: quiet hours
    may have come, a limit may be reached. Of several reasons to wait the one that lasts
    longest is written down.
    """

    _inherit = "marketing.delivery"

    wait_reason = fields.Selection(
        selection_add=[
            ("local_time", "The hour where the person lives"),
            ("best_hour", "The person's best hour"),
            ("quiet_hours", "Quiet hours"),
        ]
    )
    timing_note = fields.Char("Why Then", compute="_compute_timing_note")

    @api.depends("wait_reason", "due", "person_id")
    def _compute_timing_note(self):
        """A sentence for what waits, with the evidence for a best hour."""
        labels = dict(self._fields["wait_reason"]._description_selection(self.env))
        own = self.filtered(lambda delivery: delivery.wait_reason == "best_hour")
        sentences = self.env["marketing.person.rhythm"]._explain_hours(
            [(delivery.sudo().person_id, delivery.due) for delivery in own]
        )
        for delivery in self:
            note = labels.get(delivery.wait_reason, False)
            if delivery in own:
                note = sentences.get(
                    (delivery.sudo().person_id, delivery.due)
                ) or self.env._(
                    "Best hour of the readers of this mailing: too little is known of "
                    "the person"
                )
            delivery.timing_note = note

    # ------------------------------------------------------------------
    # PLAN
    # ------------------------------------------------------------------

    @api.model
    def _get_planned_timing(self, mailing, due):
        """SELECT of `due` and `wait_reason` of the person `gated.person_id`.

        One row, or none where nothing but the schedule says when a mail leaves.
        """
        mailing = mailing.sudo()
        send_time = mailing._get_send_time()
        quiet = self._get_quiet_rule(mailing, due)
        if send_time == "at_once" and not quiet:
            return super()._get_planned_timing(mailing, due)
        zones = self.env["marketing.person"]._get_zones()
        if send_time == "best_hour":
            return self._get_best_timing(mailing, due, zones, quiet)
        rows = []
        now = fields.Datetime.now()
        for name, zone in zones.items():
            moment, reason = max(due, now), None
            if send_time == "local":
                moment = mailing._get_local_due(due, zone, now)
                reason = "local_time" if moment != due else None
            opens = find_open(moment, zone, quiet) if quiet else moment
            if opens > moment:
                moment, reason = opens, "quiet_hours"
            rows.append(SQL("(%s, %s::timestamp, %s)", name, moment, reason))
        return SQL(
            """
            SELECT zone.due, zone.wait_reason
              FROM marketing_person person
              JOIN (VALUES %s) zone (name, due, wait_reason) ON zone.name = %s
             WHERE person.id = gated.person_id
            """,
            SQL(", ").join(rows),
            self.env["marketing.person"]._get_zone_sql("person"),
        )

    @api.model
    def _get_best_timing(self, mailing, due, zones, quiet):
        """SELECT of the best hour of `gated.person_id` and the reason.

        Each zone has its open hours, with what the readers of the mailing like; who has
        habits of his own adds them. Without evidence: the first open hour.
        """
        rhythms = self.env["marketing.person.rhythm"]
        prior = rhythms._get_prior(self._get_reader_segments(mailing))
        due = max(due, fields.Datetime.now())
        hours = BEST_HOURS[mailing.marketing_best_within]
        rows = []
        for name, zone in zones.items():
            start = find_open(due, zone, quiet) if quiet else due
            slots = [
                slot
                for slot in get_slots(start, hours, zone)
                if not quiet or is_open(slot.moment, zone, quiet)
            ]
            common = choose_slot(slots, prior, None)
            rows.append(
                SQL(
                    "(%s, %s::timestamp, %s::timestamp, %s::timestamp[], %s::int[],"
                    " %s::float8[])",
                    name,
                    start,
                    common.moment,
                    [slot.moment for slot in slots],
                    [slot.hour for slot in slots],
                    [prior[slot.hour] for slot in slots],
                )
            )
        return SQL(
            """
            SELECT chosen.due,
                   CASE WHEN chosen.due > zone.start THEN 'best_hour'
                        WHEN zone.start > %(due)s THEN 'quiet_hours' END AS wait_reason
              FROM marketing_person person
              JOIN (VALUES %(zones)s)
                   zone (name, start, common, moments, hours, priors)
                ON zone.name = %(zone)s
              LEFT JOIN marketing_person_rhythm rhythm
                ON rhythm.person_id = person.id AND %(known)s
             CROSS JOIN LATERAL (
                   SELECT CASE WHEN rhythm.id IS NULL THEN zone.common ELSE (
                       SELECT slot.moment
                         FROM unnest(zone.moments, zone.hours, zone.priors)
                              slot (moment, hour, prior)
                        ORDER BY %(own)s + slot.prior DESC, slot.moment
                        LIMIT 1) END AS due) chosen
             WHERE person.id = gated.person_id
            """,
            due=due,
            zones=SQL(", ").join(rows),
            zone=self.env["marketing.person"]._get_zone_sql("person"),
            known=rhythms._get_known_condition(),
            own=rhythms._get_weight_sql(SQL("slot.hour")),
        )

    @api.model
    def _get_reader_segments(self, mailing):
        """The segments whose members read it: the mailing's, or that of its journey."""
        if mailing.marketing_kind != "journey":
            return mailing.marketing_segment_ids
        steps = self.env["marketing.journey.step"].sudo()
        return steps.search([("mailing_id", "=", mailing.id)]).journey_id.segment_id

    @api.model
    def _get_quiet_rule(self, mailing, moment):
        """The quiet hours a mailing has to obey, or None."""
        if mailing.sudo().marketing_is_transactional:
            return None
        return self.env["marketing.quiet.hours"]._get_rule(moment)

    @api.model
    def _retime(self, mailing, part=None, condition=None):
        """Give what is planned the moments of the schedule anew, none of them past.

        :param part: of the persons, as `marketing.job` takes them; all without one
        :param condition: SQL on `delivery`: which of them
        """
        companies = self._read_group(
            [("mailing_id", "=", mailing.id), ("state", "=", "planned")], ["company_id"]
        )
        now = fields.Datetime.now()
        due = mailing.schedule_date or now
        for (company,) in companies:
            deliveries = self.with_company(company) if company else self
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE marketing_delivery delivery
                       SET due = COALESCE(timing.due, GREATEST(%(due)s, %(now)s)),
                           wait_reason = timing.wait_reason, frequency_since = NULL
                      FROM marketing_delivery gated
                      LEFT JOIN LATERAL (%(timing)s) timing ON TRUE
                     WHERE gated.id = delivery.id AND delivery.mailing_id = %(mailing)s
                       AND delivery.company_id IS NOT DISTINCT FROM %(company)s
                       AND delivery.state = 'planned' AND %(part)s
                       AND %(condition)s
                    """,
                    condition=condition or SQL("TRUE"),
                    part=self.env["marketing.job"]._get_part(
                        part, SQL("delivery.person_id")
                    ),
                    due=due,
                    now=now,
                    timing=deliveries._get_planned_timing(mailing, due),
                    mailing=mailing.id,
                    company=company.id or None,
                )
            )
        self._invalidate_deliveries()
        self._wake_lanes("compose", at=due)

    # ------------------------------------------------------------------
    # WAITS
    # ------------------------------------------------------------------

    @api.model
    def _get_waits(self, mailing, ids):
        """Quiet hours and limits; the one that lasts longer is the reason.

        What paces the sender comes after, and asks only for the mails that these let
        go: this file is loaded before it.
        """
        waits = super()._get_waits(mailing, ids)
        for found in (
            self._get_frequency_waits(mailing, ids),
            self._get_quiet_waits(mailing, ids),
        ):
            for delivery_id, wait in found.items():
                known = waits.get(delivery_id)
                if not known or wait[1] > known[1]:
                    waits[delivery_id] = wait
        return waits

    @api.model
    def _get_wait_reason(self, mailing):
        """Who lives where it is quiet now waits, as far as nothing lasts longer."""
        now = fields.Datetime.now()
        quiet = self._get_quiet_rule(mailing, now)
        zones = list(self._get_openings(quiet, now))
        reason = super()._get_wait_reason(mailing)
        if not zones:
            return reason
        return SQL(
            "COALESCE(%s, (SELECT 'quiet_hours' FROM marketing_person person"
            " WHERE person.id = candidate.person_id AND %s = ANY(%s)))",
            reason,
            self.env["marketing.person"]._get_zone_sql("person"),
            zones,
        )

    @api.model
    def _get_quiet_waits(self, mailing, ids):
        """Mails to persons for whom it is a quiet hour: `{id: (reason, moment)}`."""
        now = fields.Datetime.now()
        quiet = self._get_quiet_rule(mailing, now)
        if not quiet or not ids:
            return {}
        rows = self.env.execute_query(
            SQL(
                "SELECT delivery.id, %s, GREATEST(delivery.due, %s)"
                " FROM marketing_delivery delivery"
                " JOIN marketing_person person ON person.id = delivery.person_id"
                " WHERE delivery.id = ANY(%s)",
                self.env["marketing.person"]._get_zone_sql("person"),
                now,
                list(ids),
            )
        )
        zones = self.env["marketing.person"]._get_zones()
        openings = {
            (zone, moment): find_open(moment, zones[zone], quiet)
            for zone, moment in {row[1:] for row in rows}
        }
        return {
            delivery_id: ("quiet_hours", openings[zone, moment])
            for delivery_id, zone, moment in rows
            if openings[zone, moment] > moment
        }

    @api.model
    def _split_by_moment(self, ids):
        """When these leave: `{moment: ids}`.

        All of them now, or each at its own later moment where somebody asks what would
        be then.
        """
        return dict(
            self.env.execute_query(
                SQL(
                    "SELECT GREATEST(due, %s) AS moment, array_agg(id)"
                    " FROM marketing_delivery WHERE id = ANY(%s) GROUP BY moment",
                    fields.Datetime.now(),
                    list(ids),
                )
            )
        )

    @api.model
    def _get_openings(self, quiet, now):
        """Zones in which it is quiet, and until when: `{name: moment}`."""
        if not quiet:
            return {}
        openings = {
            name: find_open(now, zone, quiet)
            for name, zone in self.env["marketing.person"]._get_zones().items()
        }
        return {name: until for name, until in openings.items() if until > now}

    @api.model
    def _hold_ready(self, number, count):
        """Let mails wait that are ready and were not handed over before it got quiet.

        A mail server that was down all evening does not make them leave at night.
        """
        if not self.env["marketing.quiet.hours"].sudo().search_count([], limit=1):
            return
        now = fields.Datetime.now()
        quiet = []
        for company in self.env["res.company"].sudo().search([]):
            deliveries = self.with_company(company)
            rule = deliveries.env["marketing.quiet.hours"]._get_rule(now)
            quiet += [
                SQL("(%s, %s, %s::timestamp)", company.id, name, until)
                for name, until in deliveries._get_openings(rule, now).items()
            ]
        if not quiet:
            return
        self.env.cr.execute(
            SQL(
                """
                UPDATE marketing_delivery delivery
                   SET due = quiet.until, wait_reason = 'quiet_hours'
                  FROM marketing_person person, mailing_mailing mailing,
                       (VALUES %(quiet)s) quiet (company, zone, until)
                 WHERE delivery.state = 'composed' AND delivery.due <= %(now)s
                   AND delivery.person_id %% %(count)s = %(number)s
                   AND delivery.company_id = quiet.company
                   AND person.id = delivery.person_id AND %(zone)s = quiet.zone
                   AND mailing.id = delivery.mailing_id
                   AND mailing.marketing_is_transactional IS NOT TRUE
                   AND mailing.marketing_hold IS DISTINCT FROM 'stopped'
                """,
                quiet=SQL(", ").join(quiet),
                now=now,
                count=count,
                number=number,
                zone=self.env["marketing.person"]._get_zone_sql("person"),
            )
        )
        self._invalidate_deliveries()
