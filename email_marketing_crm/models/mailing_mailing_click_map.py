"""Where a mail was clicked: its links, and the clicks of each, over the mail itself."""

import lxml.html

from odoo import models
from odoo.tools import SQL, is_html_empty
from odoo.tools.mail import URL_SKIP_PROTOCOL_REGEX, validate_url

from odoo.addons.link_tracker.tools.html import find_links_with_urls_and_labels

from ..tools.link_places import PLACE, drop_places, get_place, number_places
from ..tools.reliability import classes_from

#: Marks the links of the shown mail with the number of their tracked link.
PLACE_ATTRIBUTE = "data-marketing-link"


class MailingMailing(models.Model):
    _inherit = "mailing.mailing"

    def get_click_map(self, version=None):
        """The mail with its links marked, and what was clicked.

        Clicks of humans only: persons, and times. A link that the shown mail does not
        have, as it is in another language or block, is listed all the same; of one
        version only where its readers followed it.

        :param version: a code of `versions`: its text, and the clicks of its readers;
            without one those of everybody
        :returns: `{"body": HTML, "people": persons who clicked, "links": [{id, label,
            url, people, clicks, machine, share, is_shown}], "versions": [{code,
            label}], "version": code or False}`
        """
        self.ensure_one()
        self.check_access("read")
        versions = self._get_click_versions()
        version = version if version in versions else False
        readers = self._get_reader_filter(version)
        folded = (
            self.env["link.tracker"]
            .sudo()
            .search([("mass_mailing_id", "=", self.id)])
            ._fold()
        )
        counts = self._count_clicks(folded, readers)
        trackers = self.env["link.tracker"].sudo().union(*folded.values())
        body, order = self._mark_places(
            trackers,
            self._get_version_body(versions[version])
            if version
            else self._get_shown_body(),
        )
        everybody = self._count_clickers(readers)
        links = [
            self._describe_link(tracker, counts, everybody)
            | {"is_shown": tracker.id in order}
            for tracker in trackers
            if not version or tracker.id in order or tracker.id in counts
        ]
        links.sort(key=lambda link: (order.get(link["id"], len(order)), link["id"]))
        return {
            "body": body,
            "people": everybody,
            "links": links,
            "versions": [
                {"code": code, "label": found.label} for code, found in versions.items()
            ],
            "version": version,
        }

    def _describe_link(self, tracker, counts, everybody):
        """A link and its clicks; its share is of everybody who clicked."""
        people, clicks, machine = counts.get(tracker.id, (0, 0, 0))
        return {
            "id": tracker.id,
            "label": tracker.label or tracker.title or tracker.url,
            "url": tracker.url,
            "people": people,
            "clicks": clicks,
            "machine": machine,
            "share": people / everybody if everybody else 0,
        }

    def _count_clicks(self, folded, readers):
        """`{link id: (persons, clicks, clicks of machines and unknown)}`.

        :param folded: `{link: the one it counts for}`
        :param readers: SQL that says whose clicks count; alias of touchpoints: event
        """
        return {
            row[0]: row[1:]
            for row in self.env.execute_query(
                SQL(
                    """
                    SELECT place,
                           count(DISTINCT person_id) FILTER (WHERE is_human),
                           count(*) FILTER (WHERE is_human),
                           count(*) FILTER (WHERE NOT is_human)
                      FROM (SELECT place, person_id,
                                   reliability = ANY(%s) AS is_human
                              FROM marketing_touchpoint AS event
                              JOIN unnest(%s::int[], %s::int[]) AS link (id, place)
                                ON link.id = event.link_id
                             WHERE mailing_id = %s AND %s) AS click
                     GROUP BY place
                    """,
                    list(classes_from("human_likely")),
                    [link.id for link in folded],
                    [link.id for link in folded.values()],
                    self.id,
                    readers,
                )
            )
        }

    def _count_clickers(self, readers):
        [(people,)] = self.env.execute_query(
            SQL(
                "SELECT count(DISTINCT person_id) FROM marketing_touchpoint AS event"
                " WHERE mailing_id = %s AND link_id IS NOT NULL"
                " AND reliability = ANY(%s) AND %s",
                self.id,
                list(classes_from("human_likely")),
                readers,
            )
        )
        return people

    def _mark_places(self, trackers, html):
        """The mail with the numbers of its links, and `{link id: place}`.

        Links are found in the mail as they were when it was composed, by address,
        label and place.
        """
        if is_html_empty(html):
            return "", {}
        base_url = self.get_base_url()
        root = lxml.html.fromstring(str(html))
        nodes, links = find_links_with_urls_and_labels(
            root, base_url, skip_regex=rf"^{URL_SKIP_PROTOCOL_REGEX}"
        )
        labels = number_places(
            ((link["url"], link["label"]) for link in links),
            [get_place(node.get(PLACE)) for node in nodes],
        )
        known = {(tracker.url, tracker.label or ""): tracker.id for tracker in trackers}
        order = {}
        for node, link, label in zip(nodes, links, labels, strict=True):
            tracker_id = known.get((validate_url(link["url"]), label))
            if tracker_id:
                node.set(PLACE_ATTRIBUTE, str(tracker_id))
                order.setdefault(tracker_id, len(order))
        for node in root.iter("script", "iframe", "object", "embed"):
            node.drop_tree()
        return drop_places(lxml.html.tostring(root, encoding="unicode")), order

    def _get_shown_body(self):
        """The mail as one of its readers got it; as it was designed without readers."""
        record = self._get_sample_records()
        if not record:
            return self.body_html
        return self._prepare_mail_as_seen_by(record).get("body_html") or self.body_html
