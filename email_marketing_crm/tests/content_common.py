"""Helpers for tests of what a mail says to whom."""

from odoo import Command

from .common_delivery import DeliveryCase


class ContentCase(DeliveryCase):
    """A marketer's mailing to three persons who are not alike."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("zh_CN")
        cls.env["res.lang"]._activate_lang("de_DE")
        cls.ana = cls.make_partner("ana@example.com", "Ana", lang="en_US")
        cls.li = cls.make_partner("li@example.com", "Li", lang="zh_CN")
        cls.eva = cls.make_partner("eva@example.com", "Eva", lang="de_DE")
        cls.everybody = cls.make_segment(
            "ana@example.com", "li@example.com", "eva@example.com"
        )
        cls.read_persons()

    @classmethod
    def read_persons(cls):
        """Let the inbox lane read languages and names of the records."""
        cls.env.flush_all()
        cls.env.cr.precommit.run()
        cls.env["marketing.inbox"]._run_lane(0, 1)
        cls.env.flush_all()
        cls.env.invalidate_all()

    @classmethod
    def lang(cls, code):
        return cls.env["res.lang"].search([("code", "=", code)])

    @classmethod
    def make_condition(cls, name="Chinese", **values):
        links = {
            field: [Command.set(value.ids)] if hasattr(value, "ids") else value
            for field, value in values.items()
        }
        return cls.env["marketing.content.condition"].create({"name": name, **links})

    @classmethod
    def make_translation(cls, mailing, code, **values):
        return cls.env["marketing.mailing.translation"].create(
            {
                "mailing_id": mailing.id,
                "lang_id": cls.lang(code).id,
                "subject": "新水泵",
                "body_html": "<p>您好，<t t-out='object.name'/>。</p>",
                **values,
            }
        )

    @staticmethod
    def block(condition, text):
        return f'<section data-marketing-condition="{condition.id}">{text}</section>'

    def sent(self, mailing):
        """Send a mailing; `{address: {"subject": …, "body": …, "from": …}}`."""
        mailing.action_launch()
        self.deliver()
        return {
            mail["email_to"][0].rpartition("<")[2].strip(">"): mail
            for mail in self._mails
        }
