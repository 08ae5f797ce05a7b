"""Where each version of a mail was clicked."""

from odoo.tests import tagged

from ..tools.ab_test import get_bucket
from .content_common import ContentCase

OWN = '<p><a href="https://www.example.com/pumps">Look here</a></p>'
CHINESE = '<p><a href="https://www.example.com/shuibeng">水泵</a></p>'
OTHER = '<p><a href="https://www.example.com/other">Or there</a></p>'


@tagged("post_install", "-at_install")
class TestClickVersion(ContentCase):
    """Ana and Eva read the mailing's own language, Li reads Chinese."""

    def make_own_mailing(self, **values):
        return self.make_mailing(
            self.everybody,
            body_html=OWN,
            marketing_lang_id=self.lang("en_US").id,
            **values,
        )

    def make_test(self, mailing, **values):
        """Everybody gets one of two versions: Ana and Eva not the same one."""
        key = next(
            str(number)
            for number in range(100)
            if (get_bucket(str(number), "ana@example.com") < 0.5)
            != (get_bucket(str(number), "eva@example.com") < 0.5)
        )
        return self.env["marketing.ab.test"].create(
            {
                "mailing_id": mailing.id,
                "key": key,
                "test_percent": 100,
                "minimum": 1,
                **values,
            }
        )

    def click(self, mailing, name, label):
        link = self.env["link.tracker"].search(
            [("mass_mailing_id", "=", mailing.id), ("label", "=", label)]
        )
        self.happened(
            "clicked",
            f"{name}@example.com",
            mailing_id=mailing.id,
            link_id=link.id,
            reliability="human_likely",
        )
        self.env.flush_all()
        self.env.cr.precommit.run()
        return link

    def read_map(self, mailing, version=None):
        """`(persons who clicked, {label: persons})` of a version, and its text."""
        found = mailing.with_user(self.user_marketing).get_click_map(version)
        self.assertEqual(found["version"], version or False)
        links = {link["label"]: link["people"] for link in found["links"]}
        return found["people"], links, found["body"]

    def versions(self, mailing):
        found = mailing.with_user(self.user_marketing).get_click_map()["versions"]
        return {version["code"]: version["label"] for version in found}

    def people(self, mailing, figure):
        action = mailing.with_user(self.user_marketing).action_view_result(figure)
        persons = self.env["marketing.person"].with_user(self.user_marketing)
        return persons.search(action["domain"]).mapped("email_normalized")

    def test_each_language_has_its_map(self):
        mailing = self.make_own_mailing()
        self.make_translation(mailing, "zh_CN", body_html=CHINESE)
        self.sent(mailing)
        self.click(mailing, "ana", "Look here")
        self.click(mailing, "eva", "Look here")
        link = self.click(mailing, "li", "水泵")
        self.assertEqual(list(self.versions(mailing)), ["lang-en_US", "lang-zh_CN"])
        self.assertEqual(self.read_map(mailing)[:2], (3, {"Look here": 2, "水泵": 1}))
        people, links, body = self.read_map(mailing, "lang-en_US")
        self.assertEqual((people, links), (2, {"Look here": 2}))
        people, links, body = self.read_map(mailing, "lang-zh_CN")
        self.assertEqual((people, links), (1, {"水泵": 1}))
        self.assertIn(f'data-marketing-link="{link.id}"', body)
        self.assertEqual(
            self.people(mailing, f"link-{link.id}.lang-zh_CN"), ["li@example.com"]
        )
        self.assertFalse(self.people(mailing, f"link-{link.id}.lang-en_US"))

    def test_each_text_of_a_test_has_its_map(self):
        """Who read a translation has seen none of them."""
        mailing = self.make_own_mailing()
        self.make_translation(mailing, "zh_CN", body_html=CHINESE)
        test = self.make_test(
            mailing,
            varies="content",
            arm_ids=[(0, 0, {}), (0, 0, {"body_html": OTHER, "body_arch": OTHER})],
        )
        mails = self.sent(mailing)
        for name in ("ana", "eva"):
            is_other = "Or there" in mails[f"{name}@example.com"]["body"]
            self.click(mailing, name, "Or there" if is_other else "Look here")
        self.click(mailing, "li", "水泵")
        codes = [*(f"arm-{arm.id}" for arm in test.arm_ids), "lang-zh_CN"]
        self.assertEqual(list(self.versions(mailing)), codes)
        for arm, label in zip(test.arm_ids, ("Look here", "Or there"), strict=True):
            people, links, body = self.read_map(mailing, f"arm-{arm.id}")
            self.assertEqual((people, links), (1, {label: 1}))
            self.assertIn(label, body)
        self.assertEqual(self.read_map(mailing, "lang-zh_CN")[:2], (1, {"水泵": 1}))

    def test_subjects_have_the_same_text_and_their_own_clicks(self):
        mailing = self.make_own_mailing()
        test = self.make_test(
            mailing, arm_ids=[(0, 0, {}), (0, 0, {"subject": "Better"})]
        )
        mails = self.sent(mailing)
        count = {arm: 0 for arm in test.arm_ids}
        for address, mail in mails.items():
            count[test.arm_ids[mail["subject"] == "Better"]] += 1
            self.click(mailing, address.partition("@")[0], "Look here")
        self.assertEqual(
            list(self.versions(mailing).values()),
            ["Version A: New pumps", "Version B: Better"],
        )
        for arm in test.arm_ids:
            self.assertEqual(
                self.read_map(mailing, f"arm-{arm.id}")[:2],
                (count[arm], {"Look here": count[arm]}),
            )

    def test_a_mailing_that_is_the_same_for_all_has_no_versions(self):
        mailing = self.make_own_mailing()
        self.sent(mailing)
        self.assertFalse(self.versions(mailing))
        self.assertFalse(mailing.get_click_map("lang-xx")["version"])
