from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .number_format import format_short

#: What a copy of a mailing keeps, also where its user does not see it.
HIDDEN_CHOICES = (
    "marketing_segment_ids",
    "marketing_excluded_segment_ids",
    "marketing_opportunity_stage_ids",
)


class MailingMailing(models.Model):
    """Whom a campaign leaves out, and which mailing goes first."""

    _inherit = "mailing.mailing"

    marketing_excluded_segment_ids = fields.Many2many(
        "marketing.segment",
        "mailing_mailing_excluded_segment_rel",
        "mailing_id",
        "segment_id",
        string="Except Segments",
        copy=False,
        groups="email_marketing_crm.group_marketing_user",
        help="Who is in one of these segments does not get the mailing, also when he "
        "enters it after the mailing was confirmed.",
    )
    marketing_priority = fields.Selection(
        [("0", "Low"), ("1", "Normal"), ("2", "High")],
        string="Sent First",
        required=True,
        default="1",
        help="When several mailings are due, or a person may get one of them only, "
        "the higher one goes first.",
    )
    marketing_is_transactional = fields.Boolean(
        "Transactional",
        tracking=True,
        help="A mail that people wait for or that you owe them, such as a "
        "confirmation. It goes before other mailings, and neither pauses nor limits of "
        "frequency, quiet hours or the holdout keep it back. Who stopped all mail "
        "does not get it either.",
    )
    marketing_holdout_percent = fields.Float(
        "Hold Out (%)",
        digits=(5, 2),
        help="This share of the persons does not get the mail, for you to compare. "
        "It is the same persons in each mailing of the campaign.",
    )
    marketing_is_once_per_campaign = fields.Boolean(
        "One Mail per Campaign",
        help="Leave out who got, or is about to get, another mailing of the same "
        "campaign, at whichever of his records.",
    )
    marketing_skips_opportunities = fields.Boolean(
        "Except Open Opportunities",
        help="Leave out persons with an opportunity that is neither won nor lost.",
    )
    marketing_opportunity_stage_ids = fields.Many2many(
        "crm.stage",
        "mailing_mailing_opportunity_stage_rel",
        "mailing_id",
        "stage_id",
        string="In the Stages",
        copy=False,
        groups="email_marketing_crm.group_marketing_user",
        help="Only opportunities in these stages count; without any, those of all.",
    )

    @api.constrains("marketing_holdout_percent")
    def _check_marketing_holdout_percent(self):
        for mailing in self:
            if not 0 <= mailing.marketing_holdout_percent <= 90:
                raise ValidationError(
                    self.env._(
                        "Between 0 and 90 percent of the persons can be held out of "
                        "“%s”.",
                        mailing.subject,
                    )
                )

    @api.constrains("marketing_is_once_per_campaign", "campaign_id")
    def _check_marketing_campaign(self):
        for mailing in self:
            if mailing.marketing_is_once_per_campaign and not mailing.campaign_id:
                raise ValidationError(
                    self.env._(
                        "“%s” is to be the only mail of its campaign, but has no "
                        "campaign. Choose one on the page Settings, or take the tick "
                        "out.",
                        mailing.subject,
                    )
                )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_total(self):
        """How many a mailing goes to, also for marketers who may not read leads."""
        chosen = self.filtered("mailing_model_real")
        (self - chosen).total = 0
        hidden = chosen.filtered(
            lambda mailing: not self.env[mailing.mailing_model_real].has_access("read")
        )
        result = super(MailingMailing, chosen - hidden)._compute_total()
        for mailing in hidden:
            mailing.total = mailing._origin._count_hidden_audience()
        return result

    def _count_hidden_audience(self):
        """How many of the records, which the user may not read, a saved mailing is for.

        Nothing that is not saved is counted: who types one domain after the other
        would read from the numbers what the records say.
        """
        if not self.mailing_model_real:
            return 0
        domain = self.env["marketing.delivery"]._get_audience_domain(self)
        total = self.env[self.mailing_model_real].sudo().search_count(domain)
        if total and self.ab_testing_enabled:
            return max(total * self.ab_testing_pc // 100, 1)
        return total

    def _get_holdout_scope(self):
        """What persons are held out of: the campaign, else the mailing."""
        self.ensure_one()
        if self.campaign_id:
            return f"campaign:{self.campaign_id._origin.id}"
        return f"mailing:{self._origin.id}"

    def _get_audience_segments(self):
        """Segments that decide who gets these mailings: in, out, and of complaints."""
        mailings = self.sudo()
        segments = (
            mailings.marketing_segment_ids | mailings.marketing_excluded_segment_ids
        )
        for mailing in mailings:
            company = mailing._get_compliance_company()
            segments |= company.marketing_complaint_segment_ids
        return segments

    def _copy_hidden_choices(self, copies, default):
        """Let copies have what users without the rights do not see and copy."""
        for mailing, copied in zip(self.sudo(), copies.sudo(), strict=True):
            values = {
                name: [fields.Command.set(mailing[name].ids)]
                for name in HIDDEN_CHOICES
                if name not in default and mailing[name]
            }
            if "marketing_segment_ids" in values:
                values["mailing_domain"] = mailing.mailing_domain
            if values:
                copied.write(values)

    # ------------------------------------------------------------------
    # IN WORDS
    # ------------------------------------------------------------------

    def _get_audience_explanation(self):
        """Whom the mailing is meant for, one sentence a line."""
        self.ensure_one()
        mailing = self.sudo()
        sentences = [
            self._explain_recipients(),
            self._explain_exceptions(),
            mailing.marketing_topic_id
            and self.env._(
                "Only who agreed to the topic “%s”.", mailing.marketing_topic_id.name
            ),
            mailing.marketing_is_once_per_campaign
            and self.env._(
                "Nobody who gets another mail of the campaign “%s”.",
                mailing.campaign_id.title or mailing.campaign_id.name,
            ),
            self._explain_opportunities(),
            mailing.marketing_holdout_percent
            and not mailing.marketing_is_transactional
            and self.env._(
                "%s %% of those who are left are held out to compare.",
                format_short(self.env, mailing.marketing_holdout_percent),
            ),
            mailing.marketing_is_transactional
            and self.env._(
                "It is transactional: pauses, limits of frequency and the holdout do "
                "not keep it back."
            ),
            not mailing.use_exclusion_list
            and self.env._(
                "The exclusion list is ignored: it reaches addresses that the company "
                "or Odoo blocked, and who asked for a pause, but nobody who stopped "
                "all mail himself."
            ),
        ]
        return "\n".join(sentence for sentence in sentences if sentence)

    def _explain_recipients(self):
        mailing = self.sudo()
        if mailing.marketing_resend_of_id:
            return self.env._(
                "Who got “%(first)s” and %(reaction)s. Who replied or unsubscribed "
                "since is left out, and opens by machines do not count.",
                first=mailing.marketing_resend_of_id.subject,
                reaction=dict(
                    self._fields["marketing_resend_kind"]._description_selection(
                        self.env
                    )
                ).get(mailing.marketing_resend_kind, ""),
            )
        if mailing.marketing_segment_ids:
            return self.env._(
                "Members of %s.", self._join_names(mailing.marketing_segment_ids)
            )
        if mailing.mailing_on_mailing_list:
            return self.env._(
                "Contacts of the mailing lists %s.",
                self._join_names(mailing.contact_list_ids),
            )
        return self.env._("The recipients chosen on the mailing.")

    def _explain_exceptions(self):
        segments = self.sudo().marketing_excluded_segment_ids
        if not segments:
            return ""
        return self.env._("Not who is in %s.", self._join_names(segments))

    def _explain_opportunities(self):
        mailing = self.sudo()
        if not mailing.marketing_skips_opportunities:
            return ""
        stages = mailing.marketing_opportunity_stage_ids
        if not stages:
            return self.env._("Not who has an open opportunity.")
        return self.env._(
            "Not who has an open opportunity in %s.", self._join_names(stages)
        )

    def _join_names(self, records):
        return ", ".join(f"“{record.display_name}”" for record in records)
