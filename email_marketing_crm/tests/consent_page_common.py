import re

from odoo.tests import HttpCase

from odoo.addons.mail.tests.common import MockEmail

from .consent_common import ANA


class PageCase(HttpCase, MockEmail):
    """People without a login, and the programs that follow their links."""

    def setUp(self):
        super().setUp()
        self.env.cr.execute("DELETE FROM marketing_rate_limit")
        self.env["marketing.topic"].search([]).write({"is_public": False})
        self.topic = self.env["marketing.topic"].create(
            {"name": "Pumps", "description": "New pumps, once a month."}
        )
        self.other = self.env["marketing.topic"].create({"name": "Events"})

    # ------------------------------------------------------------------
    # what people do
    # ------------------------------------------------------------------

    def look(self, path, method="GET"):
        return self.url_open(path, allow_redirects=False, method=method)

    def press(self, page, action=None, **values):
        """Send the form of a page, with its token against forged requests."""
        text = page.text
        token = re.search(r'name="csrf_token" value="([^"]+)"', text).group(1)
        return self.url_open(
            action or page.url.removeprefix(self.base_url()),
            data={"csrf_token": token, **values},
            allow_redirects=False,
        )

    def ask_for_subscription(self, email, topic=None):
        """Fill in the public form; returns the answer and the links that were sent."""
        path = "/marketing/subscribe/" + (topic or self.topic)._get_form_token()
        with self.mock_mail_gateway():
            answer = self.press(self.look(path), email=email)
            links = [
                link
                for mail in self._new_mails
                for link in re.findall(r"/marketing/confirm/[\w-]+", mail.body_html)
            ]
        return answer, links

    # ------------------------------------------------------------------
    # what is then
    # ------------------------------------------------------------------

    def make_person(self, email=ANA, **values):
        partner = self.env["res.partner"].create(
            {"name": "Ana", "email": email, **values}
        )
        self.env.flush_all()
        self.env.cr.precommit.run()
        return partner.marketing_person_id

    def person_of(self, email):
        self.env.invalidate_all()
        return self.env["marketing.person"].search([("email_normalized", "=", email)])

    def state_of(self, email, topic=None):
        consents = self.person_of(email).consent_ids
        return (
            consents.filtered(
                lambda consent: consent.topic_id == (topic or self.topic)
            ).state
            or None
        )

    def agree(self, person, topic=None, **evidence):
        self.env["marketing.consent"]._set_state(
            person.ids, topic or self.topic, "in", {"source": "page", **evidence}
        )
        self.env.flush_all()
