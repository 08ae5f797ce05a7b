"""How a mailing that is driven by deliveries is sent and composed."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .mailing_mailing import SENDING_STATES


class MailingMailing(models.Model):
    _inherit = "mailing.mailing"

    # ------------------------------------------------------------------
    # SENDING
    # ------------------------------------------------------------------

    @api.model
    def _process_mass_mailing_queue(self):
        return super(
            MailingMailing, self.with_context(marketing_stock_queue=True)
        )._process_mass_mailing_queue()

    def action_put_in_queue(self):
        result = super().action_put_in_queue()
        self.filtered(
            lambda mailing: mailing.marketing_kind == "campaign"
        )._confirm_audience()
        return result

    def _action_send_mail(self, res_ids=None):
        """A mailing of ours is never sent past its plan, whoever asks for it."""
        driven = self.filtered("marketing_kind")
        for mailing in driven:
            if mailing.marketing_kind == "journey":
                raise UserError(
                    self.env._(
                        "“%s” belongs to a journey, which sends it.", mailing.subject
                    )
                )
            mailing.action_launch()
        if self - driven:
            return super(MailingMailing, self - driven)._action_send_mail(res_ids)
        return True

    def _confirm_audience(self):
        """Freeze who gets each campaign, and who does not; a worker does large ones."""
        self.check_access("write")
        jobs = self.env["marketing.job"]
        now = fields.Datetime.now()
        for mailing in self.sudo():
            if jobs._is_for_worker(mailing):
                jobs._add("plan", mailing)
                continue
            due = max(mailing.schedule_date or now, now)
            mailing._refresh_segments()
            self.env["marketing.delivery"].sudo()._plan_audience(mailing, due)
            mailing._finish_plan(due)

    def _refresh_segments(self):
        """Bring the members up to date; an error says what is wrong with a segment."""
        for segment in self._get_audience_segments():
            segment._refresh()

    def _reopen_sending(self):
        """Mails of these mailings leave again, or from now on."""
        self.filtered(lambda mailing: mailing.state not in SENDING_STATES).write(
            {"state": "sending"}
        )

    @api.model
    def _update_campaign_states(self):
        """Follow the deliveries: sending once some were composed, done once none waits.

        Only one lane does this, so that lanes never meet on a mailing.
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT mailing.id, mailing.state,
                       EXISTS (SELECT FROM marketing_delivery delivery
                                WHERE delivery.mailing_id = mailing.id
                                  AND delivery.state IN
                                      ('planned', 'composed', 'sending')) AS waiting,
                       EXISTS (SELECT FROM marketing_delivery delivery
                                WHERE delivery.mailing_id = mailing.id
                                  AND delivery.state IN ('composed', 'sending', 'sent',
                                                         'failed', 'unknown')) AS begun
                  FROM mailing_mailing mailing
                 WHERE mailing.marketing_kind = 'campaign' AND mailing.state = ANY(%s)
                   AND (mailing.schedule_date IS NULL OR mailing.schedule_date <= %s
                        OR mailing.marketing_hold = 'stopped')
                   AND %s
                """,
                list(SENDING_STATES),
                fields.Datetime.now(),
                self.env["marketing.job"]._get_free_mailings(),
            )
        )
        done = self.browse([row[0] for row in rows if not row[2]])
        for mailing in done:
            mailing.write(
                {
                    "state": "done",
                    "sent_date": fields.Datetime.now(),
                    "kpi_mail_required": not mailing.sent_date,
                }
            )
        begun = [row[0] for row in rows if row[1] == "in_queue" and row[2] and row[3]]
        self.browse(begun).write({"state": "sending"})

    # ------------------------------------------------------------------
    # COMPOSING
    # ------------------------------------------------------------------

    def _split_by_content(self, deliveries):
        """Who of a batch gets which text: `[(content, deliveries)]`.

        `content` holds the values of the composer that differ from the mailing's own
        (subject, body, sender, language …); it is the same for all of its part. Each
        kind of variant splits the parts that `super()` returns.

        :param deliveries: `{record id: delivery id}`
        """
        self.ensure_one()
        return [({}, deliveries)]

    def _create_delivery_composer(self, content, deliveries, left_out):
        """The composer for a batch, with what Odoo's own sending gives it.

        :param content: values that differ from the mailing's own
        :param deliveries: `{record id: delivery id}`
        :param left_out: filled with `{record id: failure type}` of who gets no mail
        """
        self.ensure_one()
        responsible = self.user_id or self.write_uid or self.env.user
        mailing = self.with_context(
            **self.env["res.users"].with_user(responsible).context_get()
        )
        return (
            self.env["mail.compose.message"]
            .with_context(
                **{
                    key: mailing.env.context[key]
                    for key in ("lang", "tz")
                    if key in mailing.env.context
                },
                active_ids=list(deliveries),
                default_composition_mode="mass_mail",
                marketing_deliveries=deliveries,
                marketing_left_out=left_out,
                marketing_memo={},
                **mailing._get_mass_mailing_context(),
            )
            .create(mailing._prepare_composer_values() | content)
        )

    def _prepare_composer_values(self):
        """What `_action_send_mail` of Odoo gives its composer; sent by the lanes."""
        self.ensure_one()
        values = {
            "auto_delete": not self.keep_archives,
            "auto_delete_keep_log": self.reply_to_mode == "update",
            "author_id": self.user_id.partner_id.id or self.env.user.partner_id.id,
            "attachment_ids": [
                fields.Command.link(attachment.id) for attachment in self.attachment_ids
            ],
            "body": self._prepend_preview(self.body_html or "", self.preview),
            "composition_mode": "mass_mail",
            "email_from": self.email_from,
            "force_send": False,
            "mail_server_id": self.mail_server_id.id,
            "mailing_list_ids": [
                fields.Command.link(mailing_list.id)
                for mailing_list in self.contact_list_ids
            ],
            "mass_mailing_id": self.id,
            "model": self.mailing_model_real,
            "reply_to_force_new": self.reply_to_mode == "new",
            "subject": self.subject,
            "template_id": False,
            "use_exclusion_list": self.use_exclusion_list,
        }
        if self.reply_to_mode == "new":
            values["reply_to"] = self.reply_to
        return values

    def _get_seen_list(self):
        """Our plan knows who got the mailing, visits of a journey included."""
        if self.env.context.get("marketing_deliveries"):
            return set()
        return super()._get_seen_list()

    def _get_opt_out_list(self):
        """Who left the lists was taken out by the gate a moment ago, for the batch."""
        if (
            self.env.context.get("marketing_deliveries")
            and self.mailing_on_mailing_list
        ):
            return set()
        return super()._get_opt_out_list()
