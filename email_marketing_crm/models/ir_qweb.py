from lxml import etree

from odoo import models


class IrQweb(models.AbstractModel):
    _inherit = "ir.qweb"

    def _generate_code_uncached(self, template):
        """Compile the body of a mailing once, and not for each of its mails.

        `marketing_memo` lives as long as one batch of one mailing is composed; Odoo
        keeps what it compiles only where the template is a view.
        """
        memo = self.env.context.get("marketing_memo")
        if memo is None or not isinstance(template, etree._Element):
            return super()._generate_code_uncached(template)
        key = (
            "qweb",
            etree.tostring(template),
            tuple(
                self.env.context.get(name) for name in self._get_template_cache_keys()
            ),
            self.env.context.get("preserve_comments"),
            self.env.context.get("raise_on_forbidden_code_for_model"),
        )
        if key not in memo:
            memo[key] = super()._generate_code_uncached(template)
        return memo[key]
