"""Opens and clicks as they come over HTTP: one statement each, then the touchpoint."""

from odoo import SUPERUSER_ID, api, fields, models, tools
from odoo.tools import SQL

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
#: SQL: the owner of a trace may be followed. Old mails hold links that know him.
IS_TRACKED = SQL(
    """
    NOT EXISTS (SELECT FROM marketing_person AS silent
                 WHERE silent.email_normalized = lower(mailing_trace.email)
                   AND silent.is_do_not_track)
    """
)


class MarketingHit(models.AbstractModel):
    """Writes what a pixel or a link reports as Odoo would, in one statement.

    Odoo reads and writes a hit record by record: 7 statements for an open, 18 for a
    click. Where another module has a say in these records (an override, an automation
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

    @api.model
    def _record_open(self, mail_id):
        """The pixel of a mail was loaded: its trace is opened, unless it was before."""
        self._flush_for_hit()
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE mailing_trace
                   SET trace_status = 'open', open_datetime = %(now)s,
                       write_date = %(now)s, write_uid = %(user)s
                 WHERE mail_mail_id_int = %(mail)s
                   AND trace_status NOT IN ('open', 'reply')
                   AND %(is_tracked)s
             RETURNING id, email, mass_mailing_id, model, res_id, sent_datetime,
                       trace_type = 'mail' AND is_test_trace IS NOT TRUE
                """,
                now=fields.Datetime.now(),
                user=SUPERUSER_ID,
                mail=mail_id,
                is_tracked=IS_TRACKED,
            )
        )
        for trace in rows:  # one, but for a mail that was sent anew
            self._capture_hit("opened", trace, dedup_key=f"trace:{trace[0]}:open")

    @api.model
    def _record_click(self, code, trace_id, ip, country_code):
        """A link was followed from the mail of a trace.

        The number of the trace is not signed: one that belongs to another mailing
        than the link was made up. The click counts then, but it is nobody's; so is
        that of somebody who does not want to be tracked.

        :returns: the address to go to
        :raises KeyError: for a code that does not exist
        """
        link_id, campaign_id, mailing_id, url = self.env["link.tracker"]._get_target(
            code
        )
        self._flush_for_hit()
        [(click_id, was_open, *trace)] = self.env.execute_query(
            SQL(
                """
                WITH before AS (
                    SELECT id, trace_status IN ('open', 'reply') AS was_open
                      FROM mailing_trace
                     WHERE id = %(trace)s
                       AND (%(mailing)s IS NULL OR mass_mailing_id = %(mailing)s)
                       AND %(is_tracked)s
                       FOR NO KEY UPDATE
                ),
                followed AS (
                    UPDATE mailing_trace AS trace
                       SET links_click_datetime = %(now)s,
                           trace_status = CASE WHEN before.was_open
                               THEN trace.trace_status ELSE 'open' END,
                           open_datetime = CASE WHEN before.was_open
                               THEN trace.open_datetime
                               ELSE %(now)s END,
                           write_date = %(now)s, write_uid = %(user)s
                      FROM before
                     WHERE trace.id = before.id
                 RETURNING before.was_open, trace.id, trace.email,
                           trace.mass_mailing_id, trace.model, trace.res_id,
                           trace.sent_datetime,
                           trace.trace_type = 'mail'
                               AND trace.is_test_trace IS NOT TRUE AS is_counted
                ),
                click AS (
                    INSERT INTO link_tracker_click (
                        link_id, campaign_id, mailing_trace_id, mass_mailing_id, ip,
                        country_id, create_uid, create_date, write_uid, write_date)
                    SELECT %(link)s, %(campaign)s, followed.id,
                           COALESCE(followed.mass_mailing_id, %(mailing)s),
                           CASE WHEN followed.id IS NOT NULL THEN %(ip)s END,
                           (SELECT id FROM res_country WHERE code = %(country)s),
                           %(user)s, %(now)s,
                           %(user)s, %(now)s
                      FROM (VALUES (1)) AS hit LEFT JOIN followed ON TRUE
                 RETURNING id
                )
                SELECT click.id, followed.* FROM click LEFT JOIN followed ON TRUE
                """,
                trace=trace_id,
                mailing=mailing_id,
                link=link_id,
                campaign=campaign_id,
                ip=ip,
                country=country_code or None,
                user=SUPERUSER_ID,
                now=fields.Datetime.now(),
                is_tracked=IS_TRACKED,
            )
        )
        if trace[0]:
            if not was_open:
                self._capture_hit("opened", trace, dedup_key=f"trace:{trace[0]}:open")
            self._capture_hit(
                "clicked", trace, link_id=link_id, dedup_key=f"click:{click_id}"
            )
        return url

    @api.model
    def _flush_for_hit(self):
        self.env["mailing.trace"].flush_model()
        self.env["marketing.person"].flush_model(["is_do_not_track"])

    @api.model
    def _capture_hit(self, code, trace, **values):
        """Record an open or a click of a trace, as its model would."""
        _id, email, mailing_id, model, res_id, sent_datetime, is_counted = trace
        if not is_counted or not email:
            return
        kind = {"opened": "open", "clicked": "click"}[code]
        self.env["marketing.touchpoint"]._capture(
            [
                self.env["mailing.trace"]._prepare_hit_values(kind, sent_datetime)
                | {
                    "type": code,
                    "email": email,
                    "mailing_id": mailing_id,
                    "res_model": model,
                    "res_id": res_id,
                }
                | values
            ]
        )
