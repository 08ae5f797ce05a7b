from odoo import fields
from odoo.tools import sql


class Many2oneWithoutKey(fields.Many2one):
    """A link without a foreign key, for rows that are written by the million.

    For each row that is written a foreign key looks up the row it names, even where
    that is the same one for all: five seconds of a plan of a million persons. The model
    that is linked says itself what `unlink` does with the rows that name its records.
    """

    def update_db_foreign_key(self, model, column):
        comodel = model.env[self.comodel_name]
        rows = sql.get_foreign_keys(
            model.env.cr, model._table, self.name, comodel._table, "id", self.ondelete
        )
        for name in rows:
            sql.drop_constraint(model.env.cr, model._table, name)
