from collections import defaultdict
from datetime import datetime, timedelta

from odoo import api, fields, models
from odoo.tools import SQL, format_datetime

from ..tools.best_hour import (
    HISTORY_DAYS,
    HOURS,
    MAXIMUM_HITS,
    MINIMUM_HITS,
    SCALE,
    WEIGHTS,
    Hit,
    get_evidence,
    get_peak,
    get_prior,
    get_profile,
    hour_of_week,
)
from ..tools.engagement import ENGAGEMENT_DATES
from ..tools.local_time import to_local
from ..tools.pg_array import to_array, to_columns
from ..tools.reliability import classes_from

#: Persons whose rhythm is learnt in one transaction: about a second.
LEARN_BATCH = 2000
#: After so many days a rhythm is looked at again: what is old counts no more.
RENEWAL_DAYS = 30
#: Readers of a group who speak for it: enough for 168 hours, and summed up at once.
SAMPLE = 2000
#: Any Monday.
MONDAY = datetime(2024, 1, 1)


class MarketingPersonRhythm(models.Model):
    """When somebody reads his mail: the profile of his week, see `tools/best_hour.py`.

    One row for each person who opened, clicked or answered, as a human does. The inbox
    marks it as stale when he does so again, which costs a statement a batch; the
    nightly pass reads the log of stale persons and writes their profile anew. So what
    is written is always what the log says, in whichever order things became known.

    The profile is the column `hours`: 168 small numbers, 360 bytes a person. It has no
    field, as nobody but the statement that plans a mailing reads it.
    """

    _name = "marketing.person.rhythm"
    _description = "Best Hour of a Person"
    _rec_name = "person_id"
    _log_access = False

    person_id = fields.Many2one(
        "marketing.person", required=True, readonly=True, ondelete="cascade"
    )
    is_stale = fields.Boolean(readonly=True, default=True)
    best_hour = fields.Integer("Hour of the Week", readonly=True, aggregator=None)
    hits = fields.Integer("Events", readonly=True)
    near_hits = fields.Integer("Events Around That Hour", readonly=True)
    update_date = fields.Datetime(readonly=True)
    summary = fields.Char("Best Hour", compute="_compute_summary")

    _person_unique = models.Constraint("UNIQUE(person_id)", "A person has one rhythm.")
    # The nightly pass.
    _stale = models.Index("(person_id) WHERE is_stale")
    _update = models.Index("(update_date)")

    def init(self):
        self.env.cr.execute(
            "ALTER TABLE marketing_person_rhythm"
            " ADD COLUMN IF NOT EXISTS hours smallint[]"
        )

    @api.depends("best_hour", "hits", "near_hits")
    def _compute_summary(self):
        for rhythm in self:
            rhythm.summary = rhythm.hits and self.env._(
                "%(hour)s, because %(near)s of %(hits)s clicks, replies and opens came "
                "within an hour of it",
                hour=self._name_hour(rhythm.best_hour),
                near=rhythm.near_hits,
                hits=rhythm.hits,
            )

    @api.model
    def _name_hour(self, hour):
        """“Thursday 09:00” in the user's language."""
        moment = MONDAY + timedelta(hours=hour)
        return format_datetime(self.env, moment, tz="UTC", dt_format="EEEE HH:mm")

    # ------------------------------------------------------------------
    # LEARN
    # ------------------------------------------------------------------

    @api.model
    def _consume_inbox(self, batch):
        """Mark who did something that tells when he reads."""
        person_ids = {
            row.person_id for row in batch.touchpoints if row.type_code in WEIGHTS
        } | batch.rebuild_ids
        if person_ids:
            self._mark_stale(person_ids)

    @api.model
    def _mark_stale(self, person_ids):
        self.env.cr.execute(
            """
            INSERT INTO marketing_person_rhythm (person_id, is_stale, hits, near_hits)
            SELECT id, TRUE, 0, 0 FROM marketing_person
             WHERE id = ANY(%s) ORDER BY id
            ON CONFLICT (person_id) DO UPDATE SET is_stale = TRUE
             WHERE marketing_person_rhythm.is_stale IS NOT TRUE
            """,
            [list(person_ids)],
        )
        self.invalidate_model(flush=False)

    @api.model
    def _cron_learn(self):
        """Learn the rhythm of everybody who did something since, or long ago."""
        while True:
            count = self._learn_batch()
            remaining = int(count == LEARN_BATCH)
            if not self.env["ir.cron"]._commit_progress(count, remaining=remaining):
                return
            if not remaining:
                return

    @api.model
    def _learn_batch(self):
        """Write the rhythm of some stale persons; returns how many they were."""
        renewal = fields.Datetime.now() - timedelta(days=RENEWAL_DAYS)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT person_id FROM (
                    (SELECT person_id FROM marketing_person_rhythm
                      WHERE is_stale LIMIT %(limit)s)
                    UNION
                    (SELECT person_id FROM marketing_person_rhythm
                      WHERE update_date < %(renewal)s LIMIT %(limit)s)) due
                 ORDER BY person_id LIMIT %(limit)s
                """,
                limit=LEARN_BATCH,
                renewal=renewal,
            )
        )
        person_ids = [person_id for (person_id,) in rows]
        if person_ids:
            self._learn(person_ids)
        return len(person_ids)

    @api.model
    def _learn(self, person_ids):
        """Write the rhythm of these persons from the log."""
        now = fields.Datetime.now()
        hits = self._get_hits(person_ids)
        rows = []
        for person_id, mine in hits.items():
            profile = get_profile(mine)
            evidence = get_evidence(mine, get_peak(profile))
            rows.append((person_id, *evidence, to_array(profile)))
        if rows:
            self.env.cr.execute(
                """
                UPDATE marketing_person_rhythm rhythm
                   SET is_stale = FALSE, update_date = %s, best_hour = learnt.hour,
                       near_hits = learnt.near, hits = learnt.hits,
                       hours = learnt.profile::smallint[]
                  FROM unnest(%s::int[], %s::int[], %s::int[], %s::int[], %s::text[])
                           learnt (person_id, hour, near, hits, profile)
                 WHERE rhythm.person_id = learnt.person_id
                """,
                [now, *to_columns(rows)],
            )
        self.env.cr.execute(
            "DELETE FROM marketing_person_rhythm WHERE person_id = ANY(%s)",
            [[person_id for person_id in person_ids if person_id not in hits]],
        )
        self.invalidate_model(flush=False)

    @api.model
    def _get_hits(self, person_ids):
        """What persons did that tells when they read: `{person id: [Hit]}`.

        The latest ones, by the person's clock. Scanners and mail programs are left out
        by the same classes as for the dates of engagement.
        """
        types = self.env["marketing.touchpoint.type"]
        persons = self.env["marketing.person"]
        codes = {types._get_id(code): code for code in WEIGHTS}
        by_human = SQL(" OR ").join(
            SQL(
                "(type_id = %s AND reliability = ANY(%s))",
                type_id,
                list(classes_from(ENGAGEMENT_DATES[code][1])),
            )
            for type_id, code in codes.items()
        )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT latest.person_id, latest.type_id, latest.date, %(zone)s
                  FROM (SELECT person_id, type_id, date, row_number() OVER (
                                   PARTITION BY person_id
                                   ORDER BY date DESC, id) AS place
                          FROM marketing_touchpoint
                         WHERE person_id = ANY(%(ids)s) AND type_id = ANY(%(types)s)
                           AND date > %(since)s AND (%(by_human)s)) latest
                  JOIN marketing_person person ON person.id = latest.person_id
                 WHERE latest.place <= %(limit)s
                """,
                zone=persons._get_zone_sql("person"),
                ids=list(person_ids),
                types=list(codes),
                since=fields.Datetime.now() - timedelta(days=HISTORY_DAYS),
                by_human=by_human,
                limit=MAXIMUM_HITS,
            )
        )
        zones = persons._get_zones()
        hits = defaultdict(list)
        for person_id, type_id, date, zone in rows:
            weight = WEIGHTS[codes[type_id]]
            hits[person_id].append(Hit(to_local(date, zones[zone]), weight))
        return hits

    # ------------------------------------------------------------------
    # USE
    # ------------------------------------------------------------------

    @api.model
    def _get_known_condition(self):
        """SQL: `rhythm` tells enough about its person."""
        return SQL("rhythm.hours IS NOT NULL AND rhythm.hits >= %s", MINIMUM_HITS)

    @api.model
    def _get_weight_sql(self, hour):
        """SQL: what an hour of the week is worth to the person of `rhythm`."""
        return SQL("rhythm.hours[%s + 1] / %s::float8", hour, SCALE)

    @api.model
    def _get_prior(self, segments):
        """What the members of segments like, shrunk to what everybody likes."""
        prior = get_prior(self._get_sums(SQL("TRUE")), [0.0] * HOURS)
        if not segments:
            return prior
        is_member = SQL(
            "EXISTS (SELECT FROM marketing_segment_member"
            " WHERE segment_id = ANY(%s) AND person_id = rhythm.person_id AND %s)",
            segments.ids,
            self.env["marketing.segment.member"]._get_member_condition(),
        )
        return get_prior(self._get_sums(is_member), prior)

    @api.model
    def _get_sums(self, condition):
        """The profiles of a sample of readers, added up hour by hour."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT slot.hour, sum(slot.weight)
                  FROM (SELECT rhythm.hours FROM marketing_person_rhythm rhythm
                         WHERE rhythm.hours IS NOT NULL AND %s
                         ORDER BY rhythm.id DESC LIMIT %s) sample
                 CROSS JOIN LATERAL unnest(sample.hours)
                       WITH ORDINALITY slot (weight, hour)
                 GROUP BY slot.hour
                """,
                condition,
                SAMPLE,
            )
        )
        sums = [0.0] * HOURS
        for hour, weight in rows:
            sums[hour - 1] = float(weight)
        return sums

    @api.model
    def _explain_hours(self, moments):
        """What speaks for a moment, for persons with enough events of their own.

        :param moments: `[(person, moment)]`
        :returns: `{(person, moment): sentence}`
        """
        zones = self.env["marketing.person"]._get_zones()
        hits = self._get_hits({person.id for person, _moment in moments})
        sentences = {}
        for person, moment in moments:
            mine = hits.get(person.id, [])
            if len(mine) < MINIMUM_HITS:
                continue
            local = to_local(moment, zones.get(person.tz or "", zones[""]))
            evidence = get_evidence(mine, hour_of_week(local))
            sentences[person, moment] = self.env._(
                "%(hour)s where the person lives: %(near)s of %(hits)s clicks, replies "
                "and opens came within an hour of it",
                hour=self._name_hour(evidence.hour),
                near=evidence.near,
                hits=evidence.hits,
            )
        return sentences

    # ------------------------------------------------------------------
    # MERGE
    # ------------------------------------------------------------------

    @api.model
    def _merge_persons(self, source_ids, target_id):
        """The log has moved to the target: his rhythm is learnt anew from it."""
        self.env.cr.execute(
            "DELETE FROM marketing_person_rhythm WHERE person_id = ANY(%s)",
            [list(source_ids)],
        )
        self._mark_stale([target_id])


class MarketingInbox(models.Model):
    _inherit = "marketing.inbox"

    @api.model
    def _get_consumers(self):
        return [*super()._get_consumers(), "marketing.person.rhythm"]


class MarketingPerson(models.Model):
    """The best hour of a person, in words."""

    _inherit = "marketing.person"

    rhythm_summary = fields.Char(
        "Best Hour",
        compute="_compute_rhythm_summary",
        compute_sudo=True,
        help="When the person reads his mail, by his own clock. Mailings that leave at "
        "the best hour use it once at least five events are known.",
    )

    def _compute_rhythm_summary(self):
        rhythms = self.env["marketing.person.rhythm"].search(
            [("person_id", "in", self.ids), ("hits", ">=", MINIMUM_HITS)]
        )
        found = {rhythm.person_id: rhythm.summary for rhythm in rhythms}
        for person in self:
            person.rhythm_summary = found.get(person, False)

    @api.model
    def _get_person_models(self):
        return [*super()._get_person_models(), "marketing.person.rhythm"]
