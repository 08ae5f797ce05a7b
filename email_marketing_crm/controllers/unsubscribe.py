from urllib.parse import urlencode

from werkzeug.exceptions import BadRequest, NotFound, Unauthorized

from odoo import http, models
from odoo.http import request

from odoo.addons.mass_mailing.controllers.main import MassMailController

from ..models.marketing_consent_sync import EVIDENCE, Evidence
from .consent import get_evidence, render_page


class MarketingUnsubscribeController(MassMailController):
    """Odoo's unsubscribe links. They withdraw the topic of the mailing, and say so.

    A mailing to contacts or leads that has a topic withdraws that topic; without one
    the address is blocked for all mailings, as in Odoo, which the page says. Pages of
    mailing lists stay Odoo's. Following a link changes nothing: buttons do, and the
    one-click request of mail programs (RFC 8058).

    Mailings that have neither a topic nor an audience of ours keep Odoo's pages. Odoo
    unsubscribes at once whoever opens `/unsubscribe`, an address that its mails do not
    contain any more: they lead to `/confirm_unsubscribe`, which asks.
    """

    # ------------------------------------------------------------------
    # UNSUBSCRIBE
    # ------------------------------------------------------------------

    @http.route()
    def mailing_confirm_unsubscribe(
        self, mailing_id, document_id=None, email=None, hash_token=None
    ):
        """Ask before unsubscribing, and say from what."""
        mailing, email_found, _hash = self._find_mailing(
            mailing_id, document_id, email, hash_token
        )
        if mailing.mailing_on_mailing_list or not self._is_ours(mailing):
            return super().mailing_confirm_unsubscribe(
                mailing_id, document_id=document_id, email=email, hash_token=hash_token
            )
        person = self._find_person(email_found)
        return render_page(
            "page_unsubscribe",
            {
                "mailing": mailing,
                "topic": mailing.marketing_topic_id,
                "document_id": document_id,
                "email": email,
                "hash_token": hash_token,
                "token": person and person._get_preference_token(),
            },
        )

    @http.route()
    def mailing_confirm_unsubscribe_post(
        self, mailing_id, document_id=None, email=None, hash_token=None
    ):
        if not str(mailing_id).isdecimal():
            raise BadRequest()
        mailing, email_found, _hash = self._find_mailing(
            int(mailing_id), document_id, email, hash_token
        )
        self._remember("mail", mailing)
        if mailing.mailing_on_mailing_list or not self._is_ours(mailing):
            return super().mailing_confirm_unsubscribe_post(
                mailing_id, document_id=document_id, email=email, hash_token=hash_token
            )
        return self._mailing_unsubscribe_from_document(
            mailing, document_id, email_found, hash_token
        )

    @http.route()
    def mailing_unsubscribe(
        self, mailing_id, document_id=None, email=None, hash_token=None, **_form
    ):
        """By a link: show where people choose. By one click (POST): unsubscribe.

        :param _form: what mail programs post, `List-Unsubscribe=One-Click`
        """
        mailing, email_found, hash_found = self._find_mailing(
            mailing_id, document_id, email, hash_token
        )
        if request.httprequest.method == "POST" or not self._is_ours(mailing):
            self._remember("mail", mailing)
            return super().mailing_unsubscribe(
                mailing_id, document_id=document_id, email=email, hash_token=hash_token
            )
        if mailing.mailing_on_mailing_list:
            return request.render(
                "mass_mailing.page_mailing_unsubscribe",
                self._prepare_mailing_subscription_values(
                    mailing, document_id, email_found, hash_found
                ),
            )
        query = urlencode(
            {
                "document_id": document_id or "",
                "email": email or "",
                "hash_token": hash_token or "",
            }
        )
        return request.redirect(f"/mailing/{mailing_id}/confirm_unsubscribe?{query}")

    def _mailing_unsubscribe_from_document(
        self, mailing, document_id, email, hash_token
    ):
        """Withdraw the topic; without one block the address, and say what was done."""
        if not self._is_ours(mailing):
            return super()._mailing_unsubscribe_from_document(
                mailing, document_id, email, hash_token
            )
        self._remember("mail", mailing)
        mailing = mailing.with_env(request.env(su=True))
        topic = mailing.marketing_topic_id
        if topic:
            self._withdraw_topic(topic, email)
        else:
            super()._mailing_unsubscribe_from_document(
                mailing, document_id, email, hash_token
            )
        person = self._find_person(email)
        return render_page(
            "page_unsubscribed",
            {
                "topic": topic,
                "token": person and person._get_preference_token(),
                "reasons": self._fetch_subscription_optouts(),
            },
        )

    def _mailing_unsubscribe_from_list(self, mailing, document_id, email, hash_token):
        """Leave the lists of the mailing, and its topic where that is another one."""
        answer = super()._mailing_unsubscribe_from_list(
            mailing, document_id, email, hash_token
        )
        self._withdraw_topic(mailing.sudo().marketing_topic_id, email)
        return answer

    def _withdraw_topic(self, topic, email):
        persons = request.env["marketing.person"].sudo()
        ids = persons._get_or_create_ids([email])
        if topic:
            request.env["marketing.consent"].sudo()._set_state(
                list(ids.values()), topic, "out", request.env.context[EVIDENCE]
            )

    # ------------------------------------------------------------------
    # PAGES OF MAILING LISTS
    # ------------------------------------------------------------------

    @http.route()
    def mailing_update_list_subscription(self, mailing_id=None, **post):
        self._remember("page", mailing_id)
        return super().mailing_update_list_subscription(mailing_id=mailing_id, **post)

    @http.route()
    def mail_blocklist_add(self, mailing_id=None, **post):
        self._remember("page", mailing_id)
        return super().mail_blocklist_add(mailing_id=mailing_id, **post)

    @http.route()
    def mail_blocklist_remove(self, mailing_id=None, **post):
        self._remember("page", mailing_id)
        return super().mail_blocklist_remove(mailing_id=mailing_id, **post)

    # ------------------------------------------------------------------
    # TOOLS
    # ------------------------------------------------------------------

    def _is_ours(self, mailing):
        mailing = mailing.sudo()
        return bool(mailing.marketing_topic_id or mailing.marketing_kind)

    def _find_mailing(self, mailing_id, document_id, email, hash_token):
        """The mailing of a link, with whom the link is for; forged ones raise."""
        email_found, hash_found = self._fetch_user_information(email, hash_token)
        try:
            mailing = self._check_mailing_email_token(
                mailing_id,
                document_id,
                email_found,
                hash_found,
                required_mailing_id=True,
            )
        except NotFound as error:  # tells nobody which mailings there are
            raise Unauthorized() from error
        return mailing, email_found, hash_found

    def _find_person(self, email):
        persons = request.env["marketing.person"].sudo()
        normal = persons._normalize(email)
        found = persons._get_ids_by_email([normal] if normal else [])
        return persons.browse(found.values())

    def _remember(self, source, mailing=None):
        """Tell what follows that the person himself does this, and from where.

        :param mailing: a record, or what a client said its id is
        """
        if isinstance(mailing, models.BaseModel):
            mailing = mailing.id
        elif not isinstance(mailing, int):
            mailing = None
        request.update_context(
            **{
                EVIDENCE: Evidence(
                    get_evidence(source, mailing_id=mailing, is_confirmed=True)
                )
            }
        )
