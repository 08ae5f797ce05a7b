from string import ascii_uppercase

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.mail import email_domain_extract

from ..tools.ab_test import Arm
from .marketing_ab_test import VARIED_FIELDS


class MarketingAbArm(models.Model):
    """A version of a mailing in an A/B test.

    What it leaves empty is as in the mailing; the first version usually leaves
    everything empty. Written by marketers as long as the test is a draft. The figures
    of the moment of the decision stay (`decided_…`); the others go on.
    """

    _name = "marketing.ab.arm"
    _description = "Version of an A/B Test"
    _inherit = ["marketing.mailing.text"]
    _order = "test_id, sequence, id"

    test_id = fields.Many2one(
        "marketing.ab.test", required=True, ondelete="cascade", index=True
    )
    mailing_id = fields.Many2one(related="test_id.mailing_id")
    sequence = fields.Integer(default=10)
    name = fields.Char("Version", compute="_compute_name")
    varies = fields.Selection(related="test_id.varies")
    test_state = fields.Selection(related="test_id.state")
    # what differs
    subject = fields.Char(help="Empty: the subject of the mailing.")
    preview = fields.Char("Preview Text", help="Empty: the preview of the mailing.")
    email_from = fields.Char("Send From", help="Empty: the sender of the mailing.")
    hour = fields.Float(
        help="Hour of the day, in the zone of the mailing's responsible. The mails of "
        "this version leave when it is that late the next time."
    )
    summary = fields.Char(
        "It Says",
        compute="_compute_summary",
        help="Subject or sender as people got it, from the mailing where this version "
        "has none of its own.",
    )
    # the figures as they are now
    sent_count = fields.Integer(
        "Got It",
        compute="_compute_figures",
        help="Persons to whom a mail server took this version. Who reads a translation "
        "is not among them where subjects or texts are compared.",
    )
    success_count = fields.Float(
        "Did It",
        compute="_compute_figures",
        digits=(16, 0),
        help="How many of them opened, clicked, replied or became a lead, or the sum "
        "of what they brought; by humans only.",
    )
    rate = fields.Float(
        compute="_compute_figures", help="Per person who got it.", digits=(16, 4)
    )
    lead_percent = fields.Char(
        "Against the First",
        compute="_compute_figures",
        help="Difference to the first version with its interval of 95 %. It is for "
        "orientation; what decides is looked at at the set times.",
    )
    # the figures of the decision
    decided_size = fields.Integer("Persons Counted", readonly=True, copy=False)
    decided_total = fields.Float("Successes Counted", readonly=True, copy=False)
    is_winner = fields.Boolean("Winner", compute="_compute_is_winner")

    @api.depends("test_id.arm_ids", "sequence")
    def _compute_name(self):
        """A, B, C … in the order of the list."""
        for arm in self:
            arms = arm.test_id.arm_ids
            known = arm._origin.id
            place = arms.ids.index(known) if known in arms.ids else len(arms)
            arm.name = ascii_uppercase[place % len(ascii_uppercase)]

    @api.depends("varies", "subject", "email_from", "mailing_id")
    def _compute_summary(self):
        for arm in self:
            name = {"subject": "subject", "sender": "email_from"}.get(arm.varies)
            arm.summary = name and (arm[name] or arm.mailing_id[name])

    @api.depends("test_id.winner_id")
    def _compute_is_winner(self):
        for arm in self:
            arm.is_winner = bool(arm.id) and arm.test_id.winner_id == arm

    @api.depends("test_id.state")
    def _compute_figures(self):
        for test in self.test_id:
            figures = test._get_figures() if test._origin.arm_ids else {}
            arms = test.arm_ids
            first = Arm(*figures.get(arms[:1]._origin.id, (0, 0.0, 0.0)))
            for arm in arms & self:
                figure = Arm(*figures.get(arm._origin.id, (0, 0.0, 0.0)))
                arm.sent_count = figure.size
                arm.success_count = figure.total
                arm.rate = figure.mean
                arm.lead_percent = (
                    test._compare_with_first(figure, first)
                    if arm != arms[:1] and figure.size and first.size
                    else False
                )
        for arm in self - self.test_id.arm_ids:
            arm.sent_count = arm.success_count = arm.rate = 0
            arm.lead_percent = False

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    def _check_may_change(self, vals=()):
        """The figures of the decision come when the test has begun."""
        if vals and vals.keys() <= {"decided_size", "decided_total"}:
            return
        for arm in self:
            if arm.test_id.state != "draft":
                raise UserError(
                    self.env._(
                        "The test has begun: its versions stay as people got them."
                    )
                )

    # ------------------------------------------------------------------
    # CONTENT
    # ------------------------------------------------------------------

    def _get_difference(self):
        """What makes this version another one, to be compared."""
        self.ensure_one()
        mailing = self.mailing_id
        if self.varies == "hour":
            return self._get_text()
        return tuple(
            str(self[name] or mailing[name] or "")
            for name in VARIED_FIELDS[self.varies]
        )

    def _get_text(self):
        """What the version itself says, to be compared."""
        self.ensure_one()
        if self.varies == "hour":
            return (round(self.hour * 60),)
        return tuple(str(self[name] or "") for name in VARIED_FIELDS[self.varies])

    def _get_foreign_senders(self):
        """Senders of versions that the mailing may not send for, as written."""
        foreign = []
        for arm in self.filtered(lambda arm: arm.varies == "sender" and arm.email_from):
            domain = email_domain_extract(arm.email_from)
            if not domain or domain.lower() not in arm.mailing_id._get_sender_domains():
                foreign.append(arm.email_from)
        return foreign

    def _get_mailing_values(self):
        """What differs in this version beside its subject, as values of a mailing."""
        self.ensure_one()
        names = [
            name
            for name in VARIED_FIELDS[self.varies]
            if name in self.mailing_id._fields and name != "subject" and self[name]
        ]
        return {name: self[name] for name in names}

    def _add_to_content(self, content):
        """Content of a part of the mails, with what differs in this version."""
        self.ensure_one()
        mailing = self.mailing_id
        if self.varies == "sender" and self.email_from:
            return content | {"email_from": self.email_from}
        if self.varies == "subject":
            content = content | {"subject": self.subject or mailing.subject}
            if self.preview:
                content["body"] = mailing._prepend_preview(
                    mailing.body_html or "", self.preview
                )
        if self.varies == "content" and self.body_html:
            content = content | {
                "body": mailing._prepend_preview(self.body_html, mailing.preview)
            }
        return content

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_choose(self):
        """Send this version to the rest now."""
        self.ensure_one()
        self.test_id._check_running()
        self.test_id._finish("decided", "winner", self, {"by": "user"})

    def action_view_people(self):
        """Who got this version, or will get it."""
        self.ensure_one()
        action = self.test_id.mailing_id.action_view_deliveries()
        action["domain"] = [*action["domain"], ("arm_id", "=", self.id)]
        action["display_name"] = self.env._(
            "Version %(version)s of %(mailing)s",
            version=self.name,
            mailing=self.test_id.mailing_id.subject,
        )
        return action

    def action_view_successes(self):
        """Who did what the test counts, of those who got this version."""
        self.ensure_one()
        action = self.action_view_people()
        action["domain"] = [*action["domain"], ("ab_success_of", "=", self.id)]
        action["display_name"] = self.env._("%s: did it", action["display_name"])
        return action

    def action_edit_body(self):
        """Write the text of this version; it starts from the mailing's."""
        self.ensure_one()
        if not self.body_html:
            mailing = self.mailing_id
            self.write({"body_arch": mailing.body_arch, "body_html": mailing.body_html})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Version %s", self.name),
            "res_model": self._name,
            "res_id": self.id,
            "views": [
                (
                    self.env.ref("email_marketing_crm.marketing_ab_arm_view_form").id,
                    "form",
                )
            ],
        }
