from odoo import models
from odoo.tools.mail import html2plaintext

from ..tools.content_check import (
    CLIP_BYTES,
    PLAIN_WORDS,
    PREVIEW_COLUMNS,
    SUBJECT_COLUMNS,
    find_bad_links,
    find_images_without_text,
    find_placeholders,
    find_words,
    is_image_heavy,
    is_related,
    is_shouting,
)
from ..tools.content_reading import Content
from ..tools.text_language import count_words, get_width, guess_language
from ..tools.wording import split_list
from .marketing_check_word import limit_level
from .marketing_mailing_check_finding import LEGAL_PREFIX
from .number_format import format_number

#: Places of a word, or links of a kind, that one finding names.
SHOWN_PLACES = 5


class MarketingMailingCheck(models.Model):
    """What is looked at in the texts of a mailing."""

    _inherit = "marketing.mailing.check"

    def _get_level(self, code):
        """How serious a finding is by the policy."""
        return self.env["marketing.check.policy"]._get_levels(self.company_id)[code]

    def _note(self, code, message, text=None, **values):
        """Write a finding, as serious as the policy says.

        :param text: of `_get_checked_texts`, where it is about one of them
        :param values: of the finding; `level` replaces the policy
        """
        level = values.pop("level", None) or self._get_level(code)
        if text:
            values["variant"] = text["name"] or False
            values["text_model"] = text["record"]._name
            values["text_id"] = text["record"].id
        findings = self.env["marketing.mailing.check.finding"].sudo()
        if level == "off":
            return findings
        place = values.setdefault("place", "body")
        return findings.create(
            {
                "check_id": self.id,
                "code": code,
                "severity": level,
                "rank": findings._get_rank(code, level, place),
                "message": message,
                **values,
            }
        )

    def _check_law(self):
        """What the compliance profile finds; its levels hold."""
        places = {"label": "subject", "sender": "sender", "consent": "mailing"}
        for code, level, sentence, text in self.mailing_id._get_findings():
            company = self.company_id.partner_id
            is_unknown = code == "address" and not (company.street and company.city)
            self._note(
                LEGAL_PREFIX + code,
                sentence,
                level=level,
                place=places.get(code, "body"),
                text=text,
                target="company" if is_unknown else "mailing",
                advice=self.env._(
                    "The rules are those of the compliance profile of %s.",
                    self.company_id.name,
                ),
            )

    def _check_text(self, text):
        """Look at one text of the mailing, as its readers get it."""
        content = Content.read(text["body_html"])
        most, least = self.mailing_id._get_met_extremes(str(text["body_html"]))
        sample = self._compose_sample(text, most)
        shown = sample or {
            "subject": text["subject"],
            "preview": text["preview"],
            "body": str(text["body_html"]),
            "plain": html2plaintext(text["body_html"]),
        }
        if sample and least != most:
            smallest = self._compose_sample(text, least) or sample
            shown["plain"] = smallest["plain"]
        for check in (
            self._check_placeholders,
            self._check_links,
            self._check_words,
            self._check_subject,
            self._check_preview,
            self._check_images,
            self._check_size,
        ):
            check(text, content, shown)

    def _check_placeholders(self, text, content, shown):
        labels = split_list(self.mailing_id._get_compliance_profile().labels)
        hits = [
            *find_placeholders("subject", shown["subject"], labels),
            *find_placeholders("preview", shown["preview"], labels),
            *find_placeholders("body", content.text, labels),
        ]
        for hit in hits[:SHOWN_PLACES]:
            self._note(
                "placeholder",
                self.env._(
                    "“%(placeholder)s” is left to be filled in: “%(excerpt)s”.",
                    placeholder=hit.what,
                    excerpt=hit.excerpt,
                ),
                place=hit.part,
                text=text,
                words=hit.what,
                advice=self.env._(
                    "Write what belongs there, or put in a field of the receiver with "
                    "“/” in the editor."
                ),
            )

    def _check_links(self, text, content, shown):
        bad = list(find_bad_links(content))
        for kind, link in bad[: 2 * SHOWN_PLACES]:
            place = link.text or self.env._("a link without text")
            words = link.text or link.href
            if kind == "example":
                self._note(
                    "link_example",
                    self.env._(
                        "The link “%(text)s” leads to an example address: %(url)s",
                        text=place,
                        url=link.href,
                    ),
                    advice=self.env._("Put the address of your page there."),
                    text=text,
                    words=words,
                )
                continue
            href = (link.href or "").strip()
            message = (
                self.env._(
                    "The link “%(text)s” leads nowhere: “%(url)s” is no address of a "
                    "page, a mailbox or a telephone.",
                    text=place,
                    url=href,
                )
                if href
                else self.env._("The link “%s” has no address.", place)
            )
            self._note(
                "link_empty",
                message,
                advice=self.env._("Give it an address (https://…), or remove it."),
                text=text,
                words=words,
            )

    def _check_words(self, text, content, shown):
        """Words to avoid, those in the subject first."""
        parts = [
            ("subject", shown["subject"]),
            ("preview", shown["preview"]),
            ("body", content.text),
        ]
        model = self.env["marketing.check.word"]
        language = guess_language("\n".join(part for _name, part in parts))
        words = model._get_words(self.company_id, language)
        places = {}
        for hit in find_words(words._prepare_words(), parts):
            places.setdefault(hit.key, []).append(hit)
        for key, hits in places.items():
            word = model.browse(key)
            code = f"{word.kind}_word"
            excerpts = "; ".join(f"“{hit.excerpt}”" for hit in hits[:SHOWN_PLACES])
            more = len(hits) - SHOWN_PLACES
            if more > 0:
                excerpts = self.env._(
                    "%(places)s and %(number)s more", places=excerpts, number=more
                )
            self._note(
                code,
                self.env._(
                    "“%(word)s” is better avoided: %(places)s",
                    word=word.word,
                    places=excerpts,
                ),
                level=limit_level(word.severity, self._get_level(code)),
                place=hits[0].part,
                word_id=word.id,
                text=text,
                words=hits[0].what,
                advice=". ".join(
                    part.rstrip(".") for part in (word.reason, word.source) if part
                ),
            )

    def _check_subject(self, text, content, shown):
        subject = shown["subject"]
        width = get_width(subject)
        least, most = SUBJECT_COLUMNS
        if not least <= width <= most:
            self._note(
                "subject_length",
                self.env._(
                    "The subject is %(width)s columns wide (a Chinese character takes "
                    "two): “%(subject)s”.",
                    width=width,
                    subject=subject,
                ),
                place="subject",
                text=text,
                advice=self.env._(
                    "Between %(least)s and %(most)s columns are read; put what matters "
                    "into the first 40, which is all a phone shows.",
                    least=least,
                    most=most,
                ),
            )
        if is_shouting(subject):
            self._note(
                "subject_shouting",
                self.env._(
                    "The subject shouts, with capitals or exclamation marks: “%s”.",
                    subject,
                ),
                place="subject",
                text=text,
                advice=self.env._("Filters count this as spam. Say it calmly."),
            )
        if not is_related(subject, content.text):
            self._note(
                "subject_unrelated",
                self.env._(
                    "No word of the subject stands in the mail: “%s”. Who opens it "
                    "looks for what it announced.",
                    subject,
                ),
                place="subject",
                text=text,
                advice=self.env._(
                    "Take the subject up in the first lines, or choose one that says "
                    "what the mail offers."
                ),
            )

    def _check_preview(self, text, content, shown):
        preview = (shown["preview"] or "").strip()
        width = get_width(preview)
        least, most = PREVIEW_COLUMNS
        if least <= width <= most:
            return
        self._note(
            "preview_length",
            self.env._(
                "The preview text is %(width)s columns wide: “%(preview)s”.",
                width=width,
                preview=preview,
            )
            if preview
            else self.env._(
                "There is no preview text: mail programs show the first words of the "
                "mail behind the subject."
            ),
            place="preview",
            text=text,
            advice=self.env._(
                "Between %(least)s and %(most)s columns are shown.",
                least=least,
                most=most,
            ),
        )

    def _check_images(self, text, content, shown):
        images = find_images_without_text(content)
        for image in images[:SHOWN_PLACES]:
            self._note(
                "image_alt",
                self.env._(
                    "The picture %s has no description: who does not see pictures sees "
                    "nothing.",
                    image.src.rpartition("/")[2][:80] or image.src[:80],
                ),
                text=text,
                words=image.src,
                advice=self.env._(
                    "Click on it in the editor and fill in “Description”."
                ),
            )
        if is_image_heavy(content):
            self._note(
                "image_text",
                self.env._(
                    "%(images)s pictures and only %(words)s words: filters take such "
                    "mails for spam, and many people see no pictures.",
                    images=sum(not image.is_icon for image in content.images),
                    words=count_words(content.text),
                ),
                text=text,
                advice=self.env._("Say in words what the pictures show."),
            )

    def _check_size(self, text, content, shown):
        size = len(shown["body"].encode("utf-8", "replace"))
        if size > CLIP_BYTES:
            self._note(
                "size",
                self.env._(
                    "The mail has %(size)s KB as it is sent: Gmail cuts it off after "
                    "%(limit)s KB, and the link to unsubscribe with it.",
                    size=format_number(self.env, size / 1024, 0),
                    limit=CLIP_BYTES // 1024,
                ),
                text=text,
                advice=self.env._(
                    "Shorten it, or move parts to a page. Text that was pasted from a "
                    "word processor is often the reason."
                ),
            )
        plain = shown["plain"].replace((shown["preview"] or "").strip(), "", 1)
        if count_words(plain) < PLAIN_WORDS:
            self._note(
                "text_part",
                self.env._(
                    "As plain text the mail says next to nothing: “%s”.",
                    " ".join(plain.split())[:80],
                ),
                text=text,
                advice=self.env._(
                    "Watches, screen readers and filters read the plain text. Write at "
                    "least a sentence."
                ),
            )
