from odoo import fields, models


class MailActivity(models.Model):
    _inherit = "mail.activity"

    def _action_done(self, feedback=False, attachment_ids=None):
        self._capture_done()
        return super()._action_done(feedback=feedback, attachment_ids=attachment_ids)

    def _capture_done(self):
        """Record activities that were done on records of persons."""
        now = fields.Datetime.now()
        values_list = []
        person_models = self.env["marketing.person"]._get_record_models()
        for model, activities in self.sudo().grouped("res_model").items():
            if model not in person_models:
                continue
            records = self.env[model].sudo().browse(activities.mapped("res_id"))
            emails = {record.id: record.email_normalized for record in records.exists()}
            values_list += [
                {
                    "type": "activity_done",
                    "date": now,
                    "email": emails[activity.res_id],
                    "res_model": model,
                    "res_id": activity.res_id,
                    "data": {
                        "title": activity.summary or activity.activity_type_id.name,
                        "user": activity.user_id.name,
                        "by": self.env.uid,
                    },
                    "dedup_key": f"activity:{activity.id}:done",
                }
                for activity in activities
                if emails.get(activity.res_id)
            ]
        self.env["marketing.touchpoint"]._capture(values_list)
