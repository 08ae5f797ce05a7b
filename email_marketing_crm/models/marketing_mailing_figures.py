from odoo import api, fields, models
from odoo.tools import SQL

#: Figures of `FIGURES` that are stored for reports.
REPORTED = (
    "sent",
    "delivered",
    "opened",
    "clicked",
    "replied",
    "leads",
    "won",
    "unsubscribed",
    "complained",
)
#: Money of the leads behind them.
REVENUES = ("expected_revenue", "won_revenue")


class MarketingMailingFigures(models.AbstractModel):
    """What came of a mailing, as columns of whatever has a row a mailing.

    What a column is called and what it counts is said where the mailing's form says it
    (`_get_figure_wording`), so the same figure has the same words everywhere.
    """

    _name = "marketing.mailing.figures"
    _description = "Figures of a Mailing"

    sent = fields.Integer(readonly=True)
    delivered = fields.Integer(readonly=True)
    opened = fields.Integer(readonly=True)
    clicked = fields.Integer(readonly=True)
    replied = fields.Integer(readonly=True)
    leads = fields.Integer(readonly=True)
    won = fields.Integer(readonly=True)
    unsubscribed = fields.Integer(readonly=True)
    complained = fields.Integer(readonly=True)
    expected_revenue = fields.Float(readonly=True)
    won_revenue = fields.Float(readonly=True)

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """The words of the form, in the language of the user."""
        found = super().fields_get(allfields, attributes)
        wording = self.env["mailing.mailing"]._get_figure_wording()
        for name in found.keys() & {*REPORTED, *REVENUES}:
            label, definition = wording[name]
            texts = {"string": label, "help": definition}
            found[name].update(
                {
                    attribute: text
                    for attribute, text in texts.items()
                    if not attributes or attribute in attributes
                }
            )
        return found

    @api.model
    def _get_figure_columns(self, table=None):
        """SQL: the columns of the figures, of a table where one is named."""
        return SQL(", ").join(
            SQL.identifier(table, name) if table else SQL.identifier(name)
            for name in (*REPORTED, *REVENUES)
        )
