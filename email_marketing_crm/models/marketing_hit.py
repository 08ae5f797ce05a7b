"""Opens and clicks as they come over HTTP: one statement each, touchpoint included."""

import json

import psycopg2

from odoo import SUPERUSER_ID, api, fields, models, modules, tools
from odoo.sql_db import connection_info_for
from odoo.tools import SQL

from ..tools.hit_facts import CLICK_KINDS, OPEN_KINDS, Kind, add_moment, format_facts
from ..tools.kept_connection import KeptConnections

#: Modules whose overrides of the methods below do what the statements do.
KNOWN_MODULES = (
    "odoo.orm.",
    "odoo.addons.base.models.",
    "odoo.addons.link_tracker.models.",
    "odoo.addons.mass_mailing.models.",
    "odoo.addons.mass_mailing_sms.models.",
    "odoo.addons.email_marketing_crm.models.",
)
#: What Odoo calls for an open or a click, by model.
REPLACED_METHODS = {
    "mailing.trace": ("write", "set_opened", "set_clicked"),
    "link.tracker.click": ("create", "add_click", "_prepare_click_values_from_route"),
    "link.tracker": ("get_url_from_code", "_compute_redirected_url"),
}
#: The fields that the statements write.
WRITTEN_FIELDS = {
    "mailing.trace": ("trace_status", "open_datetime", "links_click_datetime"),
    "link.tracker.click": ("link_id", "mailing_trace_id", "mass_mailing_id", "ip"),
}
#: The largest number of a row; whoever makes one up may take a larger one.
MAX_ID = 2**31 - 1
#: What hits are written through.
CONNECTIONS = KeptConnections(
    lambda name: psycopg2.connect(**connection_info_for(name)[1])
)


class MarketingHit(models.AbstractModel):
    """Writes what a pixel or a link reports as Odoo would, in one statement.

    Odoo reads and writes a hit record by record: 7 statements for an open, 18 for a
    click. Here PostgreSQL's functions do it, with the touchpoint and its place in the
    inbox; what a request shows is classified by `tools/reliability.py` as ever. Where
    another module has a say in these records (an override, an automation
    rule, a stored field that follows), Odoo's way is gone instead.
    """

    _name = "marketing.hit"
    _description = "Open or Click"

    @api.model
    @tools.ormcache()
    def _is_available(self):
        """Whether nobody but the known modules has a say in opens and clicks."""
        for name, methods in REPLACED_METHODS.items():
            # The class of the registry comes first; automation rules patch it.
            for definition in type(self.env[name]).mro():
                if any(
                    method in vars(definition)
                    and not vars(definition)[method].__module__.startswith(
                        KNOWN_MODULES
                    )
                    for method in methods
                ):
                    return False
        return not any(
            dependent.store and dependent.model_name != name
            for name, names in WRITTEN_FIELDS.items()
            for field in names
            for dependent in self.env.registry.get_dependent_fields(
                self.env[name]._fields[field]
            )
        )

    # ------------------------------------------------------------------
    # HITS
    # ------------------------------------------------------------------

    @api.model
    def _record_open(self, mail_id, shown=None):
        """The pixel of a mail was loaded: its trace is opened, unless it was before.

        Who opens it again an hour later or more does so once an hour and program.

        :param shown: what the request shows (`_get_request_facts`); None without one
        :returns: touchpoints of somebody who is no person yet, for `_capture`
        """
        rows = self._run(
            SQL(
                "SELECT marketing_record_open(%s, %s::jsonb)",
                mail_id,
                self._get_facts(OPEN_KINDS, shown),
            )
        )
        return [self._prepare_open(json.loads(row), shown) for (row,) in rows]

    @api.model
    def _record_click(self, code, trace_id, ip, country_code, shown=None):
        """A link was followed from the mail of a trace.

        A trace that belongs to another mailing than the link was made up. The click
        counts then, but it is nobody's; so is that of somebody who does not want to be
        tracked. Of a link that is not signed (`mailing_trace_link.py`) the class is
        `unknown`.

        :param shown: as for `_record_open`
        :returns: (the address to go to, touchpoints for `_capture`)
        :raises KeyError: for a code that does not exist
        """
        links = self.env["link.tracker"].with_user(SUPERUSER_ID)
        link_id, campaign_id, mailing_id, url = links._get_target(code)
        [(click_id, unknown, was_opened)] = self._run(
            SQL(
                "SELECT click, unknown, opened"
                " FROM marketing_record_click(%s, %s, %s, %s, %s, %s, %s::jsonb)",
                trace_id if trace_id <= MAX_ID else 0,
                link_id,
                campaign_id,
                mailing_id,
                ip,
                country_code or None,
                self._get_facts(CLICK_KINDS, shown),
            )
        )
        touchpoints = []
        if unknown:
            trace = json.loads(unknown)
            if was_opened:
                touchpoints.append(self._prepare_open(trace, shown))
            touchpoints.append(
                self._prepare_hit("click", trace, shown)
                | {"type": "clicked", "dedup_key": f"click:{click_id}"}
                | {"link_id": link_id}
            )
        return url, touchpoints

    @api.model
    def _get_facts(self, codes, shown):
        """What the functions are told of the request (`marketing_hit_function.py`)."""
        facts = format_facts(
            self._get_kinds(codes),
            SUPERUSER_ID,
            (shown["user_agent"] or "") if shown else None,
            shown["method"] if shown else None,
            shown["is_signed"] if shown else True,
        )
        return add_moment(facts, fields.Datetime.now())

    @api.model
    @tools.ormcache("codes")
    def _get_kinds(self, codes):
        """The `Kind` of each of these codes."""
        types = self.env["marketing.touchpoint.type"].with_user(SUPERUSER_ID)
        settling = types._get_settling_seconds()
        ids = [types._get_id(code) for code in codes]
        return tuple(
            Kind(code, type_id, settling.get(type_id, 0))
            for code, type_id in zip(codes, ids, strict=True)
        )

    @api.model
    def _run(self, query):
        """Run one of the functions, committed at once; a test sees it in its own.

        The rows that are read or locked are those of this moment, not those of the
        beginning of the request: two clicks at once need not be tried again.
        """
        if modules.module.current_test:
            self.env.flush_all()
            return self.env.execute_query(query)
        return CONNECTIONS.execute(self.env.cr.dbname, query.code, query.params)

    @api.model
    def _prepare_open(self, trace, shown):
        return self._prepare_hit("open", trace, shown) | {
            "type": "opened",
            "dedup_key": f"trace:{trace['id']}:open",
        }

    @api.model
    def _prepare_hit(self, kind, trace, shown):
        """A hit of somebody who has no person yet, as its model would record it."""
        sent = trace["sent_datetime"]
        traces = self.env["mailing.trace"].with_context(marketing_hit=shown)
        return traces._prepare_hit_values(
            kind,
            fields.Datetime.to_datetime(sent.replace("T", " ")[:19]) if sent else None,
        ) | {
            "email": trace["email"],
            "mailing_id": trace["mass_mailing_id"],
            "res_model": trace["model"],
            "res_id": trace["res_id"],
        }

    @api.model
    def _capture(self, touchpoints):
        """Record hits of somebody who becomes a person now, in this transaction."""
        if touchpoints:
            touchpoint_model = self.env["marketing.touchpoint"]
            touchpoint_model.with_user(SUPERUSER_ID)._capture(touchpoints)
