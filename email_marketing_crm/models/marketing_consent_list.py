from odoo import api, models
from odoo.tools import SQL

from .marketing_consent_sync import FOLLOWING


class MarketingConsent(models.Model):
    """Mailing lists that are no topic: who left one stays out of it.

    Odoo keeps that in the subscription, which is forgotten with the list contact. The
    evidence is not: the last answer of a person about a list decides whether a new
    membership counts. Only the person himself on a page, or a user who takes the tick
    of that very subscription away, leads back.
    """

    _inherit = "marketing.consent"

    @api.model
    def _follow_plain_lists(self, subscriptions, is_new):
        """Take over what subscriptions to lists without a topic say.

        :param is_new: they were just made: a membership, which overrules nothing
        """
        left = subscriptions.filtered("opt_out")
        self._record_lists(left, "withdrawn")
        user = self.env.user
        is_answer = self._get_given_evidence() or not (
            is_new
            or user._is_public()
            or user.share
            or self.env.context.get("import_file")
        )
        if is_answer:
            self._record_lists(subscriptions - left, "given")
        else:
            self._keep_out(SQL("subscription.id = ANY(%s)", (subscriptions - left).ids))

    @api.model
    def _record_lists(self, subscriptions, event):
        """Keep the evidence of an answer about lists, one statement a list."""
        logs = self.env["marketing.consent.log"].sudo()
        for mailing_list, group in subscriptions.grouped("list_id").items():
            evidence = dict(self._get_current_evidence("list"))
            reason = group.opt_out_reason_id[:1]
            if reason and event == "withdrawn":
                evidence["reason_id"] = reason.id
            persons = group.contact_id.marketing_person_id
            logs._record(persons.ids, event, evidence, mailing_list=mailing_list)

    @api.model
    def _keep_out(self, condition):
        """Opt out of lists again whoever left them before, in a few statements.

        :param condition: SQL about `subscription` and its `contact`
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT subscription.id
                  FROM mailing_subscription subscription
                  JOIN mailing_contact contact ON contact.id = subscription.contact_id
                 WHERE %s AND subscription.opt_out IS NOT TRUE
                   AND %s = 'withdrawn'
                """,
                condition,
                self._get_last_answer(
                    SQL("contact.marketing_person_id"), SQL("subscription.list_id")
                ),
            )
        )
        self.env["mailing.subscription"].sudo().with_context(**FOLLOWING).browse(
            [subscription_id for (subscription_id,) in rows]
        ).write({"opt_out": True})

    @api.model
    def _get_last_answer(self, person, mailing_list):
        """SQL: the last answer of a person about a list, or NULL."""
        return SQL(
            "(SELECT answer.event FROM marketing_consent_log answer"
            " WHERE answer.mailing_list_id = %s AND answer.person_id = %s"
            " AND answer.event IN ('given', 'renewed', 'withdrawn')"
            " ORDER BY answer.date DESC, answer.id DESC LIMIT 1)",
            mailing_list,
            person,
        )

    @api.model
    def _adopt_refusals(self, topics):
        """Who left a list before it got its topic is out of the topic."""
        for topic in topics:
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT DISTINCT log.person_id FROM marketing_consent_log log
                     WHERE log.mailing_list_id = %s AND log.event = 'withdrawn'
                       AND log.topic_id IS DISTINCT FROM %s
                       AND %s = 'withdrawn'
                    """,
                    topic.mailing_list_id.id,
                    topic.id,
                    self._get_last_answer(
                        SQL("log.person_id"), SQL("log.mailing_list_id")
                    ),
                )
            )
            self._set_state([row[0] for row in rows], topic, "out", {"source": "list"})

    @api.model
    def _build_refusals(self):
        """Evidence of who is out of a list that is no topic; at installation."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO marketing_consent_log (
                    person_id, mailing_list_id, event, date, source, reason_id)
                SELECT DISTINCT ON (1, 2)
                       COALESCE(person.merged_into_id, person.id),
                       subscription.list_id, 'withdrawn',
                       COALESCE(subscription.opt_out_datetime,
                                subscription.create_date,
                                now() at time zone 'UTC') AS date,
                       'list', subscription.opt_out_reason_id
                  FROM mailing_subscription subscription
                  JOIN mailing_contact contact ON contact.id = subscription.contact_id
                  JOIN marketing_person person
                    ON person.id = contact.marketing_person_id
                 WHERE subscription.opt_out AND %s IS NULL
                   AND NOT EXISTS (SELECT FROM marketing_topic topic
                                    WHERE topic.mailing_list_id = subscription.list_id)
                 ORDER BY 1, 2, date DESC
                """,
                self._get_last_answer(
                    SQL("COALESCE(person.merged_into_id, person.id)"),
                    SQL("subscription.list_id"),
                ),
            )
        )
        self.env["marketing.consent.log"].invalidate_model()
        return self.env.cr.rowcount

    @api.model
    def _merge_persons(self, source_ids, target_id):
        """Who left a list with one of his addresses left it with all of them."""
        result = super()._merge_persons(source_ids, target_id)
        self._keep_out(SQL("contact.marketing_person_id = %s", target_id))
        # The merge forgets what is cached, and what was not written yet with it.
        self.env.flush_all()
        return result
