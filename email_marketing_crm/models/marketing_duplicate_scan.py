from datetime import timedelta

from psycopg2.extras import execute_values

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.client_action import notify
from ..tools.duplicates import MINIMUM_SCORE, Facts, compare, get_keys, get_score

#: More records than this with one key are a switchboard or a shared mailbox.
MAXIMUM_GROUP = 20
#: Transactions that began earlier and commit later are not missed.
OVERLAP = timedelta(minutes=15)


class MarketingDuplicateScan(models.Model):
    """How far the search for duplicates has come in one model; one row for each.

    The cron is the only writer. It goes through the records in the order of their
    last change: `date` and `res_id` are the last one looked at. A record that changes
    is looked at again, and pairs that are no longer alike leave the queue.
    """

    _name = "marketing.duplicate.scan"
    _description = "Search for Duplicates"
    _order = "id"
    _rec_name = "res_model"
    _log_access = False
    #: Records a run looks at: a batch stays well under ten seconds.
    _scan_batch_size = 5000

    res_model = fields.Char(required=True, readonly=True)
    date = fields.Datetime("Changes Looked At Up To", readonly=True)
    res_id = fields.Integer("Last Record", readonly=True)
    last_run = fields.Datetime(readonly=True)

    _res_model_unique = models.Constraint(
        "UNIQUE(res_model)", "There is one search for each kind of record."
    )

    # ------------------------------------------------------------------
    # WORK
    # ------------------------------------------------------------------

    @api.model
    def _cron_scan(self):
        """Look at the records that changed, one bounded batch a run."""
        processed, remaining = self._scan_batch()
        self.env["ir.cron"]._commit_progress(processed, remaining=remaining)

    def action_scan_now(self):
        """Look at what changed as soon as a worker can."""
        self.env["marketing.duplicate"].check_access("read")
        self.env.ref(
            "email_marketing_crm.ir_cron_marketing_duplicate"
        ).sudo()._trigger()
        return notify(
            self.env._(
                "The search begins within a minute and goes on in the background."
            )
        )

    @api.model
    def _scan_batch(self):
        """Look at the next records of the models in turn.

        :returns: number of records looked at, and whether there are more
        """
        processed = 0
        for model in self.env["marketing.person"]._get_record_models():
            scan = self._get_scan(model)
            processed += scan._scan_records(self._scan_batch_size - processed)
            if processed >= self._scan_batch_size:
                return processed, 1
        return processed, 0

    @api.model
    def _get_scan(self, model):
        scan = self.search([("res_model", "=", model)])
        return scan or self.create({"res_model": model})

    def _scan_records(self, limit):
        """Look at records that changed since the last one; returns their number."""
        self.ensure_one()
        now = fields.Datetime.now()
        rows = self._read_changed(limit)
        if rows:
            self._look_at([row[1] for row in rows])
        if len(rows) == limit:
            self.write({"date": rows[-1][0], "res_id": rows[-1][1], "last_run": now})
        else:
            # Everything was looked at; the latest changes are once more next time.
            done = max(filter(None, [self.date, now - OVERLAP]))
            self.write({"date": done, "res_id": 0, "last_run": now})
        return len(rows)

    def _read_changed(self, limit):
        """[(date of change, id)] of the next records, archived ones included."""
        records = self.env[self.res_model]
        records.flush_model()
        return self.env.execute_query(
            SQL(
                "SELECT write_date, id FROM %s WHERE (write_date, id) > (%s, %s)"
                " ORDER BY write_date, id LIMIT %s",
                SQL.identifier(records._table),
                self.date or fields.Datetime.to_datetime("1970-01-01"),
                self.res_id or 0,
                limit,
            )
        )

    def _look_at(self, res_ids):
        """Renew the keys of records, and the pairs that they are part of."""
        self.ensure_one()
        facts = self._read_facts({self.res_model: res_ids})
        self._write_keys(res_ids, facts.values())
        candidates = self._find_candidates(res_ids)
        ids_by_model = {}
        for model, res_id in {record for pair in candidates for record in pair}:
            ids_by_model.setdefault(model, set()).add(res_id)
        facts |= self._read_facts(ids_by_model)
        wanted = {
            self._get_pair(facts[one], facts[other])
            for one, other in candidates
            if one in facts and other in facts
        }
        known = self._find_open_pairs(facts, res_ids)
        pairs = {(pair.res_model, pair.first_id, pair.second_id) for pair in known}
        reasons = self._find_reasons((wanted - {None}) | pairs)
        known.filtered(
            lambda pair: (pair.res_model, pair.first_id, pair.second_id) not in reasons
        ).unlink()
        self._write_pairs(reasons)

    # ------------------------------------------------------------------
    # KEYS
    # ------------------------------------------------------------------

    @api.model
    def _read_facts(self, ids_by_model):
        """`{(model, id): Facts}` of active records."""
        facts = {}
        for model, res_ids in ids_by_model.items():
            query = self._get_facts_queries()[model]
            for row in self.env.execute_query(
                SQL("%s WHERE %s", *query(list(res_ids)))
            ):
                facts[model, row[0]] = Facts(model, *row)
        return facts

    @api.model
    def _get_facts_queries(self):
        """`{model: function(ids) -> (SELECT … FROM …, condition)}`."""
        return {
            "res.partner": lambda ids: (
                SQL(
                    """
                    SELECT id, marketing_person_id, NULLIF(email_normalized, ''), name,
                           commercial_company_name, phone, is_company IS TRUE,
                           company_id
                      FROM res_partner
                    """
                ),
                SQL("active AND id = ANY(%s)", ids),
            ),
            "crm.lead": lambda ids: (
                SQL(
                    """
                    SELECT id, marketing_person_id, NULLIF(email_normalized, ''),
                           contact_name, partner_name, phone, FALSE, company_id
                      FROM crm_lead
                    """
                ),
                SQL("active AND marketing_person_id IS NOT NULL AND id = ANY(%s)", ids),
            ),
            "mailing.contact": lambda ids: (
                SQL(
                    """
                    SELECT id, marketing_person_id, NULLIF(email_normalized, ''), name,
                           company_name, NULL, FALSE, NULL::int4
                      FROM mailing_contact
                    """
                ),
                SQL("marketing_person_id IS NOT NULL AND id = ANY(%s)", ids),
            ),
        }

    def _write_keys(self, res_ids, facts):
        self.env.cr.execute(
            "DELETE FROM marketing_duplicate_key"
            " WHERE res_model = %s AND res_id = ANY(%s)",
            [self.res_model, list(res_ids)],
        )
        execute_values(
            self.env.cr._obj,
            "INSERT INTO marketing_duplicate_key (key, res_model, res_id) VALUES %s",
            [
                (key, row.res_model, row.res_id)
                for row in facts
                for key in get_keys(row)
            ],
            page_size=5000,
        )

    def _find_candidates(self, res_ids):
        """Pairs of records that share a key: [((model, id), (model, id))].

        The index on the keys serves both steps; keys of crowds are left out first.
        """
        rows = self.env.execute_query(
            SQL(
                """
                WITH mine AS (
                    SELECT DISTINCT key FROM marketing_duplicate_key
                     WHERE res_model = %(model)s AND res_id = ANY(%(ids)s)
                ),
                shared AS (
                    SELECT mine.key FROM mine
                      JOIN marketing_duplicate_key other ON other.key = mine.key
                     GROUP BY mine.key
                    HAVING count(*) BETWEEN 2 AND %(maximum)s
                )
                SELECT DISTINCT one.res_model, one.res_id,
                       other.res_model, other.res_id
                  FROM shared
                  JOIN marketing_duplicate_key one ON one.key = shared.key
                  JOIN marketing_duplicate_key other ON other.key = shared.key
                 WHERE one.res_model = %(model)s AND one.res_id = ANY(%(ids)s)
                   AND (one.res_model, one.res_id) <> (other.res_model, other.res_id)
                """,
                model=self.res_model,
                ids=list(res_ids),
                maximum=MAXIMUM_GROUP,
            )
        )
        return [((row[0], row[1]), (row[2], row[3])) for row in rows]

    # ------------------------------------------------------------------
    # PAIRS
    # ------------------------------------------------------------------

    @api.model
    def _get_pair(self, one, other):
        """(model, smaller id, greater id) of what two records are a pair of, or None.

        One person has many records: only his contacts are duplicates.
        """
        if one.person_id and other.person_id and one.person_id != other.person_id:
            return "marketing.person", *sorted((one.person_id, other.person_id))
        if one.res_model == other.res_model == "res.partner":
            return "res.partner", *sorted((one.res_id, other.res_id))
        return None

    def _find_open_pairs(self, facts, res_ids):
        """Pairs on the list that the records of a batch are part of."""
        mine = [
            facts[key] for key in ((self.res_model, i) for i in res_ids) if key in facts
        ]
        subjects = {
            "marketing.person": {row.person_id for row in mine if row.person_id}
        }
        if self.res_model == "res.partner":
            subjects["res.partner"] = set(res_ids)
        pairs = self.env["marketing.duplicate"]
        for res_model, ids in subjects.items():
            pairs |= pairs.search(
                [
                    ("res_model", "=", res_model),
                    ("state", "=", "open"),
                    "|",
                    ("first_id", "in", list(ids)),
                    ("second_id", "in", list(ids)),
                ]
            )
        return pairs

    @api.model
    def _find_reasons(self, pairs):
        """`{pair: (reasons, (person, person), company)}` of pairs that are alike.

        Of two persons, all records are compared, whichever of them changed.
        """
        ids_by_model = {"res.partner": set()}
        person_ids = set()
        for model, *ids in pairs:
            (person_ids if model == "marketing.person" else ids_by_model[model]).update(
                ids
            )
        for model in self.env["marketing.person"]._get_record_models():
            rows = self.env.execute_query(
                SQL(
                    "SELECT id FROM %s WHERE marketing_person_id = ANY(%s)",
                    SQL.identifier(self.env[model]._table),
                    list(person_ids),
                )
            )
            ids_by_model.setdefault(model, set()).update(row[0] for row in rows)
        sides = {}
        for row in self._read_facts(ids_by_model).values():
            sides.setdefault(("marketing.person", row.person_id), []).append(row)
            if row.res_model == "res.partner":
                sides["res.partner", row.res_id] = [row]
        found = {}
        for pair in pairs:
            model, first_id, second_id = pair
            reasons, company_id = {}, None
            for one in sides.get((model, first_id), ()):
                for other in sides.get((model, second_id), ()):
                    reasons |= compare(one, other)
                    company_id = company_id or one.company_id or other.company_id
            if get_score(reasons) < MINIMUM_SCORE:
                continue
            persons = (
                (first_id, second_id)
                if model == "marketing.person"
                else tuple(sides[model, i][0].person_id for i in (first_id, second_id))
            )
            found[pair] = reasons, persons, company_id
        return found

    @api.model
    def _write_pairs(self, found):
        """Put pairs on the list; what users decided stays."""
        now = fields.Datetime.now()
        rows = []
        for pair, (reasons, persons, company_id) in found.items():
            codes = sorted(reasons, key=reasons.get, reverse=True)
            rows.append(
                (
                    *pair,
                    *persons,
                    company_id,
                    codes[0],
                    ",".join(codes),
                    get_score(reasons),
                    now,
                    "open",
                )
            )
        self.env["marketing.duplicate"].flush_model()
        execute_values(
            self.env.cr._obj,
            """
            INSERT INTO marketing_duplicate (
                res_model, first_id, second_id, first_person_id, second_person_id,
                company_id, reason, reasons, score, date, state) VALUES %s
            ON CONFLICT (res_model, first_id, second_id) DO UPDATE
               SET reason = EXCLUDED.reason, reasons = EXCLUDED.reasons,
                   score = EXCLUDED.score, company_id = EXCLUDED.company_id,
                   first_person_id = EXCLUDED.first_person_id,
                   second_person_id = EXCLUDED.second_person_id
             WHERE marketing_duplicate.state = 'open'
            """,
            rows,
            template="(%s, %s, %s, %s::int, %s::int, %s::int, %s, %s, %s, %s, %s)",
        )
        self.env["marketing.duplicate"].invalidate_model()


class MarketingDuplicateKey(models.Model):
    """A number that likely duplicates have in common; see `tools/duplicates.py`.

    Written by the search alone. Hashes: nothing can be read out of them.
    """

    _name = "marketing.duplicate.key"
    _description = "Key of Likely Duplicates"
    _log_access = False

    key = fields.Char(required=True, readonly=True)
    res_model = fields.Char(required=True, readonly=True)
    res_id = fields.Many2oneReference("Record", model_field="res_model", readonly=True)

    # Records that share a key.
    _key = models.Index("(key)")
    # Keys of a record, which are written anew when it changes.
    _record = models.Index("(res_id, res_model)")
