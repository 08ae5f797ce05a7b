import re

from lxml import etree

from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

#: Models of Odoo whose searches have fields of ours.
SHARED = {"crm.lead", "mailing.contact", "mailing.mailing", "res.partner"}
TYPED = ("char", "text", "html", "many2one", "one2many", "many2many")


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

    def get_menu_models(self, user):
        """Models whose records a menu shows to a user."""
        menus = self.env["ir.ui.menu"].with_user(user).load_menus(False)
        actions = self.env["ir.actions.act_window"].browse(
            menu["action_id"]
            for menu in menus.values()
            if menu.get("action_model") == "ir.actions.act_window"
        )
        return {
            name
            for name in actions.mapped("res_model")
            if name.startswith("marketing.") or name in SHARED
        }

    def assert_can_be_typed_into(self, user):
        """Each field of the search bar takes a word, whatever its model stores.

        :returns: number of fields
        """
        checked = 0
        for name in self.get_menu_models(user):
            model = self.env[name].with_user(user)
            [view] = model.get_views([(False, "search")])["views"].values()
            for field in etree.fromstring(view["arch"]).iter("field"):
                kind = model._fields[field.get("name")].type
                if kind not in TYPED or field.get("name").startswith("properties"):
                    continue
                domain = [(field.get("name"), field.get("operator", "ilike"), "ana")]
                if field.get("filter_domain"):
                    domain = safe_eval(field.get("filter_domain"), {"self": "ana"})
                checked += 1
                with self.subTest(user=user.login, model=name, field=field.get("name")):
                    model.search_count(domain, limit=1)
        return checked

    def test_every_field_of_a_search_can_be_searched(self):
        for login, groups, least in (
            ("marketer", "email_marketing_crm.group_marketing_user", 60),
            ("salesperson", "sales_team.group_sale_salesman", 15),
            (
                "manager",
                "email_marketing_crm.group_marketing_manager,"
                "sales_team.group_sale_manager",
                100,
            ),
        ):
            user = new_test_user(self.env, login, f"base.group_user,{groups}")
            self.assertGreater(self.assert_can_be_typed_into(user), least, login)
