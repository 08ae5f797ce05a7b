from uuid import uuid4

from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import SQL


class CrmLead(models.Model):
    _name = "crm.lead"
    _inherit = ["crm.lead", "marketing.person.mixin"]

    # Members of segments by what persons did: the table itself, wide as it is, need
    # not be read.
    _person_record = models.Index("(marketing_person_id, id) WHERE active IS TRUE")

    @api.model
    def _get_identity_columns(self):
        return super()._get_identity_columns() | {
            "name": SQL("COALESCE(record.contact_name, record.partner_name)"),
            "lang": SQL(
                "(SELECT lang.code FROM res_lang lang WHERE lang.id = record.lang_id)"
            ),
        }

    # ------------------------------------------------------------------
    # CAPTURE
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        leads = super().create(vals_list)
        leads._capture_lead("lead_created", once=True)
        return leads

    def write(self, vals):
        watched = vals.keys() & {"stage_id", "team_id", "type", "user_id"}
        if not watched:
            return super().write(vals)
        before = {
            lead.id: ((lead.stage_id.id, lead.type), lead.user_id.id) for lead in self
        }
        result = super().write(vals)
        # Becoming an opportunity is a step of the pipeline, though its stage may stay.
        moved = self.filtered(
            lambda lead: (lead.stage_id.id, lead.type) != before[lead.id][0]
        )
        moved._capture_lead("stage_moved")
        assigned = self.filtered(
            lambda lead: lead.user_id and lead.user_id.id != before[lead.id][1]
        )
        assigned._capture_lead("assigned")
        return result

    def _handle_won_lost(self, old_status_by_lead, new_status_by_lead):
        result = super()._handle_won_lost(old_status_by_lead, new_status_by_lead)
        for code, status in (("won", "is_won"), ("lost", "is_lost")):
            reached = self.filtered(
                lambda lead, status=status: (
                    new_status_by_lead.get(lead.id, {}).get(status)
                    and not old_status_by_lead.get(lead.id, {}).get(status)
                )
            )
            reached._capture_lead(code)
        return result

    def _capture_lead(self, code, once=False):
        """Record that something happened to leads of persons.

        :param once: at most once in the life of a lead
        """
        if not self:
            return
        now = fields.Datetime.now()
        suffix = "" if once else f":{uuid4().hex}"
        self.env["marketing.touchpoint"]._capture(
            [
                {
                    "type": code,
                    "date": now,
                    "person_id": lead.marketing_person_id.id,
                    "res_model": "crm.lead",
                    "res_id": lead.id,
                    "company_id": lead.company_id.id,
                    "value": lead.expected_revenue if code == "won" else 0.0,
                    "data": lead._prepare_touchpoint_data(code),
                    "dedup_key": f"lead:{lead.id}:{code}{suffix}",
                }
                for lead in self.sudo()
                if lead.marketing_person_id
            ]
        )

    def _prepare_touchpoint_data(self, code):
        self.ensure_one()
        data = {"title": self.name}
        if code == "stage_moved":
            data["stage"] = self.stage_id.display_name
            data["stage_id"] = self.stage_id.id
            data["by"] = (
                SUPERUSER_ID
                if self.env.context.get("marketing_automated")
                else self.env.uid
            )
        elif code == "assigned":
            data["user"] = self.user_id.name
            data["user_id"] = self.user_id.id
        elif code == "lost" and self.lost_reason_id:
            data["reason"] = self.lost_reason_id.display_name
        return data

    # ------------------------------------------------------------------
    # MERGE
    # ------------------------------------------------------------------

    def _merge_opportunity(
        self, user_id=False, team_id=False, auto_unlink=True, max_length=5
    ):
        persons = self.sudo().marketing_person_id
        survivor = super()._merge_opportunity(
            user_id=user_id,
            team_id=team_id,
            auto_unlink=auto_unlink,
            max_length=max_length,
        )
        survivor.sudo()._merge_former_persons(persons)
        return survivor

    def _merge_dependences(self, opportunities):
        result = super()._merge_dependences(opportunities)
        self.env["marketing.handoff"].sudo()._merge_leads(self, opportunities)
        self.sudo()._move_touchpoint_records(opportunities)
        return result
