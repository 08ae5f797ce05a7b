from ast import literal_eval

from odoo import api, fields, models

from .marketing_check_policy import CHECKS
from .marketing_check_word import SEVERITIES
from .marketing_mailing_check_audience import MAX_LISTED

#: Where each place is on the form of a mailing: page of the notebook, and field.
FORM_PLACES = {
    "subject": ("", "subject"),
    "preview": ("settings", "preview"),
    "body": ("mail_body", "body_arch"),
    "sender": ("settings", "email_from"),
    "audience": ("marketing_audience", "marketing_segment_ids"),
    "mailing": ("marketing_audience", "marketing_topic_id"),
    "goal": ("", "marketing_goal"),
}
#: Findings of the law have the name of their check in the compliance profile.
LEGAL_PREFIX = "legal_"


class MarketingMailingCheckFinding(models.Model):
    """Something that is wrong with a mailing: what, where, for how many, what to do.

    Written by the check only. Each row leads to the place where it is put right: the
    persons, the field or the words of the text, the link, the company, the sender.
    """

    _name = "marketing.mailing.check.finding"
    _description = "Finding of a Check"
    _order = "rank, id"
    _rec_name = "message"

    check_id = fields.Many2one(
        "marketing.mailing.check",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    mailing_id = fields.Many2one(related="check_id.mailing_id")
    code = fields.Selection(
        selection="_selection_code", string="About", required=True, readonly=True
    )
    severity = fields.Selection(
        [("block", "Stops it"), ("warn", "Warning"), ("info", "Note")],
        required=True,
        readonly=True,
    )
    rank = fields.Integer(readonly=True, aggregator=None)
    count = fields.Integer("Persons", readonly=True)
    is_accepted = fields.Boolean(
        readonly=True, help="A manager let the mailing leave all the same."
    )
    place = fields.Selection(
        [
            ("subject", "Subject"),
            ("preview", "Preview text"),
            ("body", "Text"),
            ("sender", "Sender"),
            ("audience", "Audience"),
            ("mailing", "Mailing"),
            ("goal", "Goal"),
        ],
        "Where",
        required=True,
        readonly=True,
    )
    variant = fields.Char(readonly=True, help="Which of its texts; empty: all.")
    message = fields.Text("What Is Wrong", required=True, readonly=True)
    advice = fields.Text("What to Do", readonly=True)
    # where the button leads
    target = fields.Selection(
        [
            ("people", "The persons"),
            ("mailing", "The mailing"),
            ("link", "The link"),
            ("company", "The company"),
            ("sender", "The sender"),
        ],
        required=True,
        readonly=True,
        default="mailing",
    )
    text_model = fields.Char(readonly=True)
    text_id = fields.Many2oneReference(
        "Stands In",
        model_field="text_model",
        readonly=True,
        help="The mailing, a translation of it, or a version of its test.",
    )
    words = fields.Char(
        readonly=True, help="What is looked for in the text, to show the place."
    )
    people_domain = fields.Char(readonly=True)
    url = fields.Char("Link", readonly=True)
    word_id = fields.Many2one(
        "marketing.check.word", readonly=True, ondelete="set null"
    )
    is_legal = fields.Boolean(compute="_compute_is_legal")

    @api.model
    def _selection_code(self):
        policies = self.env["marketing.check.policy"]._fields["code"]
        return [
            (LEGAL_PREFIX + "consent", self.env._("Law: topic")),
            (LEGAL_PREFIX + "renewal", self.env._("Law: renewal of the consent")),
            (LEGAL_PREFIX + "unsubscribe", self.env._("Law: link to unsubscribe")),
            (LEGAL_PREFIX + "sender", self.env._("Law: who sends it")),
            (LEGAL_PREFIX + "address", self.env._("Law: postal address")),
            (LEGAL_PREFIX + "label", self.env._("Law: advertising label")),
            *policies._description_selection(self.env),
        ]

    @api.depends("code")
    def _compute_is_legal(self):
        for finding in self:
            finding.is_legal = (finding.code or "").startswith(LEGAL_PREFIX)

    @api.model
    def _get_rank(self, code, severity, place):
        """Serious things first, then the subject before the text."""
        codes = [known for known, _label in CHECKS]
        return (
            (len(SEVERITIES) - SEVERITIES.index(severity)) * 1000
            + (codes.index(code) + 1 if code in codes else 0) * 10
            + (0 if place == "subject" else 1 if place == "preview" else 2)
        )

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_open(self):
        """Go where this is put right."""
        self.ensure_one()
        return getattr(self, f"_open_{self.target}")()

    def action_open_text(self):
        """Show where it stands in the mail, where “Open” leads to something else."""
        self.ensure_one()
        return self._open_mailing()

    def _open_people(self):
        """Their records, or their persons for who may not read the records."""
        model = self.mailing_id.mailing_model_real
        domain = literal_eval(self.people_domain or "[]")
        if not self.env[model].has_access("read"):
            records = self.env[model].sudo().search(domain, limit=MAX_LISTED)
            model = "marketing.person"
            domain = [("id", "in", records.marketing_person_id.ids)]
        return {
            "type": "ir.actions.act_window",
            "name": self.message,
            "res_model": model,
            "views": [(False, "list"), (False, "form")],
            "domain": domain,
            "context": {"create": False},
        }

    def _open_mailing(self):
        """The text it stands in, at its place: the web client shows it there."""
        text = self._get_text()
        shown = {**self._get_shown_place(text), "message": self.message}
        if self.advice:
            shown["advice"] = self.advice
        return self._open_record(text) | {"context": {"marketing_finding": shown}}

    def _get_text(self):
        """The record whose form has the text; the mailing where that is gone."""
        if self.text_model in self.env:
            text = self.env[self.text_model].browse(self.text_id).exists()
            if text and text.has_access("read"):
                return text
        return self.mailing_id

    def _get_shown_place(self, text):
        """Page and field of the form of a text, and words to look for in it."""
        page, field = FORM_PLACES[self.place]
        if text._name != "mailing.mailing":
            page = ""  # their forms have no pages
        return {"page": page, "field": field, "words": self.words or ""}

    def _open_link(self):
        return {"type": "ir.actions.act_url", "url": self.url, "target": "new"}

    def _open_company(self):
        return self._open_record(self.check_id.company_id)

    def _open_sender(self):
        """The sender's page, where the domain and its records are explained."""
        sender = self.mailing_id.sudo()._get_checked_sender()
        return self._open_record(sender) if sender else self._open_mailing()

    def _open_record(self, record):
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
        }
