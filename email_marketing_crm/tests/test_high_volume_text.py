"""The high-volume lane: what stands in the mails is what Odoo would write."""

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models import marketing_delivery_writer
from .volume_common import LOGGER, VolumeCase


@tagged("post_install", "-at_install")
class TestVolumeText(VolumeCase):
    def test_template_that_fails_for_some(self):
        """They have failed with words that help; everybody else gets his mail."""
        self.mailing.body_html = (
            "<p>Dear <t t-out='object.name[0 if object.ref != \"bad\" else 99]'/></p>"
        )
        self.mailing.action_launch()
        (self.partners[1] | self.partners[9] | self.partners[19]).ref = "bad"
        with mute_logger(
            LOGGER,
            "odoo.addons.mail.models.mail_render_mixin",
            "odoo.addons.email_marketing_crm.models.marketing_delivery_compose",
        ):
            self.run_lanes()
        failed = self.deliveries_of(self.mailing).filtered(
            lambda delivery: delivery.state == "failed"
        )
        self.assertEqual(
            set(failed.mapped("email")),
            {self.emails_known[number] for number in (1, 9, 19)},
        )
        self.assertTrue(all("index out of range" in one.error for one in failed))
        self.assertEqual(len(self.smtp.taken), 17)
        self.assertEqual(len(set(self.smtp.addresses)), 17)

    def test_fields_are_printed_as_odoo_prints_them(self):
        """The template is parsed once for all, whatever is in the fields."""
        self.partners[4].name = "<b>Eve</b> & 'Bo' = 1"
        self.partners[5].city = False
        self.partners[6].user_id = self.env.user
        self.env.user.signature = "<p>Bo &amp; <i>Eve</i></p>"
        composer = self.env["mail.compose.message"].new({"model": "res.partner"})
        source = (
            'Dear <t t-out="object.name"/>,<b class="x"> in </b>'
            '<B t-out="object.city" >  your &amp; my\n town</B>qZ'
            "<p t-out='object.user_id.name'/><t t-out=\"object.user_id.signature\">"
            "nobody</t> yours"
        )
        ids = self.partners.ids
        found = marketing_delivery_writer._render_fields(composer, source, ids)
        expected = composer._render_template_qweb_regex(source, "res.partner", ids)
        self.assertEqual(found, {key: str(text) for key, text in expected.items()})

    def test_awkward_values_go_through_odoo(self):
        self.partners[3].name = "<b>Eve</b> = 1"
        self.deliver()
        by_email = {one.email: one for one in self.deliveries_of(self.mailing)}
        self.assertFalse(by_email["volume3@example.com"].is_high_volume)
        self.assertTrue(by_email["volume2@example.com"].is_high_volume)
        self.assertIn("volume3@example.com", self.smtp.addresses)

    def test_template_that_cannot_be_cut(self):
        self.mailing.body_html = (
            "<p><t t-if='object.city'>Hello</t> <t t-out='object.name'/></p>"
        )
        self.deliver()
        self.assertCountEqual(self.smtp.addresses, self.emails_known)
        self.assertFalse(any(self.deliveries_of(self.mailing).mapped("is_high_volume")))
