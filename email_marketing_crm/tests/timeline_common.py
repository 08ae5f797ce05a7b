"""Helpers for tests of what users see of a person: his timeline and his lists."""

from .common import MarketingCase

ANA = "ana@pumps.example"


class TimelineCase(MarketingCase):
    """Ana is a contact and the lead of a salesperson; nothing has happened yet."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.make_partner(ANA)
        cls.person = cls.partner.marketing_person_id
        cls.lead = cls.make_lead(ANA, user_id=cls.user_sales.id)
        cls.mailing = cls.env["mailing.mailing"].create(
            {
                "subject": "Spring newsletter",
                "mailing_model_id": cls.env["ir.model"]._get_id("res.partner"),
                "body_html": '<p>Hello <t t-out="object.name"/>!</p>',
            }
        )
        cls.link = cls.env["link.tracker"].create(
            {
                "url": "https://pumps.example/prices",
                "title": "Price list",
                "label": "Prices",
                "mass_mailing_id": cls.mailing.id,
            }
        )
        cls.env.cr.precommit.run()
        cls.env.cr.execute("DELETE FROM marketing_touchpoint")

    def mail_event(self, code, **values):
        values = {
            "mailing_id": self.mailing.id,
            "res_model": "res.partner",
            "res_id": self.partner.id,
        } | values
        self.happened(code, ANA, **values)

    def timeline(self, record=None, user=None, **kwargs):
        self.env.cr.precommit.run()
        self.env.invalidate_all()
        record = (record or self.partner).with_user(user or self.user_marketing)
        return record.marketing_timeline(**kwargs)

    def titles(self, *args, **kwargs):
        return [row["title"] for row in self.timeline(*args, **kwargs)["touchpoints"]]
