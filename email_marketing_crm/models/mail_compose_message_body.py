from markupsafe import Markup

from odoo import models

from ..tools import mail_holes
from .marketing_delivery_writer import print_values

#: Fewer mails of one form than this are rendered one by one.
SMALLEST_GROUP = 10


class MailComposeMessage(models.TransientModel):
    """Bodies of a batch are rendered once, with marks where something is printed.

    Only what Odoo's rendering would give: it renders the last body of each group as
    well, and where that is another one, or a value is more than plain text, it renders
    them all.
    """

    _inherit = "mail.compose.message"

    def _render_field(self, field, res_ids, *args, **kwargs):
        if (
            field != "body"
            or len(res_ids) < SMALLEST_GROUP
            or not self.env.context.get("marketing_deliveries")
            or self.env["marketing.sender"]._get_sending_overrides(
                "mail.render.mixin", "mail.compose.message"
            )
        ):
            return super()._render_field(field, res_ids, *args, **kwargs)
        bodies = {}
        for group, values in self._group_bodies(res_ids):
            bodies |= self._fill_bodies(group, values)
            *_rest, last = group
            expected = super()._render_field(field, [last], *args, **kwargs)
            if bodies[last] != expected[last]:
                for res_id in group:
                    del bodies[res_id]
        others = [res_id for res_id in res_ids if res_id not in bodies]
        if others:
            bodies |= super()._render_field(field, others, *args, **kwargs)
        return bodies

    def _group_bodies(self, res_ids):
        """Records whose bodies have one form: `[({record id: language}, values)]`."""
        cut = mail_holes.cut_template(self.body or "")
        if cut is None:
            return []
        langs = self._render_lang(res_ids)
        printed = print_values(self, cut, res_ids, langs)
        groups = {}
        for record in self.env[self.model].browse(res_ids):
            values = printed[record.id]
            if values is None:
                continue
            form = tuple(bool(value) for value in values)
            key = langs[record.id], record.get_base_url(), form
            groups.setdefault(key, {})[record.id] = langs[record.id]
        return [
            (group, (cut, printed))
            for group in groups.values()
            if len(group) >= SMALLEST_GROUP
        ]

    def _fill_bodies(self, group, values):
        """`{record id: body}`, rendered for the first of a group and filled in."""
        cut, printed = values
        first, lang = next(iter(group.items()))
        composer = self.with_context(lang=lang) if lang else self
        is_compiled = self._has_unsafe_expression_template_qweb(self.body, self.model)
        marked = composer._render_template(
            cut.get_body([bool(value) for value in printed[first]], is_compiled),
            self.render_model,
            [first],
            engine="qweb",
            options={"post_process": True, "preserve_comments": True},
        )[first]
        # Odoo writes the HTML anew when it shortens links: quotes are no entities then.
        is_rewritten = any(
            key[0] == "link" for key in self.env.context["marketing_memo"]
        )
        write = mail_holes.to_markup if is_rewritten else mail_holes.to_escaped
        pieces, names = mail_holes.split_at_markers(str(marked), cut.holes)
        bodies = {}
        for res_id in group:
            texts = [write(value) for value in printed[res_id]]
            parts = [""] * (2 * len(names) + 1)
            parts[::2] = pieces
            parts[1::2] = [texts[name] for name in names]
            bodies[res_id] = Markup("".join(parts))  # noqa: S704 – escaped above
        return bodies
