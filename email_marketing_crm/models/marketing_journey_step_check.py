from odoo import api, models
from odoo.tools import clean_context, is_html_empty


class MarketingJourneyStep(models.Model):
    """What a step needs to do its work: its mail, its tags, and nothing missing."""

    _inherit = "marketing.journey.step"

    def _create_mailings(self):
        """Give each mail step a mailing of its own."""
        steps = self.filtered(lambda step: step.kind == "mail" and not step.mailing_id)
        if not steps:
            return
        # The defaults of a new step are none of a new mailing.
        env = self.env(context=clean_context(self.env.context))
        mailings = env["mailing.mailing"]._begin(
            [step._prepare_mailing_values() for step in steps]
        )
        for step, mailing in zip(steps, mailings, strict=True):
            step.mailing_id = mailing

    def _prepare_mailing_values(self):
        journey = self.journey_id
        return {
            "subject": self.name or journey.name,
            "marketing_kind": "journey",
            "mailing_type": "mail",
            "mailing_model_id": self.env["ir.model"]._get_id(journey.res_model),
            "user_id": journey.user_id.id,
        }

    @api.model
    def _discard_mailings(self, mailings):
        """Delete mails of removed steps, but those that went out to somebody."""
        mailings = mailings.exists().sudo()
        used = (
            mailings.filtered(lambda mailing: mailing.mailing_trace_ids)
            | self.sudo().search([("mailing_id", "in", mailings.ids)]).mailing_id
        )
        (mailings - used).unlink()

    @api.model
    def _get_tag_fields(self):
        """`{model: (field of the step, field of the record)}` where there are tags."""
        return {
            "res.partner": ("category_ids", "category_id"),
            "mailing.contact": ("category_ids", "tag_ids"),
            "crm.lead": ("lead_tag_ids", "tag_ids"),
        }

    def _get_tags(self):
        step_field, _record_field = self._get_tag_fields().get(
            self.res_model, ("category_ids", None)
        )
        return self[step_field]

    # ------------------------------------------------------------------
    # CHECK
    # ------------------------------------------------------------------

    def _get_problems(self):
        """Sentences that say why this step could not be carried out."""
        self.ensure_one()
        check = getattr(self, f"_get_{self.kind}_problem", None)
        problem = check() if check else None
        return [problem] if problem else []

    def _get_mail_problem(self):
        mailing = self.mailing_id.sudo()
        if mailing.mailing_model_real != self.res_model:
            return self.env._(
                "“%s” is written for another kind of record than the segment has. "
                "Remove the step and add it again.",
                self.display_name,
            )
        if not mailing.subject or is_html_empty(mailing.body_html):
            return self.env._(
                "“%s” has no content yet: open the mail and write it.",
                self.display_name,
            )
        return None

    def _get_wait_event_problem(self):
        if not self.event_type_id:
            return self.env._(
                "“%s” does not say which event it waits for.", self.display_name
            )
        if self.event_source == "mail" and not self.mail_step_id:
            return self.env._(
                "“%s” waits for an event caused by a mail, but no mail comes before "
                "it. Add a mail, or let the event count whatever caused it.",
                self.display_name,
            )
        return None

    def _get_tag_problem(self):
        if self.res_model not in self._get_tag_fields():
            return self.env._(
                "“%s” cannot be done: records of this segment have no tags.",
                self.display_name,
            )
        if not self._get_tags():
            return self.env._("“%s” does not say which tags.", self.display_name)
        return None

    def _get_handoff_problem(self):
        company = self.journey_id.company_id or self.journey_id.user_id.company_id
        policies = self.env["marketing.handoff.policy"].with_company(company)
        if not self.policy_id and not policies._get_default():
            return self.env._(
                "“%(step)s” has no hand-off policy, and %(company)s has none either. "
                "Create one under Scoring & Hand-off.",
                step=self.display_name,
                company=company.name,
            )
        return None
