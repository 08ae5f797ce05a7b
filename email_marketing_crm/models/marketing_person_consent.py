from collections import defaultdict
from datetime import datetime, time, timedelta
from functools import partial

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.urls import urljoin

from ..tools.consent_token import read, sign
from .marketing_consent_sync import EVIDENCE, Evidence

#: Days a link to the preference page works: longer than anybody keeps a mail to
#: unsubscribe from (CAN-SPAM asks for 30), shorter than for ever.
PREFERENCE_LINK_DAYS = 400
#: A consent that ends within so many days is renewed when it is said again.
RENEWAL_DAYS = 60


class MarketingPerson(models.Model):
    """What a person wants: his consents, his pause, his frequency, his privacy.

    `is_opted_out` says whether the address is on Odoo's blacklist, and is written
    with it; `has_said_no`, where it was not the company that put it there. The other
    wishes are written by the preference page, or by a manager.
    """

    _inherit = "marketing.person"

    consent_ids = fields.One2many(
        "marketing.consent", "person_id", string="Consents", readonly=True
    )
    consent_log_ids = fields.One2many(
        "marketing.consent.log", "person_id", string="Evidence", readonly=True
    )
    is_opted_out = fields.Boolean(
        "Wants No Mail",
        readonly=True,
        help="Stopped everything: the address is on the blacklist.",
    )
    has_said_no = fields.Boolean(
        "Stopped It Himself",
        readonly=True,
        help="He stopped everything himself, or nobody knows who did. No mailing "
        "reaches him, also none that ignores the exclusion list.",
    )
    is_do_not_track = fields.Boolean(
        "Do Not Track",
        readonly=True,
        help="Mails carry no pixel and no link that knows the person; opens, clicks "
        "and visits are not recorded. He still gets mail.",
    )
    paused_until = fields.Datetime(
        readonly=True, help="Gets no mailing before this moment."
    )
    preferred_frequency = fields.Selection(
        [("week", "At most one a week"), ("month", "At most one a month")],
        readonly=True,
        help="Empty: every mailing.",
    )
    preferred_lang = fields.Char("Chosen Language", readonly=True)

    # Who wants no mail at all, read with every plan; a small part of all persons.
    _opted_out = models.Index("(id) WHERE is_opted_out")
    _paused = models.Index("(id) WHERE paused_until IS NOT NULL")
    _frequency = models.Index("(id) WHERE preferred_frequency IS NOT NULL")
    # Whose opens and clicks nobody records, read with every event; by address too,
    # for Odoo's traces, which know no person.
    _do_not_track = models.Index("(email_normalized) WHERE is_do_not_track")

    @api.model
    def _get_person_models(self):
        return [*super()._get_person_models(), "marketing.consent"]

    @api.model
    def _consume_inbox(self, batch):
        if batch.rebuild_ids:
            self._adopt_answers(sorted(batch.rebuild_ids))
        return super()._consume_inbox(batch)

    @api.model
    def _adopt_answers(self, person_ids):
        """Give these persons what others answered who were merged into them.

        An answer that came in the moment of the merge was not seen by it, and did not
        see it: it is still that of the alias, whom nobody asks.
        """
        sources = defaultdict(list)
        for source_id, target_id in self.env.execute_query(
            SQL(
                "SELECT alias.id, alias.merged_into_id FROM marketing_person alias"
                " WHERE alias.merged_into_id = ANY(%s)"
                " AND EXISTS (SELECT FROM marketing_consent consent"
                " WHERE consent.person_id = alias.id)",
                list(person_ids),
            )
        ):
            sources[target_id].append(source_id)
        for target_id, source_ids in sources.items():
            self.env["marketing.consent"]._merge_persons(source_ids, target_id)

    @api.model
    def _get_untracked_emails(self, emails):
        """Those of these normalised addresses whose owners do not want tracking."""
        if not emails:
            return set()
        self.flush_model(["is_do_not_track"])
        rows = self.env.execute_query(
            SQL(
                "SELECT email_normalized FROM marketing_person"
                " WHERE email_normalized = ANY(%s) AND is_do_not_track",
                list(emails),
            )
        )
        return {email for (email,) in rows}

    def write(self, vals):
        """A wish not to be tracked is one of all addresses of a person."""
        result = super().write(vals)
        if "is_do_not_track" in vals:
            aliases = self.search([("merged_into_id", "in", self.ids)])
            if aliases:
                aliases.write({"is_do_not_track": vals["is_do_not_track"]})
        return result

    @api.model
    def _insert_persons(self, emails, told=None):
        """A new person whose address was blocked before he was known stays blocked."""
        inserted = super()._insert_persons(emails, told)
        self.env["mail.blacklist"].flush_model(["email", "active"])
        self.env.cr.execute(
            """
            UPDATE marketing_person person
               SET is_opted_out = TRUE, has_said_no = TRUE
              FROM mail_blacklist entry
             WHERE person.id = ANY(%s) AND entry.active
               AND entry.email = person.email_normalized
            """,
            [list(inserted.values())],
        )
        return inserted

    @api.model
    def _merge_preferences(self, source_ids, target_id):
        """The strictest wish wins: no mail, no tracking, long pause, few mails."""
        ids = [*source_ids, target_id]
        self.env.cr.execute(
            """
            UPDATE marketing_person target
               SET is_do_not_track = wish.is_do_not_track,
                   has_said_no = wish.has_said_no,
                   paused_until = wish.paused_until,
                   preferred_frequency = wish.preferred_frequency
              FROM (SELECT bool_or(is_do_not_track) AS is_do_not_track,
                           bool_or(has_said_no) AS has_said_no,
                           max(paused_until) AS paused_until,
                           min(preferred_frequency) AS preferred_frequency
                      FROM marketing_person WHERE id = ANY(%s)) wish
             WHERE target.id = %s
            """,
            [ids, target_id],
        )
        self.env.cr.execute(
            """
            UPDATE marketing_person alias SET is_do_not_track = TRUE
              FROM marketing_person target
             WHERE target.id = %s AND target.is_do_not_track AND alias.id = ANY(%s)
            """,
            [target_id, list(source_ids)],
        )
        stopped = self.env.execute_query(
            SQL(
                "SELECT 1 FROM marketing_person WHERE id = ANY(%s) AND is_opted_out"
                " LIMIT 1",
                ids,
            )
        )
        self.invalidate_model()
        target = self.sudo().browse(target_id)
        if stopped and not target.is_opted_out:
            self.env["mail.blacklist"].with_context(
                **{EVIDENCE: Evidence(source="merge")}
            )._block([target.email_normalized])

    def _get_preferred_lang(self, page_lang=None):
        """The language to write to a person in: one that is installed."""
        self.ensure_one()
        installed = {code for code, _name in self.env["res.lang"].get_installed()}
        for code in (self.preferred_lang, self.lang, page_lang):
            if code in installed:
                return code
        return self.env.user.lang if self.env.user.lang in installed else "en_US"

    def _get_masked_email(self):
        """The address as a stranger who got hold of the link may see it."""
        self.ensure_one()
        name, _at, domain = self.email_normalized.partition("@")
        return f"{name[:1]}•••@{domain}"

    def _get_preference_topics(self):
        """What the preference page shows: public topics, and those he answered.

        :returns: dictionaries with `topic`, `consent`, whether he `is_in` now, and
            whether that ends so soon that saying it again renews it
        """
        self.ensure_one()
        consents = {consent.topic_id: consent for consent in self.consent_ids}
        companies = self.company_ids.ids
        topics = self.env["marketing.topic"].search(
            [("is_public", "=", True)]
            + ([("company_id", "in", [False, *companies])] if companies else [])
        )
        topics |= self.env["marketing.topic"].union(*consents).filtered("active")
        nothing = self.env["marketing.consent"]
        soon = fields.Datetime.now() + timedelta(days=RENEWAL_DAYS)
        lines = []
        for topic in topics.sorted():
            consent = consents.get(topic, nothing)
            lines.append(
                {
                    "topic": topic,
                    "consent": consent,
                    "is_in": consent.state == "in"
                    and not consent.is_expired
                    and not self.is_opted_out,
                    "is_renewable": consent.state == "in"
                    and bool(consent.expiry_date and consent.expiry_date <= soon),
                }
            )
        return lines

    def _set_preferences(self, values, evidence):
        """Write the wishes of a person that are no topics, with their evidence.

        :param values: `is_do_not_track`, `paused_until`, `preferred_frequency`,
            `preferred_lang`; those that change are written
        """
        self.ensure_one()
        changes = {
            name: value
            for name, value in values.items()
            if (self[name] or False) != (value or False)
        }
        if not changes:
            return
        self.write(changes)
        lang = changes.get("preferred_lang")
        if lang:
            self.partner_ids.write({"lang": lang})
            self.lead_ids.write(
                {"lang_id": self.env["res.lang"]._get_data(code=lang).id}
            )
        labels = self.fields_get(changes, ["string"])
        note = "; ".join(
            f"{labels[name]['string']}: {value or '-'}"
            for name, value in changes.items()
        )
        self.env["marketing.consent.log"].sudo()._record(
            self.ids, "preference", evidence | {"note": note}
        )

    @api.model
    def _send_preference_link(self, email):
        """Mail the link to the preference page, where the address is known.

        Who asks is told the same in any case; one address gets a few mails a day.
        """
        normal = self._normalize(email)
        found = self._get_ids_by_email([normal] if normal else [])
        person = self.sudo().browse(found.values())
        limits = self.env["marketing.rate.limit"].sudo()
        if not person or not limits._is_allowed("link mail", person.id, 3, 24):
            return
        template = self.env.ref("email_marketing_crm.mail_template_preferences")
        template.sudo().with_context(
            marketing_address=normal, marketing_link=person._get_preference_url()
        ).send_mail(person.id)

    def _stop_everything(self, evidence):
        """These persons want no mail any more: blacklist, and every topic out."""
        blacklist = self.env["mail.blacklist"].with_context(
            **{EVIDENCE: Evidence(evidence)}
        )
        blacklist._block(self.mapped("email_normalized"))
        self.env["marketing.consent"].sudo()._withdraw_everything(self.ids, evidence)

    def _allow_mail(self, evidence):
        """These persons want mail again; their topics stay as they are."""
        emails = self.filtered("is_opted_out").mapped("email_normalized")
        self.env["mail.blacklist"].sudo().with_context(
            **{EVIDENCE: Evidence(evidence)}
        ).search([("email", "in", emails)]).action_archive()

    # ------------------------------------------------------------------
    # LINK
    # ------------------------------------------------------------------

    @api.model
    def _get_link_secret(self):
        """What signs our public links: the secret of the database."""
        return self.env["ir.config_parameter"].sudo().get_param("database.secret")

    def _get_preference_token(self):
        """Signs the link to the preference page of a person."""
        self.ensure_one()
        return self._make_preference_signer()(self.id)

    @api.model
    def _make_preference_signer(self):
        """A function that signs many links: of the number of a person.

        They work until the end of their last day, so that those of one day are alike:
        mails are compared with what Odoo writes a moment before (`MailWriter`).
        """
        secret = self._get_link_secret()
        scope = f"preferences:{self.env.cr.dbname}"
        last_day = fields.Datetime.now() + timedelta(days=PREFERENCE_LINK_DAYS)
        expires = datetime.combine(last_day + timedelta(days=1), time.min)
        return partial(sign, secret, scope, expires=int(expires.timestamp()))

    def _get_preference_url(self):
        self.ensure_one()
        return f"{self._get_preference_start()}{self._get_preference_token()}"

    @api.model
    def _get_preference_start(self):
        """What all links to the preference page begin with."""
        return urljoin(self.get_base_url(), "/marketing/preferences/")

    @api.model
    def _get_preference_urls(self, emails):
        """Links to the preference pages of who reads these addresses.

        Who is not known yet becomes a person.

        :returns: `{address as given: link}`, without what is no address
        """
        found = self.sudo()._get_or_create_ids(emails)
        start, sign_person = (
            self._get_preference_start(),
            self._make_preference_signer(),
        )
        urls = {
            person.id: f"{start}{sign_person(person._get_person().id)}"
            for person in self.sudo().browse(found.values())
        }
        return {email: urls[person_id] for email, person_id in found.items()}

    @api.model
    def _find_by_preference_token(self, token):
        """`(person, whether the link is too old)`.

        Nobody for a forged link, and for the link of somebody who was erased.
        """
        found = read(
            self._get_link_secret(),
            f"preferences:{self.env.cr.dbname}",
            token,
            int(fields.Datetime.now().timestamp()),
        )
        if not found:
            return self.browse(), False
        person = self.sudo().browse(found.number).exists()._get_person()
        return person.filtered(lambda one: not one.is_erased), found.is_expired

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_allow_mail(self):
        """Take these persons off the blacklist; the topics they left stay left."""
        self.check_access("write")
        self.sudo()._allow_mail({"source": "hand", "user_id": self.env.uid})

    def action_view_consent_evidence(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "email_marketing_crm.marketing_consent_log_action"
        )
        return action | {"domain": [("person_id", "=", self.id)], "context": {}}
