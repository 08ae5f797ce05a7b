from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.reliability import classes_from
from .marketing_handoff import OPEN_STATES


class CrmLead(models.Model):
    """Leads as sales sees them: with the hand-off that waits for an answer."""

    _inherit = "crm.lead"

    marketing_handoff_ids = fields.One2many(
        "marketing.handoff", "lead_id", string="Marketing Hand-offs", readonly=True
    )
    marketing_handoff_id = fields.Many2one(
        "marketing.handoff",
        string="Marketing Hand-off",
        compute="_compute_marketing_handoff",
        compute_sudo=True,
        help="The open hand-off of this lead, or else the last one.",
    )
    marketing_handoff_state = fields.Selection(
        selection=lambda self: self.env["marketing.handoff"]._selection_state(),
        string="Hand-off",
        compute="_compute_marketing_handoff",
        compute_sudo=True,
    )
    marketing_handoff_date = fields.Datetime(
        "Handed Over", compute="_compute_marketing_handoff", compute_sudo=True
    )
    marketing_handoff_deadline = fields.Datetime(
        "Answer Until", compute="_compute_marketing_handoff", compute_sudo=True
    )
    marketing_handoff_cause = fields.Char(
        "Handed Over Because", compute="_compute_marketing_handoff", compute_sudo=True
    )
    marketing_handoff_is_overdue = fields.Boolean(
        "Hand-off Overdue", compute="_compute_marketing_handoff", compute_sudo=True
    )

    @api.depends("marketing_handoff_ids.state", "marketing_handoff_ids.deadline")
    def _compute_marketing_handoff(self):
        handoffs = self.env["marketing.handoff"].search(
            [("lead_id", "in", self.ids)], order="id"
        )
        by_lead = {}
        for handoff in handoffs.sorted(lambda handoff: handoff.state in OPEN_STATES):
            by_lead[handoff.lead_id.id] = handoff
        for lead in self:
            handoff = by_lead.get(lead._origin.id, handoffs.browse())
            lead.marketing_handoff_id = handoff
            lead.marketing_handoff_state = handoff.state
            lead.marketing_handoff_date = handoff.offered_at
            lead.marketing_handoff_deadline = handoff.deadline
            lead.marketing_handoff_cause = handoff.cause
            lead.marketing_handoff_is_overdue = handoff.is_overdue

    def unlink(self):
        """A hand-off does not wait for an answer about a lead that is gone."""
        handoffs = (
            self.env["marketing.handoff"]
            .sudo()
            .search([("lead_id", "in", self.ids), ("state", "in", OPEN_STATES)])
        )
        handoffs._close("lost")
        return super().unlink()

    def action_accept_handoff(self):
        return self.marketing_handoff_id.action_accept()

    def action_reject_handoff(self):
        return self.marketing_handoff_id.action_reject()

    def action_view_handoffs(self):
        """All hand-offs of this lead."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Hand-offs of %s", self.display_name),
            "res_model": "marketing.handoff",
            "view_mode": "list,form",
            "domain": [("lead_id", "=", self.id)],
        }

    # ------------------------------------------------------------------
    # LEADS OF PERSONS
    # ------------------------------------------------------------------

    @api.model
    def _get_handoff_leads(self, persons, policy, source=None):
        """The lead of each person: the newest open one, or else a new one.

        :param source: record whose UTM fields new leads get where no click tells
        :returns: `{person id: lead}`, ids of the leads that were created
        """
        leads = self._find_handoff_leads(persons, policy)
        missing = persons.filtered(lambda person: person.id not in leads)
        created = (
            self.with_context(
                mail_create_nolog=True, mail_create_nosubscribe=True, mail_notrack=True
            )
            .create(self._prepare_handoff_leads_values(missing, policy, source))
            .with_env(self.env)
        )
        leads |= dict(zip(missing.ids, created, strict=True))
        return leads, set(created.ids)

    @api.model
    def _find_handoff_leads(self, persons, policy):
        """The newest open lead of each person that waits for no other answer."""
        domain = Domain("marketing_person_id", "in", persons.ids)
        domain &= Domain("won_status", "=", "pending")
        domain &= Domain(
            "marketing_handoff_ids", "not any", [("state", "in", OPEN_STATES)]
        )
        if policy.company_id:
            domain &= Domain("company_id", "in", [policy.company_id.id, False])
        newest = self._read_group(domain, ["marketing_person_id"], ["id:max"])
        return {person.id: self.browse(lead_id) for person, lead_id in newest}

    @api.model
    def _prepare_handoff_leads_values(self, persons, policy, source=None):
        """Values of a new lead for each person, from what is known of them."""
        if not persons:
            return []
        partners = self._get_handoff_records("res.partner", persons, policy)
        contacts = self._get_handoff_records("mailing.contact", persons, policy)
        campaigns = self._get_handoff_campaigns(persons, source)
        team = policy.team_id
        is_lead = team.use_leads and self.env.user.has_group("crm.group_use_lead")
        values_list = []
        for person in persons:
            partner, contact = partners.get(person.id), contacts.get(person.id)
            name = person.name or person.email_normalized
            campaign = dict(campaigns.get(person.id, {}))
            topic = campaign.pop("topic", None) or policy.name
            values = {
                "name": f"{name}: {topic}",
                "type": "lead" if is_lead else "opportunity",
                "team_id": team.id,
                "user_id": False,
                "company_id": (policy.company_id or team.company_id).id
                or (partner.company_id.id if partner else False),
                **campaign,
            }
            if partner:
                values["partner_id"] = partner.id
            else:
                values["email_from"] = person.email_normalized
                values["contact_name"] = person.name
            if contact and not partner:
                values["partner_name"] = contact.company_name
                values["country_id"] = contact.country_id.id
            values_list.append(values)
        return values_list

    @api.model
    def _get_handoff_records(self, model, persons, policy):
        """The newest record of a model of each person that the policy may use."""
        domain = Domain("marketing_person_id", "in", persons.ids)
        if policy.company_id and "company_id" in self.env[model]._fields:
            domain &= Domain("company_id", "in", [policy.company_id.id, False])
        records = self.env[model].search(domain, order="id")
        return {record.marketing_person_id.id: record for record in records}

    @api.model
    def _get_handoff_campaigns(self, persons, source=None):
        """UTM values and topic of the mail each person clicked last.

        :returns: `{person id: {campaign_id, source_id, medium_id, topic}}`
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (person_id) person_id, mailing_id
                  FROM marketing_touchpoint
                 WHERE person_id = ANY(%s) AND type_id = %s
                   AND reliability = ANY(%s) AND mailing_id IS NOT NULL
                 ORDER BY person_id, date DESC
                """,
                persons.ids,
                self.env["marketing.touchpoint.type"]._get_id("clicked"),
                list(classes_from("human_likely")),
            )
        )
        clicked = dict(rows)
        mailings = self.env["mailing.mailing"].browse(set(clicked.values()))
        by_id = {mailing.id: mailing for mailing in mailings}
        names = ("campaign_id", "source_id", "medium_id")
        default = {
            name: source[name].id
            for name in names
            if source and name in source._fields and source[name]
        }
        answer = {person.id: default for person in persons}
        for person_id, mailing_id in clicked.items():
            mailing = by_id[mailing_id]
            answer[person_id] = {name: mailing[name].id for name in names}
            answer[person_id]["topic"] = mailing.subject
        return answer
