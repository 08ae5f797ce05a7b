from odoo import api, fields, models, tools
from odoo.exceptions import UserError


class MarketingTouchpointType(models.Model):
    """A kind of event: what `marketing.touchpoint.type_id` points to.

    The code is what capture, rules and imports refer to; it never changes. Types
    of the add-on are data; companies add their own for what other systems report.
    """

    _name = "marketing.touchpoint.type"
    _description = "Touchpoint Type"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(
        required=True, help="Name of the type in the events API and in imports."
    )
    sequence = fields.Integer(default=100)
    active = fields.Boolean(default=True)
    icon = fields.Char(default="fa-circle-o", help="Font Awesome class.")
    direction = fields.Selection(
        [("theirs", "Theirs"), ("ours", "Ours")],
        required=True,
        default="theirs",
        help="Theirs: something the person did. Ours: something we did.",
    )
    shows_intent = fields.Boolean(
        "Counts as Engagement",
        help="The person chose to do it.",
    )
    reliability = fields.Selection(
        selection="_selection_reliability",
        required=True,
        default="human_likely",
        help="Class of an event that says nothing about it.",
    )
    settle_seconds = fields.Integer(
        "Seconds Before It Counts",
        required=True,
        default=0,
        help="Time an event waits before it counts, so that a mail scanner that "
        "follows every link is recognised first.",
    )
    is_tracking = fields.Boolean(
        "Needs Tracking",
        help="Says what somebody looked at. It is not recorded for persons who do not "
        "want to be tracked.",
    )
    is_custom = fields.Boolean(
        "Open to Other Systems",
        default=True,
        readonly=True,
        help="Other systems may report it through the events API.",
    )

    _code_unique = models.Constraint("UNIQUE(code)", "This code is taken.")

    @api.model
    def _selection_reliability(self):
        return [
            ("security_scan", self.env._("Security scan")),
            ("machine_open", self.env._("Machine open")),
            ("unknown", self.env._("Unknown")),
            ("human_likely", self.env._("Likely human")),
            ("human_confirmed", self.env._("Human")),
        ]

    @api.model
    @tools.ormcache()
    def _get_types_by_code(self):
        """`{code: (id, default reliability)}`, cached: capture is on hot paths."""
        return {
            record.code: (record.id, record.reliability)
            for record in self.sudo().with_context(active_test=False).search([])
        }

    @api.model
    @tools.ormcache()
    def _get_settling_seconds(self):
        """`{type id: seconds}` of the types whose events wait before they count."""
        return {
            record.id: record.settle_seconds
            for record in self.sudo()
            .with_context(active_test=False)
            .search([("settle_seconds", ">", 0)])
        }

    @api.model
    @tools.ormcache()
    def _get_tracking_ids(self):
        """Ids of the types that are not recorded for who does not want it."""
        types = self.sudo().with_context(active_test=False)
        return frozenset(types.search([("is_tracking", "=", True)]).ids)

    @api.model
    def _get_id(self, code):
        """Id of a type by its code; raises KeyError for an unknown one."""
        return self._get_types_by_code()[code][0]

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        if any(record.code != vals.get("code", record.code) for record in self):
            raise UserError(
                self.env._(
                    "Rules and other systems refer to a type by its code, so it cannot "
                    "change. Add a type with the other code instead."
                )
            )
        if vals.keys() & {
            "code",
            "reliability",
            "active",
            "settle_seconds",
            "is_tracking",
        }:
            self.env.registry.clear_cache()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_captured(self):
        """Types of the add-ons are captured by code; without them mails would fail."""
        xml_ids = self._get_external_ids()
        if any(
            name.startswith(("email_marketing_crm.", "email_marketing_crm_"))
            for names in xml_ids.values()
            for name in names
        ):
            raise UserError(
                self.env._(
                    "This type belongs to Email Marketing and cannot be deleted. "
                    "Archive it to hide it from lists."
                )
            )

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()
