from collections import defaultdict

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

#: Context key: `Evidence` of what a person is doing right now, on a page of Odoo's.
EVIDENCE = "marketing_consent_evidence"
_FOLLOWS = "marketing_consent_follows"
_OURS = object()
#: Context: a subscription or a blacklist entry follows us, not the other way round.
FOLLOWING = {_FOLLOWS: _OURS}


class Evidence(dict):
    """Evidence in a context, put there by our own code.

    A client may send any context with a call, but nothing of this class, nor `_OURS`:
    nobody claims from outside that a person pressed a button.
    """


class MarketingConsent(models.Model):
    """How consents, Odoo's subscriptions and Odoo's blacklist stay one truth.

    Who is out of a topic, or has not confirmed it, is opted out of its list. Who opts
    out of the list is out of the topic. A person is opted out of everything exactly
    while his address is on the blacklist; taking it off gives no consent back.
    """

    _inherit = "marketing.consent"

    # ------------------------------------------------------------------
    # FROM US TO ODOO
    # ------------------------------------------------------------------

    @api.model
    def _synchronize_lists(self, topic, person_ids, state, reason_id=None):
        """Let the subscriptions of a topic's list say what the consents say."""
        mailing_list = topic.sudo().mailing_list_id
        if not mailing_list or not person_ids:
            return
        subscriptions = (
            self.env["mailing.subscription"]
            .sudo()
            .with_context(active_test=False, **FOLLOWING)
        )
        found = subscriptions.search(
            [
                ("list_id", "=", mailing_list.id),
                ("contact_id.marketing_person_id", "in", list(person_ids)),
            ]
        )
        if state != "in":
            values = {"opt_out": True}
            if reason_id:
                values["opt_out_reason_id"] = reason_id
            found.filtered(lambda subscription: not subscription.opt_out).write(values)
            return
        found.filtered("opt_out").write({"opt_out": False, "opt_out_reason_id": False})
        known = set(found.contact_id.marketing_person_id.ids)
        missing = [person_id for person_id in person_ids if person_id not in known]
        if missing:
            subscriptions.create(
                [
                    {"contact_id": contact.id, "list_id": mailing_list.id}
                    for contact in self._get_or_create_contacts(missing)
                ]
            )

    @api.model
    def _get_or_create_contacts(self, person_ids):
        """One list contact of each person."""
        contacts = self.env["mailing.contact"].sudo().with_context(**FOLLOWING)
        found = contacts.search([("marketing_person_id", "in", person_ids)], order="id")
        first = {}
        for contact in found:
            first.setdefault(contact.marketing_person_id.id, contact)
        persons = (
            self.env["marketing.person"]
            .sudo()
            .browse([person_id for person_id in person_ids if person_id not in first])
        )
        made = contacts.create(
            [
                {"name": person.name or False, "email": person.email_normalized}
                for person in persons
            ]
        )
        return contacts.union(*first.values(), made)

    @api.model
    def _opt_out_subscriptions(self, topics):
        """Opt out of the lists of topics whoever is not in them, in a few statements.

        For lists and topics that begin to belong together.
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT subscription.id
                  FROM marketing_topic topic
                  JOIN mailing_subscription subscription
                    ON subscription.list_id = topic.mailing_list_id
                  JOIN mailing_contact contact ON contact.id = subscription.contact_id
                  JOIN marketing_consent consent
                    ON consent.person_id = contact.marketing_person_id
                   AND consent.topic_id = topic.id
                 WHERE topic.id = ANY(%s) AND consent.state <> 'in'
                   AND subscription.opt_out IS NOT TRUE
                """,
                topics.ids,
            )
        )
        self.env["mailing.subscription"].sudo().with_context(**FOLLOWING).browse(
            [subscription_id for (subscription_id,) in rows]
        ).write({"opt_out": True})

    # ------------------------------------------------------------------
    # FROM ODOO TO US
    # ------------------------------------------------------------------

    @api.model
    def _get_current_evidence(self, source):
        """Evidence of what happens right now, when Odoo's own records change.

        :param source: what it is when neither a page nor an import says otherwise
        """
        if self.env.context.get("import_file"):
            source = "import"
        return self._get_given_evidence() or {"source": source}

    @api.model
    def _get_given_evidence(self):
        """What our own code knows of what a person does right now; None elsewhere."""
        given = self.env.context.get(EVIDENCE)
        return given if isinstance(given, Evidence) else None

    @api.model
    def _follow_subscriptions(self, subscriptions, is_new):
        """Take over what subscriptions say, and refuse what an opt-out forbids.

        :param is_new: they were just made: a membership, which overrules nothing
        """
        if self.env.context.get(_FOLLOWS) is _OURS or not subscriptions:
            return
        subscriptions = subscriptions.sudo()
        topics = self.env["marketing.topic"]._get_by_list(subscriptions.list_id)
        groups = defaultdict(subscriptions.browse)
        plain = subscriptions.browse()
        for subscription in subscriptions:
            topic = topics.get(subscription.list_id)
            if not subscription.contact_id.marketing_person_id:
                continue
            if topic:
                groups[topic, subscription.opt_out] += subscription
            else:
                plain += subscription
        self._follow_plain_lists(plain, is_new)
        for (topic, is_out), group in groups.items():
            if is_out:
                self._follow_opt_out(topic, group)
            else:
                self._follow_membership(topic, group, is_new)

    @api.model
    def _follow_opt_out(self, topic, subscriptions):
        evidence = dict(self._get_current_evidence("list"))
        reason = subscriptions.opt_out_reason_id[:1]
        if reason:
            evidence["reason_id"] = reason.id
        self.sudo()._set_state(
            subscriptions.contact_id.marketing_person_id.ids, topic, "out", evidence
        )

    @api.model
    def _follow_membership(self, topic, subscriptions, is_new):
        """Somebody is on a list again: his answer decides whether that counts."""
        consents = self.sudo()
        persons = subscriptions.contact_id.marketing_person_id
        user = self.env.user
        evidence = self._get_given_evidence()
        if evidence:
            pass
        elif user._is_public() or user.share:
            # A form of the website: anybody may have typed this address.
            evidence = self._get_current_evidence("form")
            consents._request_opt_in(persons.ids, topic, evidence)
            evidence = None
        else:
            evidence = self._get_current_evidence("list")
        if evidence:
            consents._set_state(persons.ids, topic, "in", evidence)
        agreed = consents.search(
            [
                ("person_id", "in", persons.ids),
                ("topic_id", "=", topic.id),
                ("state", "=", "in"),
            ]
        ).person_id
        refused = subscriptions.filtered(
            lambda subscription: (
                not subscription.opt_out
                and subscription.contact_id.marketing_person_id not in agreed
            )
        )
        is_interactive = user._is_internal() and not user._is_superuser()
        if refused and evidence == {"source": "list"} and is_interactive and not is_new:
            raise UserError(
                self.env._(
                    "%(people)s left “%(topic)s”, or did not confirm it: a tick does"
                    " not change that. Ask them to subscribe, and they get a mail to"
                    " confirm. What somebody told you, write down on the person with"
                    " “Write Down Consent”.",
                    people=", ".join(refused[:5].contact_id.mapped("email")),
                    topic=topic.name,
                )
            )
        refused.with_context(**FOLLOWING).write({"opt_out": True})

    # ------------------------------------------------------------------
    # WHAT THERE IS ALREADY
    # ------------------------------------------------------------------

    @api.model
    def _build_from_subscriptions(self, topics=None):
        """Consents of lists' topics from the subscriptions there are, in one statement.

        Out where the person opted out of the list; in, on an unknown basis, where not.
        Answers that exist are kept; calling it again changes nothing.

        :param topics: these only; default: every topic that has a list
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH known AS (
                    SELECT person_id, topic_id,
                           CASE WHEN bool_and(opt_out) THEN 'out' ELSE 'in' END
                               AS state,
                           min(date) AS date, min(expiry_months) AS expiry_months,
                           min(reason_id) AS reason_id
                      FROM (SELECT COALESCE(person.merged_into_id, person.id)
                                       AS person_id,
                                   topic.id AS topic_id, topic.expiry_months,
                                   COALESCE(subscription.opt_out, FALSE) AS opt_out,
                                   COALESCE(subscription.opt_out_datetime,
                                            subscription.create_date,
                                            now() at time zone 'UTC') AS date,
                                   subscription.opt_out_reason_id AS reason_id
                              FROM marketing_topic topic
                              JOIN mailing_subscription subscription
                                ON subscription.list_id = topic.mailing_list_id
                              JOIN mailing_contact contact
                                ON contact.id = subscription.contact_id
                              JOIN marketing_person person
                                ON person.id = contact.marketing_person_id
                             WHERE %s) subscribed
                     GROUP BY person_id, topic_id
                ),
                written AS (
                    INSERT INTO marketing_consent (
                        person_id, topic_id, state, legal_basis, source, date,
                        expiry_date)
                    SELECT person_id, topic_id, state, 'unknown', 'list', date,
                           CASE WHEN expiry_months > 0 AND state = 'in'
                                THEN date + make_interval(months => expiry_months) END
                      FROM known
                    ON CONFLICT (person_id, topic_id) DO NOTHING
                    RETURNING person_id, topic_id
                )
                INSERT INTO marketing_consent_log (
                    person_id, topic_id, mailing_list_id, event, state_after, date,
                    legal_basis, source, reason_id)
                SELECT known.person_id, known.topic_id,
                       (SELECT topic.mailing_list_id FROM marketing_topic topic
                         WHERE topic.id = known.topic_id),
                       CASE known.state WHEN 'in' THEN 'given' ELSE 'withdrawn' END,
                       known.state, known.date, 'unknown', 'list', known.reason_id
                  FROM known
                  JOIN written USING (person_id, topic_id)
                """,
                SQL("TRUE")
                if topics is None
                else SQL("topic.id = ANY(%s)", topics.ids),
            )
        )
        self.invalidate_model()
        return self.env.cr.rowcount

    # ------------------------------------------------------------------
    # MERGE
    # ------------------------------------------------------------------

    @api.model
    def _merge_persons(self, source_ids, target_id):
        """The strictest answer wins, topic by topic: out, then pending, then in.

        Of two consents the one that expires first is kept.
        """
        ids = [*source_ids, target_id]
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM marketing_consent consent
                 USING (SELECT id, row_number() OVER (
                                   PARTITION BY topic_id
                                   ORDER BY CASE state WHEN 'out' THEN 0
                                            WHEN 'pending' THEN 1 ELSE 2 END,
                                            expiry_date, id) AS position
                          FROM marketing_consent
                         WHERE person_id = ANY(%s)) ranked
                 WHERE ranked.id = consent.id AND ranked.position > 1
                """,
                ids,
            )
        )
        self.env.cr.execute(
            "UPDATE marketing_consent SET person_id = %s WHERE person_id = ANY(%s)",
            [target_id, list(source_ids)],
        )
        self.env["marketing.consent.log"]._merge_persons(source_ids, target_id)
        self.env["marketing.consent.request"]._merge_persons(source_ids, target_id)
        self.invalidate_model()
        self.env["marketing.person"]._merge_preferences(source_ids, target_id)
        refused = self.sudo().search(
            [("person_id", "=", target_id), ("state", "!=", "in")]
        )
        self._opt_out_subscriptions(refused.topic_id)
        # The merge forgets what is cached, and what was not written yet with it.
        self.env.flush_all()
