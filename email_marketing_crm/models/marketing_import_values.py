from odoo import api, fields, models
from odoo.tools import SQL, plaintext2html

from ..tools.address_check import is_well_formed
from ..tools.address_typo import suggest_address
from ..tools.import_values import (
    join_name,
    parse_boolean,
    parse_date,
    parse_number,
    split_list,
)
from ..tools.name_key import name_key, website_key

#: Records of a model up to which all names are read at once.
SMALL_MODEL = 5000
#: Models that lack a name of the file get it; marketers invent industries and tags.
GROWING_MODELS = ("res.partner.industry", "res.partner.category")


class ImportRow:
    """A line of a file while its batch is worked on.

    `values` and `company_values` are what the contact and its company get; `error`
    says in words what is wrong with the line.
    """

    __slots__ = (
        "answer",
        "cells",
        "company_name",
        "company_values",
        "duplicate_id",
        "email",
        "error",
        "line_id",
        "name",
        "normal",
        "number",
        "outcome",
        "partner_id",
        "profile",
        "reason",
        "suggestion",
        "tags",
        "values",
    )

    def __init__(self, line_id, number, cells, answer=None):
        self.line_id = line_id
        self.number = number
        self.cells = cells or []  # empty once its person is erased
        self.answer = answer
        self.name = self.company_name = self.email = ""
        self.normal = self.suggestion = self.error = self.reason = None
        self.partner_id = self.duplicate_id = self.outcome = None
        self.values, self.company_values, self.tags = {}, {}, []
        self.profile = {}

    def get_keys(self):
        """What no other line of the same pass may have: it would be a duplicate."""
        keys = set()
        if self.normal:
            keys.add(("email", self.normal))
        if self.name:
            keys.add(("name", name_key(self.name), name_key(self.company_name)))
        return keys


class BadValueError(ValueError):
    """A text that does not fit its column; the message is for the user."""


class MarketingImport(models.Model):
    """From the texts of a line to the values of a contact and its company."""

    _inherit = "marketing.import"

    def _parse_rows(self, rows, grow):
        """Fill in the rows from their cells.

        :param grow: make tags and industries that do not exist yet
        """
        columns = [(column.sequence, column) for column in self.column_ids]
        mapped = [(at, column) for at, column in columns if column.target]
        readers = self._get_readers(mapped, rows, grow)
        states = self._get_states() if readers.keys() & {"state_id"} else []
        for row in rows:
            if len(row.cells) > len(columns):
                row.error = self.env._(
                    "This line has %(cells)s cells, the header %(columns)s. Probably a "
                    "separator stands inside a text: put that text in quotation marks.",
                    cells=len(row.cells),
                    columns=len(columns),
                )
                continue
            self._parse_row(row, mapped, readers, states)
        if grow:
            self._parse_profiles(rows, mapped)

    def _parse_row(self, row, mapped, readers, states):
        parts = {}
        for at, column in mapped:
            text = row.cells[at] if at < len(row.cells) else ""
            if not text:
                continue
            if column.target in ("email", "name", "first_name", "last_name"):
                parts[column.target] = text
            elif column.target == "company_name":
                row.company_name = text
            elif column.target == "tags":
                row.tags = split_list(text)
            elif column.target.startswith("profile."):
                row.profile[column.target.removeprefix("profile.")] = text
            else:
                self._parse_cell(row, column, text, readers)
        row.name = parts.get("name") or join_name(
            parts.get("first_name", ""), parts.get("last_name", "")
        )
        website = row.company_values.get("website")
        if not row.company_name and website:
            row.company_name = website_key(website)
        self._parse_address(row, parts.get("email", ""))
        self._resolve_state(row, row.values, states)
        self._resolve_state(row, row.company_values, states)
        if not (row.error or row.name or row.email):
            row.error = self.env._(
                "There is neither a name nor an address in this line. Fill in one of "
                "them, or remove the line."
            )

    def _parse_profiles(self, rows, mapped):
        """Let the profile say which of its answers cannot be used, and why."""
        headers = {column.target: column.header for _at, column in mapped}
        kinds = {
            attribute.code: attribute.type
            for attribute in self.env["marketing.profile.attribute"].search([])
        }
        answers = []
        for row in rows:
            for code, text in row.profile.items():
                if kinds.get(code) == "tags":
                    row.profile[code] = split_list(text)
                answers.append((row, code))
        parsed = self.env["marketing.profile.attribute"]._parse_values(
            [(code, row.profile[code]) for row, code in answers]
        )
        for (row, code), columns in zip(answers, parsed, strict=True):
            if isinstance(columns, str):
                header = headers[f"profile.{code}"]
                row.error = row.error or f"{header}: {columns}"

    def _parse_cell(self, row, column, text, readers):
        name = column.target.removeprefix("company.")
        values = row.values if name == column.target else row.company_values
        try:
            values[name] = readers[name](text)
        except BadValueError as error:
            row.error = row.error or f"{column.header}: {error}"

    def _parse_address(self, row, text):
        row.email = text
        if not text:
            return
        row.suggestion = suggest_address(text)
        row.normal = self.env["marketing.person"]._normalize(text)
        if row.normal and is_well_formed(row.normal):
            row.values["email"] = text
            return
        row.normal = None
        row.error = row.error or (
            self.env._(
                "“%(email)s” is no email address. Probably “%(suggestion)s” is meant.",
                email=text,
                suggestion=row.suggestion,
            )
            if row.suggestion
            else self.env._("“%s” is no email address. Correct it.", text)
        )

    # ------------------------------------------------------------------
    # READERS OF FIELDS
    # ------------------------------------------------------------------

    def _get_readers(self, mapped, rows, grow):
        """`{field: function of a text}`; each may raise BadValueError."""
        readers = {}
        texts = {}
        for at, column in mapped:
            name = column.target.removeprefix("company.")
            if name in self.env["res.partner"]._fields:
                texts.setdefault(name, set()).update(
                    row.cells[at] for row in rows if at < len(row.cells)
                )
        for name in texts.keys() - {"name", "email", "company_name"}:
            field = self.env["res.partner"]._fields[name]
            prepare = getattr(self, f"_read_{field.type}", None)
            readers[name] = prepare(field, texts[name] - {""}, grow) if prepare else str
        return readers

    def _read_html(self, field, texts, grow):
        return lambda text: str(plaintext2html(text))

    def _read_boolean(self, field, texts, grow):
        return self._explaining(
            parse_boolean, self.env._("“%s” is neither yes nor no. Write yes or no.")
        )

    def _read_date(self, field, texts, grow):
        return self._explaining(
            lambda text: parse_date(text, self.date_format),
            self.env._("“%s” is no date. Write it like 2026-03-31."),
        )

    def _read_datetime(self, field, texts, grow):
        return self._explaining(
            lambda text: fields.Datetime.to_datetime(
                parse_date(text, self.date_format)
            ),
            self.env._("“%s” is no date. Write it like 2026-03-31."),
        )

    def _read_float(self, field, texts, grow):
        return self._explaining(
            parse_number, self.env._("“%s” is no number. Write it like 1234.50.")
        )

    def _read_monetary(self, field, texts, grow):
        return self._read_float(field, texts, grow)

    def _read_integer(self, field, texts, grow):
        return self._explaining(
            lambda text: int(parse_number(text)),
            self.env._("“%s” is no number. Write it like 1234."),
        )

    def _read_selection(self, field, texts, grow):
        options = {}
        for lang in ("en_US", self.env.lang or "en_US"):
            env = self.with_context(lang=lang).env
            for value, label in field._description_selection(env):
                options.setdefault(name_key(label), value)
                options.setdefault(name_key(str(value)), value)
        if field.name == "lang":
            self._add_languages(options)
        labels = [
            label for _value, label in field._description_selection(self.env)[:10]
        ]
        sentence = self.env._("“%s” is none of the values: ") + ", ".join(
            label.replace("%", "%%") for label in labels
        )
        return self._looking_up(options, sentence)

    def _add_languages(self, options):
        """Languages by code ("de", "de-AT"), and by name without the country."""
        for lang in self.env["res.lang"].sudo().search([], order="active desc, id"):
            for text in (
                lang.iso_code,
                lang.code.replace("_", "-"),
                lang.code.split("_")[0],
                lang.name.split(" (")[0].split(" / ")[0],
                lang.name.split(" / ")[-1],
            ):
                options.setdefault(name_key(text), lang.code)

    def _read_many2one(self, field, texts, grow):
        if field.comodel_name == "res.country.state":
            # Its name says little without the country: see _resolve_state.
            return str
        found = self._find_names(field.comodel_name, texts, grow)
        return self._looking_up(
            found,
            self.env._("“%s” does not exist. Correct it, or create it in Odoo first."),
        )

    def _explaining(self, read, sentence):
        def reader(text):
            try:
                return read(text)
            except (ValueError, OverflowError) as error:
                raise BadValueError(sentence % text) from error

        return reader

    def _looking_up(self, options, sentence):
        def reader(text):
            try:
                return options[name_key(text)]
            except KeyError as error:
                raise BadValueError(sentence % text) from error

        return reader

    # ------------------------------------------------------------------
    # RECORDS BY NAME
    # ------------------------------------------------------------------

    @api.model
    def _find_names(self, model, texts, grow):
        """`{name key: id}` of the records of a model that the texts may name.

        By name in the user's language and in English; countries by code too.
        """
        if not texts:
            return {}
        records = self.env[model]
        if model not in GROWING_MODELS:
            records = records.sudo(False)
            if not records.has_access("read"):
                return {}
        rec_name = records._rec_name or "display_name"
        everything = records.search([], limit=SMALL_MODEL + 1, order="id")
        if len(everything) > SMALL_MODEL:
            everything = records.search([(rec_name, "in", list(texts))], order="id")
        found = {}
        for lang in {self.env.lang or "en_US", "en_US"}:
            for record in everything.with_context(lang=lang):
                found.setdefault(name_key(record[rec_name] or ""), record.id)
        if model == "res.country":
            for country in everything:
                found.setdefault(name_key(country.code or ""), country.id)
        missing = {name_key(text): text for text in sorted(texts)}
        missing = {key: text for key, text in missing.items() if key not in found}
        if missing and grow and model in GROWING_MODELS:
            created = records.create([{"name": text} for text in missing.values()])
            found |= dict(zip(missing, created.ids, strict=True))
        elif model in GROWING_MODELS:
            found |= dict.fromkeys(missing, False)
        return found

    @api.model
    def _get_states(self):
        """States of all countries: `[(id, country, {name keys})]`."""
        return [
            (state_id, country_id, {name_key(name), name_key(code)})
            for state_id, country_id, name, code in self.env.execute_query(
                SQL("SELECT id, country_id, name, code FROM res_country_state")
            )
        ]

    def _resolve_state(self, row, values, states):
        """Find the state by its name or code within the country of the line."""
        text = values.pop("state_id", None)
        if not text:
            return
        country_id = values.get("country_id") or (
            row.values.get("country_id") or row.company_values.get("country_id")
        )
        key = name_key(text)
        matches = [
            (state_id, state_country)
            for state_id, state_country, names in states
            if key in names and country_id in (None, False, state_country)
        ]
        if len(matches) == 1:
            values["state_id"] = matches[0][0]
            values.setdefault("country_id", matches[0][1])
        else:
            # A district, or a state Odoo does not know, is no reason to refuse.
            row.reason = self.env._(
                "The state “%s” was left out: Odoo knows none or several of that name.",
                text,
            )
