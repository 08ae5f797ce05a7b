"""Helpers for what came of a mailing."""

from .common_delivery import ReadersCase

BODY = """\
<div><p>Dear <t t-out="object.name"/>,</p>
<p><a href="https://www.example.com/pumps">Look here</a></p>
<p><a href="https://www.example.com/prices">Prices</a></p>
<p><a href="https://www.example.com/pumps">Look here</a></p>
<p><a href="/unsubscribe_from_list">Unsubscribe</a></p></div>
"""


class ResultsCase(ReadersCase):
    """A mailing that five persons got an hour ago."""

    names = (*ReadersCase.names, "ed")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mailing = cls.make_mailing(cls.segment, body_html=BODY)

    def setUp(self):
        super().setUp()
        self.mailing.action_put_in_queue()
        self.deliver()
        self.run_inbox()
        self.clock.tick(3600)

    def react(self, name, code, reliability="human_likely", **values):
        self.happened(
            code,
            f"{name}@example.com",
            mailing_id=self.mailing.id,
            reliability=reliability,
            **values,
        )

    def figures(self):
        self.env.flush_all()
        self.env.cr.precommit.run()
        results = self.mailing.with_user(self.user_marketing).get_results()
        return {
            figure["code"]: figure["count"]
            for group in results["groups"]
            for figure in group["figures"]
        }

    def people(self, figure):
        self.env.flush_all()
        self.env.cr.precommit.run()
        action = self.mailing.with_user(self.user_marketing).action_view_result(figure)
        persons = self.env["marketing.person"].with_user(self.user_marketing)
        found = persons.search(action["domain"])
        return {email.partition("@")[0] for email in found.mapped("email_normalized")}
