import re

from lxml import etree

from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestViews(TransactionCase):
    """What a browser would stumble over, and the server does not check."""

    def test_cards_read_the_fields_they_use(self):
        """A card that uses a field it does not read breaks the page on phones."""
        views = self.env["ir.ui.view"].search(
            [
                ("model", "like", "marketing."),
                ("type", "in", ("kanban", "form")),
                ("mode", "=", "primary"),
            ]
        )
        checked = 0
        for view in views:
            arch = etree.fromstring(view.get_combined_arch())
            for kanban in arch.iter("kanban"):
                checked += 1
                used = set(
                    re.findall(r"record\.(\w+)\.", etree.tostring(kanban).decode())
                )
                read = {field.get("name") for field in kanban.iter("field")}
                with self.subTest(view=view.name):
                    self.assertLessEqual(used, read)
        self.assertGreater(checked, 20)
