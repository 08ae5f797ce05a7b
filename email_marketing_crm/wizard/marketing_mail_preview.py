from odoo import api, fields, models
from odoo.tools.mail import html2plaintext

from ..models.mailing_mailing_content import VARIANT


class MarketingMailPreview(models.TransientModel):
    """A mailing as one person gets it: which text, from whom, with which blocks."""

    _name = "marketing.mail.preview"
    _description = "Preview of a Mail"

    mailing_id = fields.Many2one(
        "mailing.mailing", required=True, readonly=True, ondelete="cascade"
    )
    res_model = fields.Char(related="mailing_id.mailing_model_real")
    res_id = fields.Many2oneReference("Seen By", model_field="res_model", required=True)
    # what he gets
    subject = fields.Char(compute="_compute_mail")
    email_from = fields.Char("From", compute="_compute_mail")
    reply_to = fields.Char("Replies To", compute="_compute_mail")
    body = fields.Html(compute="_compute_mail", sanitize=False)
    text = fields.Text(
        compute="_compute_mail", help="What mail programs without HTML show."
    )
    lang_name = fields.Char("In", compute="_compute_mail")
    condition_ids = fields.Many2many(
        "marketing.content.condition",
        compute="_compute_mail",
        string="Meets",
        help="Conditions of blocks in this mail that the person meets.",
    )
    note = fields.Char(compute="_compute_mail")
    size_kb = fields.Float("Size (KB)", compute="_compute_mail", digits=(16, 1))

    @api.depends("mailing_id", "res_id")
    def _compute_mail(self):
        names = dict(self.env["res.lang"].get_installed())
        problems = self.env["marketing.delivery"]._get_sender_problems()
        for preview in self:
            record = preview._get_record()
            values = (
                preview.mailing_id._prepare_mail_as_seen_by(record) if record else {}
            )
            variant = values.get(VARIANT, {})
            body = values.get("body_html") or ""
            preview.subject = values.get("subject")
            preview.email_from = values.get("email_from")
            preview.reply_to = values.get("reply_to")
            preview.body = body
            preview.text = html2plaintext(body)
            preview.size_kb = len(str(body).encode()) / 1024
            preview.lang_name = names.get(variant.get("lang"))
            preview.condition_ids = (
                self.env["marketing.content.condition"]
                .browse(variant.get("conditions", []))
                .exists()
            )
            preview.note = problems.get(variant.get("sender_problem"))

    def _get_record(self):
        """Who it is shown for; one that the user may see."""
        self.ensure_one()
        if not self.res_id:
            return None
        record = self.env[self.res_model].browse(self.res_id).exists()
        record.check_access("read")
        return record

    def action_next(self):
        """Show it for the next of its persons, and begin again after the last."""
        self.ensure_one()
        record = self.mailing_id._get_sample_records(after=self.res_id)
        self.res_id = (record or self.mailing_id._get_sample_records()).id
        return self._reopen()

    def action_test(self):
        """Send exactly this to oneself or to colleagues."""
        self.ensure_one()
        action = self.mailing_id.action_test()
        action["context"] = {
            **dict(action.get("context") or {}),
            "default_mass_mailing_id": self.mailing_id.id,
            "default_res_id": self.res_id,
        }
        return action

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Preview: %s", self.mailing_id.subject),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }
