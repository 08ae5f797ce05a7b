from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from .mailing_mailing import SENDING_STATES

#: What a check looks at: a change of any of these on the way asks for a new one.
CHECKED_FIELDS = frozenset(
    {
        "subject",
        "preview",
        "body_html",
        "email_from",
        "reply_to",
        "reply_to_mode",
        "user_id",
        "mail_server_id",
        "mailing_model_id",
        "mailing_domain",
        "mailing_filter_id",
        "contact_list_ids",
        "marketing_segment_ids",
        "marketing_topic_id",
        "marketing_renews_consent",
        "marketing_lang_id",
        "marketing_sender_kind",
        "marketing_translation_ids",
        "marketing_ab_test_ids",
        "marketing_goal",
        "marketing_goal_target",
        "campaign_id",
    }
)


class MailingMailing(models.Model):
    """A mailing on its way waits for its check, and stays where that stops it.

    `marketing_hold` is `check` as long as the last check is not done, has found what
    stops the mailing, or is about what it was before it was changed. Nothing leaves,
    of Odoo's own queue neither. The worker of checks looks at changed mailings again
    and releases what may leave; a manager releases it with a reason. A mailing that
    never was checked is not held.
    """

    _inherit = "mailing.mailing"

    marketing_check_problem = fields.Selection(
        [
            ("running", "Not done yet"),
            ("block", "Something stops it"),
            ("unfinished", "Broken or stopped"),
        ],
        "Held Because",
        compute="_compute_marketing_check_problem",
    )

    # Serves the worker, which asks for what it may release.
    _marketing_check_held = models.Index("(id) WHERE marketing_hold = 'check'")

    @api.depends("marketing_hold", "marketing_check_result")
    def _compute_marketing_check_problem(self):
        for mailing in self:
            result = mailing.marketing_check_result
            mailing.marketing_check_problem = (
                False
                if mailing.marketing_hold != "check"
                else result
                if result in ("block", "unfinished")
                else "running"
            )

    # ------------------------------------------------------------------
    # HOLD
    # ------------------------------------------------------------------

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & CHECKED_FIELDS:
            self._hold_changed()
        return result

    def _follow_changes(self):
        """Another text of the mailing was changed: it is as if its own was."""
        self._withdraw_changed_approvals()
        self._hold_changed()

    def _hold_changed(self):
        """What is on its way was changed: it waits until it was looked at again."""
        self.filtered(lambda mailing: mailing.state in SENDING_STATES)._hold_unchecked()

    def _hold_unchecked(self):
        """Hold those of these mailings that their last check does not let leave."""
        mailings = self.sudo()
        last = mailings._get_last_checks()
        held = mailings.filtered(
            lambda mailing: (
                mailing.marketing_hold in (False, "check")
                and mailing.id in last
                and not last[mailing.id]._is_cleared()
            )
        )
        if not held:
            return
        # Written where it is so already, too: the worker that releases the mailing at
        # this moment, by what it was before, has to meet this.
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE mailing_mailing SET marketing_hold = 'check'"
                " WHERE id = ANY(%s)",
                held.ids,
            )
        )
        held.invalidate_recordset(["marketing_hold"])
        self.env["marketing.lane"]._wake("check")

    def _release_checked(self):
        """The check lets them go."""
        self.sudo().marketing_hold = False
        self.env["marketing.delivery"].sudo()._wake_lanes()

    # ------------------------------------------------------------------
    # WORKER
    # ------------------------------------------------------------------

    @api.model
    def _settle_held(self):
        """Look at what waits for its check: release it, say why not, or check it again.

        :returns: mailings something was done with, and those that wait for a new check,
            which is begun for one of them
        """
        held = self.sudo().with_context(active_test=False)
        held = held.search([("marketing_hold", "=", "check")], order="id")
        last = held._get_last_checks()
        changed = self.browse()
        settled = 0
        for mailing in held:
            check = last.get(mailing.id)
            if not check or check._is_outdated():
                changed += mailing
            elif check._is_cleared():
                mailing._release_checked()
                settled += 1
            elif check.state != "running" and not check.is_told:
                mailing._tell_held(check)
                settled += 1
        for mailing in changed[:1]:
            mailing._check_held()
            settled += 1
        return settled, len(changed)

    def _check_held(self):
        """Check a mailing that was changed, in the name of its responsible."""
        self.ensure_one()
        user = self.user_id or self.write_uid
        mailing = self.with_user(user).with_context(lang=user.lang)
        mailing.env["marketing.mailing.check"]._check_safely(mailing)

    def _tell_held(self, check):
        """Write down why a mailing does not leave; who launched it is told."""
        self.ensure_one()
        self = self.with_context(lang=(self.user_id or check.user_id).lang)
        check.is_told = True
        findings = check._get_open_blocks()
        body = (
            self.env._(
                "The mailing is held: the check found what stops it. %s",
                "; ".join(findings.mapped("message")),
            )
            if findings
            else self.env._(
                "The mailing is held: its check broke or was stopped. Check it again."
            )
        )
        users = (check.user_id | self.user_id).filtered(
            lambda user: user.active and user != self.env.ref("base.user_root")
        )
        self.message_post(body=body, partner_ids=users.partner_id.ids)

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_put_in_queue(self):
        checked = self.filtered(lambda mailing: mailing._is_checked_at_launch())
        result = super().action_put_in_queue()
        checked.filtered(
            lambda mailing: mailing.state in SENDING_STATES
        )._hold_unchecked()
        return result

    def action_marketing_resume(self):
        """Looked at again, where it was changed while it was paused."""
        result = super().action_marketing_resume()
        last = self.sudo()._get_last_checks()
        for mailing in self:
            if mailing.id in last and last[mailing.id]._is_outdated():
                mailing._get_fresh_check()
        self._hold_unchecked()
        return result

    def action_cancel(self):
        result = super().action_cancel()
        self.sudo().filtered(
            lambda mailing: mailing.marketing_hold == "check"
        ).marketing_hold = False
        return result

    def action_decide_check(self):
        """Ask a manager whether a mailing that is held leaves all the same."""
        self.ensure_one()
        if self.marketing_hold != "check":
            raise UserError(self.env._("“%s” is not held any more.", self.subject))
        check = self.sudo()._get_last_checks().get(self.id)
        if not check or check._is_outdated():
            check = self._get_fresh_check()
        return self.env["marketing.mailing.check.launch"]._open_for(check, mailing=self)

    def _release_decided(self):
        """A manager's decision is about what the check has seen, and nothing else."""
        self.ensure_one()
        check = self.sudo()._get_last_checks().get(self.id)
        if not check or not check._is_cleared():
            raise UserError(
                self.env._(
                    "“%s” was changed or checked again meanwhile. Look at what was "
                    "found now before you decide.",
                    self.subject,
                )
            )
        self._release_checked()

    def _reopen_sending(self):
        """Mails leave again: of journeys for the first time, or what has failed."""
        closed = self.filtered(lambda mailing: mailing.state not in SENDING_STATES)
        result = super()._reopen_sending()
        closed._hold_unchecked()
        return result

    @api.model
    def _search(self, domain, *args, **kwargs):
        """Keep Odoo's queue away from what waits for its check."""
        if self.env.context.get("marketing_stock_queue"):
            domain = Domain(domain) & (
                Domain("marketing_hold", "!=", "check")
                | Domain("state", "not in", SENDING_STATES)
            )
        return super()._search(domain, *args, **kwargs)
