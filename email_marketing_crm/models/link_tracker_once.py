"""A link of a mailing is one record, however many workers write the mailing."""

from contextlib import contextmanager

from odoo import api, models, modules

#: First half of the key of the lock under which links of a mailing are made.
LOCK_CLASS = 0x6C696E6B


class LinkTracker(models.Model):
    """Links that workers find or make together.

    A worker that composes does not see what others do meanwhile: two of them would
    each make the links of a mailing. So they look for links, and make them, one after
    the other, in short transactions that see what was committed a moment ago. The
    transaction of the worker itself does not see them; it is told their codes, which
    is all that a mail has of them.
    """

    _inherit = "link.tracker"

    # What workers and figures look for: the links of a mailing.
    _mass_mailing = models.Index("(mass_mailing_id) WHERE mass_mailing_id IS NOT NULL")

    @api.model
    def search_or_create(self, vals_list):
        """The links of a mailing are looked for once a batch, not once a mail."""
        memo = self.env.context.get("marketing_memo")
        if memo is None or not isinstance(vals_list, list):
            return super().search_or_create(vals_list)
        keys = [("link", *sorted(vals.items(), key=str)) for vals in vals_list]
        missing = {
            key: vals
            for key, vals in zip(keys, vals_list, strict=True)
            if key not in memo
        }
        if missing:
            with self._take_turn(vals_list[0].get("mass_mailing_id")) as alone:
                links = super(LinkTracker, alone).search_or_create(
                    list(missing.values())
                )
                codes = {("code", link.id): link.code for link in links}
            memo.update(zip(missing, links.ids, strict=True))
            memo.update(codes)
        return self.browse([memo[key] for key in keys])

    @contextmanager
    def _take_turn(self, mailing_id):
        """This model, while no other worker makes links of a mailing.

        Trials, whose mails have no delivery, keep what they make to themselves; and a
        test has one transaction for its story.
        """
        deliveries = self.env.context.get("marketing_deliveries") or {}
        if modules.module.current_test or not any(deliveries.values()):
            yield self
            return
        with self.env.registry.cursor() as cr:
            # Sees what was committed while it waited. Need not wait for the disk: the
            # mails are committed later, and with them all that was written before.
            cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            cr.execute("SET LOCAL synchronous_commit = off")
            cr.execute(
                "SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_CLASS, mailing_id or 0]
            )
            # Whoever deletes the mailing may wait for the deliveries that we hold:
            # PostgreSQL does not see that we are one with our other transaction.
            cr.execute("SET LOCAL lock_timeout = '5s'")
            yield self.with_env(self.env(cr=cr))

    def _compute_code(self):
        """Of links that were made beside this transaction the code is remembered."""
        memo = self.env.context.get("marketing_memo") or {}
        others = self.browse()
        for link in self:
            if ("code", link.id) in memo:
                link.code = memo["code", link.id]
            else:
                others += link
        return super(LinkTracker, others)._compute_code()

    # ------------------------------------------------------------------
    # THE SAME LINK TWICE
    # ------------------------------------------------------------------

    def _fold(self):
        """`{link: the first one of its mailing with its address and label}`.

        They are one link to whoever reads figures, even where two were made.
        """
        first = {}
        return {
            link: first.setdefault(
                (link.mass_mailing_id, link.url, link.label or ""), link
            )
            for link in self.sorted("id")
        }

    def _get_same_links(self):
        """A link, and what is the same as it; of no link none."""
        link = self.sudo()
        if not link.mass_mailing_id:
            return link
        folded = self.sudo().search([("mass_mailing_id", "=", link.mass_mailing_id.id)])
        first = folded._fold()
        return folded.filtered(lambda other: first[other] == first[link])
