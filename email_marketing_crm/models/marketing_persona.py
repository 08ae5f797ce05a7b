from odoo import fields, models


class MarketingPersona(models.Model):
    """A typical buyer: whom mails are written for, as "IT manager of a clinic".

    Written by marketers. A person has at most one, `marketing.person.persona_id`,
    which follows the answers of `marketing.profile.value` and nothing else. A persona
    that is out of use is archived: answers refer to it.
    """

    _name = "marketing.persona"
    _description = "Buyer Persona"
    _inherit = ["marketing.person.group"]
    _order = "sequence, id"
    _person_field = "persona_id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=100)
    active = fields.Boolean(default=True)
    color = fields.Integer()
    company_id = fields.Many2one(
        "res.company", help="Only this company uses the persona; empty: all of them."
    )
    description = fields.Text(
        translate=True, help="Who that is: role, kind of company, a day at work."
    )
    goals = fields.Text(translate=True, help="What this buyer wants to achieve.")
    challenges = fields.Text(translate=True, help="What stands in the way.")
