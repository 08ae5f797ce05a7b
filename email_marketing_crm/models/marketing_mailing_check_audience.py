import time

from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.body_reduction import has_expression, reduce_body, repeat_body
from ..tools.content_reading import Content
from ..tools.mail_blocks import find_chains, find_conditions, keep_blocks
from ..tools.merge_field import find_body_fields, find_inline_fields
from ..tools.text_language import guess_language
from .number_format import format_number

#: Persons a mail is written for between two looks at the clock.
RENDER_BATCH = 200
#: Who fails is named up to here; then a check has seen enough.
MAX_ERRORS = 200
#: Persons a finding opens where it cannot ask for them again.
MAX_LISTED = 5000
#: The cursor of a check that wrote the mail for everybody it had to.
DONE = -1
#: Kinds of values that are missing when nothing stands there. A number is never
#: missing: 0 is one.
MISSABLE = ("char", "text", "html", "selection", "many2one", "date", "datetime")


class MarketingMailingCheck(models.Model):
    """What is looked at for the whole audience.

    Missing values and languages are counted by one statement each, whatever the number
    of persons. Whether the mail can be written is tried for everybody, with only the
    changing parts of the text each of them would get, in the order of the records' ids:
    `render_cursor` says where to go on.
    """

    _inherit = "marketing.mailing.check"

    # ------------------------------------------------------------------
    # MISSING VALUES
    # ------------------------------------------------------------------

    def _check_values(self, text):
        """Who has no value where the text shows one and says nothing instead."""
        records = self._get_records()
        domain = self._get_domain(text)
        audience = None
        for path, (place, chains) in self._get_shown_paths(text).items():
            missing = self._get_missing_domain(records, path)
            if missing is None:
                continue
            missing &= domain & self._get_reader_domain(chains)
            count = records.search_count(missing)
            if not count:
                continue
            if audience is None:
                audience = records.search_count(domain)
            self._note(
                "missing_value",
                self.env._(
                    "%(count)s of %(audience)s persons have no “%(field)s”: where the "
                    "mail shows it, they read nothing.",
                    count=format_number(self.env, count, 0),
                    audience=format_number(self.env, audience, 0),
                    field=self._describe_path(records, path),
                ),
                place=place,
                count=count,
                text=text,
                words=".".join(("object", *path)),
                target="people",
                people_domain=repr(
                    [("id", "in", records.search(missing, limit=MAX_LISTED).ids)]
                    if all(chains)
                    else list(missing)
                ),
                advice=self.env._(
                    "Say what they read instead (a default value of the field), or "
                    "fill in what is missing."
                ),
            )

    def _get_shown_paths(self, text):
        """Values that are shown without a word for who has none.

        :returns: `{path: (place, chains of conditions)}`: who meets all the conditions
            of one of the chains sees it; an empty chain is met by everybody
        """
        body = str(text["body_html"])
        wanted = find_conditions(body)
        known = set(self.mailing_id._browse_conditions(wanted).ids)
        chains = {frozenset()}
        if wanted:
            chains |= {chain for chain in find_chains(body) if chain <= known}
        found = [
            ("subject", find_inline_fields(text["subject"]), frozenset()),
            ("preview", find_inline_fields(text["preview"]), frozenset()),
        ]
        for chain in sorted(chains, key=sorted):
            shown = keep_blocks(body, chain) if wanted else body
            found.append(("body", find_body_fields(shown), chain))
        paths = {}
        for place, merge_fields, chain in found:
            for merge_field in merge_fields:
                if not merge_field.is_guarded:
                    paths.setdefault(merge_field.path, (place, set()))[1].add(chain)
        return paths

    def _get_reader_domain(self, chains):
        """Who meets all the conditions of one of these chains at least."""
        known = self._get_records()._fields
        if not all(chains) or "marketing_person_id" not in known:
            return Domain.TRUE
        self.env.flush_all()
        browse = self.mailing_id._browse_conditions
        readers = SQL(
            "(SELECT person.id FROM marketing_person person WHERE %s)",
            SQL(" OR ").join(
                SQL(
                    "(%s)",
                    SQL(" AND ").join(
                        SQL("(%s)", condition._get_condition())
                        for condition in browse(chain)
                    ),
                )
                for chain in sorted(chains, key=sorted)
            ),
        )
        return Domain("marketing_person_id", "in", readers)

    def _get_missing_domain(self, records, path):
        """Who has nothing at the end of a path; None where that cannot be asked."""
        missing = Domain.FALSE
        model = records
        for depth, name in enumerate(path, start=1):
            field = model._fields.get(name)
            if (
                field is None
                or field.type not in MISSABLE
                or not (field.store or field.search or field.related)
            ):
                return None
            if depth < len(path) and field.type != "many2one":
                return None
            missing |= Domain(".".join(path[:depth]), "=", False)
            if field.type == "many2one":
                model = self.env[field.comodel_name]
        return missing

    def _describe_path(self, records, path):
        """The names of the fields, as the interface shows them."""
        labels = []
        for name in path:
            field = records._fields[name]
            labels.append(field._description_string(self.env))
            if field.type == "many2one":
                records = self.env[field.comodel_name]
        return " > ".join(labels)

    # ------------------------------------------------------------------
    # LANGUAGE
    # ------------------------------------------------------------------

    def _check_language(self, text):
        """How many persons read another language than the text is written in."""
        content = Content.read(text["body_html"])
        language = guess_language(f"{text['subject']}\n{content.text}")
        path = self._get_language_path()
        if not language or not path:
            return
        domain = self._get_domain(text)
        others = (
            domain & Domain(path, "!=", False) & ~Domain(path, "=like", f"{language}%")
        )
        count = self._get_records().search_count(others)
        if not count:
            return
        names = {
            code[:2]: name.partition(" ")[0]
            for code, name in self.env["res.lang"].get_installed()
        }
        self._note(
            "language",
            self.env._(
                "The mail is written in another language (%(language)s) than %(count)s "
                "of %(audience)s persons read.",
                language=names.get(language, language),
                count=format_number(self.env, count, 0),
                audience=format_number(self.env, self.audience, 0),
            ),
            place="audience",
            count=count,
            text=text,
            target="people",
            people_domain=repr(list(others)),
            advice=self.env._(
                "Write to them in a mailing of their language, or take them out."
            ),
        )

    def _get_language_path(self):
        """Where the language of a record stands."""
        known = self._get_records()._fields
        if "lang" in known and known["lang"].store:
            return "lang"
        if "lang_id" in known:
            return "lang_id.code"
        return "marketing_person_id.lang" if "marketing_person_id" in known else None

    # ------------------------------------------------------------------
    # WRITING THE MAIL FOR EVERYBODY
    # ------------------------------------------------------------------

    def _prepare_rendering(self):
        """Begin with the first person, where anything can fail at all."""
        needed = self.audience > 0 and any(
            self._get_sources(text["subject"], text["body_html"], text["preview"])
            for text in self.mailing_id._get_checked_texts()
        )
        self.write({"is_render_needed": needed, "render_cursor": 0 if needed else DONE})

    def _get_sources(self, subject, body, preview=""):
        """Changing parts of a text that Odoo evaluates: `[(engine, source)]`.

        Plain fields are put in without evaluation: there is nothing that could fail.
        """
        mailing = self.mailing_id
        model = mailing.mailing_model_real
        sources = []
        if has_expression(
            subject
        ) and mailing._has_unsafe_expression_template_inline_template(subject, model):
            sources.append(("inline_template", subject))
        body = mailing._prepend_preview(body, preview) if preview else body
        reduced = reduce_body(str(body or ""))
        if has_expression(reduced) and mailing._has_unsafe_expression_template_qweb(
            reduced, model
        ):
            sources.append(("qweb", reduced))
        return sources

    def _render_persons(self, deadline):
        """Write the mail for the next persons, as a trial; whether all were done."""
        last, rendered, errors = self.render_cursor, self.rendered, {}
        while last != DONE and time.perf_counter() < deadline:
            domain = self._get_domain() & Domain("id", ">", last)
            ids = self._get_records().search(domain, order="id", limit=RENDER_BATCH).ids
            self._try_texts(ids, errors)
            self.env.invalidate_all()
            rendered += len(ids)
            last = ids[-1] if len(ids) == RENDER_BATCH else DONE
            if self._count_errors(errors) >= MAX_ERRORS:
                last = DONE
        self.write({"rendered": rendered, "render_cursor": last})
        self._note_errors(errors)
        return last == DONE

    def _count_errors(self, errors):
        known = self.finding_ids.filtered(lambda line: line.code == "render_error")
        return sum(known.mapped("count")) + sum(map(len, errors.values()))

    def _try_texts(self, ids, errors):
        """Write to each record the text that sending would choose for it."""
        mailing = self.mailing_id._with_sending_context().with_context(
            marketing_memo={}
        )
        for content, part in mailing._split_by_content(dict.fromkeys(ids, False)):
            sources = self._get_sources(
                content.get("subject", mailing.subject), mailing._get_body(content)
            )
            if sources:
                lang = content.get("lang") or mailing.env.context.get("lang")
                self._try_rendering(
                    mailing.with_context(lang=lang), sources, list(part), errors
                )

    def _try_rendering(self, mailing, sources, ids, errors):
        """Write the mail for records; when it fails, halve until the culprit is alone.

        :param errors: filled with `{message: [record ids]}`
        """
        if self._count_errors(errors) >= MAX_ERRORS:
            return
        try:
            with self.env.cr.savepoint(flush=False):
                for engine, source in sources:
                    self._try_source(mailing, engine, source, ids)
        except Exception as error:
            if len(ids) == 1:
                errors.setdefault(self._describe_error(error), []).append(ids[0])
                return
            middle = len(ids) // 2
            self._try_rendering(mailing, sources, ids[:middle], errors)
            self._try_rendering(mailing, sources, ids[middle:], errors)

    def _try_source(self, mailing, engine, source, ids):
        """Write a changing part for records, in one go where they are many.

        What Odoo prepares for each record takes longer than its values.
        """
        model = mailing.mailing_model_real
        values = {}
        if engine == "qweb" and len(ids) > 1:
            repeated = repeat_body(source, "trial_records")
            if repeated:
                values["trial_records"] = mailing.env[model].browse(ids)
                source, ids = repeated, ids[:1]
        mailing._render_template(source, model, ids, engine=engine, add_context=values)

    def _describe_error(self, error):
        """What Python said, without the layers around it."""
        while error.__cause__ is not None:
            error = error.__cause__
        message = str(error).strip().splitlines()
        return f"{type(error).__name__}: {message[0] if message else ''}"[:300]

    def _note_errors(self, errors):
        """One finding for each kind of error, for all persons it happens to."""
        for error, ids in errors.items():
            known = self.finding_ids.filtered(
                lambda finding, error=error: (
                    finding.code == "render_error" and error in finding.message
                )
            )[:1]
            if known:
                ids = [*self._read_ids(known), *ids]
            names = self._get_records().browse(ids[:3]).mapped("display_name")
            message = self.env._(
                "The mail cannot be written for %(count)s persons (%(names)s): "
                "%(error)s",
                count=format_number(self.env, len(ids), 0),
                names=", ".join(names) + ("…" if len(ids) > 3 else ""),
                error=error,
            )
            values = {
                "message": message,
                "count": len(ids),
                "people_domain": repr([("id", "in", ids)]),
            }
            if known:
                known.write(values)
                continue
            self._note(
                "render_error",
                place="body",
                target="people",
                advice=self.env._(
                    "A field of the text fails for them, mostly because it is empty. "
                    "Show the place only to who has a value, or take the field out."
                ),
                **values,
            )

    def _read_ids(self, finding):
        [(_name, _operator, ids)] = finding._open_people()["domain"]
        return ids
