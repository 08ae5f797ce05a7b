from datetime import timedelta

from odoo import fields, http
from odoo.exceptions import UserError
from odoo.http import request

#: Tries of one network address within an hour, on pages that send mail.
TRIES_PER_HOUR = 20
#: Pauses people may choose, in days.
PAUSES = {"14": 14, "30": 30, "90": 90}
FREQUENCIES = ("week", "month")


def get_evidence(source, **values):
    """Where an answer on a public page comes from; see `marketing.consent`."""
    return {
        "source": source,
        "ip": request.httprequest.remote_addr,
        "user_agent": request.httprequest.user_agent.string,
        **values,
    }


def render_page(template, values, status=200):
    """A public page that is not kept by caches, indexed, or told to other sites."""
    response = request.render(f"email_marketing_crm.{template}", values)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


class MarketingConsentController(http.Controller):
    """Pages for people who have no login: subscribe, confirm, choose, stop.

    A link proves who somebody is by its signature, or by being known to nobody else.
    Looking at a page changes nothing, so that a program that follows every link of a
    mail neither subscribes nor unsubscribes anybody; buttons send a form.
    """

    # ------------------------------------------------------------------
    # SUBSCRIBE
    # ------------------------------------------------------------------

    @http.route(
        "/marketing/subscribe/<string:token>",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["GET", "POST"],
    )
    def subscribe(self, token, email="", name="", **post):
        """The public form of a topic; answers everybody in the same way."""
        topic = request.env["marketing.topic"]._find_by_form_token(token)
        if not topic:
            return self._render_invalid()
        values = {"topic": topic, "text": topic._get_consent_text(), "email": email}
        if request.httprequest.method != "POST":
            return render_page("page_subscribe", values)
        if not self._is_allowed("subscribe"):
            return render_page("page_too_many", {}, status=429)
        persons = request.env["marketing.person"].sudo()
        ids = persons._get_or_create_ids([email[:254]])
        if not ids:
            return render_page("page_subscribe", values | {"is_wrong": True})
        lang = request.env.context.get("lang")
        request.env["marketing.consent"].sudo()._request_opt_in(
            list(ids.values()),
            topic,
            get_evidence("form", text=values["text"]),
            lang=lang,
            name=name.strip()[:128],
        )
        return render_page("page_subscribed", values)

    # ------------------------------------------------------------------
    # CONFIRM
    # ------------------------------------------------------------------

    @http.route(
        "/marketing/confirm/<string:nonce>",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["GET", "POST"],
    )
    def confirm(self, nonce, **post):
        """The page behind the link of a confirmation mail; its button confirms."""
        found = request.env["marketing.consent.request"]._find_open(nonce)
        if not found:
            return self._render_invalid()
        self._speak(found.lang)
        found = found.with_env(request.env(su=True))
        person = found.person_id._get_person()
        values = {"topics": found.topic_ids, "lang": found.lang, "nonce": nonce}
        if request.httprequest.method != "POST":
            return render_page("page_confirm", values)
        if not found._confirm(get_evidence("confirmation")):
            return self._render_invalid()
        return render_page("page_confirmed", values | {"person": person})

    # ------------------------------------------------------------------
    # PREFERENCES
    # ------------------------------------------------------------------

    @http.route(
        "/marketing/preferences",
        type="http",
        auth="public",
        website=True,
        multilang=False,
        sitemap=False,
        methods=["GET", "POST"],
    )
    def lost_link(self, email="", **post):
        """Send the link to the preference page to whoever owns an address."""
        if request.httprequest.method != "POST":
            return render_page("page_lost_link", {})
        if not self._is_allowed("link"):
            return render_page("page_too_many", {}, status=429)
        request.env["marketing.person"].sudo()._send_preference_link(email[:254])
        return render_page("page_lost_link", {"is_sent": True})

    @http.route(
        "/marketing/preferences/<string:token>",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["GET", "POST"],
    )
    def preferences(self, token, **post):
        """What a person wants to get, and how often. A form changes it."""
        person, answer = self._find_person(token)
        if answer:
            return answer
        done = None
        if request.httprequest.method == "POST":
            self._save(person, request.httprequest.form)
            done = "saved"
        return self._render_preferences(person, token, done)

    @http.route(
        "/marketing/preferences/<string:token>/stop",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def stop(self, token, **post):
        """Stop everything: one button, from wherever one is."""
        person, answer = self._find_person(token)
        if answer:
            return answer
        form = request.httprequest.form
        person._stop_everything(self._get_page_evidence(form))
        return self._render_preferences(person, token, "stopped")

    @http.route(
        "/marketing/preferences/<string:token>/resume",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def resume(self, token, **post):
        """Allow mail again, of the topics that are chosen then."""
        person, answer = self._find_person(token)
        if answer:
            return answer
        person._allow_mail(get_evidence("page"))
        return self._render_preferences(person, token, "resumed")

    @http.route(
        "/marketing/preferences/<string:token>/unblock",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def unblock(self, token, **post):
        """Mail the link that ends a block; a link to this page proves too little."""
        person, answer = self._find_person(token)
        if answer:
            return answer
        if not self._is_allowed("unblock"):
            return render_page("page_too_many", {}, status=429)
        is_sent = person._ask_to_unblock(get_evidence("page"))
        return self._render_preferences(
            person, token, "asked" if is_sent else "not asked"
        )

    @http.route(
        "/marketing/preferences/<string:token>/reason",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def reason(self, token, **post):
        """Why somebody left: kept with the evidence."""
        person, answer = self._find_person(token)
        if answer:
            return answer
        evidence = self._get_page_evidence(request.httprequest.form)
        if evidence.get("reason_id") or evidence.get("note"):
            person.env["marketing.consent.log"]._record(
                person.ids, "preference", evidence
            )
        return self._render_preferences(person, token, "thanks")

    # ------------------------------------------------------------------
    # TOOLS
    # ------------------------------------------------------------------

    def _is_allowed(self, scope):
        return (
            request.env["marketing.rate.limit"]
            .sudo()
            ._is_allowed(scope, request.httprequest.remote_addr, TRIES_PER_HOUR, 1)
        )

    def _speak(self, lang):
        """Show the page in the language of its reader."""
        request.update_context(lang=lang)

    def _render_invalid(self):
        return render_page("page_invalid_link", {}, status=404)

    def _find_person(self, token):
        """`(person, None)`, or `(nobody, the page that says why)`."""
        person, is_expired = request.env["marketing.person"]._find_by_preference_token(
            token
        )
        if not person or is_expired:
            return person, self._render_invalid()
        self._speak(person._get_preferred_lang(request.env.context.get("lang")))
        return person.with_env(request.env(su=True)), None

    def _render_preferences(self, person, token, done=None):
        person.invalidate_recordset()
        return render_page(
            "page_preferences",
            {
                "person": person,
                "token": token,
                "done": done,
                "masked": person._get_masked_email(),
                "topics": person._get_preference_topics(),
                "block": person._get_block(),
                "reasons": request.env["mailing.subscription.optout"].sudo().search([]),
                "languages": request.env["res.lang"].get_installed(),
                "is_paused": bool(
                    person.paused_until and person.paused_until > fields.Datetime.now()
                ),
            },
        )

    def _get_page_evidence(self, form):
        """Evidence of a form, with the reason people gave."""
        reasons = request.env["mailing.subscription.optout"].sudo().search([])
        reason = reasons.filtered(lambda one: str(one.id) == form.get("reason"))
        return get_evidence(
            "page",
            reason_id=reason.id,
            note=(form.get("feedback") or "").strip()[:2000],
            is_confirmed=True,
        )

    def _save(self, person, form):
        """Take over what the form of the page says, and nothing it does not show."""
        evidence = self._get_page_evidence(form)
        chosen, shown = set(form.getlist("topic")), set(form.getlist("shown"))
        consents = person.env["marketing.consent"]
        for line in person._get_preference_topics():
            topic, consent = line["topic"], line["consent"]
            if str(topic.id) in chosen:
                if consent.state != "in" or line["is_renewable"]:
                    person._allow_mail(evidence)
                    consents._set_state(person.ids, topic, "in", evidence)
            elif str(topic.id) in shown and line["is_in"]:
                consents._set_state(person.ids, topic, "out", evidence)
        person._set_preferences(self._read_preferences(person, form), evidence)

    def _read_preferences(self, person, form):
        """The wishes of a form, as fields of the person."""
        values = {"is_do_not_track": form.get("track") != "on"}
        frequency = form.get("frequency")
        values["preferred_frequency"] = frequency if frequency in FREQUENCIES else False
        pause = form.get("pause")
        if pause in PAUSES:
            values["paused_until"] = fields.Datetime.now() + timedelta(
                days=PAUSES[pause]
            )
        elif pause != "keep":
            values["paused_until"] = False
        installed = {code for code, _name in request.env["res.lang"].get_installed()}
        if form.get("language") in installed:
            values["preferred_lang"] = form["language"]
        return values


class MarketingOptInController(http.Controller):
    """The same for other systems, beside `/marketing/events`."""

    @http.route(
        "/marketing/opt-in",
        type="http",
        auth="bearer",
        methods=["POST"],
        csrf=False,
        save_session=False,
    )
    def request_opt_in(self):
        """Somebody subscribed elsewhere, as JSON: `{"email": …, "topics": [ids]}`.

        Optional `evidence`: `ip`, `user_agent`, `text`, `note`. Answers 202 for every
        readable address, 400 when nothing can be read, 403 without the right.
        """
        try:
            body = request.get_json_data()
            email, topics = body["email"], [int(topic) for topic in body["topics"]]
            evidence = dict(body.get("evidence") or {})
        except (ValueError, KeyError, TypeError, AttributeError):
            return request.make_json_response(
                {"error": "Send an object with email and topics."}, status=400
            )
        if not request.env["marketing.consent"].has_access("read"):
            return request.make_json_response(
                {"error": "This user may not ask for consent."}, status=403
            )
        try:
            request.env["marketing.consent"].request_opt_in(email, topics, evidence)
        except UserError as error:
            return request.make_json_response({"error": error.args[0]}, status=400)
        return request.make_json_response({"accepted": True}, status=202)
