"""Where a mailing was clicked: the same link twice is two places."""

from odoo.tests import tagged

from .results_common import ResultsCase


@tagged("post_install", "-at_install")
class TestClickMap(ResultsCase):
    def links(self):
        self.env.flush_all()
        self.env.cr.precommit.run()
        click_map = self.mailing.with_user(self.user_marketing).get_click_map()
        return click_map, {link["label"]: link for link in click_map["links"]}

    def click(self, name, label, **values):
        link = self.env["link.tracker"].search(
            [("mass_mailing_id", "=", self.mailing.id), ("label", "=", label)]
        )
        self.react(name, "clicked", link_id=link.id, **values)

    def test_the_same_link_twice_is_two_places(self):
        _map, links = self.links()
        self.assertEqual(list(links), ["Look here", "Prices", "Look here (2)"])
        self.assertEqual(links["Look here"]["url"], links["Look here (2)"]["url"])
        self.assertTrue(all(link["is_shown"] for link in links.values()))

    def test_clicks_by_place(self):
        self.click("ana", "Look here")
        self.click("ana", "Look here")
        self.click("ben", "Look here (2)")
        self.click("cy", "Look here (2)", reliability="security_scan")
        click_map, links = self.links()
        self.assertEqual(click_map["people"], 2)
        first, second = links["Look here"], links["Look here (2)"]
        self.assertEqual(
            (first["people"], first["clicks"], first["machine"]), (1, 2, 0)
        )
        self.assertEqual(
            (second["people"], second["clicks"], second["machine"]), (1, 1, 1)
        )
        self.assertEqual(first["share"], 0.5)
        self.assertEqual(links["Prices"]["people"], 0)
        self.assertEqual(self.people(f"link-{second['id']}"), {"ben"})

    def test_the_mail_is_shown_with_its_places_marked(self):
        click_map, links = self.links()
        for link in links.values():
            self.assertEqual(
                click_map["body"].count(f'data-marketing-link="{link["id"]}"'), 1
            )
        self.assertNotIn("/r/", click_map["body"])

    def test_a_link_of_another_version_is_listed(self):
        self.env["link.tracker"].create(
            {
                "url": "https://www.example.com/zh",
                "title": "中文",
                "mass_mailing_id": self.mailing.id,
            }
        )
        _map, links = self.links()
        self.assertFalse(links["中文"]["is_shown"])
