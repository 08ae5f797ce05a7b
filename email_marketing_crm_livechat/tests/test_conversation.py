from odoo import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.email_marketing_crm.tests.common import NOW, MarketingCase

ANA = "ana@example.com"


@tagged("post_install", "-at_install")
class TestConversation(MarketingCase):
    """Live chats are in the history of whom they were with."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent = new_test_user(
            cls.env,
            "agent",
            groups="im_livechat.im_livechat_group_user",
            email="agent@example.com",
        )
        cls.livechat = cls.env["im_livechat.channel"].create(
            {"name": "Pumps", "user_ids": [Command.set(cls.agent.ids)]}
        )

    def begin(self, **visitor):
        """A chat of the agent with a contact or a guest."""
        agent = self.agent.partner_id
        return self.env["discuss.channel"].create(
            {
                "name": "Chat",
                "channel_type": "livechat",
                "livechat_channel_id": self.livechat.id,
                "livechat_operator_id": agent.id,
                "channel_member_ids": [
                    Command.create(
                        {"partner_id": agent.id, "livechat_member_type": "agent"}
                    ),
                    Command.create({"livechat_member_type": "visitor", **visitor}),
                ],
            }
        )

    def write_messages(self, chat, count=2, **author):
        for _number in range(count):
            chat.message_post(
                body="Hello",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                **author,
            )

    def conversations_of(self, email):
        self.env.flush_all()
        self.env.cr.precommit.run()
        return self.env["marketing.touchpoint"].search(
            [
                ("person_id.email_normalized", "=", email),
                ("type_id.code", "=", "conversation"),
            ]
        )

    def test_a_chat_with_a_customer(self):
        partner = self.make_partner(ANA)
        chat = self.begin(partner_id=partner.id)
        self.write_messages(chat, author_id=partner.id)
        self.write_messages(chat, author_id=self.agent.partner_id.id)
        self.assertFalse(self.conversations_of(ANA))
        chat._close_livechat_session()
        event = self.conversations_of(ANA)
        self.assertEqual(event.date, NOW)
        self.assertEqual(event.reliability, "human_confirmed")
        self.assertEqual(event.data, {"title": "Pumps", "messages": 2, "tags": []})
        self.assertEqual(event.description, "Live chat in “Pumps”")
        chat.livechat_end_dt = False
        chat._close_livechat_session()
        self.assertEqual(len(self.conversations_of(ANA)), 1)

    def test_the_lead_of_a_chat_says_who_the_guest_was(self):
        guest = self.env["mail.guest"].create({"name": "Visitor"})
        chats = self.begin(guest_id=guest.id) | self.begin(guest_id=guest.id)
        for chat in chats:
            self.write_messages(chat, author_guest_id=guest.id)
        self.make_lead(ANA, origin_channel_id=chats[0].id)
        self.assertFalse(self.conversations_of(ANA))
        chats.write({"livechat_end_dt": NOW})
        self.assertEqual(self.conversations_of(ANA).res_id, chats[0].id)
        self.make_lead(ANA, origin_channel_id=chats[1].id)
        self.assertEqual(len(self.conversations_of(ANA)), 2)

    def test_a_form_sent_before_says_who_the_guest_is(self):
        if "livechat_visitor_id" not in self.env["discuss.channel"]._fields:
            self.skipTest("There is no website.")
        visitor = self.env["website.visitor"].create(
            {
                "access_token": "d" * 32,
                "lead_ids": [Command.link(self.make_lead(ANA).id)],
            }
        )
        guest = self.env["mail.guest"].create({"name": "Visitor"})
        chat = self.begin(guest_id=guest.id)
        chat.livechat_visitor_id = visitor
        self.write_messages(chat, author_guest_id=guest.id)
        chat.livechat_end_dt = NOW
        self.assertEqual(self.conversations_of(ANA).res_id, chat.id)

    def test_silence_and_colleagues_are_left_out(self):
        partner = self.make_partner(ANA)
        silent = self.begin(partner_id=partner.id)
        self.write_messages(silent, author_id=self.agent.partner_id.id)
        colleague = new_test_user(
            self.env, "colleague", groups="base.group_user", email="c@example.com"
        )
        inside = self.begin(partner_id=colleague.partner_id.id)
        self.write_messages(inside, author_id=colleague.partner_id.id)
        (silent | inside).write({"livechat_end_dt": NOW})
        self.assertFalse(self.conversations_of(ANA))
        self.assertFalse(self.conversations_of("c@example.com"))
