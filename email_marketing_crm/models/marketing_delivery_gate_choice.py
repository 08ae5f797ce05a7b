"""Gates that a marketer chooses: whom a mailing leaves out though he may be mailed."""

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.holdout import PLACES, get_limit


class MarketingDelivery(models.Model):
    """Whom a mailing leaves out because its marketer, or the company, says so.

    Segments out, other mailings of the campaign, open opportunities and open
    complaints are asked when the audience is frozen and again when a mail is composed;
    a complaint is asked right before SMTP as well, the others too where the mail had
    to wait since it was composed (`mail_mail_waited.py`). The holdout is drawn once,
    from those whom nothing else kept from the mail: a group to compare with must be
    like the one that gets it, and must not change any more.
    """

    _inherit = "marketing.delivery"

    reason = fields.Selection(
        selection_add=[
            ("excluded_segment", "In a segment that is left out"),
            ("complaint_open", "Has an open complaint"),
            ("open_opportunity", "Has an open opportunity"),
            ("campaign_mailed", "Gets another mail of the campaign"),
            ("holdout", "Held out to compare"),
        ]
    )

    @api.model
    def _gate_excluded_segment(self, mailing):
        return self._is_member(mailing.sudo().marketing_excluded_segment_ids)

    @api.model
    def _gate_complaint_open(self, mailing):
        """In a segment of open complaints, or with an open lead tagged as one.

        The company says in its settings what an open complaint is: Odoo Community has
        no help desk of its own. Who reported a mail as spam is `suppressed`.
        """
        company = mailing._get_compliance_company().sudo()
        if mailing.marketing_is_transactional:
            return SQL("FALSE")
        conditions = [self._is_member(company.marketing_complaint_segment_ids)]
        tags = company.marketing_complaint_tag_ids
        if tags:
            self.env["crm.lead"].flush_model(["tag_ids"])
            conditions.append(
                self._has_open_lead(
                    company,
                    SQL(
                        "EXISTS (SELECT FROM crm_tag_rel tagged"
                        " WHERE tagged.lead_id = lead.id AND tagged.tag_id = ANY(%s))",
                        tags.ids,
                    ),
                )
            )
        return SQL(" OR ").join(conditions)

    @api.model
    def _gate_open_opportunity(self, mailing):
        """Salespeople talk to them: a mailing must not get between."""
        if not mailing.marketing_skips_opportunities:
            return SQL("FALSE")
        condition = SQL("lead.type = 'opportunity'")
        stages = mailing.sudo().marketing_opportunity_stage_ids
        if stages:
            condition = SQL("%s AND lead.stage_id = ANY(%s)", condition, stages.ids)
        return self._has_open_lead(mailing._get_compliance_company(), condition)

    @api.model
    def _gate_campaign_mailed(self, mailing):
        """Another mailing of the campaign went, or is about to go, to the person.

        Of two that are planned both, the one that was planned first is sent. What
        Odoo's queue sends, or left before there were deliveries, is known by its
        traces.
        """
        if not mailing.marketing_is_once_per_campaign or not mailing.campaign_id:
            return SQL("FALSE")
        others = (
            self.env["mailing.mailing"]
            .sudo()
            .with_context(active_test=False)
            .search(
                [
                    ("campaign_id", "=", mailing.campaign_id.id),
                    (
                        "id",
                        "not in",
                        (mailing | mailing._get_first_mailings())._origin.ids,
                    ),
                ]
            )
        )
        if not others:
            return SQL("FALSE")
        theirs = SQL("other.mailing_id = ANY(%s)", others.ids)
        return SQL(
            """
            %(same_person)s OR %(same_address)s
            OR EXISTS (SELECT FROM mailing_trace trace
                        WHERE trace.mass_mailing_id = ANY(%(others)s)
                          AND trace.email = candidate.email
                          AND trace.is_test_trace IS NOT TRUE
                          AND trace.trace_status NOT IN ('cancel', 'error')
                          AND (trace.trace_status <> 'outgoing'
                               OR trace.mass_mailing_id = ANY(%(queued)s)))
            """,
            same_person=self._is_preceded(
                SQL("%s AND other.person_id = candidate.person_id", theirs)
            ),
            same_address=self._is_preceded(
                SQL("%s AND other.email = candidate.email", theirs)
            ),
            others=others.ids,
            queued=others.filtered(lambda other: not other.marketing_kind).ids,
        )

    @api.model
    def _gate_holdout(self, mailing):
        """A share of the persons, always the same ones: see `tools/holdout.py`."""
        limit = get_limit(mailing.marketing_holdout_percent)
        if not limit or mailing.marketing_is_transactional:
            return SQL("FALSE")
        return SQL(
            "mod(('x' || left(encode(sha256(convert_to(%s || candidate.email, 'UTF8')),"
            " 'hex'), 8))::bit(32)::bigint, %s) < %s",
            f"holdout:{mailing._get_holdout_scope()}:",
            PLACES,
            limit,
        )

    # ------------------------------------------------------------------
    # TOOLS
    # ------------------------------------------------------------------

    @api.model
    def _is_member(self, segments):
        """SQL: the person of the record, or the one of the address, is in a segment."""
        if not segments:
            return SQL("FALSE")
        return self._has_person(
            SQL(
                "EXISTS (SELECT FROM marketing_segment_member"
                " WHERE marketing_segment_member.person_id = person.id"
                " AND marketing_segment_member.segment_id = ANY(%s) AND %s)",
                segments.ids,
                self.env["marketing.segment.member"]._get_member_condition(),
            )
        )

    @api.model
    def _has_open_lead(self, company, condition):
        """SQL: a lead that is neither won nor lost, by its address or its customer.

        :param company: leads of this company and of none
        :param condition: SQL about `lead`
        """
        is_open = SQL(
            "lead.active AND COALESCE(lead.won_status, 'pending') = 'pending'"
            " AND (lead.company_id IS NULL OR lead.company_id = %s) AND %s",
            company.id,
            condition,
        )
        return SQL(
            "%s OR %s",
            self._has_person(
                SQL(
                    "EXISTS (SELECT FROM crm_lead lead"
                    " WHERE lead.marketing_person_id = person.id AND %s)",
                    is_open,
                )
            ),
            self._has_person(
                SQL(
                    "EXISTS (SELECT FROM crm_lead lead"
                    " JOIN res_partner customer ON customer.id = lead.partner_id"
                    " WHERE customer.marketing_person_id = person.id AND %s)",
                    is_open,
                )
            ),
        )
