from odoo import fields, models

#: What customers are asked. Other add-ons ask applicants and employees, which is no
#: business of marketing.
MARKETING_TYPES = ("survey", "live_session", "assessment", "custom")


class SurveySurvey(models.Model):
    _inherit = "survey.survey"

    marketing_is_recorded = fields.Boolean(
        "Answers in Marketing History",
        default=True,
        help="Who finishes the survey has his answers in his marketing history, for "
        "segments, scores and journeys. Switch it off where people were promised to "
        "stay anonymous.",
    )

    def _is_for_marketing(self):
        self.ensure_one()
        return self.marketing_is_recorded and self.survey_type in MARKETING_TYPES
