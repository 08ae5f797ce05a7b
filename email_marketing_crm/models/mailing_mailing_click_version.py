"""Where each version of a mail was clicked: those of its A/B test, its languages."""

from typing import NamedTuple

from odoo import models
from odoo.tools import SQL


class ClickVersion(NamedTuple):
    """What tells the readers of a version from the others."""

    label: str
    #: SQL on the deliveries of its readers; alias: delivery
    readers: SQL
    #: what `_get_variant_content` makes its text of, where nobody has read it
    variant: dict


class MailingMailing(models.Model):
    """A version is what a group of readers got: of a test, or in a language.

    Who got which is known from the deliveries, so mailings that Odoo's own queue sends
    have none. Of a test of subjects or texts a translation is no version: its readers
    have seen none of them, and count for their language.
    """

    _inherit = "mailing.mailing"

    def _get_click_versions(self):
        """`{code: ClickVersion}`; empty where everybody got the same."""
        self.ensure_one()
        mailing = self.sudo()
        has_readers = mailing.env["marketing.delivery"].search_count(
            [("mailing_id", "=", self.id)], limit=1
        )
        if not has_readers:
            return {}
        test = mailing.marketing_ab_test_ids
        versions = self._get_arm_versions(test) if test.state != "draft" else {}
        tests_text = versions and test.varies in ("subject", "content")
        versions |= self._get_language_versions(with_own=not tests_text)
        return versions if len(versions) > 1 else {}

    def _get_arm_versions(self, test):
        versions = {}
        for arm in test.arm_ids:
            label = self.env._("Version %s", arm.name)
            if test.varies == "subject":
                label = f"{label}: {arm.subject or self.subject}"
            readers = SQL(
                "delivery.arm_id = %s AND %s", arm.id, test._get_reader_condition()
            )
            versions[f"arm-{arm.id}"] = ClickVersion(label, readers, {"arm": arm.id})
        return versions

    def _get_language_versions(self, with_own):
        own, others = self._get_text_langs()
        if not others:
            return {}
        names = dict(self.env["res.lang"].get_installed())
        return {
            f"lang-{lang}": ClickVersion(
                names.get(lang, lang),
                SQL("delivery.variant->>'lang' = %s", lang),
                {"lang": lang},
            )
            for lang in ([own] if with_own else []) + others
        }

    def _get_reader_filter(self, version):
        """SQL on touchpoints, alias event: of readers of a version, or of everybody.

        :param version: a code of `_get_click_versions`; nothing or another one: all
        """
        chosen = self._get_click_versions().get(version) if version else None
        if not chosen:
            return SQL("TRUE")
        return SQL(
            "EXISTS (SELECT FROM marketing_delivery AS delivery"
            " WHERE delivery.mailing_id = event.mailing_id"
            " AND delivery.person_id = event.person_id AND %s)",
            chosen.readers,
        )

    def _get_version_body(self, version):
        """The mail as one of the readers of a version got it."""
        self.ensure_one()
        records = self.env[self.mailing_model_real].sudo()
        rows = self.env.execute_query(
            SQL(
                "SELECT res_id, variant FROM marketing_delivery AS delivery"
                " WHERE mailing_id = %s AND state = 'sent' AND %s LIMIT 5",
                self.id,
                version.readers,
            )
        )
        variants = dict(rows)
        reader = records.browse(variants).exists()[:1]
        record = reader or self._get_sample_records()
        content = self._get_variant_content(variants.get(reader.id, version.variant))
        if not record:
            return self._get_body(content)
        return self._prepare_mail_as_seen_by(record, content).get("body_html")
