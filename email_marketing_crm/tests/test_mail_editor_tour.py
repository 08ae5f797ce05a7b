"""The editor of a mail may be begun twice: the form is drawn again while it starts."""

from odoo.tests import tagged

from .tour_common import TourCase


@tagged("post_install", "-at_install")
class TestMailEditorTour(TourCase):
    def test_form_is_drawn_again_while_the_editor_starts(self):
        marketer = self.make_user("editor_marketer")
        mailing = self.make_mailing(user=marketer)
        self.start_tour(
            f"/odoo/mailing.mailing/{mailing.id}",
            "marketing_mail_editor_drawn_twice",
            login=marketer.login,
        )
        self.assertEqual(mailing.subject, "New pumps, from 90 euros on")
