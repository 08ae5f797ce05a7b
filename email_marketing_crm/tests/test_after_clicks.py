"""Where a mailing was clicked: the same link twice is two places."""

from unittest.mock import patch

from odoo import Command, modules
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

    # ------------------------------------------------------------------
    # a link that was made twice
    # ------------------------------------------------------------------

    def make_second_set(self):
        """The links of the mailing once more, as two workers once made them."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            INSERT INTO link_tracker (
                url, label, title, mass_mailing_id, campaign_id, medium_id, source_id)
            SELECT url, label, title, mass_mailing_id, campaign_id, medium_id, source_id
              FROM link_tracker WHERE mass_mailing_id = %s
            RETURNING label, id
            """,
            [self.mailing.id],
        )
        return dict(self.env.cr.fetchall())

    def test_a_link_that_was_made_twice_is_one(self):
        _map, before = self.links()
        self.click("ana", "Look here")
        self.click("ben", "Look here")
        second = self.make_second_set()
        for name in ("ana", "cy"):
            self.react(name, "clicked", link_id=second["Look here"])
        self.react("di", "clicked", link_id=second["Prices"])
        click_map, links = self.links()
        self.assertEqual(list(links), ["Look here", "Prices", "Look here (2)"])
        self.assertEqual(len(click_map["links"]), 3)
        self.assertTrue(all(link["is_shown"] for link in links.values()))
        for label, link in links.items():
            self.assertEqual(link["id"], before[label]["id"])
        look = links["Look here"]
        self.assertEqual((look["people"], look["clicks"]), (3, 4))
        self.assertEqual(links["Prices"]["people"], 1)
        self.assertEqual(links["Look here (2)"]["people"], 0)
        for link in (look["id"], second["Look here"]):
            self.assertEqual(self.people(f"link-{link}"), {"ana", "ben", "cy"})

    def test_who_followed_a_link_that_was_made_twice_is_in_the_segment(self):
        second = self.make_second_set()
        first = self.links()[1]["Look here"]["id"]
        self.react("ana", "clicked", link_id=first)
        self.react("cy", "clicked", link_id=second["Look here"])
        self.react("di", "clicked", link_id=second["Prices"])
        self.run_inbox()
        clicked = self.env["marketing.touchpoint.type"]._get_id("clicked")
        segment = self.env["marketing.segment"].create(
            {
                "name": "Followed the link",
                "rule_ids": [Command.create({"type_id": clicked, "link_id": first})],
            }
        )
        segment._refresh()
        members = self.env["res.partner"].search(
            [("marketing_segment_ids", "in", segment.ids)]
        )
        self.assertEqual(set(members.mapped("name")), {"Ana", "Cy"})

    def test_a_trial_keeps_its_links_to_itself(self):
        """They are gone with its transaction: no other one is opened."""
        links = self.env["link.tracker"].with_context(
            marketing_memo={}, marketing_deliveries={1: False}
        )
        with (
            patch.object(modules.module, "current_test", False),
            patch.object(self.env.registry, "cursor", side_effect=AssertionError),
        ):
            [link] = links.search_or_create(
                [{"url": "https://www.example.com/trial", "title": "Trial"}]
            )
            self.assertTrue(link.code)
            self.assertIn(link.code, link.short_url)

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
