from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.marketing_consent import LEGAL_BASES
from ..models.number_format import format_number
from ..tools.client_action import CLOSE, notify

#: Where the wizard is opened from → the field that leads to the person.
PERSON_PATHS = {
    "marketing.person": None,
    "marketing.consent": "person_id",
    "res.partner": "marketing_person_id",
    "crm.lead": "marketing_person_id",
    "mailing.contact": "marketing_person_id",
}


class MarketingConsentChange(models.TransientModel):
    """A user writes down what people told him: on paper, by phone, at a fair.

    For one person his word overrules an earlier opt-out, and names him. For many it
    counts like an import: who opted out stays out.
    """

    _name = "marketing.consent.change"
    _description = "Write Down Consents"

    person_ids = fields.Many2many("marketing.person", string="Persons", readonly=True)
    person_count = fields.Integer(compute="_compute_person_count")
    topic_id = fields.Many2one("marketing.topic", required=True)
    state = fields.Selection(
        [("in", "Agreed to the topic"), ("out", "Do not want the topic")],
        string="They",
        required=True,
        default="in",
    )
    legal_basis = fields.Selection(LEGAL_BASES, default="consent")
    reason_id = fields.Many2one("mailing.subscription.optout")
    note = fields.Text(
        "How Do You Know?",
        required=True,
        help="For example: signed the form at the fair, which is in the folder of the "
        "fair. It is kept as evidence, with your name.",
    )

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        model = self.env.context.get("active_model")
        if model in PERSON_PATHS and "person_ids" not in values:
            records = self.env[model].browse(self.env.context.get("active_ids") or [])
            records.check_access("read")
            persons = records.sudo()
            if PERSON_PATHS[model]:
                persons = persons[PERSON_PATHS[model]]
            values["person_ids"] = [fields.Command.set(persons.ids)]
        return values

    @api.depends("person_ids")
    def _compute_person_count(self):
        for wizard in self:
            wizard.person_count = len(wizard.person_ids)

    def action_apply(self):
        """Write the answers, and say what was left as it is."""
        self.ensure_one()
        if not self.person_ids:
            raise UserError(
                self.env._("None of the records has a usable e-mail address.")
            )
        self.topic_id.check_access("read")
        evidence = {
            "source": "hand" if len(self.person_ids) == 1 else "import",
            "legal_basis": self.legal_basis if self.state == "in" else None,
            "reason_id": self.reason_id.id if self.state == "out" else None,
            "note": self.note,
            "user_id": self.env.uid,
        }
        consents = self.env["marketing.consent"].sudo()
        changed = consents._set_state(
            self.person_ids.ids, self.topic_id, self.state, evidence
        )
        message = self.env._(
            "%s persons answered this now.",
            format_number(self.env, len(changed), 0),
        )
        same = len(self.person_ids) - len(changed)
        if same:
            message += " " + self.env._(
                "%s persons were left as they are: they had answered the same before, "
                "or had opted out, which only they themselves can take back.",
                format_number(self.env, same, 0),
            )
        return notify(message, "success" if changed else "warning", next=CLOSE)
