from odoo import api, fields, models

#: Modules whose overrides the high-volume lane does what they do: Odoo's own.
KNOWN_MODULES = {
    "base",
    "link_tracker",
    "mail",
    "mass_mailing",
    "mass_mailing_sms",
    "email_marketing_crm",
}
#: Methods that the high-volume lane calls once for many mails, or not at all. Where
#: another module changes one of them, every mail has to go through it.
WATCHED_METHODS = {
    "mail.mail": (
        "create",
        "send",
        "_send",
        "_split_by_mail_configuration",
        "_prepare_outgoing_list",
        "_prepare_outgoing_body",
        "_personalize_outgoing_body",
        "_postprocess_sent_message",
        "_get_tracking_url",
    ),
    "mail.compose.message": (
        "_action_send_mail_mass_mail",
        "_prepare_mail_values",
        "_prepare_mail_values_static",
        "_prepare_mail_values_dynamic",
        "_prepare_mail_values_mailing_traces",
        "_process_mail_values_state",
        "_manage_mail_values",
    ),
    "mail.render.mixin": (
        "_render_template",
        "_render_template_qweb",
        "_render_template_postprocess",
        "_shorten_links",
        "_replace_local_links",
    ),
    "ir.mail_server": (
        "send_email",
        "_build_email__",
        "_prepare_email_message__",
        "_alter_message__",
        "_prepare_smtp_to_list",
    ),
    "mailing.mailing": (
        "_get_unsubscribe_url",
        "_get_unsubscribe_oneclick_url",
        "_get_view_url",
    ),
    # What is noted of them later goes through Odoo, for many at once.
    "mailing.trace": ("create",),
    "mail.message": ("create",),
}


class MarketingSender(models.Model):
    """Which of the two lanes sends the mailings of a sender.

    The standard lane makes a mail.mail of each mail and lets Odoo send it: every other
    module has its say. The high-volume lane writes a mail once and fills it in for each
    recipient; it is some ten times faster and steps back wherever that would make a
    difference.
    """

    _inherit = "marketing.sender"

    is_high_volume = fields.Boolean(
        "High Volume",
        tracking=True,
        help="Mailings of this sender are written once and filled in for each "
        "recipient, which is many times faster. Mailings with attachments, or whose "
        "mails or replies are kept on the contact, go mail by mail all the same.",
    )
    lane = fields.Selection(
        [("standard", "Standard"), ("high_volume", "High volume")],
        string="Lane in Use",
        compute="_compute_lane",
    )
    lane_reason = fields.Char("Reason of the Lane", compute="_compute_lane")

    @api.depends("is_high_volume", "mail_server_id")
    def _compute_lane(self):
        for sender in self:
            obstacle = sender._get_volume_obstacle()
            sender.lane = "standard" if obstacle else "high_volume"
            sender.lane_reason = obstacle or self.env._(
                "The sender is set to high volume, and nothing speaks against it."
            )

    def _get_volume_obstacle(self):
        """Why mailings of this sender go mail by mail, in a sentence; or None."""
        self.ensure_one()
        if not self.is_high_volume:
            return self.env._("High volume is switched off for this sender.")
        if self.sudo().mail_server_id.owner_user_id:
            return self.env._(
                "The mail server belongs to a user, and Odoo lets few mails a minute "
                "through it."
            )
        overrides = self._get_sending_overrides()
        if overrides:
            return self.env._(
                "Other modules change how mails are written or sent, so that each mail "
                "has to go through them: %s",
                ", ".join(sorted(overrides)),
            )
        return None

    @api.model
    def _get_sending_overrides(self, *names):
        """`{module: methods}` of modules that change what the fast lane goes past.

        :param names: models that are looked at; all of them by default
        """
        found = {}
        for model in names or WATCHED_METHODS:
            for definition in type(self.env[model]).mro():
                own = vars(definition)
                for method in WATCHED_METHODS[model]:
                    module = method in own and _get_module(own[method])
                    if module and module not in KNOWN_MODULES:
                        found.setdefault(module, []).append(f"{model}.{method}")
        return found


def _get_module(function):
    """Where a method comes from: an Odoo module, another package; None: Odoo's core.

    Asked of the function, not of its class: some are put into classes of others, as
    automation rules do and who patches Odoo.
    """
    name = getattr(function, "__module__", None) or "unknown"
    package, _dot, rest = name.partition("odoo.addons.")
    if rest and not package:
        return rest.split(".")[0]
    root = name.split(".")[0]
    return None if root == "odoo" else root
