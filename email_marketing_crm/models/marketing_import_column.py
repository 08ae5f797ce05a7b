from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

#: Fields of contacts that a file may set; fields of other add-ons and custom fields
#: follow by their type.
CONTACT_TYPES = (
    "char",
    "text",
    "html",
    "selection",
    "many2one",
    "date",
    "datetime",
    "integer",
    "float",
    "monetary",
    "boolean",
)
#: Fields that mean something to the program, or that the import sets itself.
LEFT_OUT = frozenset(
    {
        "active",
        "barcode",
        "color",
        "commercial_partner_id",
        "company_id",
        "company_type",
        "employee",
        "is_company",
        "marketing_relationship",
        "parent_id",
        "partner_latitude",
        "partner_longitude",
        "type",
        "company_name",
        "name",
        "email",
    }
)
LEFT_OUT_PREFIXES = ("marketing_", "message_", "activity_", "signup_", "property_")
#: Fields of a person that make no sense of a company.
PERSON_FIELDS = frozenset({"function", "lang", "tz"})


class MarketingImportColumn(models.Model):
    """A column of a file, and the field it fills.

    Made when the file is read, with a target proposed from the header; the marketer
    corrects it. A column without target is left out.
    """

    _name = "marketing.import.column"
    _description = "Column of an Import"
    _order = "sequence, id"
    _rec_name = "header"

    import_id = fields.Many2one(
        "marketing.import", required=True, ondelete="cascade", index=True
    )
    sequence = fields.Integer("Position", readonly=True)
    header = fields.Char("Column", readonly=True)
    sample = fields.Char("First Values", readonly=True)
    target = fields.Selection(
        selection="_selection_target",
        string="Goes To",
        help="Leave it empty to leave the column out.",
    )

    @api.model
    def _selection_target(self):
        return list(self._get_targets().items())

    @api.model
    def _get_targets(self):
        """`{target: label}` of all a column may be, in the order to show it."""
        partner = self.env["res.partner"]
        names = {
            name: field
            for name, field in partner._fields.items()
            if self._is_importable(field) and partner._has_field_access(field, "write")
        }
        labels = {
            name: field._description_string(self.env) for name, field in names.items()
        }
        first = ("function", "phone", "lang", "street", "street2", "zip", "city")
        order = sorted(
            names,
            key=lambda name: (
                first.index(name) if name in first else len(first),
                labels[name],
            ),
        )
        return {
            "email": self.env._("Email"),
            "name": self.env._("Name"),
            "first_name": self.env._("First Name"),
            "last_name": self.env._("Last Name"),
            "company_name": self.env._("Company"),
            "tags": self.env._("Tags"),
            **{name: labels[name] for name in order},
            **{
                f"company.{name}": self.env._("Company: %s", labels[name])
                for name in order
                if name not in PERSON_FIELDS
            },
            **{
                f"profile.{attribute.code}": self.env._("Profile: %s", attribute.name)
                for attribute in self.env["marketing.profile.attribute"]
                .sudo()
                .search([])
            },
        }

    @api.model
    def _is_importable(self, field):
        return (
            field.type in CONTACT_TYPES
            and field.store
            and not field.readonly
            and not field.related
            and not field.company_dependent
            and field.name not in LEFT_OUT
            and not field.name.startswith(LEFT_OUT_PREFIXES)
            and not field.inherited
        )

    @api.constrains("target")
    def _check_target_allowed(self):
        """Nobody writes a field through a file that he may not write by hand."""
        # Constraints run as superuser; what counts is who chooses the target.
        allowed = self.sudo(False)._get_targets()
        for column in self:
            if column.target and column.target not in allowed:
                raise AccessError(
                    self.env._(
                        "You may not change the field of the column “%s”.",
                        column.header,
                    )
                )

    def _check_target_once(self):
        seen = {}
        for column in self:
            if column.target in seen:
                raise ValidationError(
                    self.env._(
                        "The columns “%(one)s” and “%(other)s” go to the same field. "
                        "Leave one of them out.",
                        one=seen[column.target],
                        other=column.header,
                    )
                )
            if column.target:
                seen[column.target] = column.header
