"""A share of the persons gets no mail, to compare with."""

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ..tools.holdout import is_held_out
from .plan_gates_common import PlanGatesCase


@tagged("post_install", "-at_install")
class TestPlanHoldout(PlanGatesCase):
    def make_crowd(self):
        emails = [f"person{number}@example.com" for number in range(60)]
        self.env["res.partner"].create(
            [{"name": email, "email": email} for email in emails]
        )
        return emails, self.make_segment(*emails, name="Crowd")

    def test_the_holdout_is_that_of_the_formula(self):
        """PostgreSQL and Python agree about every person."""
        emails, crowd = self.make_crowd()
        mailing = self.make_mailing(
            crowd, marketing_holdout_percent=30, campaign_id=self.campaign.id
        )
        outcomes = self.launch(mailing)
        scope = f"campaign:{self.campaign.id}"
        for email in emails:
            expected = "holdout" if is_held_out(scope, email, 30) else "planned"
            self.assertEqual(outcomes[email], expected, email)
        self.assertIn("holdout", outcomes.values())

    def test_the_holdout_never_changes(self):
        """Planned again, another mailing, a larger share: the same and more."""
        _emails, crowd = self.make_crowd()
        mailing = self.make_mailing(
            crowd, marketing_holdout_percent=20, campaign_id=self.campaign.id
        )
        before = self.launch(mailing)
        mailing.with_user(self.user_marketing).action_cancel()
        self.assertEqual(self.launch(mailing), before)
        other = self.make_mailing(
            crowd, marketing_holdout_percent=40, campaign_id=self.campaign.id
        )
        after = self.launch(other)
        held_out = {email for email, reason in before.items() if reason == "holdout"}
        self.assertTrue(held_out)
        for email in held_out:
            self.assertEqual(after[email], "holdout")

    def test_without_a_campaign_the_mailing_has_a_holdout_of_its_own(self):
        emails, crowd = self.make_crowd()
        mailing = self.make_mailing(crowd, marketing_holdout_percent=30)
        outcomes = self.launch(mailing)
        scope = f"mailing:{mailing.id}"
        self.assertEqual(
            {email for email in emails if outcomes[email] == "holdout"},
            {email for email in emails if is_held_out(scope, email, 30)},
        )

    def test_the_holdout_is_like_who_gets_the_mail(self):
        """Who does not get it anyway is counted there, and is nothing to compare."""
        emails, crowd = self.make_crowd()
        scope = f"campaign:{self.campaign.id}"
        unlucky = next(email for email in emails if is_held_out(scope, email, 30))
        self.env["mail.blacklist"]._add(unlucky)
        mailing = self.make_mailing(
            crowd, marketing_holdout_percent=30, campaign_id=self.campaign.id
        )
        self.assertEqual(self.launch(mailing)[unlucky], "blacklisted")

    def test_transactional_mail_holds_nobody_out(self):
        _emails, crowd = self.make_crowd()
        mailing = self.make_mailing(
            crowd, marketing_holdout_percent=50, marketing_is_transactional=True
        )
        self.assertEqual(set(self.launch(mailing).values()), {"planned"})

    def test_a_holdout_of_everybody_is_refused(self):
        for percent in (-1, 91):
            with self.assertRaisesRegex(ValidationError, "Between 0 and 90"):
                self.make_mailing(self.segment, marketing_holdout_percent=percent)
