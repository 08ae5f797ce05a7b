from odoo import Command, api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class MailingMailing(models.Model):
    """Mails of an A/B test: each recipient gets the version he was assigned."""

    _inherit = "mailing.mailing"

    marketing_ab_test_ids = fields.One2many(
        "marketing.ab.test",
        "mailing_id",
        groups="mass_mailing.group_mass_mailing_user",
    )
    marketing_ab_test_count = fields.Integer(
        compute="_compute_marketing_ab_test_count", compute_sudo=True
    )

    @api.depends("marketing_ab_test_ids")
    def _compute_marketing_ab_test_count(self):
        for mailing in self:
            mailing.marketing_ab_test_count = len(mailing.marketing_ab_test_ids)

    @api.model
    def _get_domain_with(self, words):
        tests = self.env["marketing.ab.test"].sudo()
        found = tests.search([("arm_ids.body_html", "like", words)])
        return super()._get_domain_with(words) | Domain(
            "id", "in", found.mailing_id.ids
        )

    def action_open_ab_test(self):
        """The A/B test of this mailing; makes one where there is none."""
        self.ensure_one()
        test = self.marketing_ab_test_ids or self.env["marketing.ab.test"].create(
            {"mailing_id": self.id}
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("A/B Test"),
            "res_model": "marketing.ab.test",
            "res_id": test.id,
            "views": [(False, "form")],
        }

    def copy(self, default=None):
        """A copy of a mailing has a test of its own, not begun."""
        copies = super().copy(default)
        if self.env.context.get("marketing_without_test"):
            return copies
        for mailing, copied in zip(self, copies, strict=True):
            for test in mailing.sudo().marketing_ab_test_ids:
                test.copy(
                    {
                        "mailing_id": copied.id,
                        "arm_ids": [
                            Command.create(values)
                            for values in test.arm_ids.copy_data({"test_id": False})
                        ],
                    }
                )
        return copies

    def action_put_in_queue(self):
        self.sudo().marketing_ab_test_ids._check_ready()
        return super().action_put_in_queue()

    def action_cancel(self):
        """Back to draft, with the test: its plan is forgotten."""
        result = super().action_cancel()
        begun = self.sudo().marketing_ab_test_ids.filtered(
            lambda test: test.state == "running"
        )
        begun.write({"state": "draft", "started_date": False, "looked_date": False})
        return result

    def _create_resend(self, subject, kind, days, subjects=None):
        """The second mail is the version that won, and no test again."""
        second = super(
            MailingMailing, self.with_context(marketing_without_test=True)
        )._create_resend(subject, kind, days, subjects)
        winner = self.sudo().marketing_ab_test_ids.winner_id
        if winner:
            second.write(winner._get_mailing_values())
        return second.with_context(marketing_without_test=False)

    def _get_approved_texts(self):
        """Who approves a mailing approves its versions."""
        test = self.sudo().marketing_ab_test_ids
        texts = [(test.varies, *arm._get_text()) for arm in test.arm_ids]
        return super()._get_approved_texts() + texts

    def _split_by_content(self, deliveries):
        parts = super()._split_by_content(deliveries)
        test = self.sudo().marketing_ab_test_ids
        if not test:
            return parts
        arms = self._get_assigned_arms(deliveries)
        split = []
        for content, part in parts:
            groups = {}
            for res_id, delivery_id in part.items():
                groups.setdefault(arms.get(delivery_id), {})[res_id] = delivery_id
            split += [
                (self._add_arm(content, test.arm_ids.browse(arm_id or ())), group)
                for arm_id, group in groups.items()
            ]
        return split

    def _get_assigned_arms(self, deliveries):
        """`{delivery id: id of its version}`; a check looks at one version for all."""
        shown = self.env.context.get("marketing_ab_arm")
        if shown:
            return dict.fromkeys(deliveries.values(), shown)
        return dict(
            self.env.execute_query(
                SQL(
                    "SELECT id, arm_id FROM marketing_delivery WHERE id = ANY(%s)",
                    [delivery_id for delivery_id in deliveries.values() if delivery_id],
                )
            )
        )

    def _add_arm(self, content, arm):
        """Content of a version; a translation of the mailing is no version of it."""
        if not arm:
            return content
        content = self._add_variant(content, arm=arm.id)
        own, _others = self._get_text_langs()
        lang = self._get_content_lang(content)
        if arm.varies in ("subject", "content") and lang and lang != own:
            return content
        return arm._add_to_content(content)

    def _get_variant_content(self, variant):
        content = super()._get_variant_content(variant)
        arm = variant and self.env["marketing.ab.arm"].sudo().browse(variant.get("arm"))
        return self._add_arm(content, arm.exists()) if arm else content
