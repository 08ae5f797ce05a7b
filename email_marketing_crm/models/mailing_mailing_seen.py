from odoo import models
from odoo.exceptions import AccessError, UserError

from .mailing_mailing_content import VARIANT


class MailingMailing(models.Model):
    """The mail as one person gets it: in previews, tests and the browser."""

    _inherit = "mailing.mailing"

    def _get_sample_records(self, limit=1, after=0):
        """Records the mailing goes to, for a preview: some of them, by id.

        None for who may not read such records: the mail may show what stands in them.
        """
        self.ensure_one()
        model = self.env[self.mailing_model_real]
        if not model.has_access("read"):
            return model
        domain = [*self._get_recipients_domain(), ("id", ">", after)]
        return model.search(domain, limit=limit, order="id") or model.search(
            [("id", ">", after)], limit=limit, order="id"
        )

    def _get_seen_content(self, res_id):
        """The content a record got, where it has a mail; else the one it would get."""
        self.ensure_one()
        delivery = (
            self.env["marketing.delivery"]
            .sudo()
            .search(
                [("mailing_id", "=", self.id), ("res_id", "=", res_id)],
                order="composed_date desc, id desc",
                limit=1,
            )
        )
        if delivery.composed_date and delivery.variant:
            return self._get_variant_content(delivery.variant)
        [(content, _part)] = self._split_by_content({res_id: delivery.id or False})
        return content

    def _prepare_mail_as_seen_by(self, record, content=None):
        """Values of the mail to a record, as the composer writes it; nothing is sent.

        Links are not replaced by tracked ones, and lead to nobody's own pages.

        :param content: the one it gets; without one what it got, or would get
        :returns: values of mail.mail, and `marketing_variant`
        """
        self.ensure_one()
        mailing = self.sudo()
        if content is None:
            content = mailing._get_seen_content(record.id)
        composer = mailing._create_delivery_composer(content, {record.id: False}, {})
        composer.attachment_ids = False
        composer = composer.with_context(post_convert_links=False)
        values = composer._prepare_mail_values([record.id])[record.id]
        composer.unlink()
        return values | {VARIANT: content.get(VARIANT, {})}

    def _render_field(self, field, res_ids, *args, **kwargs):
        """The page in the browser shows the body that its reader got."""
        if (
            field != "body_html"
            or not self.env.context.get("marketing_view")
            or len(res_ids) != 1
            or not res_ids[0]
        ):
            return super()._render_field(field, res_ids, *args, **kwargs)
        content = self._get_seen_content(res_ids[0])
        if not content:
            return super()._render_field(field, res_ids, *args, **kwargs)
        lang = self._get_content_lang(content)
        mailing = self.with_context(lang=lang) if lang else self
        shown = mailing.new({"body_html": self._get_body(content)}, origin=mailing)
        return super(MailingMailing, shown)._render_field(
            field, res_ids, *args, **kwargs
        )

    def _check_seen(self):
        """Refuse to show the mail to a record with words for who may not read it."""
        self.ensure_one()
        if self.env[self.mailing_model_real].has_access("read"):
            return
        raise AccessError(
            self.env._(
                "“%(mailing)s” goes to records that you may not read (%(model)s), and "
                "the mail may show what stands in them. Ask a colleague who may read "
                "them to look at it, or an administrator for the right. “Show Plan” "
                "tells how many get it, and “Check” what is wrong with it.",
                mailing=self.subject,
                model=self.sudo().mailing_model_id.name,
            )
        )

    def action_preview(self):
        """See the mail as one of its persons gets it."""
        self.ensure_one()
        self._check_seen()
        record = self._get_sample_records()
        if not record:
            raise UserError(
                self.env._(
                    "There is nobody to show the mail for. Choose other recipients, or "
                    "add one."
                )
            )
        preview = self.env["marketing.mail.preview"].create(
            {"mailing_id": self.id, "res_id": record.id}
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Preview: %s", self.subject),
            "res_model": preview._name,
            "res_id": preview.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }
