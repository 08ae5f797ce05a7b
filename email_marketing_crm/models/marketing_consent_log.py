from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

#: Where an answer came from.
SOURCES = [
    ("form", "Form"),
    ("confirmation", "Confirmed by mail"),
    ("page", "Preference page"),
    ("mail", "Unsubscribe link"),
    ("list", "Mailing list"),
    ("blacklist", "Blacklist"),
    ("import", "Import"),
    ("api", "Another system"),
    ("hand", "A user"),
    ("merge", "Merge of two persons"),
    ("schedule", "Time"),
    ("erasure", "Erasure"),
]


class MarketingConsentLog(models.Model):
    """Evidence: one thing that happened to the consent of a person. Append-only.

    Written with the consent itself, in one statement, by `marketing.consent`; nobody
    edits or deletes a row, the superuser neither. Only the merging of persons moves
    rows to the survivor, and only erasure empties what identifies (address of the
    network, browser, notes), both by SQL. The text is what the person saw, in his
    language. Rows without a topic are about a mailing list, or else about all mail.
    """

    _name = "marketing.consent.log"
    _description = "Evidence of Consent"
    _order = "date desc, id desc"
    _rec_name = "event"
    _log_access = False

    person_id = fields.Many2one(
        "marketing.person", required=True, readonly=True, ondelete="restrict"
    )
    topic_id = fields.Many2one("marketing.topic", readonly=True, ondelete="restrict")
    mailing_list_id = fields.Many2one(
        "mailing.list",
        readonly=True,
        ondelete="set null",
        help="The list of the topic, or a list that is no topic.",
    )
    event = fields.Selection(
        [
            ("requested", "Asked to subscribe"),
            ("reminded", "Reminded to confirm"),
            ("given", "Consent given"),
            ("renewed", "Consent renewed"),
            ("withdrawn", "Consent withdrawn"),
            ("expired", "Consent expired"),
            ("purged", "Never answered, forgotten"),
            ("stopped", "All mail stopped"),
            ("resumed", "Mail allowed again"),
            ("preference", "Preference changed"),
        ],
        required=True,
        readonly=True,
    )
    state_before = fields.Selection(
        [("pending", "Pending"), ("in", "In"), ("out", "Out")], readonly=True
    )
    state_after = fields.Selection(
        [("pending", "Pending"), ("in", "In"), ("out", "Out")], readonly=True
    )
    date = fields.Datetime(required=True, readonly=True)
    # what was agreed to
    legal_basis = fields.Selection(selection="_selection_legal_basis", readonly=True)
    text = fields.Text("Text Shown", readonly=True)
    text_version = fields.Integer("Version", readonly=True, aggregator=None)
    # where it came from
    source = fields.Selection(SOURCES, required=True, readonly=True)
    mailing_id = fields.Many2one(
        "mailing.mailing", readonly=True, ondelete="set null", index="btree_not_null"
    )
    reason_id = fields.Many2one(
        "mailing.subscription.optout", readonly=True, ondelete="restrict"
    )
    note = fields.Text(readonly=True)
    ip = fields.Char("IP Address", readonly=True)
    user_agent = fields.Char("Browser", readonly=True)
    user_id = fields.Many2one(
        "res.users",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        help="Who did it, where it was not the person.",
    )

    # Evidence of a person, newest first.
    _person_date = models.Index("(person_id, date DESC, id DESC)")
    # Whether a topic was ever answered.
    _topic = models.Index("(topic_id)")
    # What a person said about a list, when something brings him back to it.
    _mailing_list = models.Index(
        "(mailing_list_id, person_id) WHERE mailing_list_id IS NOT NULL"
    )

    @api.model
    def _selection_legal_basis(self):
        return (
            self.env["marketing.consent"]
            ._fields["legal_basis"]
            ._description_selection(self.env)
        )

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self.env._("Evidence of consent cannot be changed, by nobody."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Evidence of consent cannot be deleted, by nobody."))

    @api.model
    def _record(self, person_ids, event, evidence, topic=None, mailing_list=None):
        """Write one row for each person, where no consent changes state.

        :param evidence: as for `marketing.consent._set_state`
        """
        if not person_ids:
            return
        values = self._prepare_evidence(evidence)
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO marketing_consent_log (
                    person_id, topic_id, mailing_list_id, event, %s)
                SELECT COALESCE(merged_into_id, id), %s, %s, %s, %s
                  FROM marketing_person WHERE id = ANY(%s) ORDER BY id
                """,
                SQL(", ").join(SQL.identifier(name) for name in values),
                topic.id if topic else None,
                mailing_list.id if mailing_list else None,
                event,
                SQL(", ").join(SQL("%s", value) for value in values.values()),
                list(person_ids),
            )
        )
        self.invalidate_model()

    @api.model
    def _prepare_evidence(self, evidence):
        """Columns of a row from what a caller knows; see `_set_state`."""
        user = self.env.user
        is_staff = user and not user._is_public() and not user._is_superuser()
        return {
            "date": evidence.get("date") or fields.Datetime.now(),
            "legal_basis": evidence.get("legal_basis") or None,
            "text": evidence.get("text") or None,
            "text_version": evidence.get("text_version") or None,
            "source": evidence["source"],
            "mailing_id": evidence.get("mailing_id") or None,
            "reason_id": evidence.get("reason_id") or None,
            "note": evidence.get("note") or None,
            "ip": evidence.get("ip") or None,
            "user_agent": (evidence.get("user_agent") or "")[:255] or None,
            "user_id": evidence.get("user_id") or (user.id if is_staff else None),
        }

    @api.model
    def _forget_identity(self, person_ids):
        """Empty what identifies, for an erasure; what was decided and when stays."""
        self.env.cr.execute(
            """
            UPDATE marketing_consent_log
               SET ip = NULL, user_agent = NULL, note = NULL
             WHERE person_id = ANY(%s)
            """,
            [list(person_ids)],
        )
        self.invalidate_model()

    @api.model
    def _merge_persons(self, source_ids, target_id):
        self.env.cr.execute(
            "UPDATE marketing_consent_log SET person_id = %s WHERE person_id = ANY(%s)",
            [target_id, list(source_ids)],
        )
        self.invalidate_model()
