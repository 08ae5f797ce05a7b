from ast import literal_eval

from lxml import etree

from odoo import fields
from odoo.tests import new_test_user, tagged

from .common_delivery import DeliveryCase


@tagged("post_install", "-at_install")
class TestMailingRates(DeliveryCase):
    """A list of mailings has each figure once, with the definition of the form."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_partner("ana@example.com")
        cls.ours = cls.make_mailing(cls.make_segment("ana@example.com"), state="done")
        cls.before = cls.make_mailing(state="done")
        cls.env["marketing.mailing.result"].create(
            {
                "mailing_id": cls.ours.id,
                "date": fields.Datetime.now(),
                "sent": 100,
                "delivered": 80,
                "opened": 40,
                "clicked": 20,
                "replied": 2,
            }
        )
        # Odoo counts a mail that a scanner opened as opened.
        cls.env["mailing.trace"].create(
            {
                "trace_type": "mail",
                "mass_mailing_id": cls.ours.id,
                "model": "res.partner",
                "res_id": cls.env.user.partner_id.id,
                "trace_status": "open",
                "sent_datetime": fields.Datetime.now(),
            }
        )

    def read_rates(self, mailing, user):
        found = mailing.with_user(user)
        return [
            found[f"marketing_{rate}_rate"]
            for rate in ("delivered", "open", "click", "reply")
        ]

    def get_shown_labels(self, view_type, xpath, model="mailing.mailing"):
        """Labels of the columns that a marketer sees without choosing any."""
        model = self.env[model].with_user(self.user_marketing)
        found = model.get_views([(None, view_type)])
        arch = etree.fromstring(found["views"][view_type]["arch"])
        [columns] = arch.xpath(xpath)
        labels = found["models"]["mailing.mailing"]["fields"]
        return {
            node.get("name"): node.get("string") or labels[node.get("name")]["string"]
            for node in columns.findall("field")
            if node.get("optional") != "hide"
        }

    def test_rates_are_those_of_the_results(self):
        self.assertEqual(
            self.read_rates(self.ours, self.user_marketing), [80, 50, 25, 2.5]
        )
        self.assertEqual(self.read_rates(self.before, self.user_marketing), [0] * 4)
        report = self.env["marketing.mailing.report"]
        line = report.search([("mailing_id", "=", self.ours.id)])
        self.assertEqual(
            self.read_rates(self.ours, self.user_marketing)[1:],
            [line.open_rate, line.click_rate, line.reply_rate],
        )

    def test_each_word_of_the_list_is_one_figure(self):
        for view_type, xpath, model in (
            ("list", "//list", "mailing.mailing"),
            ("form", "//field[@name='mailing_mail_ids']//list", "utm.campaign"),
        ):
            with self.subTest(model=model):
                shown = self.get_shown_labels(view_type, xpath, model)
                self.assertIn("marketing_open_rate", shown)
                self.assertFalse([name for name in shown if name.endswith("_ratio")])
                self.assertEqual(len(set(shown.values())), len(shown))

    def test_odoo_s_ratios_are_for_mailings_without_results(self):
        marketer, other = (
            self.user_marketing,
            new_test_user(
                self.env, "mailer", groups="mass_mailing.group_mass_mailing_user"
            ),
        )
        self.assertTrue(self.ours.with_user(marketer).marketing_has_results)
        self.assertFalse(self.before.with_user(marketer).marketing_has_results)
        self.assertFalse(self.ours.with_user(other).marketing_has_results)
        self.assertEqual(self.ours.with_user(other).opened_ratio, 100)
        self.assertEqual(self.read_rates(self.ours, other), [0] * 4)

    def test_numbers_of_lists_open_the_persons_of_the_form(self):
        report = self.env["marketing.mailing.report"]
        line = report.search([("mailing_id", "=", self.ours.id)])
        for opened in (
            line.with_user(self.user_marketing).action_view_result("clicked"),
            self.ours.with_user(self.user_marketing).action_view_result("clicked"),
        ):
            self.assertEqual(opened["res_model"], "marketing.person")
            self.assertEqual(
                opened["domain"], [("mailing_figure", "=", f"{self.ours.id}:clicked")]
            )

    def test_cards_have_the_numbers_of_the_list(self):
        """Which mail works, on a telephone."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "email_marketing_crm.marketing_mailing_report_action"
        )
        self.assertIn("kanban", action["view_mode"].split(","))
        report = self.env["marketing.mailing.report"].with_user(self.user_marketing)
        views = report.get_views([(None, "list"), (None, "kanban")])["views"]
        listed, carded = (
            {
                node.get("name"): node.get("options")
                for node in etree.fromstring(views[view_type]["arch"]).iter("field")
                if report._fields[node.get("name")].type in ("integer", "float")
            }
            for view_type in ("list", "kanban")
        )
        self.assertTrue(listed)
        self.assertEqual(carded, listed)

    def test_numbers_of_lists_call_what_is_there(self):
        """What a number does is plain options, which no view checks by itself."""
        figures = self.env["mailing.mailing"]._get_figure_wording()
        for model, view_type in (
            ("mailing.mailing", "list"),
            ("marketing.mailing.report", "list"),
            ("marketing.mailing.report", "kanban"),
            ("utm.campaign", "list"),
            ("utm.campaign", "form"),
            ("marketing.ab.test", "form"),
        ):
            found = self.env[model].with_user(self.user_marketing)
            arch = found.get_views([(None, view_type)])["views"][view_type]["arch"]
            nodes = etree.fromstring(arch).findall(
                ".//field[@widget='marketing_opener']"
            )
            self.assertTrue(nodes, model)
            for node in nodes:
                owner = self.env[model]
                for parent in reversed(list(node.iterancestors("field"))):
                    owner = self.env[owner._fields[parent.get("name")].comodel_name]
                options = literal_eval(node.get("options"))
                with self.subTest(model=owner._name, field=node.get("name")):
                    self.assertTrue(callable(getattr(owner, options["action"])))
                    self.assertIn(options.get("argument", "sent"), figures)
