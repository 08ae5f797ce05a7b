import re
import secrets

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL
from odoo.tools.urls import urljoin

from ..tools.content_link import CONTENT_PATH
from ..tools.reliability import classes_from

#: Opens of these certainties are of somebody who took it.
TAKEN = classes_from("human_likely")


class MarketingAsset(models.Model):
    """Something worth reading, seeing or attending, that mails offer: a content asset.

    A white paper, a case study, a video, a webinar, a landing page: a file kept here,
    or the address of a page elsewhere. Marketers write assets and put their links into
    mails; a new file or address counts for the links of mails that were sent before.

    Who follows such a link in his mail took it: the inbox makes a touchpoint `download`
    with this record behind it out of the click, once the click is known to be a
    human's. Who comes by the bare address is nobody, and is not recorded.

    An archived asset is offered to nobody any more, nor are its old links answered. One
    that somebody took, or that a rule or a mail names, is never deleted.
    """

    _name = "marketing.asset"
    _description = "Content Asset"
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    kind = fields.Selection(
        [
            ("paper", "White paper"),
            ("case", "Case study"),
            ("video", "Video"),
            ("webinar", "Webinar"),
            ("page", "Landing page"),
            ("other", "Other"),
        ],
        required=True,
        default="paper",
    )
    description = fields.Text(
        translate=True, help="What it is about and for whom, for your colleagues."
    )
    tag_ids = fields.Many2many(
        "utm.tag",
        "marketing_asset_tag_rel",
        "asset_id",
        "tag_id",
        string="Topics",
        help="Segments ask for them: whoever took something on pumps.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        default=lambda self: self.env.user,
        domain=[("share", "=", False)],
        ondelete="set null",
    )
    company_id = fields.Many2one(
        "res.company", help="Empty: all companies offer it.", ondelete="cascade"
    )
    # what it is
    source = fields.Selection(
        [("file", "A file"), ("url", "A page elsewhere")],
        required=True,
        default="file",
    )
    file = fields.Binary(attachment=True)
    file_name = fields.Char()
    url = fields.Char("Address", help="Where the page, the video or the form is.")
    # how it is offered
    token = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: secrets.token_urlsafe(16),
        groups="base.group_system",
    )
    path = fields.Char(compute="_compute_path", compute_sudo=True)
    share_url = fields.Char("Link", compute="_compute_path", compute_sudo=True)
    # what came of it
    person_count = fields.Integer(
        "Took It",
        compute="_compute_taken",
        help="Persons who followed the link in their mail; scanners are left out.",
    )
    last_taken_date = fields.Datetime("Last Taken", compute="_compute_taken")
    mailing_count = fields.Integer(
        "Mailings", compute="_compute_mailing_count", compute_sudo=True
    )

    _token_unique = models.Constraint("UNIQUE(token)", "Each asset has its own link.")

    @api.depends("token")
    def _compute_path(self):
        for asset in self:
            asset.path = f"{CONTENT_PATH}{asset.token}"
            asset.share_url = urljoin(asset.get_base_url(), asset.path)

    def _compute_taken(self):
        taken = {
            asset_id: figures
            for asset_id, *figures in self.env.execute_query(
                SQL(
                    """
                    SELECT res_id, count(DISTINCT person_id), max(date)
                      FROM marketing_touchpoint
                     WHERE res_model = 'marketing.asset' AND res_id = ANY(%s)
                       AND reliability = ANY(%s)
                     GROUP BY res_id
                    """,
                    self._origin.ids,
                    list(TAKEN),
                )
            )
        }
        for asset in self:
            count, last = taken.get(asset._origin.id, (0, False))
            asset.person_count, asset.last_taken_date = count, last

    def _compute_mailing_count(self):
        for asset in self:  # shown on the form
            asset.mailing_count = self.env["mailing.mailing"].search_count(
                asset._get_mailing_domain()
            )

    @api.constrains("source", "file", "url")
    def _check_source(self):
        for asset in self:
            if asset.source == "file" and not asset.file:
                raise ValidationError(
                    self.env._("“%s” has no file yet: upload it.", asset.name)
                )
            if asset.source == "url" and not re.match(
                r"https?://[^\s/]+", asset.url or ""
            ):
                raise ValidationError(
                    self.env._(
                        "“%s” needs the address of a page, which begins with https://.",
                        asset.name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        for asset in self.with_context(active_test=False):
            user = asset._find_user()
            if user:
                raise UserError(
                    self.env._(
                        "“%(asset)s” is named by “%(user)s”. Archive it instead.",
                        asset=asset.name,
                        user=user.display_name,
                    )
                )
            if asset.sudo()._is_taken():
                raise UserError(
                    self.env._(
                        "People took “%s”, which is part of their history. Archive it "
                        "instead.",
                        asset.name,
                    )
                )

    def _find_user(self):
        """A mailing or rule that names the asset; empty where there is none."""
        self.ensure_one()
        mailings = self.env["mailing.mailing"].sudo()
        found = mailings.search(self._get_mailing_domain(), limit=1)
        for model, field in (
            ("marketing.segment.rule", "asset_id"),
            ("marketing.score.rule", "asset_id"),
            ("marketing.journey.step", "event_asset_id"),
        ):
            rules = self.env[model].sudo().with_context(active_test=False)
            found = found or rules.search([(field, "=", self.id)], limit=1)
        return found

    def _is_taken(self):
        touchpoints = self.env["marketing.touchpoint"]
        return bool(touchpoints.search_count(self._get_taken_domain(), limit=1))

    def copy_data(self, default=None):
        values_list = super().copy_data(default)
        for asset, values in zip(self, values_list, strict=True):
            if "name" not in (default or {}):
                values["name"] = self.env._("%s (copy)", asset.name)
        return values_list

    # ------------------------------------------------------------------
    # LINKS
    # ------------------------------------------------------------------

    @api.model
    def _find_by_token(self, token):
        """The asset that a link leads to, while it is offered."""
        return self.sudo().search([("token", "=", token)])

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def _get_taken_domain(self):
        return [
            ("res_model", "=", self._name),
            ("res_id", "in", self.ids),
            ("reliability", "in", TAKEN),
        ]

    def action_view_taken(self):
        """Who took it, when, and by which mail."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "email_marketing_crm.marketing_touchpoint_action"
        )
        names = ", ".join(self.mapped("name"))
        return action | {
            "display_name": self.env._("Took “%s”", names),
            "domain": self._get_taken_domain(),
            "context": {"search_default_group_person": 1},
        }

    def _get_mailing_domain(self):
        self.ensure_one()
        path = self._origin.path if self._origin else CONTENT_PATH + "-"
        return self.env["mailing.mailing"]._get_domain_with(path)

    def action_view_mailings(self):
        """The mailings with a link to it."""
        self.ensure_one()
        return self.env["mailing.mailing"]._open_with(self.path, self.name)

    def action_open(self):
        """See it as its readers do."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": self.path, "target": "new"}

    def action_make_segment(self):
        """A segment of everybody who took it; whoever takes it later comes in."""
        self.ensure_one()
        download = self.env["marketing.touchpoint.type"]._get_id("download")
        segment = self.env["marketing.segment"].create(
            {
                "name": self.env._("Took “%s”", self.name),
                "company_id": self.company_id.id,
                "rule_ids": [
                    fields.Command.create({"type_id": download, "asset_id": self.id})
                ],
            }
        )
        return segment.get_formview_action()
