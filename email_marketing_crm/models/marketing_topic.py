from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL
from odoo.tools.urls import urljoin

from ..tools.consent_token import read, sign

#: Days before the end of a consent from which people are asked to renew it.
RENEWAL_DAYS = 30
#: The year 9999: the form of a topic works as long as the topic is public.
FORM_EXPIRES = 253402300799
#: What changes the meaning of the text people agree to.
TEXT_FIELDS = frozenset({"name", "description", "consent_text"})


class MarketingTopic(models.Model):
    """What people may agree to hear about, and take back: a purpose of mailings.

    Marketers write topics; people answer in `marketing.consent`. A topic may stand for
    one mailing list of Odoo: then who is out of the topic is opted out of the list, and
    who opts out of the list is out of the topic. The text that people see has a
    version, which each answer keeps in `marketing.consent.log`.

    A topic that somebody has answered is archived, never deleted: its evidence stays.
    """

    _name = "marketing.topic"
    _description = "Consent Topic"
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    description = fields.Text(
        translate=True,
        help="One or two sentences: what is sent and how often. People see it on the "
        "preference page.",
    )
    consent_text = fields.Text(
        "Text People Agree To",
        translate=True,
        help="The sentence next to the button. It is kept with each answer, with its "
        "version. Empty: a standard sentence with the name of the topic.",
    )
    text_version = fields.Integer(
        "Version of the Text",
        readonly=True,
        copy=False,
        default=1,
        aggregator=None,
        help="Rises by itself when the name, the description or the text changes.",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", help="Empty: the topic belongs to all companies."
    )
    mailing_list_id = fields.Many2one(
        "mailing.list",
        index="btree_not_null",
        ondelete="set null",
        help="Subscriptions of this list and consents of this topic follow each other.",
    )
    is_public = fields.Boolean(
        "On Public Pages",
        default=True,
        help="People find the topic on their preference page and may subscribe with "
        "its public form. Other topics show only to those who have answered them.",
    )
    is_double_opt_in = fields.Boolean(
        "Double Opt-in",
        default=True,
        help="Who subscribes gets a mail and confirms it on a page with a button. "
        "Until then no mailing goes out.",
    )
    expiry_months = fields.Integer(
        "Consent Expires After",
        aggregator=None,
        help="Months after which a consent must be renewed. 0: never.",
    )
    renewal_segment_id = fields.Many2one(
        "marketing.segment",
        "Whose Consent Ends",
        readonly=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
        groups="email_marketing_crm.group_marketing_user",
    )
    subscribe_url = fields.Char("Public Form", compute="_compute_subscribe_url")
    # figures
    in_count = fields.Integer("In", compute="_compute_counts", compute_sudo=True)
    pending_count = fields.Integer(
        "Pending", compute="_compute_counts", compute_sudo=True
    )
    out_count = fields.Integer("Out", compute="_compute_counts", compute_sudo=True)

    _mailing_list_unique = models.Constraint(
        "UNIQUE(mailing_list_id)", "This mailing list belongs to another topic already."
    )
    _expiry_positive = models.Constraint(
        "CHECK(expiry_months >= 0)",
        "A consent expires after a number of months, or never (0).",
    )

    def _compute_subscribe_url(self):
        for topic in self:
            topic.subscribe_url = topic.id and urljoin(
                topic.get_base_url(), f"/marketing/subscribe/{topic._get_form_token()}"
            )

    def _compute_counts(self):
        counts = {
            (topic.id, state): count
            for topic, state, count in self.env["marketing.consent"]._read_group(
                [("topic_id", "in", self.ids)], ["topic_id", "state"], ["__count"]
            )
        }
        for topic in self:
            topic.in_count = counts.get((topic.id, "in"), 0)
            topic.pending_count = counts.get((topic.id, "pending"), 0)
            topic.out_count = counts.get((topic.id, "out"), 0)

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        topics = super().create(vals_list)
        topics._adopt_subscriptions()
        return topics

    def write(self, vals):
        before = {topic: topic.mailing_list_id for topic in self}
        for topic in self:
            if any(topic[name] != vals[name] for name in vals.keys() & TEXT_FIELDS):
                super(MarketingTopic, topic).write(
                    {"text_version": topic.text_version + 1}
                )
        result = super().write(vals)
        if "mailing_list_id" in vals:
            self.filtered(
                lambda topic: topic.mailing_list_id != before[topic]
            )._adopt_subscriptions()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_answered(self):
        logs = self.env["marketing.consent.log"].sudo()
        answered = logs.search([("topic_id", "in", self.ids)], limit=1).topic_id
        if answered:
            raise UserError(
                self.env._(
                    "People have answered the topic “%s”, and their answers are "
                    "evidence. Archive the topic instead.",
                    answered.name,
                )
            )

    def _adopt_subscriptions(self):
        """Make a list and its topic agree from the first moment on."""
        topics = self.filtered("mailing_list_id")
        if topics:
            consents = self.env["marketing.consent"].sudo()
            consents._build_from_subscriptions(topics)
            consents._adopt_refusals(topics)
            consents._opt_out_subscriptions(topics)

    # ------------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------------

    def _get_form_token(self):
        """Signs the public form of the topic; it never expires."""
        self.ensure_one()
        return sign(
            self.env["marketing.person"]._get_link_secret(),
            f"topic:{self.env.cr.dbname}",
            self.id,
            FORM_EXPIRES,
        )

    @api.model
    def _find_by_form_token(self, token):
        """The topic a public form is for, while people may subscribe to it."""
        found = read(
            self.env["marketing.person"]._get_link_secret(),
            f"topic:{self.env.cr.dbname}",
            token,
            int(fields.Datetime.now().timestamp()),
        )
        topic = self.sudo().browse(found.number if found else []).exists()
        return topic.filtered(lambda topic: topic.active and topic.is_public)

    def _get_consent_text(self, lang=None):
        """The sentence people agree to, in a language."""
        self.ensure_one()
        topic = self.with_context(lang=lang) if lang else self
        return topic.consent_text or topic.env._(
            "Yes, I want to receive e-mail about “%s”. I can change my mind at any "
            "time.",
            topic.name,
        )

    @api.model
    def _get_by_list(self, lists):
        """`{mailing list: topic}` of the lists that have one, archived ones too."""
        topics = (
            self.sudo()
            .with_context(active_test=False)
            .search([("mailing_list_id", "in", lists.ids)])
        )
        return {topic.mailing_list_id: topic for topic in topics}

    @api.model
    def _make_for_public_lists(self):
        """A topic for each public mailing list that has none; at installation."""
        taken = SQL(
            "(SELECT mailing_list_id FROM marketing_topic"
            " WHERE mailing_list_id IS NOT NULL)"
        )
        lists = self.env["mailing.list"].search(
            [("is_public", "=", True), ("id", "not in", taken)]
        )
        return self.create(
            [
                {
                    "name": mailing_list.name,
                    "mailing_list_id": mailing_list.id,
                    "is_public": True,
                }
                for mailing_list in lists
            ]
        )

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_ask_renewal(self):
        """A mailing, ready but for a look at it, to those whose consent ends.

        Its segment is made once per topic and follows by itself.
        """
        self.ensure_one()
        if not self.renewal_segment_id:
            self.renewal_segment_id = self.env["marketing.segment"].create(
                self._prepare_renewal_segment_values()
            )
        ready = self.env.ref("email_marketing_crm.mailing_consent_renewal")
        model = self.renewal_segment_id.res_model
        mailing = self.env["mailing.mailing"]._begin(
            {
                "subject": ready.subject,
                "body_arch": ready.body_arch,
                "body_html": ready.body_html,
                "mailing_model_id": self.env["ir.model"]._get_id(model),
                "user_id": self.env.uid,
                "marketing_topic_id": self.id,
                "marketing_renews_consent": True,
                "marketing_segment_ids": [
                    fields.Command.set(self.renewal_segment_id.ids)
                ],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "mailing.mailing",
            "res_id": mailing.id,
            "views": [(False, "form")],
        }

    def _prepare_renewal_segment_values(self):
        ends = [
            ("topic_id", "=", self.id),
            ("state", "=", "in"),
            ("expiry_date", "<=", f"now +{RENEWAL_DAYS}d"),
        ]
        return {
            "name": self.env._("Consent for “%s” ends", self.name),
            "res_model": "mailing.contact" if self.mailing_list_id else "res.partner",
            "domain": repr([("marketing_person_id.consent_ids", "any", ends)]),
            "company_id": self.company_id.id,
        }

    def action_view_consents(self):
        """Who answered; the context chooses the answer."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "email_marketing_crm.marketing_consent_action"
        )
        shown = {
            key: value
            for key, value in self.env.context.items()
            if key.startswith("search_default_")
        }
        return action | {
            "display_name": self.env._("Consents for %s", self.name),
            "domain": [("topic_id", "=", self.id)],
            "context": shown,
        }
