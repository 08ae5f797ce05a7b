import re
from pathlib import Path

from lxml import etree

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import file_path, is_html_empty

from ..tools.mail_blocks import SOCIAL_PARTS, fill_company
from ..tools.mail_layout import read_mail

#: Where the library is written down, a file for each kind of mail.
LIBRARY = "email_marketing_crm/data/mail_templates"
#: `key/language` of what the library brought: what users delete of it stays deleted.
LOADED_PARAMETER = "email_marketing_crm.mail_library"
#: The field that greets the person; models without it greet by another one.
NAME_FIELD = "marketing_name"

_NAME_FIELD_USES = re.compile(rf"object\.{NAME_FIELD}\b")


class MarketingMailTemplate(models.Model):
    """A mail to begin with: subject, preview and body, in one language.

    The library of the add-on is read from its files when the add-on is installed; what
    users change in it stays, and can be put back. They add their own: a mailing is
    kept as a template by a button. The templates of one kind in several languages have
    one `key`, so that a mailing made of one finds its text in the other languages.

    Using a template copies it: a mailing has nothing to do with it afterwards. Bodies
    name the company by marks that are filled in when the template is used.
    """

    _name = "marketing.mail.template"
    _description = "Mail to Begin With"
    _order = "sequence, lang_id, id"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=200)
    company_id = fields.Many2one(
        "res.company", help="Only this company uses the template; empty: all of them."
    )
    kind = fields.Selection(
        [
            ("newsletter", "Newsletter"),
            ("announcement", "Product announcement"),
            ("survey", "Survey"),
            ("digest", "Content digest"),
            ("birthday", "Birthday"),
            ("anniversary", "Anniversary"),
            ("welcome", "Welcome"),
            ("event_invitation", "Event invitation"),
            ("event_followup", "Event follow-up"),
            ("cart", "Abandoned cart"),
            ("reactivation", "Re-activation"),
            ("followup", "Typed by hand: follow-up"),
            ("proposal", "Typed by hand: proposal"),
            ("meeting", "Typed by hand: meeting request"),
            ("support", "Typed by hand: support"),
            ("other", "Other"),
        ],
        required=True,
        default="other",
    )
    lang_id = fields.Many2one(
        "res.lang",
        "Language",
        required=True,
        ondelete="restrict",
        default=lambda self: self.env["res.lang"]._lang_get(self.env.user.lang),
        context={"active_test": False},
    )
    key = fields.Char(
        copy=False,
        index="btree_not_null",
        help="The same for the same mail in several languages.",
    )
    # what is in it
    subject = fields.Char(required=True)
    preview = fields.Char("Preview Text")
    body_arch = fields.Html(
        "Body", sanitize="email_outgoing", sanitize_output_method="html"
    )
    body_html = fields.Html("Body as it is sent", sanitize="email_outgoing")
    is_library = fields.Boolean(
        "Of the Library",
        readonly=True,
        copy=False,
        help="Came with the add-on, which can put it back.",
    )
    # what the editor of the body asks for
    mailing_model_id = fields.Many2one(
        "ir.model", compute="_compute_mailing_model", help="Whose fields are offered."
    )
    mailing_model_real = fields.Char(compute="_compute_mailing_model")

    _key_lang_unique = models.UniqueIndex(
        "(key, lang_id, COALESCE(company_id, 0)) WHERE key IS NOT NULL AND active",
        "There is this mail in this language already.",
    )

    def _compute_mailing_model(self):
        """Contacts have the fields that most mailings use."""
        self.mailing_model_id = self.env["ir.model"]._get("res.partner")
        self.mailing_model_real = "res.partner"

    @api.depends("name", "lang_id")
    def _compute_display_name(self):
        for template in self:
            template.display_name = f"{template.name} ({template.lang_id.code})"

    @api.model_create_multi
    def create(self, vals_list):
        clean = self.env["mailing.mailing"]._clean_body
        return super().create([clean(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self.env["mailing.mailing"]._clean_body(vals))

    # ------------------------------------------------------------------
    # USE
    # ------------------------------------------------------------------

    @api.model
    def get_choices(self, lang=None):
        """What the selector of new mailings shows.

        :param lang: code of the language to show; by default the user's, else the
            first there is
        :returns: `langs`: each language there are templates in; `lang`: the one
            that is shown; `templates` in that language
        """
        groups = self._read_group([], ["lang_id"])
        langs = [language for (language,) in groups]
        codes = [language.code for language in langs]
        shown = lang or self.env.user.lang
        if shown not in codes:
            same = [code for code in codes if code[:2] == shown[:2]]
            shown = (same or codes or [None])[0]
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        templates = self.search([("lang_id.code", "=", shown)])
        return {
            "lang": shown,
            "langs": [
                {"code": language.code, "name": language.name} for language in langs
            ],
            "templates": [
                {
                    "id": template.id,
                    "name": template.name,
                    "kind": kinds[template.kind],
                    "lang_name": template.lang_id.name,
                    "subject": template.subject,
                    "is_library": template.is_library,
                    "html": template._fill(template.body_html or template.body_arch),
                }
                for template in templates
            ],
        }

    def get_mailing_values(self, model_name):
        """Values of a mailing to records of a model that begins with this text.

        :returns: subject, preview, body_arch, body_html, marketing_template_id, and
            marketing_lang_id where the language is in use
        """
        self.ensure_one()
        self.check_access("read")
        arch = self.body_arch or self.body_html
        lang = {"marketing_lang_id": self.lang_id.id} if self.lang_id.active else {}
        return lang | {
            "subject": self._adapt(self.subject, model_name),
            "preview": self._adapt(self.preview or "", model_name),
            "body_arch": self._adapt(self._fill(arch), model_name),
            "body_html": self._adapt(self._fill(self.body_html or arch), model_name),
            "marketing_template_id": self.id,
        }

    def _get_twins(self, langs):
        """The same mail in other languages, in the order of these."""
        if not self.key:
            return self.browse()
        twins = self.search([("key", "=", self.key), ("lang_id", "in", langs.ids)])
        return twins.sorted(lambda twin: langs.ids.index(twin.lang_id.id))

    def _fill(self, body):
        """A body with the name, the address and the logo of the company."""
        if is_html_empty(body):
            return body or ""
        company = self.env.company
        partner = company.partner_id.with_context(lang=self.lang_id.code)
        address = partner._display_address(without_company=True)
        return fill_company(
            body,
            {
                "name": company.name,
                "address": ", ".join(
                    line.strip() for line in address.splitlines() if line.strip()
                ),
                "website": company.website,
                "logo": f"/logo.png?company={company.id}",
                **self._get_social_pages(company),
            },
        )

    @api.model
    def _get_social_pages(self, company):
        """`{network: address}` of the pages that the company has elsewhere.

        Those that Odoo's own footers show first: a website may have other ones.
        """
        links = company._get_social_media_links()
        return {
            network: links.get(f"social_{network}") or company[f"social_{network}"]
            for network in SOCIAL_PARTS
        }

    def _adapt(self, text, model_name):
        """Greet by a field that records of the model have."""
        model = self.env.get(model_name)
        if model is None or NAME_FIELD in model._fields:
            return text
        name = "name" if "name" in model._fields else "display_name"
        return _NAME_FIELD_USES.sub(f"object.{name}", text)

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_use(self):
        """A new mailing with this text."""
        self.ensure_one()
        model = self.env["ir.model"]._get("res.partner")
        mailing = self.env["mailing.mailing"]._begin(
            {"mailing_model_id": model.id, **self.get_mailing_values(model.model)}
        )
        return mailing.get_formview_action()

    def action_restore(self):
        """Put back what came with the add-on."""
        library = self._get_library()
        for template in self.filtered("is_library"):
            values = library.get((template.key, template.lang_id.code))
            if values is None:
                raise UserError(
                    self.env._(
                        "“%s” is not in the library any more.", template.display_name
                    )
                )
            template.write(values)

    # ------------------------------------------------------------------
    # LIBRARY
    # ------------------------------------------------------------------

    @api.model
    def _get_library(self):
        """`{(key, language): values}` of everything that comes with the add-on."""
        library = {}
        folder = Path(file_path(LIBRARY))
        for path in sorted(folder.glob("*.xml")):
            document = etree.parse(str(path)).getroot()
            for element in document.iterchildren("mail"):
                mail = read_mail(
                    element,
                    document.get("accent"),
                    is_plain=bool(document.get("plain")),
                )
                library[path.stem, mail.lang] = {
                    "name": mail.name,
                    "subject": mail.subject,
                    "preview": mail.preview,
                    "body_arch": mail.get_arch(),
                    "body_html": mail.get_html(),
                }
        return library

    @api.model
    def _load_library(self):
        """Add what is new in the library; what is there stays as users have it."""
        kinds = [kind for kind, _name in self._fields["kind"].selection]
        langs = {
            lang.code: lang
            for lang in self.env["res.lang"].with_context(active_test=False).search([])
        }
        library = self._get_library()
        parameters = self.env["ir.config_parameter"].sudo()
        loaded = set((parameters.get_param(LOADED_PARAMETER) or "").split())
        present = {
            (template.key, template.lang_id.code)
            for template in self.with_context(active_test=False).search(
                [("is_library", "=", True)]
            )
        }
        present |= {mail for mail in library if "/".join(mail) in loaded}
        self.create(
            [
                {
                    **values,
                    "key": key,
                    "kind": key,
                    "lang_id": langs[lang].id,
                    "sequence": 10 * (1 + kinds.index(key)),
                    "is_library": True,
                }
                for (key, lang), values in library.items()
                if (key, lang) not in present
            ]
        )
        parameters.set_param(
            LOADED_PARAMETER, " ".join(sorted(loaded | set(map("/".join, library))))
        )
