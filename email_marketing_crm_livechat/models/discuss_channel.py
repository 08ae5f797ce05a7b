from odoo import models


class DiscussChannel(models.Model):
    """A live chat that is over is in the history of whom it was with, once.

    That is the contact who was logged in, the one of the lead that was made out of the
    chat, or with a website whoever the visitor became known as. Chats in which the
    visitor wrote nothing, and those of colleagues, are left out.
    """

    _inherit = "discuss.channel"

    def write(self, vals):
        result = super().write(vals)
        if vals.get("livechat_end_dt"):
            self._capture_conversations()
        return result

    def _capture_conversations(self):
        """Record the live chats among these channels that are over."""
        channels = self.sudo().filtered(
            lambda channel: (
                channel.channel_type == "livechat" and channel.livechat_end_dt
            )
        )
        if not channels:
            return
        person_ids = channels._get_customer_person_ids()
        channels = channels.filtered(lambda channel: channel.id in person_ids)
        counts = channels._count_customer_messages()
        self.env["marketing.touchpoint"].sudo()._capture(
            [
                {
                    "type": "conversation",
                    "person_id": person_ids[channel.id],
                    "date": channel.livechat_end_dt,
                    "res_model": self._name,
                    "res_id": channel.id,
                    "reliability": "human_confirmed"
                    if channel.livechat_agent_partner_ids
                    else "human_likely",
                    "data": {
                        "title": channel.livechat_channel_id.name,
                        "messages": counts[channel.id],
                        "tags": channel.livechat_conversation_tag_ids.mapped("name"),
                    },
                    "dedup_key": f"livechat:{channel.id}",
                }
                for channel in channels
                if counts.get(channel.id)
            ]
        )

    def _get_customer_person_ids(self):
        """`{channel id: person id}` of the channels whose customer is known."""
        partners = self.livechat_customer_partner_ids
        outsiders = self.env["marketing.person"]._get_outsiders(partners.ids)
        found = {}
        for channel in self:
            for partner in channel.livechat_customer_partner_ids:
                if person_id := outsiders.get(partner.id):
                    found.setdefault(channel.id, person_id)
        unknown = self.filtered(
            lambda channel: (
                channel.id not in found
                and not channel.livechat_customer_partner_ids.filtered("active")
            )
        )
        leads = (
            self.env["crm.lead"]
            .sudo()
            .with_context(active_test=False)
            .search(
                [
                    ("origin_channel_id", "in", unknown.ids),
                    ("marketing_person_id", "!=", False),
                ],
                order="id",
            )
        )
        for lead in leads:
            found.setdefault(lead.origin_channel_id.id, lead.marketing_person_id.id)
        for channel in unknown:
            if channel.id not in found and (person := channel._get_visitor_person()):
                found[channel.id] = person.id
        return found

    def _get_visitor_person(self):
        """The person of the last form that the visitor of the website sent."""
        persons = self.env["marketing.person"].sudo()
        if "livechat_visitor_id" not in self._fields:
            return persons
        visitor = self.livechat_visitor_id
        if "lead_ids" not in visitor._fields:
            return persons
        leads = visitor.lead_ids.filtered("marketing_person_id").sorted("id")
        return leads[-1:].marketing_person_id

    def _count_customer_messages(self):
        """`{channel id: number}` of messages that neither agent nor robot wrote."""
        messages = self.env["mail.message"].sudo()
        groups = messages._read_group(
            [
                ("model", "=", self._name),
                ("res_id", "in", self.ids),
                ("message_type", "=", "comment"),
            ],
            ["res_id", "author_id", "author_guest_id"],
            ["__count"],
        )
        ours = {
            channel.id: channel.livechat_agent_partner_ids
            | channel.livechat_bot_partner_ids
            for channel in self
        }
        counts = {}
        for channel_id, author, guest, count in groups:
            if guest or (author and author not in ours[channel_id]):
                counts[channel_id] = counts.get(channel_id, 0) + count
        return counts
