"""Helpers of the tests of checks before sending."""

from odoo import Command

from .common import NOW
from .common_delivery import DeliveryCase

#: A mail nothing can be said against.
CLEAN = """
<h1>New pumps</h1>
<p>Dear <t t-out="object.name">customer</t>,</p>
<p>this is what we have built for you and for your plants in the last year. The new
pumps are quiet and small, and they need half of the current that the old ones need.</p>
<p><a href="https://pumps.com/new">See the new pumps</a></p>
<img src="/web/image/1" alt="One of the new pumps"/>
<p><a href="/unsubscribe_from_list">Unsubscribe</a></p>
"""
#: Written for each person, which takes a while: everybody has a name, not a city.
NAMES = CLEAN + '<t t-out="object.name.upper()"/>'
CITIES = CLEAN + '<t t-out="object.city.upper()"/>'
BROKEN_LINK = CLEAN.replace("https://pumps.com/new", "#")


class CheckCase(DeliveryCase):
    """Ana, Bo and Chen get a mailing; the company has no compliance profile."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.marketing_compliance_profile_id = False
        cls.ana, cls.bo, cls.chen = cls.partners = cls.env["res.partner"].concat(
            cls.make_partner("ana@pumps.com", "Ana", city="Berlin"),
            cls.make_partner("bo@pumps.com", "Bo"),
            cls.make_partner("chen@pumps.com", "Chen"),
        )
        cls.segment = cls.make_segment(*cls.partners.mapped("email"))

    @classmethod
    def make_clean(cls, **values):
        mailing = cls.make_mailing(
            cls.segment,
            **{
                "subject": "Our new pumps are here",
                "preview": "Quiet, small, and they need half of the current",
                "body_html": CLEAN,
                "marketing_goal": "clicked",
                "marketing_goal_target": 1,
                **values,
            },
        )
        mailing.sudo().marketing_sender_id.write(
            {"dns_checked_date": NOW, "dns_result": {"findings": []}}
        )
        return mailing

    def check(self, mailing, user=None, **values):
        """Check a mailing; returns the check as its user sees it."""
        action = mailing.with_user(user or self.user_marketing).action_marketing_check()
        return (
            self.env[action["res_model"]]
            .with_user(user or self.user_marketing)
            .browse(action["res_id"])
        )

    def codes(self, check):
        return check.finding_ids.mapped("code")

    def finding(self, check, code):
        return check.finding_ids.filtered(lambda finding: finding.code == code)


class HoldCase(CheckCase):
    """Marketers write their templates; checks are the matter of a worker."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        editors = cls.env.ref("mail.group_mail_template_editor")
        editors.user_ids = [
            Command.link(user.id) for user in (cls.user_marketing, cls.user_manager)
        ]

    def begin_check(self, mailing):
        """The user's seconds are over before the mail was written for anybody."""
        return self.env["marketing.mailing.check"]._check_mailing(mailing, -1)

    def launch_early(self, body, **values):
        """Send a mailing whose check is not done yet."""
        mailing = self.make_clean(body_html=body, **values)
        self.begin_check(mailing)
        mailing.action_launch()
        return mailing

    def run_checks(self):
        """Run the worker of checks until nothing is left to do."""
        self._run_lane("marketing.mailing.check")

    def decide(self, mailing, user, reason=None):
        action = mailing.with_user(user).action_decide_check()
        question = self.env[action["res_model"]].browse(action["res_id"])
        question = question.with_user(user)
        question.reason = reason
        question.action_go_on()

    def told(self, mailing):
        """What the one who is responsible for the mailing was told about it."""
        messages = mailing.message_ids.filtered(
            lambda message: (
                self.user_marketing.partner_id in message.notified_partner_ids
            )
        )
        return " ".join(messages.mapped("body"))
