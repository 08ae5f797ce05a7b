from markupsafe import Markup
from psycopg2.extras import execute_values

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_datetime

from .number_format import format_number

#: Who gets more than that many activities at once gets one message about all of them.
MAX_NOTIFICATIONS = 5


class MarketingHandoff(models.Model):
    """Offering persons to sales: from persons to leads with salesperson and deadline.

    Everything is done for all persons of a call together; only Odoo's own assignment
    handles leads one by one. A call is one transaction: a person is either offered
    with lead, activity and note, or not at all.
    """

    _inherit = "marketing.handoff"

    @api.model
    def _offer_persons(self, person_ids, policy=None, cause="", source=None):
        """Hand persons over to sales.

        Who may not be offered under the policy (open hand-off, pause after an answer,
        other company …) is left out, whoever asks. Score and grade are not looked at:
        to ask for them is up to the caller.

        :param person_ids: whom
        :param policy: by whose terms; default: the first one of the current company
        :param cause: why now, in a few words; default: score and grade
        :param source: record behind it, for example a journey; where it has the
            fields of `utm.mixin`, new leads of persons who clicked nothing get them
        :returns: the hand-offs that were made
        :raises UserError: when there is no policy
        """
        policy = (policy or self.env["marketing.handoff.policy"]._get_default()).sudo()
        if not policy:
            raise UserError(
                self.env._(
                    "There is no hand-off policy for %s. Create one under Email "
                    "Marketing, Scoring & Hand-off, Hand-off Policies.",
                    self.env.company.name,
                )
            )
        policy.ensure_one()
        company = policy.company_id or self.env.company
        # What happens to the leads meanwhile is nobody's work on them.
        asked, self = self, self.sudo().with_company(company)
        self = self.with_context(marketing_automated=True)
        persons = self._get_offerable_persons(person_ids, policy)
        if not persons:
            return self.browse()
        leads, created_ids = self.env["crm.lead"]._get_handoff_leads(
            persons, policy, source
        )
        assignments = self._assign_leads(leads.values(), policy)
        drafts = [
            {
                "person_id": person,
                "lead_id": leads[person.id],
                "user_id": leads[person.id].user_id,
                "is_lead_created": leads[person.id].id in created_ids,
                "assignment": assignments[leads[person.id].id],
                "cause": cause or self._get_cause(person),
            }
            for person in persons
        ]
        handoffs = self._insert_offers(drafts, policy)
        handoffs._capture("mql", fields.Datetime.now())
        self.env["marketing.lifecycle.move"]._move_persons(
            persons.ids, "mql", self.env._("Offered to sales: %s", policy.name)
        )
        handoffs._create_offer_activities()
        handoffs._log_offer_notes()
        return handoffs.with_env(asked.env)

    @api.model
    def _get_offerable_persons(self, person_ids, policy):
        """Persons of the ids whom the policy allows to offer, in the given order."""
        self.flush_model(["person_id", "company_id", "state", "closed_at"])
        self.env["marketing.person"].flush_model()
        allowed = self.env.execute_query(
            SQL(
                "SELECT person.id FROM marketing_person person"
                " WHERE person.id = ANY(%s) AND %s",
                list(person_ids),
                policy._get_offerable_condition(SQL("person.id")),
            )
        )
        allowed_ids = {person_id for (person_id,) in allowed}
        return self.env["marketing.person"].browse(
            person_id
            for person_id in dict.fromkeys(person_ids)
            if person_id in allowed_ids
        )

    @api.model
    def _assign_leads(self, leads, policy):
        """Give a salesperson to each lead: `{lead id: value of assignment}`."""
        leads = self.env["crm.lead"].union(*leads)
        answer = {lead.id: "kept" for lead in leads if lead.user_id.active}
        unassigned = leads.filtered(lambda lead: lead.id not in answer)
        if unassigned:
            unassigned.filtered("user_id").user_id = False  # of former colleagues
            unassigned.filtered(lambda lead: not lead.team_id).team_id = policy.team_id
            answer |= unassigned.team_id._assign_handoff_leads(unassigned)
        return answer

    @api.model
    def _get_cause(self, person):
        score = format_number(self.env, person.score, 0)
        if not person.grade:
            return self.env._("Reached %s points", score)
        return self.env._(
            "Reached %(score)s points and grade %(grade)s",
            score=score,
            grade=person.grade,
        )

    @api.model
    def _insert_offers(self, drafts, policy):
        """One INSERT; the evidence is the reader's, in his language."""
        self.env.flush_all()
        now = fields.Datetime.now()
        deadlines = policy._get_deadlines(
            {draft["user_id"].id for draft in drafts}, now
        )
        evidence = self._render_evidence(drafts)
        rows = [
            (
                draft["person_id"].id,
                draft["lead_id"].id,
                draft["is_lead_created"],
                policy.id,
                policy.company_id.id or draft["lead_id"].company_id.id or None,
                draft["cause"],
                draft["person_id"].score,
                draft["person_id"].grade or None,
                evidence[draft["person_id"].id],
                draft["lead_id"].team_id.id or None,
                draft["user_id"].id or None,
                draft["assignment"],
                "offered",
                0.0,
                now,
                deadlines[draft["user_id"].id],
                self.env.uid,
                self.env.uid,
                now,
                now,
            )
            for draft in drafts
        ]
        inserted = execute_values(
            self.env.cr._obj,
            """
            INSERT INTO marketing_handoff (
                person_id, lead_id, is_lead_created, policy_id, company_id, cause,
                score, grade, evidence, team_id, user_id, assignment, state,
                accepted_rate, offered_at, deadline, create_uid, write_uid, create_date,
                write_date)
            VALUES %s
            RETURNING id
            """,
            rows,
            page_size=1000,
            fetch=True,
        )
        self.env["crm.lead"].invalidate_model(["marketing_handoff_ids"])
        return self.browse(handoff_id for (handoff_id,) in inserted)

    def _with_reader(self, user):
        """This model as a salesperson reads it: his language and time zone."""
        return self.with_context(
            lang=user.lang or self.env.lang, tz=user.tz or self.env.user.tz or "UTC"
        )

    # ------------------------------------------------------------------
    # NOTE AND ACTIVITY
    # ------------------------------------------------------------------

    def _log_offer_notes(self):
        """One note on each lead that says who, why now, and what to say next."""
        labels = {}
        bodies = {}
        for handoff in self:
            reader = handoff._with_reader(handoff.user_id)
            lang = reader.env.context["lang"]
            if lang not in labels:
                labels[lang] = dict(
                    reader._fields["assignment"]._description_selection(reader.env)
                )
            bodies[handoff.lead_id.id] = reader.env["ir.qweb"]._render(
                "email_marketing_crm.handoff_note",
                {
                    "handoff": reader,
                    "who": handoff.person_id.display_name,
                    "assignment": labels[lang][handoff.assignment],
                    "deadline": format_datetime(
                        reader.env, handoff.deadline, dt_format="short"
                    ),
                    "evidence": Markup(handoff.evidence),
                },
                minimal_qcontext=True,
            )
        self.lead_id._message_log_batch(bodies=bodies)

    def _create_offer_activities(self):
        """Ask each salesperson for an answer until the deadline."""
        handoffs = self.filtered("user_id")
        activities = self._create_activities(
            [handoff._prepare_activity_values() for handoff in handoffs]
        )
        if activities:
            self.env.cr.execute(
                SQL(
                    "UPDATE marketing_handoff SET activity_id = new.activity_id"
                    " FROM unnest(%s, %s) new (id, activity_id)"
                    " WHERE marketing_handoff.id = new.id",
                    handoffs.ids,
                    activities.ids,
                )
            )
            self.invalidate_recordset(["activity_id"])

    def _prepare_activity_values(self):
        self.ensure_one()
        reader = self._with_reader(self.user_id)
        activity_type = reader.policy_id.activity_type_id
        return {
            "res_model_id": self.env["ir.model"]._get_id("crm.lead"),
            "res_id": self.lead_id.id,
            "activity_type_id": activity_type.id,
            "user_id": self.user_id.id,
            "date_deadline": fields.Datetime.context_timestamp(
                reader, self.deadline
            ).date(),
            "summary": reader.env._(
                "Answer until %s",
                format_datetime(reader.env, self.deadline, dt_format="short"),
            ),
            "note": self.cause,
            "automated": True,
        }

    @api.model
    def _create_activities(self, values_list):
        """Create activities, and tell each user once.

        Few activities are announced as Odoo does, by a message each; more of them by
        one message that counts them.
        """
        activities = (
            self.env["mail.activity"]
            .with_context(mail_activity_quick_update=True)
            .create(values_list)
            .with_context(mail_activity_quick_update=False)
        )
        for user, mine in activities.grouped("user_id").items():
            if user == self.env.user:
                continue
            if len(mine) <= MAX_NOTIFICATIONS:
                mine.action_notify()
                continue
            reader = self._with_reader(user)
            reader.env["mail.thread"].message_notify(
                partner_ids=user.partner_id.ids,
                subject=reader.env._("%s marketing hand-offs for you", len(mine)),
                body=reader.env["ir.qweb"]._render(
                    "email_marketing_crm.handoff_digest",
                    {"activities": mine.with_env(reader.env)},
                    minimal_qcontext=True,
                ),
                email_layout_xmlid="mail.mail_notification_light",
            )
        return activities
