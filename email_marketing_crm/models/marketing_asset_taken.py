from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.sql import column_exists, create_column

from ..tools.content_link import read_token
from ..tools.reliability import RANK

#: Clicks of machines take nothing.
LEAST_RANK = RANK["unknown"]


class LinkTracker(models.Model):
    """A tracked link of a mail that leads to a content asset."""

    _inherit = "link.tracker"

    marketing_asset_id = fields.Many2one(
        "marketing.asset",
        string="Content Asset",
        compute="_compute_marketing_asset_id",
        store=True,
        index="btree_not_null",
        ondelete="set null",
    )

    def _auto_init(self):
        """Add the column empty: no link leads to an asset before there is one."""
        if not column_exists(self.env.cr, self._table, "marketing_asset_id"):
            create_column(self.env.cr, self._table, "marketing_asset_id", "int4")
        return super()._auto_init()

    @api.depends("url")
    def _compute_marketing_asset_id(self):
        assets = self.env["marketing.asset"].sudo().with_context(active_test=False)
        tokens = {link: read_token(link.url) for link in self}
        wanted = [token for token in tokens.values() if token]
        found = assets.search([("token", "in", wanted)]) if wanted else assets
        by_token = {asset.token: asset.id for asset in found}
        for link in self:
            link.marketing_asset_id = by_token.get(tokens[link], False)


class MarketingAsset(models.Model):
    """Who took an asset: made out of clicks, by the inbox."""

    _inherit = "marketing.asset"

    @api.model
    def _consume_inbox(self, batch):
        """Whoever followed the link to an asset in his mail took it.

        By then it is known whether a scanner followed every link of the mail.
        """
        clicks = {
            click.id: click
            for click in batch.of_types("clicked")
            if click.link_id and RANK[click.reliability] >= LEAST_RANK
        }
        if not clicks:
            return
        links = dict(
            self.env.execute_query(
                SQL(
                    "SELECT id, marketing_asset_id FROM link_tracker"
                    " WHERE id = ANY(%s) AND marketing_asset_id IS NOT NULL",
                    list({click.link_id for click in clicks.values()}),
                )
            )
        )
        taken = [click for click in clicks.values() if click.link_id in links]
        if not taken:
            return
        assets = self.sudo().browse(set(links.values()))
        facts = {asset.id: asset._prepare_facts() for asset in assets}
        reasons = self._read_reasons(taken)
        self.env["marketing.touchpoint"]._capture(
            [
                {
                    "type": "download",
                    "person_id": click.person_id,
                    "date": click.date,
                    "mailing_id": click.mailing_id,
                    "link_id": click.link_id,
                    "res_model": self._name,
                    "res_id": links[click.link_id],
                    "company_id": click.company_id,
                    "reliability": click.reliability,
                    "reliability_reasons": reasons.get(click.id),
                    "data": facts[links[click.link_id]],
                    "dedup_key": f"asset:{click.id}",
                }
                for click in taken
            ]
        )

    def _prepare_facts(self):
        """What the event keeps of the asset: segments ask for the topics."""
        self.ensure_one()
        return {
            "title": self.name,
            "url": self.share_url,
            "tags": self.tag_ids.mapped("name"),
            "kind": self.kind,
        }

    def _read_reasons(self, clicks):
        """`{touchpoint id: codes}` of why clicks are as certain as they are."""
        rows = self.env.execute_query(
            SQL(
                "SELECT id, reliability_reasons FROM marketing_touchpoint"
                " WHERE id = ANY(%s) AND reliability_reasons IS NOT NULL",
                [click.id for click in clicks],
            )
        )
        return {click_id: reasons.split(",") for click_id, reasons in rows}


class MarketingInbox(models.Model):
    _inherit = "marketing.inbox"

    @api.model
    def _get_consumers(self):
        return ["marketing.asset", *super()._get_consumers()]


class MarketingTouchpoint(models.Model):
    """What was taken, in words; and what a scanner only seemed to take."""

    _inherit = "marketing.touchpoint"

    # Who took an asset: its form, and the rules that name it.
    _asset = models.Index("(res_id, person_id) WHERE res_model = 'marketing.asset'")

    @api.model
    def _find_consequences_of(self, click_ids):
        """Also what the click of a scanner took, when it shows itself late."""
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM marketing_touchpoint"
                " WHERE dedup_key = ANY(%s) AND reliability <> 'security_scan'",
                [f"asset:{click_id}" for click_id in click_ids],
            )
        )
        found = {touchpoint_id for (touchpoint_id,) in rows}
        return super()._find_consequences_of(click_ids) | found

    @api.model
    def _get_sentence_templates(self):
        templates = super()._get_sentence_templates()
        return templates | {
            "download": [
                self.env._("Took “%(asset)s”, from “%(mailing)s”"),
                self.env._("Took “%(asset)s”"),
                *templates["download"],
            ]
        }

    def _get_names(self, records, hidden):
        names = super()._get_names(records, hidden)
        is_asset = self.res_model == "marketing.asset"
        return names | {"asset": names["title"] if is_asset else None}

    @api.model
    def _get_fact_labels(self):
        return super()._get_fact_labels() | {
            "tags": self.env._("Topics"),
            "kind": self.env._("Kind"),
        }
