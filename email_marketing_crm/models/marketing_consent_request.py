import secrets
from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL
from odoo.tools.urls import urljoin

from ..tools.consent_token import digest

LINK_DAYS_PARAMETER = "email_marketing_crm.opt_in_link_days"
REMINDER_DAYS_PARAMETER = "email_marketing_crm.opt_in_reminder_days"
REMINDERS_PARAMETER = "email_marketing_crm.opt_in_reminders"
PURGE_DAYS_PARAMETER = "email_marketing_crm.opt_in_purge_days"
DEFAULT_LINK_DAYS = 7
DEFAULT_REMINDER_DAYS = 3
DEFAULT_REMINDERS = 1
DEFAULT_PURGE_DAYS = 30
#: Confirmation mails one address gets within a day, whoever asks for them.
MAILS_PER_DAY = 3
#: Persons that one run reminds: each costs a mail.
REMINDER_BATCH = 200


class MarketingConsentRequest(models.Model):
    """A mail that asks somebody to confirm that he subscribed: one link, used once.

    Made by `_request_opt_in` and by the reminder. Of the link only a hash is kept. It
    counts until `expiry_date`, and until `confirmed_date` is set; a confirmed link
    leads nowhere any more. Rows are forgotten with the purge of the unanswered; what
    happened stays in `marketing.consent.log`.
    """

    _name = "marketing.consent.request"
    _description = "Request to Confirm a Consent"
    _order = "id desc"
    _rec_name = "person_id"
    _log_access = False

    person_id = fields.Many2one(
        "marketing.person", required=True, readonly=True, ondelete="cascade", index=True
    )
    email_normalized = fields.Char(related="person_id.email_normalized")
    topic_ids = fields.Many2many(
        "marketing.topic",
        "marketing_consent_request_topic_rel",
        "request_id",
        "topic_id",
        string="Topics",
        readonly=True,
    )
    company_id = fields.Many2one("res.company", readonly=True)
    token_hash = fields.Char(
        required=True, readonly=True, groups="base.group_system", copy=False
    )
    lang = fields.Char("Language", readonly=True)
    name = fields.Char(readonly=True, help="As it was typed in the form.")
    date = fields.Datetime("Sent", required=True, readonly=True)
    expiry_date = fields.Datetime("Expires", required=True, readonly=True)
    confirmed_date = fields.Datetime("Confirmed", readonly=True)
    is_reminder = fields.Boolean("Reminder", readonly=True)

    _token_unique = models.Constraint("UNIQUE(token_hash)", "This link exists already.")

    @api.model
    def _get_setting(self, parameter, default):
        value = self.env["ir.config_parameter"].sudo().get_param(parameter)
        return int(value) if value not in (False, None, "") else default

    # ------------------------------------------------------------------
    # ASKING
    # ------------------------------------------------------------------

    @api.model
    def _send(self, topics_by_person, lang=None, name=None, is_reminder=False):
        """Mail a link of his own to each person.

        :param topics_by_person: `{person id: topics}`
        :param lang: language of the page the person subscribed on; default: his own
        """
        if not topics_by_person:
            return self.browse()
        now = fields.Datetime.now()
        days = self._get_setting(LINK_DAYS_PARAMETER, DEFAULT_LINK_DAYS)
        persons = self.env["marketing.person"].sudo().browse(topics_by_person)
        nonces = [secrets.token_urlsafe(32) for _person in persons]
        requests = self.sudo().create(
            [
                {
                    "person_id": person.id,
                    "topic_ids": [fields.Command.set(topics_by_person[person.id].ids)],
                    "company_id": topics_by_person[person.id].company_id[:1].id
                    or self.env.company.id,
                    "token_hash": digest(nonce),
                    "lang": person._get_preferred_lang(lang),
                    "name": name,
                    "date": now,
                    "expiry_date": now + timedelta(days=days),
                    "is_reminder": is_reminder,
                }
                for person, nonce in zip(persons, nonces, strict=True)
            ]
        )
        links = {
            request.id: urljoin(request.get_base_url(), f"/marketing/confirm/{nonce}")
            for request, nonce in zip(requests, nonces, strict=True)
        }
        template = self.env.ref("email_marketing_crm.mail_template_confirm_consent")
        template.sudo().with_context(marketing_links=links).send_mail_batch(
            requests.ids
        )
        return requests

    # ------------------------------------------------------------------
    # ANSWERING
    # ------------------------------------------------------------------

    @api.model
    def _find_open(self, nonce):
        """The request a link belongs to, while it may be answered."""
        return self.sudo().search(
            [
                ("token_hash", "=", digest(nonce)),
                ("confirmed_date", "=", False),
                ("expiry_date", ">", fields.Datetime.now()),
            ]
        )

    def _confirm(self, evidence):
        """The person pressed the button: he is in, by his own hand.

        :returns: whether this was the first time
        """
        self.ensure_one()
        self.lock_for_update()
        self.invalidate_recordset(["confirmed_date"])
        if self.confirmed_date:
            return False
        self.confirmed_date = fields.Datetime.now()
        person = self.person_id._get_person()
        evidence = evidence | {"source": "confirmation", "is_confirmed": True}
        person._allow_mail(evidence)
        self.env["marketing.suppression"].sudo()._lift(
            person.email_normalized, evidence
        )
        self._make_record(person)
        for topic in self.topic_ids:
            self.env["marketing.consent"].sudo()._set_state(
                person.ids,
                topic,
                "in",
                evidence | {"text": topic._get_consent_text(self.lang)},
            )
        return True

    def _make_record(self, person):
        """Only records get mailings: make a list contact of who has none."""
        if person._has_records():
            return
        self.env["mailing.contact"].sudo().create(
            {"name": self.name, "email": person.email_normalized}
        )

    # ------------------------------------------------------------------
    # TIME
    # ------------------------------------------------------------------

    @api.model
    def _cron_remind(self):
        done, remaining = self._remind()
        self.env["ir.cron"]._commit_progress(done, remaining=remaining)

    @api.model
    def _remind(self):
        """Remind who has not answered, a limited number of times.

        :returns: how many were reminded, and whether more wait
        """
        days = self._get_setting(REMINDER_DAYS_PARAMETER, DEFAULT_REMINDER_DAYS)
        now = fields.Datetime.now()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT consent.person_id, array_agg(consent.topic_id)
                  FROM marketing_consent consent
                  JOIN marketing_person person ON person.id = consent.person_id
                 WHERE consent.state = 'pending' AND consent.date <= %(since)s
                   AND person.is_opted_out IS NOT TRUE
                   AND person.is_suppressed IS NOT TRUE
                   AND person.suppression = 'none'
                   AND (SELECT count(*) FROM marketing_consent_request request
                         WHERE request.person_id = consent.person_id
                           AND request.is_reminder
                           AND request.date >= consent.date) < %(limit)s
                   AND NOT EXISTS (SELECT FROM marketing_consent_request request
                                    WHERE request.person_id = consent.person_id
                                      AND request.date > %(since)s)
                 GROUP BY consent.person_id
                 ORDER BY consent.person_id
                 LIMIT %(batch)s
                """,
                since=now - timedelta(days=days),
                limit=self._get_setting(REMINDERS_PARAMETER, DEFAULT_REMINDERS),
                batch=REMINDER_BATCH,
            )
        )
        topics = self.env["marketing.topic"]
        self._send(
            {person_id: topics.browse(topic_ids) for person_id, topic_ids in rows},
            is_reminder=True,
        )
        by_topic = defaultdict(list)
        for person_id, topic_ids in rows:
            for topic_id in topic_ids:
                by_topic[topic_id].append(person_id)
        for topic_id, person_ids in by_topic.items():
            self.env["marketing.consent.log"]._record(
                person_ids, "reminded", {"source": "schedule"}, topics.browse(topic_id)
            )
        return len(rows), int(len(rows) == REMINDER_BATCH)

    @api.model
    def _cron_purge(self):
        done, remaining = self._purge()
        self.env["ir.cron"]._commit_progress(done, remaining=remaining)

    @api.model
    def _purge(self, limit=5000):
        """Forget who never answered, and links that are of no use any more.

        :returns: how many were forgotten, and whether more wait
        """
        days = self._get_setting(PURGE_DAYS_PARAMETER, DEFAULT_PURGE_DAYS)
        now = fields.Datetime.now()
        before = now - timedelta(days=days)
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                WITH forgotten AS (
                    DELETE FROM marketing_consent
                     WHERE id IN (SELECT id FROM marketing_consent
                                   WHERE state = 'pending' AND date <= %(before)s
                                   ORDER BY date LIMIT %(limit)s
                                     FOR UPDATE SKIP LOCKED)
                    RETURNING person_id, topic_id
                )
                INSERT INTO marketing_consent_log (
                    person_id, topic_id, event, state_before, date, source)
                SELECT person_id, topic_id, 'purged', 'pending', %(now)s, 'schedule'
                  FROM forgotten
                RETURNING id
                """,
                before=before,
                now=now,
                limit=limit,
            )
        )
        self.env["marketing.consent"].invalidate_model()
        old = self.search(
            [("date", "<=", before), ("expiry_date", "<=", now)], limit=limit
        )
        old.unlink()
        return len(rows), int(len(rows) == limit)

    @api.model
    def _merge_persons(self, source_ids, target_id):
        self.env.cr.execute(
            "UPDATE marketing_consent_request SET person_id = %s"
            " WHERE person_id = ANY(%s)",
            [target_id, list(source_ids)],
        )
        self.invalidate_model()


class MarketingConsent(models.Model):
    _inherit = "marketing.consent"

    @api.model
    def request_opt_in(self, email, topic_ids, evidence=None):
        """Somebody subscribed in another system: ask him to confirm by mail.

        Called by other systems with the rights of a marketing user. The answer is the
        same for known, unknown and opted-out addresses.

        :param str email: the address that was typed
        :param list topic_ids: ids of topics
        :param dict evidence: see `_set_state`; `ip`, `user_agent`, `text` and `note`
            of the other system
        :returns: True
        :raises UserError: for an address nobody can have, or a topic nobody may read
        """
        self.check_access("read")
        topics = self.env["marketing.topic"].browse(topic_ids).exists()
        topics.check_access("read")
        if not topics:
            raise UserError(self.env._("Say which topics the person subscribes to."))
        ids = self.env["marketing.person"].sudo()._get_or_create_ids([email])
        if not ids:
            raise UserError(self.env._("“%s” is not an e-mail address.", email))
        known = ("ip", "user_agent", "text", "note", "date")
        given = {key: value for key, value in (evidence or {}).items() if key in known}
        for topic in topics:
            self.sudo()._request_opt_in(
                list(ids.values()), topic, given | {"source": "api"}
            )
        return True

    @api.model
    def _request_opt_in(self, person_ids, topics, evidence, lang=None, name=None):
        """Persons, or somebody who typed their address, subscribe to topics.

        Who never answered becomes pending, or is in at once where the topic asks for
        no confirmation. Who is out stays out until he confirms. A mail goes to whoever
        is not in, or is in and blocked: his confirmation ends the block. It does not go
        to an address that has had enough of them today.

        :returns: the requests that were mailed
        """
        wanted = defaultdict(self.env["marketing.topic"].browse)
        for topic in topics:
            if not topic.is_double_opt_in:
                self._set_state(person_ids, topic, "in", evidence)
            asked_now = set(self._set_state(person_ids, topic, "pending", evidence))
            open_ids = self._get_unanswered(person_ids, topic)
            self.env["marketing.consent.log"].sudo()._record(
                [person_id for person_id in open_ids if person_id not in asked_now],
                "requested",
                evidence,
                topic,
            )
            for person_id in open_ids:
                wanted[person_id] |= topic
        limits = self.env["marketing.rate.limit"].sudo()
        requests = self.env["marketing.consent.request"].sudo()
        return requests._send(
            {
                person_id: open_topics
                for person_id, open_topics in wanted.items()
                if limits._is_allowed("opt-in mail", person_id, MAILS_PER_DAY, 24)
            },
            lang=lang,
            name=name,
        )

    @api.model
    def _get_unanswered(self, person_ids, topic):
        """Those of these persons who get no mail of a topic now, survivors of merges.

        Users' own blocks are left out: no confirmation ends them.
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT survivor.id
                  FROM marketing_person person
                  JOIN marketing_person survivor
                    ON survivor.id = COALESCE(person.merged_into_id, person.id)
                  LEFT JOIN marketing_consent consent
                         ON consent.person_id = survivor.id
                        AND consent.topic_id = %s
                 WHERE person.id = ANY(%s)
                   AND (consent.state IS DISTINCT FROM 'in'
                        OR consent.expiry_date <= %s
                        OR survivor.is_opted_out OR survivor.is_suppressed
                        OR survivor.suppression IN ('bounce', 'complaint'))
                """,
                topic.id,
                list(person_ids),
                fields.Datetime.now(),
            )
        )
        return [person_id for (person_id,) in rows]
