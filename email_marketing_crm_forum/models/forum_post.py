from odoo import api, models


class ForumPost(models.Model):
    """Questions, answers and comments are in the history of who wrote them.

    What waits for a moderator is recorded when it is let through. What colleagues
    write is left out, and so is a contribution that changes its kind: it was recorded
    when it was written.
    """

    _inherit = "forum.post"

    @api.model_create_multi
    def create(self, vals_list):
        posts = super().create(vals_list)
        posts._capture_posts()
        return posts

    def write(self, vals):
        result = super().write(vals)
        if vals.get("state") == "active":
            self._capture_posts()
        return result

    def message_post(self, *, message_type="notification", **kwargs):
        message = super().message_post(message_type=message_type, **kwargs)
        if message_type == "comment":
            self._capture_comment(message)
        return message

    def convert_answer_to_comment(self):
        posts = self.with_context(marketing_is_recorded=True)
        return super(ForumPost, posts).convert_answer_to_comment()

    @api.model
    def convert_comment_to_answer(self, message_id):
        posts = self.with_context(marketing_is_recorded=True)
        return super(ForumPost, posts).convert_comment_to_answer(message_id)

    def _capture_posts(self):
        """Record the questions and answers among these posts that everybody can see."""
        posts = self.sudo().filtered(lambda post: post.state == "active")
        self._capture_contributions(
            [
                (
                    post,
                    post.create_uid.partner_id,
                    post.create_date,
                    "answered" if post.parent_id else "question",
                    f"forum:post:{post.id}",
                )
                for post in posts
            ]
        )

    def _capture_comment(self, message):
        message = message.sudo()
        self._capture_contributions(
            [
                (
                    self.sudo(),
                    message.author_id,
                    message.date,
                    "commented",
                    f"forum:comment:{message.id}",
                )
            ]
        )

    @api.model
    def _capture_contributions(self, contributions):
        """Record what people wrote: `[(post, partner, date, kind, key)]`."""
        if self.env.context.get("marketing_is_recorded"):
            return
        partner_ids = [partner.id for _post, partner, *_rest in contributions]
        outsiders = self.env["marketing.person"]._get_outsiders(partner_ids)
        self.env["marketing.touchpoint"].sudo()._capture(
            [
                {
                    "type": "forum_post",
                    "person_id": outsiders[partner.id],
                    "date": date,
                    "res_model": self._name,
                    "res_id": post.id,
                    "data": (post.parent_id or post)._prepare_touchpoint_data(kind),
                    "dedup_key": key,
                }
                for post, partner, date, kind, key in contributions
                if outsiders.get(partner.id)
            ]
        )

    def _prepare_touchpoint_data(self, kind):
        """What an event keeps of the question it is about."""
        self.ensure_one()
        return {
            "title": self.name,
            "url": self.website_url,
            "tags": self.tag_ids.mapped("name"),
            "forum": self.forum_id.name,
            "contribution": kind,
        }
