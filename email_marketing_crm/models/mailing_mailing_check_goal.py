from odoo import models

from .number_format import format_number


class MailingMailing(models.Model):
    _inherit = "mailing.mailing"

    def _get_check_fingerprint(self):
        """A check says whether there is a goal, not how far it should reach.

        What a campaign is for is said of a new mailing; those of journeys have the
        goal and the segment of their journey.
        """
        fingerprint = super()._get_check_fingerprint()
        if self.marketing_kind == "journey":
            return fingerprint
        goal = self.sudo()._get_goal()
        return f"{fingerprint}:{bool(goal)}:{bool(goal and goal.target)}"


class MarketingMailingCheck(models.Model):
    """What success of a mailing is, and whom it is for: said before it is written."""

    _inherit = "marketing.mailing.check"

    def _check_sets(self):
        result = super()._check_sets()
        if self.mailing_id.marketing_kind != "journey":
            self._check_goal()
            self._check_audience()
        return result

    def _check_goal(self):
        """A mail that people wait for needs no goal, nor does one that asks again."""
        mailing = self.mailing_id
        if mailing.marketing_is_transactional or mailing.marketing_renews_consent:
            return
        goal = mailing._get_goal()
        if goal and goal.target:
            return
        message = (
            self.env._("It is said what success of the mailing is, but not how much.")
            if goal
            else self.env._("Nobody said what success of the mailing is.")
        )
        self._note(
            "goal",
            message,
            place="goal",
            advice=self.env._(
                "Choose a goal and a target above the subject, or for all mailings of "
                "the campaign: they tell afterwards whether it was worth it."
            ),
        )

    def _check_audience(self):
        mailing = self.mailing_id
        if not self.audience:
            message = self.env._("There is nobody who could get the mailing.")
        elif not mailing._has_chosen_audience():
            message = self.env._(
                "Nobody chose whom the mailing is for: it goes to every record of "
                "“%(model)s”, %(count)s of them.",
                model=mailing.mailing_model_id.name,
                count=format_number(self.env, self.audience, 0),
            )
        else:
            return
        self._note(
            "audience",
            message,
            place="audience",
            count=self.audience,
            advice=self.env._(
                "Choose segments, mailing lists or a filter of the recipients."
            ),
        )
