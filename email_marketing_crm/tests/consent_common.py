"""Helpers for tests about what people agreed to."""

from .common_delivery import DeliveryCase

ANA = "ana@example.com"
BEN = "ben@example.com"
CEM = "cem@example.com"


class ConsentCase(DeliveryCase):
    """A topic about pumps with its mailing list, and verbs for what people do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.marketing_compliance_profile_id = False
        cls.mailing_list = cls.env["mailing.list"].create(
            {"name": "Pump news", "is_public": True}
        )
        cls.topic = cls.env["marketing.topic"].create(
            {"name": "Pumps", "mailing_list_id": cls.mailing_list.id}
        )
        cls.topic_events = cls.env["marketing.topic"].create({"name": "Events"})

    def answer(self, email, state, topic=None, source="page", **evidence):
        """A person answers a topic; returns whom that changed."""
        ids = self.env["marketing.person"]._get_or_create_ids([email])
        return self.env["marketing.consent"]._set_state(
            list(ids.values()),
            topic or self.topic,
            state,
            {"source": source, **evidence},
        )

    def state_of(self, email, topic=None):
        """The answer of a person: in, out, pending, or None."""
        self.env.invalidate_all()
        consent = self.env["marketing.consent"].search(
            [
                ("person_id", "=", self.person_of(email)._get_person().id),
                ("topic_id", "=", (topic or self.topic).id),
            ]
        )
        return consent.state or None

    def subscribe(self, email, mailing_list=None, **values):
        """A marketer puts an address on a list."""
        return self.make_contact(
            email, lists=mailing_list or self.mailing_list, **values
        )

    def subscription_of(self, email, mailing_list=None):
        self.env.invalidate_all()
        return self.env["mailing.subscription"].search(
            [
                ("contact_id.email_normalized", "=", email),
                ("list_id", "=", (mailing_list or self.mailing_list).id),
            ]
        )

    def evidence_of(self, email):
        """Events kept about a person, oldest first."""
        self.env.invalidate_all()
        return (
            self.env["marketing.consent.log"]
            .search(
                [("person_id", "=", self.person_of(email)._get_person().id)],
                order="date, id",
            )
            .mapped("event")
        )

    def block(self, email):
        return self.env["mail.blacklist"]._add(email)

    def is_blocked(self, email):
        self.env.invalidate_all()
        return bool(self.env["mail.blacklist"].search_count([("email", "=", email)]))
