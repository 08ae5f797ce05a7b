from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import email_split


class MailingMailingTest(models.TransientModel):
    """A test is the mail as a person gets it: his language, blocks and sender."""

    _inherit = "mailing.mailing.test"

    res_model = fields.Char(related="mass_mailing_id.mailing_model_real")
    res_id = fields.Many2oneReference(
        "Seen By",
        model_field="res_model",
        compute="_compute_res_id",
        compute_sudo=False,
        store=True,
        readonly=False,
        help="The test is the mail as this record gets it.",
    )

    @api.depends("mass_mailing_id")
    def _compute_res_id(self):
        for test in self:
            if test.mass_mailing_id and not test.res_id:
                test.res_id = test.mass_mailing_id._get_sample_records().id

    def send_mail_test(self):
        self.ensure_one()
        self.mass_mailing_id._check_seen()
        record = self.res_id and self.env[self.res_model].browse(self.res_id).exists()
        if not record:
            return super().send_mail_test()
        record.check_access("read")
        values = self.mass_mailing_id._prepare_mail_as_seen_by(record)
        good, bad = self._read_addresses()
        mails = self._create_test_mails(values, record, good)
        mails.with_context(mailing_test_mail=True).send()
        self._log_tests(mails, bad)
        mails.unlink()
        return True

    def _read_addresses(self):
        """`(addresses, lines that are none)` of what was typed in."""
        good, bad = [], []
        for line in (self.email_to or "").splitlines():
            found = email_split(line)
            if found:
                good.append(found[0])
            elif line.strip():
                bad.append(line)
        return good, bad

    def _create_test_mails(self, values, record, addresses):
        mailing = self.mass_mailing_id
        return (
            self.env["mail.mail"]
            .sudo()
            .create(
                [
                    {
                        "subject": self.env._("[TEST] %s", values["subject"]),
                        "body_html": values["body_html"],
                        "email_from": values["email_from"],
                        "reply_to": values.get("reply_to"),
                        "email_to": address,
                        "is_notification": True,
                        "mailing_id": mailing.id,
                        "attachment_ids": [
                            fields.Command.link(attachment.id)
                            for attachment in mailing.attachment_ids
                        ],
                        # read for the log, then deleted
                        "auto_delete": False,
                        "mail_server_id": mailing.mail_server_id.id,
                        "model": record._name,
                        "res_id": record.id,
                    }
                    for address in addresses
                ]
            )
        )

    def _log_tests(self, mails, bad):
        """Say in the chatter of the mailing what became of the tests."""
        lines = [
            self.env._("These are no addresses: %s", ", ".join(bad)),
        ] * bool(bad)
        for mail in mails:
            if mail.state == "sent":
                lines.append(self.env._("A test was sent to %s.", mail.email_to))
            elif mail.state == "exception":
                lines.append(
                    self.env._(
                        "A test could not be sent to %(address)s: %(reason)s",
                        address=mail.email_to,
                        reason=mail.failure_reason,
                    )
                )
        if lines:
            items = Markup().join(Markup("<li>%s</li>") % line for line in lines)
            self.mass_mailing_id._message_log(body=Markup("<ul>%s</ul>") % items)
