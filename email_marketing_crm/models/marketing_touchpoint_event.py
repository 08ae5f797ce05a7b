"""Events that other systems report, over RPC or `POST /marketing/events`."""

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class MarketingTouchpoint(models.Model):
    _inherit = "marketing.touchpoint"

    @api.model
    def report_events(self, events):
        """Take events from other systems; also the body of POST /marketing/events.

        Each event is taken or refused on its own.

        :param list events: at most 1000 dictionaries with `id` (unique in the
            sending system: the same id again changes nothing), `type` (code of a
            type that other systems may report), `email`; optional `source` (name of
            the system), `date` (ISO 8601, UTC), `value`, `url`, `title`, `data`; of
            a download `asset`, the link of the content asset
        :returns: `{"accepted": n, "errors": [{"index": i, "error": sentence}]}`
        :raises UserError: when the batch as a whole cannot be read
        """
        self.check_access("read")
        if not isinstance(events, list):
            raise UserError(self.env._("Send a list of events."))
        if len(events) > 1000:
            raise UserError(
                self.env._("Send at most 1000 events at once, not %s.", len(events))
            )
        accepted, errors = [], []
        allowed = set(
            self.env["marketing.touchpoint.type"]
            .sudo()
            .search([("is_custom", "=", True)])
            .mapped("code")
        )
        for index, event in enumerate(events):
            try:
                values = self._prepare_reported_event(event, allowed)
                accepted.append((index, values))
            except ValidationError as error:
                errors.append({"index": index, "error": error.args[0]})
        accepted, refused = self._split_untracked(accepted)
        errors = sorted(errors + refused, key=lambda error: error["index"])
        self._capture(accepted)
        return {"accepted": len(accepted), "errors": errors}

    @api.model
    def _split_untracked(self, events):
        """Leave out what people did who do not want to be tracked.

        :param events: `[(index, values)]`
        :returns: `(values of the others, errors)`
        """
        codes = set(
            self.env["marketing.touchpoint.type"]
            .sudo()
            .search([("is_tracking", "=", True)])
            .mapped("code")
        )
        silent = self.env["marketing.person"]._get_untracked_emails(
            [values["email"] for _index, values in events if values["type"] in codes]
        )
        accepted, errors = [], []
        for index, values in events:
            if values["type"] in codes and values["email"] in silent:
                sentence = self.env._(
                    "%s does not want to be tracked: the event was not kept.",
                    values["email"],
                )
                errors.append({"index": index, "error": sentence})
            else:
                accepted.append(values)
        return accepted, errors

    @api.model
    def _prepare_reported_event(self, event, allowed):
        """Values of one reported event; raises ValidationError saying what is wrong."""
        if not isinstance(event, dict):
            raise ValidationError(self.env._("An event is an object."))
        code = event.get("type")
        if code not in allowed:
            raise ValidationError(
                self.env._(
                    "Unknown type %(type)s; use one of: %(allowed)s.",
                    type=code,
                    allowed=", ".join(sorted(allowed)),
                )
            )
        identifier = event.get("id")
        if not isinstance(identifier, str | int) or not str(identifier):
            raise ValidationError(self.env._("The event has no id of its own."))
        email = self.env["marketing.person"]._normalize(event.get("email"))
        if not email:
            raise ValidationError(
                self.env._("%s is not an e-mail address.", event.get("email"))
            )
        data = event.get("data") or {}
        if not isinstance(data, dict):
            raise ValidationError(self.env._("The data of an event is an object."))
        data = data | {
            key: str(event[key])[:2000] for key in ("url", "title") if event.get(key)
        }
        source = str(event.get("source") or self.env.user.login)[:64]
        return {
            "type": code,
            "email": email,
            "date": self._parse_event_date(event.get("date")),
            "value": self._parse_event_value(event.get("value")),
            "data": data | {"source": source},
            "company_id": self.env.company.id,
            "dedup_key": f"event:{source}:{code}:{str(identifier)[:200]}",
        }

    @api.model
    def _parse_event_date(self, value):
        if not value:
            return fields.Datetime.now()
        try:
            date = fields.Datetime.to_datetime(
                str(value).replace("T", " ").removesuffix("Z")[:19]
            )
        except ValueError as error:
            raise ValidationError(
                self.env._("%s is not a date such as 2026-01-31T08:00:00Z.", value)
            ) from error
        if (date - fields.Datetime.now()).total_seconds() > 3600:
            raise ValidationError(self.env._("%s lies in the future.", value))
        return date

    @api.model
    def _parse_event_value(self, value):
        if value in (None, ""):
            return 0.0
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        raise ValidationError(self.env._("%s is not a number.", value))
