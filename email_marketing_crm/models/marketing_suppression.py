import secrets

from psycopg2.extras import execute_values

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.suppression_hash import get_digest, get_keyed_hash, get_pads, is_digest

#: Setting that holds the key of the hashes, 64 hexadecimal digits.
KEY_PARAMETER = "email_marketing_crm.suppression_key"
#: Why an address must not be mailed, whoever brings it back.
SUPPRESSION_REASONS = [
    ("erased", "Erased on request"),
    ("opted_out_import", "Opted out in another system"),
    ("complaint", "Complained about mail"),
    ("manual", "Blocked by hand"),
]


class MarketingSuppression(models.Model):
    """An address that must never be mailed again, without the address.

    What is kept is a keyed hash (`tools/suppression_hash.py`), so an address that was
    erased is recognised when an import, a merge or another system brings it back, while
    the list itself tells nobody who is on it. Written by `_suppress` only; `_lift` ends
    it, when the owner of the address confirmed by himself that he wants mail, and by
    nothing else. A row stays when it was lifted: it says that and when.

    `marketing.person.is_suppressed` repeats it for the persons there are, so that lists
    and segments can use it; the gate asks the hashes themselves. Never: an address in
    this table, or a second key in one database.
    """

    _name = "marketing.suppression"
    _description = "Suppressed Address"
    _order = "date desc, id desc"
    _rec_name = "hash"
    _log_access = False

    hash = fields.Char("Fingerprint", required=True, readonly=True)
    reason = fields.Selection(SUPPRESSION_REASONS, required=True, readonly=True)
    date = fields.Datetime("Since", required=True, readonly=True)
    lifted_date = fields.Datetime(
        "Lifted On",
        readonly=True,
        help="When the owner of the address confirmed that he wants mail again.",
    )
    email = fields.Char(
        "Address",
        compute="_compute_email",
        search="_search_email",
        help="Type a whole address to see whether it is on the list.",
    )

    _hash_unique = models.Constraint(
        "UNIQUE(hash)", "This address is on the list already."
    )

    def _compute_email(self):
        """Nobody can read an address out of the list."""
        self.email = False

    @api.model
    def _search_email(self, operator, value):
        """Find an address that is typed in full."""
        if operator not in ("=", "in", "ilike", "like"):
            return NotImplemented
        values = [value] if isinstance(value, str) else value
        return Domain("hash", "in", sorted(self._get_hashes(values).values()))

    # ------------------------------------------------------------------
    # HASH
    # ------------------------------------------------------------------

    @api.model
    def _get_key(self):
        """The key of this database, drawn when it is needed first."""
        parameters = self.env["ir.config_parameter"].sudo()
        key = parameters.get_param(KEY_PARAMETER)
        if not key:
            key = secrets.token_hex(32)
            parameters.set_param(KEY_PARAMETER, key)
        return bytes.fromhex(key)

    @api.model
    def _get_hashes(self, values):
        """`{value as given: hash}` of addresses and of SHA-256 of addresses.

        Values that are neither are missing in the answer.
        """
        key = self._get_key()
        normalize = self.env["marketing.person"]._normalize
        hashes = {}
        for value in values:
            text = str(value or "").strip()
            if is_digest(text):
                hashes[value] = get_keyed_hash(text, key)
            elif email := normalize(text):
                hashes[value] = get_keyed_hash(get_digest(email), key)
        return hashes

    @api.model
    def _get_hash_of(self, email):
        """SQL of the hash of a normalised address that is SQL itself.

        A million of them take about two seconds.
        """
        inner, outer = get_pads(self._get_key())
        return SQL(
            "encode(sha256(%s::bytea || sha256(%s::bytea || convert_to("
            "encode(sha256(convert_to(%s, 'UTF8')), 'hex'), 'UTF8'))), 'hex')",
            outer,
            inner,
            email,
        )

    @api.model
    def _get_condition(self, email):
        """SQL: whether a normalised address that is SQL itself is on the list.

        Serves `_hash_unique`.
        """
        return SQL(
            "EXISTS (SELECT FROM marketing_suppression suppressed"
            " WHERE suppressed.hash = %s AND suppressed.lifted_date IS NULL)",
            self._get_hash_of(email),
        )

    # ------------------------------------------------------------------
    # LIST
    # ------------------------------------------------------------------

    @api.model
    def _is_suppressed(self, emails):
        """Those of these addresses that must not be mailed, as given."""
        hashes = self._get_hashes(set(emails))
        if not hashes:
            return set()
        rows = self.env.execute_query(
            SQL(
                "SELECT hash FROM marketing_suppression"
                " WHERE hash = ANY(%s) AND lifted_date IS NULL",
                list(hashes.values()),
            )
        )
        found = {value for (value,) in rows}
        return {email for email, value in hashes.items() if value in found}

    @api.model
    def _suppress(self, emails, reason):
        """Never mail these addresses again, whoever brings them back.

        Who was lifted and says no once more is on the list again.

        :param emails: addresses, or SHA-256 of normalised addresses
        :param reason: one of `SUPPRESSION_REASONS`
        :returns: number of addresses that were not on the list before
        """
        added = self._add_hashes(emails, reason)
        if added:
            self._flag_persons(self._get_persons_condition(emails))
        return added

    @api.model
    def _add_hashes(self, values, reason):
        """Put addresses on the list, and leave it to the caller to flag persons.

        :returns: number of addresses that were not on the list before
        """
        hashes = set(self._get_hashes(set(values)).values())
        if not hashes:
            return 0
        added = execute_values(
            self.env.cr._obj,
            """
            INSERT INTO marketing_suppression AS known (hash, reason, date) VALUES %s
            ON CONFLICT (hash) DO UPDATE
               SET reason = excluded.reason, date = excluded.date, lifted_date = NULL
             WHERE known.lifted_date IS NOT NULL
            RETURNING hash
            """,
            [(value, reason, fields.Datetime.now()) for value in sorted(hashes)],
            page_size=5000,
            fetch=True,
        )
        self.invalidate_model()
        return len(added)

    @api.model
    def _get_persons_condition(self, emails):
        """SQL: the persons of addresses, by index; None where hashes hide them."""
        if any(is_digest(str(email)) for email in emails):
            return None
        normalize = self.env["marketing.person"]._normalize
        known = {normalize(email) for email in emails} - {False}
        return SQL("person.email_normalized = ANY(%s)", sorted(known))

    @api.model
    def _lift(self, email, evidence):
        """The owner of an address confirmed by himself that he wants mail again.

        Who calls this has the confirmation in hand and keeps it: a single-use link
        that was sent to this very address, and a button that was pressed there.

        :param str email: the address that was confirmed
        :param dict evidence: what is kept of the confirmation; never empty
        :returns: whether the address was on the list
        :raises UserError: without evidence: nobody else may lift a suppression
        """
        if not evidence:
            raise UserError(
                self.env._(
                    "Only the owner of an address can allow mail to it again, by"
                    " confirming it. There is no confirmation."
                )
            )
        hashes = list(self._get_hashes([email]).values())
        self.env.cr.execute(
            SQL(
                "UPDATE marketing_suppression SET lifted_date = %s"
                " WHERE hash = ANY(%s) AND lifted_date IS NULL",
                fields.Datetime.now(),
                hashes,
            )
        )
        lifted = bool(self.env.cr.rowcount)
        self.invalidate_model()
        persons = self.env["marketing.person"]
        person_ids = persons._get_ids_by_email([persons._normalize(email)])
        self._unflag_persons(list(person_ids.values()))
        # The address works, and a complaint is taken back; what users blocked stays.
        persons.browse(person_ids.values()).filtered(
            lambda person: person.suppression in ("bounce", "soft_bounce", "complaint")
        ).write({"suppression": "none", "suppression_date": False})
        return lifted

    # ------------------------------------------------------------------
    # PERSONS
    # ------------------------------------------------------------------

    @api.model
    def _flag_persons(self, condition=None):
        """Repeat the list on the persons there are, and on those they were merged into.

        :param condition: SQL about the table `person`; default: everybody
        """
        self.env["marketing.person"].flush_model(["email_normalized", "is_suppressed"])
        on_list = self._get_condition(SQL("person.email_normalized"))
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE marketing_person flagged
                   SET is_suppressed = TRUE
                  FROM marketing_person person
                 WHERE %s AND %s
                   AND flagged.id IN (person.id, person.merged_into_id)
                   AND flagged.is_suppressed IS NOT TRUE
                RETURNING flagged.id
                """,
                condition or SQL("TRUE"),
                on_list,
            )
        )
        persons = self.env["marketing.person"]
        persons.invalidate_model(["is_suppressed"])
        persons.browse([row[0] for row in rows])._watch_fields({"is_suppressed"})

    @api.model
    def _unflag_persons(self, person_ids):
        """Persons who confirmed an address, unless the one they are known by is out."""
        persons = self.env["marketing.person"]
        persons.flush_model(["is_suppressed"])
        rows = self.env.execute_query(
            SQL(
                "UPDATE marketing_person person SET is_suppressed = FALSE"
                " WHERE id = ANY(%s) AND is_suppressed AND NOT %s RETURNING id",
                person_ids,
                self._get_condition(SQL("person.email_normalized")),
            )
        )
        persons.invalidate_model(["is_suppressed"])
        persons.browse([row[0] for row in rows])._watch_fields({"is_suppressed"})
