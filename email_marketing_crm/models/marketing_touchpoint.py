import json
import logging
from dataclasses import replace

from psycopg2.extras import execute_values

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.reliability import BURST_WINDOW, LinkHit, find_bursts

_logger = logging.getLogger(__name__)

_PENDING = "marketing.touchpoint"
#: SQL: events with their person, found by the address where they name nobody.
OWNED_ROWS = """
    hit (person_id, email, type_id, date, mailing_id, link_id, res_model, res_id,
         company_id, value, reliability, reliability_reasons, data, dedup_key)
        AS (VALUES %s),
    owned AS (
        SELECT COALESCE(hit.person_id, (
                   SELECT COALESCE(person.merged_into_id, person.id)
                     FROM marketing_person person
                    WHERE person.email_normalized = hit.email)) AS owner_id,
               hit.*
          FROM hit
    ),"""
OWNED_SELECT = """
    SELECT owner_id, type_id, date, mailing_id, link_id, res_model, res_id, company_id,
           value, reliability, reliability_reasons, data, dedup_key
      FROM owned WHERE owner_id IS NOT NULL"""
#: Nobody keeps what these persons looked at.
OWNED_UNTRACKED = """
       AND NOT (type_id = ANY(ARRAY[{types}]) AND EXISTS (
               SELECT FROM marketing_person silent
                WHERE silent.id = owner_id AND silent.is_do_not_track))"""
OWNED_UNKNOWN = "email FROM owned WHERE owner_id IS NULL"


class MarketingTouchpoint(models.Model):
    """One thing that happened between a person and the company. Append-only.

    Written only by `_capture`, once a transaction, with SQL; `dedup_key` makes each
    event happen once, however often it is reported. Nobody edits a row but for two
    machines: reclassification (`reliability`) and the merging of persons
    (`person_id`); both queue a rebuild of what was derived from it. Rows carry no
    incoming foreign keys, so the table can be partitioned.
    """

    _name = "marketing.touchpoint"
    _description = "Touchpoint"
    _order = "date desc, id desc"
    _rec_name = "type_id"
    _log_access = False

    person_id = fields.Many2one(
        "marketing.person", required=True, readonly=True, ondelete="cascade"
    )
    type_id = fields.Many2one(
        "marketing.touchpoint.type", required=True, readonly=True, ondelete="restrict"
    )
    date = fields.Datetime(required=True, readonly=True)
    # what it was about
    mailing_id = fields.Many2one(
        "mailing.mailing", readonly=True, ondelete="set null", index="btree_not_null"
    )
    link_id = fields.Many2one(
        "link.tracker", readonly=True, ondelete="set null", index="btree_not_null"
    )
    res_model = fields.Char("Record Model", readonly=True)
    res_id = fields.Many2oneReference("Record", model_field="res_model", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True, ondelete="cascade")
    value = fields.Float(
        readonly=True, digits=(16, 2), help="Money, in the company's currency."
    )
    # how sure we are
    reliability = fields.Selection(
        selection="_selection_reliability", required=True, readonly=True
    )
    reliability_reasons = fields.Char(readonly=True)
    data = fields.Json(readonly=True)
    dedup_key = fields.Char(required=True, readonly=True)
    # what is shown
    icon = fields.Char(related="type_id.icon")
    direction = fields.Selection(related="type_id.direction")

    _dedup_key_unique = models.Constraint(
        "UNIQUE(dedup_key)", "This event was recorded already."
    )
    # Timeline of a person, event waits and behaviour rules of a batch of persons.
    _person_type_date = models.Index("(person_id, type_id, date DESC)")
    # Behaviour rules over everybody: all clicks of the last 30 days. Includes what
    # they filter on, so that the table itself is not read.
    _type_date = models.Index("(type_id, date) INCLUDE (person_id, reliability)")
    # Retention and reports by period; a BRIN costs next to nothing on a log.
    _date_brin = models.Index("USING brin (date)")

    @api.model
    def _selection_reliability(self):
        return self.env["marketing.touchpoint.type"]._selection_reliability()

    # ------------------------------------------------------------------
    # CAPTURE
    # ------------------------------------------------------------------

    @api.model
    def _capture(self, values_list):
        """Record events once this transaction commits; see docs/architecture.md.

        :param values_list: dictionaries with `type` (a code), `dedup_key`, and one
            of `person_id` or `email`; optional `date`, `mailing_id`, `link_id`,
            `res_model`, `res_id`, `company_id`, `value`, `reliability`,
            `reliability_reasons` and `data`
        :raises KeyError: for a type that does not exist
        """
        if not values_list:
            return
        types = self.env["marketing.touchpoint.type"]._get_types_by_code()
        now = fields.Datetime.now()
        precommit = self.env.cr.precommit
        pending = precommit.data.setdefault(_PENDING, [])
        for values in values_list:
            type_id, reliability = types[values["type"]]
            pending.append(
                {"date": now, "reliability": reliability}
                | values
                | {"type_id": type_id}
            )
        if not precommit.data.get(f"{_PENDING}.registered"):
            precommit.data[f"{_PENDING}.registered"] = True
            precommit.add(self.sudo()._flush_captured)

    @api.model
    def _flush_captured(self):
        """Write what was captured: one statement per thousand rows.

        Events of addresses that cannot be normalised are dropped with a warning:
        they have nobody to belong to.
        """
        data = self.env.cr.precommit.data
        pending = data.pop(_PENDING, None)
        data.pop(f"{_PENDING}.registered", None)
        if not pending:
            return
        normalize = self.env["marketing.person"]._normalize
        rows = {}
        for values in pending:
            email = None
            if not values.get("person_id"):
                email = normalize(values.get("email"))
                if not email:
                    _logger.warning(
                        "Event %s has no usable address: %s",
                        values["dedup_key"],
                        values.get("email"),
                    )
                    continue
            rows.setdefault(values["dedup_key"], self._prepare_row(values, email))
        unknown = self._insert_rows(list(rows.values()))
        if unknown:
            self.env["marketing.person"]._get_or_create_ids(unknown)
            self._insert_rows([row for row in rows.values() if row[1] in unknown])

    @api.model
    def _prepare_row(self, values, email):
        """The columns of one event, in the order of `_insert_rows`."""
        data = values.get("data")
        return (
            values.get("person_id") or None,
            email,
            values["type_id"],
            values["date"],
            values.get("mailing_id") or None,
            values.get("link_id") or None,
            values.get("res_model") or None,
            values.get("res_id") or None,
            values.get("company_id") or None,
            values.get("value") or 0.0,
            values["reliability"],
            ",".join(values.get("reliability_reasons") or ()) or None,
            json.dumps(data) if data else None,
            values["dedup_key"],
        )

    @api.model
    def _insert_rows(self, rows):
        """Insert touchpoints that are new, and queue them for the consumers.

        The person is looked up in the same statement: an open or a click costs one
        round trip.

        :param rows: what `_prepare_row` returns
        :returns: addresses nobody has yet; their rows were left out
        """
        if not rows:
            return set()
        # Numbers and a date of our own, put in as they are: what PostgreSQL has to
        # plan is most of what an open costs.
        settling = self.env["marketing.touchpoint.type"]._get_settling_seconds()
        seconds = " ".join(
            f"WHEN {int(type_id)} THEN {int(wait)}"
            for type_id, wait in [*settling.items(), (0, 0)]
        )
        now = fields.Datetime.now().isoformat()
        pushed = "".join(
            f" UNION ALL SELECT {int(person_id)}, NULL, '{kind}', '{now}'::timestamp, 0"
            for person_id, kind in self.env["marketing.inbox"]._take_few_pushed()
        )
        # Where everybody is known the rows go in as they are: a search for persons
        # costs as much again to plan.
        tracking = self.env["marketing.touchpoint.type"]._get_tracking_ids()
        is_tracking = any(row[2] in tracking for row in rows)
        known = not is_tracking and all(row[0] for row in rows)
        owned = OWNED_SELECT
        if is_tracking:
            types = ", ".join(str(int(type_id)) for type_id in sorted(tracking))
            owned += OWNED_UNTRACKED.format(types=types)
        unknown = execute_values(
            self.env.cr._obj,
            f"""
            WITH {"" if known else OWNED_ROWS}
            inserted AS (
                INSERT INTO marketing_touchpoint (
                    person_id, type_id, date, mailing_id, link_id, res_model, res_id,
                    company_id, value, reliability, reliability_reasons, data,
                    dedup_key)
                {"VALUES %s" if known else owned}
                ON CONFLICT (dedup_key) DO NOTHING
                RETURNING id, person_id, type_id
            ),
            queued AS (
                INSERT INTO marketing_inbox (person_id, touchpoint_id, kind, due,
                                             attempts)
                SELECT person_id, id, 'touchpoint',
                       '{now}'::timestamp
                           + CASE type_id {seconds} ELSE 0 END * interval '1 second',
                       0
                  FROM inserted {pushed}
            )
            SELECT {"NULL WHERE FALSE" if known else OWNED_UNKNOWN}
            """,
            [row[:1] + row[2:] for row in rows] if known else rows,
            template=f"(%s::int, {'' if known else '%s, '}%s::int, %s::timestamp,"
            " %s::int, %s::int, %s, %s::int, %s::int, %s::numeric, %s, %s, %s::jsonb,"
            " %s)",
            page_size=1000,
            fetch=True,
        )
        return {email for (email,) in unknown}

    # ------------------------------------------------------------------
    # RELIABILITY
    # ------------------------------------------------------------------

    @api.model
    def _reclassify_bursts(self, batch):
        """Recognise scanners that follow every link of a mail within seconds.

        Clicks and opens that belong to a burst become `security_scan`. Where some of
        them were consumed before, what was derived from the person is rebuilt.

        :param batch: an `InboxBatch`
        :returns: the batch as the consumers shall see it
        """
        clicks = batch.of_types("clicked")
        if not clicks:
            return batch
        start = min(click.date for click in clicks) - BURST_WINDOW
        neighbours = self.env.execute_query(
            SQL(
                """
                SELECT person_id, id, date, mailing_id, link_id, reliability
                  FROM marketing_touchpoint
                 WHERE person_id = ANY(%s) AND type_id = %s AND date >= %s
                """,
                sorted({click.person_id for click in clicks}),
                self.env["marketing.touchpoint.type"]._get_id("clicked"),
                start,
            )
        )
        hits, judged = {}, set()
        for person_id, *hit, reliability in neighbours:
            hits.setdefault(person_id, []).append(LinkHit(*hit))
            if reliability == "security_scan":
                judged.add(hit[0])
        found, bursting = set(), set()
        for person_id, person_hits in hits.items():
            ids = find_bursts(person_hits) - judged
            if ids:
                found |= ids
                bursting.add(person_id)
        if not found:
            return batch
        found |= self._find_consequences_of(found)
        self.env.cr.execute(
            """
            UPDATE marketing_touchpoint
               SET reliability = 'security_scan',
                   reliability_reasons = concat_ws(',', reliability_reasons, 'burst')
             WHERE id = ANY(%s)
            """,
            [list(found)],
        )
        self.invalidate_model(["reliability", "reliability_reasons"])
        return replace(
            batch,
            touchpoints=[
                row._replace(reliability="security_scan") if row.id in found else row
                for row in batch.touchpoints
            ],
            rebuild_ids=batch.rebuild_ids | bursting,
        )

    @api.model
    def _find_consequences_of(self, click_ids):
        """Events that these clicks brought about: by Odoo's rule, opens."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT opened.id
                  FROM marketing_touchpoint click
                  JOIN marketing_touchpoint opened
                    ON opened.person_id = click.person_id
                   AND opened.type_id = %s
                   AND opened.mailing_id = click.mailing_id
                   AND opened.date BETWEEN click.date - interval '1 second'
                                       AND click.date + interval '1 second'
                 WHERE click.id = ANY(%s) AND opened.reliability <> 'security_scan'
                """,
                self.env["marketing.touchpoint.type"]._get_id("opened"),
                list(click_ids),
            )
        )
        return {touchpoint_id for (touchpoint_id,) in rows}
