from odoo import api, models
from odoo.tools import SQL


class MarketingDeliveryPreview(models.TransientModel):
    """The preview says when each person would get the mail, as the plan would."""

    _inherit = "marketing.delivery.preview"

    @api.model
    def _check_waits(self, mailing):
        """Besides what holds mails back: the hours that the plan would choose."""
        result = super()._check_waits(mailing)
        deliveries = self._get_deliveries(mailing)
        moment = deliveries._get_sending_moment(mailing)
        self.env.cr.execute(
            SQL(
                """
                UPDATE marketing_delivery_preview preview
                   SET wait_reason = timing.wait_reason, wait_until = timing.due
                  FROM marketing_delivery_preview gated
                 CROSS JOIN LATERAL (%(timing)s) timing
                 WHERE gated.id = preview.id AND preview.outcome = 'planned'
                   AND preview.mailing_id = %(mailing)s
                   AND preview.create_uid = %(user)s
                   AND timing.wait_reason IS NOT NULL
                   AND (preview.wait_until IS NULL OR timing.due > preview.wait_until)
                """,
                timing=deliveries._get_planned_timing(mailing.sudo(), moment),
                mailing=mailing.id,
                user=self.env.uid,
            )
        )
        self.invalidate_model()
        return result
