from odoo import api, fields, models

from ..tools.reliability import BURST_LINKS, BURST_WINDOW, TOO_FAST_SECONDS
from ..tools.wording import say, say_value

#: Numbers of records in `data`; their names are there too.
TECHNICAL_FACTS = frozenset({"by", "stage_id", "user_id"})


class MarketingTouchpoint(models.Model):
    """Touchpoints in words: what happened, how sure that is, and why."""

    _inherit = "marketing.touchpoint"

    description = fields.Char("Event", compute="_compute_description")
    reliability_reason = fields.Char("Why", compute="_compute_reliability_reason")
    facts = fields.Text(compute="_compute_facts")

    @api.depends("type_id", "mailing_id", "link_id", "data", "res_model", "res_id")
    def _compute_description(self):
        sentences = self._get_sentences()
        for touchpoint in self:
            touchpoint.description = sentences[touchpoint.id]

    @api.depends("reliability", "reliability_reasons")
    def _compute_reliability_reason(self):
        openings = self._get_reliability_openings()
        clauses = self._get_reliability_clauses()
        for touchpoint in self:
            codes = (touchpoint.reliability_reasons or "").split(",")
            reasons = ", ".join(
                str(clauses[code]) for code in dict.fromkeys(codes) if code in clauses
            )
            alone, with_reasons = openings.get(touchpoint.reliability, (False, "%s"))
            touchpoint.reliability_reason = with_reasons % reasons if reasons else alone

    @api.depends("data")
    def _compute_facts(self):
        labels = self._get_fact_labels()
        for touchpoint in self:
            touchpoint.facts = "\n".join(
                f"{labels.get(key, key)}: {say_value(value)}"
                for key, value in (touchpoint.data or {}).items()
                if value not in (None, "", False) and key not in TECHNICAL_FACTS
            )

    # ------------------------------------------------------------------
    # WHAT HAPPENED
    # ------------------------------------------------------------------

    def _get_sentences(self, hidden=frozenset()):
        """One sentence about each of these events: `{id: sentence}`.

        :param hidden: `(model, id)` of records whose name must not be told
        """
        templates = self._get_sentence_templates()
        general = self._get_general_templates()
        records = self._get_record_names()
        return {
            touchpoint.id: say(
                [*templates.get(touchpoint.type_id.code, ()), *general],
                touchpoint._get_names(records, hidden),
            )
            for touchpoint in self.sudo()
        }

    @api.model
    def _get_sentence_templates(self):
        """Sentences by code of type, the most telling first; see `tools/wording.py`."""
        return {
            "sent": [self.env._("Mail “%(mailing)s” sent")],
            "sales_mail": [self.env._("Mail “%(title)s” by %(user)s")],
            "delivered": [self.env._("Mail “%(mailing)s” delivered")],
            "skipped": [
                self.env._("Mail “%(mailing)s” not sent: %(reason)s"),
                self.env._("Mail “%(mailing)s” not sent"),
            ],
            "opened": [self.env._("Opened “%(mailing)s”")],
            "opened_again": [self.env._("Opened “%(mailing)s” again")],
            "clicked": [
                self.env._("Clicked “%(link)s” in “%(mailing)s”"),
                self.env._("Clicked a link in “%(mailing)s”"),
                self.env._("Clicked “%(link)s”"),
            ],
            "replied": [self.env._("Replied to “%(mailing)s”")],
            "hard_bounce": [self.env._("Mail “%(mailing)s” bounced for good")],
            "soft_bounce": [self.env._("Mail “%(mailing)s” bounced for now")],
            "complaint": [self.env._("Reported “%(mailing)s” as spam")],
            "unsubscribed": [
                self.env._("Unsubscribed from “%(title)s”: %(reason)s"),
                self.env._("Unsubscribed from “%(title)s”"),
            ],
            "resubscribed": [self.env._("Subscribed again to “%(title)s”")],
            "consent_given": [self.env._("Gave consent: %(title)s")],
            "consent_withdrawn": [self.env._("Withdrew consent: %(title)s")],
            "form": [
                self.env._("Submitted the form “%(title)s”"),
                self.env._("Submitted %(url)s"),
            ],
            "page_view": [
                self.env._("Viewed “%(title)s”"),
                self.env._("Viewed %(url)s"),
            ],
            "download": [
                self.env._("Downloaded “%(title)s”"),
                self.env._("Downloaded %(url)s"),
            ],
            "lead_created": [self.env._("Lead “%(title)s” created")],
            "stage_moved": [
                self.env._("Lead “%(title)s” moved to %(stage)s"),
                self.env._("Lead moved to %(stage)s"),
            ],
            "won": [self.env._("Lead “%(title)s” won")],
            "lost": [
                self.env._("Lead “%(title)s” lost: %(reason)s"),
                self.env._("Lead “%(title)s” lost"),
            ],
            "assigned": [
                self.env._("Lead “%(title)s” assigned to %(user)s"),
                self.env._("Lead assigned to %(user)s"),
            ],
            "activity_done": [
                self.env._("Activity “%(title)s” done by %(user)s"),
                self.env._("Activity “%(title)s” done"),
                self.env._("Activity done by %(user)s"),
            ],
            "segment_entered": [self.env._("Entered the segment “%(record)s”")],
            "segment_left": [self.env._("Left the segment “%(record)s”")],
            "score_threshold": [
                self.env._("Score reached %(score)s; the threshold is %(threshold)s")
            ],
            "order": [self.env._("Ordered “%(title)s”")],
        }

    @api.model
    def _get_general_templates(self):
        """Sentences for types that have none of their own."""
        return [
            self.env._("%(type)s: %(title)s"),
            self.env._("%(type)s: “%(mailing)s”"),
            "%(type)s",
        ]

    @api.model
    def _get_named_models(self):
        """Models whose records are named in sentences (the gap `record`)."""
        return ["marketing.segment"]

    def _get_record_names(self):
        """`{(model, id): name}` of the records that sentences need, a query a model."""
        names = {}
        for model in self._get_named_models():
            ids = {row.res_id for row in self.sudo() if row.res_model == model}
            for record in self.env[model].sudo().browse(ids).exists():
                names[model, record.id] = record.display_name
        return names

    def _get_names(self, records, hidden):
        """What fills the gaps of the sentences about this event."""
        self.ensure_one()
        data = self.data or {}
        record = (self.res_model, self.res_id)
        link = self.link_id
        return {
            "type": self.type_id.name,
            "mailing": self.mailing_id.subject,
            "link": link.label or link.title or link.url or data.get("url"),
            "record": records.get(record),
            "title": None if record in hidden else data.get("title"),
            "url": data.get("url"),
            "stage": data.get("stage"),
            "user": data.get("user"),
            "reason": self._get_reason_labels().get(
                data.get("reason"), data.get("reason")
            ),
            "score": data.get("score"),
            "threshold": data.get("threshold"),
        }

    @api.model
    def _get_reason_labels(self):
        """Reasons that are kept as a code, in words; users write theirs as words."""
        delivery = self.env["marketing.delivery"]
        return {
            **dict(delivery._fields["reason"]._description_selection(self.env)),
            "failed": self.env._("The mail could not be made or handed over"),
        }

    @api.model
    def _get_fact_labels(self):
        return {
            "title": self.env._("Title"),
            "url": self.env._("Address"),
            "reason": self.env._("Reason"),
            "stage": self.env._("Stage"),
            "user": self.env._("User"),
            "source": self.env._("Reported by"),
            "user_agent": self.env._("Program"),
            "method": self.env._("HTTP method"),
            "score": self.env._("Score"),
            "threshold": self.env._("Threshold"),
            "seconds_since_sent": self.env._("Seconds after sending"),
        }

    # ------------------------------------------------------------------
    # HOW SURE THAT IS
    # ------------------------------------------------------------------

    @api.model
    def _get_reliability_openings(self):
        """Beginning of a reason by class: `(without reasons, with them)`."""
        return {
            "security_scan": (
                self.env._("Looks like a mail scanner."),
                self.env._("Looks like a mail scanner: %s."),
            ),
            "machine_open": (
                self.env._("Done by a program, not by a human."),
                self.env._("Done by a program, not by a human: %s."),
            ),
            "unknown": (
                self.env._("Not known whether a human did it."),
                self.env._("Not known whether a human did it: %s."),
            ),
            "human_likely": (
                self.env._("Most likely a human."),
                self.env._("Most likely a human: %s."),
            ),
            "human_confirmed": (self.env._("Certain."), self.env._("Certain: %s.")),
        }

    @api.model
    def _get_reliability_clauses(self):
        """Reasons of `tools/reliability.py` as the rest of a sentence, by code."""
        return {
            "burst": self.env._(
                "followed %(links)s or more links within %(seconds)s seconds",
                links=BURST_LINKS,
                seconds=int(BURST_WINDOW.total_seconds()),
            ),
            "head_request": self.env._("only asked whether the page is there"),
            "scanner_agent": self.env._("the program says it is a scanner or robot"),
            "apple_proxy": self.env._(
                "Apple Mail loads pictures before the mail is read"
            ),
            "too_fast": self.env._(
                "came less than %s seconds after sending", int(TOO_FAST_SECONDS)
            ),
            "auto_reply": self.env._("an automatic answer such as an absence note"),
            "no_agent": self.env._("the program does not say what it is"),
            "unsigned": self.env._("the link is not one that was in the mail"),
            "unknown_agent": self.env._("the program is no browser we know"),
            "yahoo_proxy": self.env._("Yahoo Mail loads pictures at any time"),
            "no_request": self.env._("reported without details of the visit"),
            "google_proxy": self.env._("Gmail loads pictures when the mail is opened"),
            "browser": self.env._("came from a browser or mail program"),
        }

    # ------------------------------------------------------------------
    # WHAT IS BEHIND IT
    # ------------------------------------------------------------------

    def _has_mail(self):
        """Whether the person got the mail behind it."""
        self.ensure_one()
        return bool(self.mailing_id) and self.type_id.code != "skipped"

    def _get_target(self):
        """`(model, id)` of what to open: the mail, else the record; or None."""
        self.ensure_one()
        if self.mailing_id:
            return "mailing.mailing", self.mailing_id.id
        if self.res_model in self.env and self.res_id:
            return self.res_model, self.res_id
        return None

    @api.model
    def _get_readable(self, targets):
        """Those of some `(model, id)` that exist and that the user may read."""
        ids_by_model = {}
        for model, res_id in targets:
            ids_by_model.setdefault(model, set()).add(res_id)
        return {
            (model, record.id)
            for model, ids in ids_by_model.items()
            if model in self.env
            for record in self.env[model].browse(ids).exists()._filtered_access("read")
        }

    def action_open_record(self):
        """Open the mail or record behind the event, else the person."""
        self.ensure_one()
        target = self._get_target()
        if not target or not self._get_readable([target]):
            target = ("marketing.person", self.person_id.id)
        model, res_id = target
        return {
            "type": "ir.actions.act_window",
            "res_model": model,
            "res_id": res_id,
            "views": [(False, "form")],
        }
