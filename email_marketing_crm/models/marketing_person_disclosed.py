"""What a person is told about himself: fields of each model that knows persons."""

from odoo import api, models

_RECORD_FIELDS = ("name", "email", "phone", "street", "street2", "zip", "city")
#: Model → path to the person or his address, and the fields that are told.
DISCLOSED_FIELDS = {
    "marketing.person": (
        "id",
        (
            "email_normalized",
            "name",
            "lang",
            "tz",
            "create_date",
            "last_sent_date",
            "last_open_date",
            "last_click_date",
            "last_reply_date",
            "last_engagement_date",
            "suppression",
            "suppression_date",
            "is_suppressed",
            "is_opted_out",
            "has_said_no",
            "is_do_not_track",
            "paused_until",
            "preferred_frequency",
            "preferred_lang",
            "lifecycle_stage_id",
            "persona_id",
            "buyer_stage_id",
            "acquisition_source_id",
            "legal_basis",
            "address_state",
            "address_checked_date",
        ),
    ),
    "res.partner": (
        "marketing_person_id",
        (
            *_RECORD_FIELDS,
            "company_name",
            "country_id",
            "function",
            "website",
            "category_id",
            "comment",
            "create_date",
        ),
    ),
    "crm.lead": (
        "marketing_person_id",
        (
            "name",
            "contact_name",
            "partner_name",
            "email_from",
            *_RECORD_FIELDS[2:],
            "country_id",
            "function",
            "description",
            "stage_id",
            "create_date",
        ),
    ),
    "mailing.contact": (
        "marketing_person_id",
        ("name", "email", "company_name", "country_id", "create_date"),
    ),
    "mailing.subscription": (
        "contact_id.marketing_person_id",
        (
            "list_id",
            "opt_out",
            "opt_out_datetime",
            "opt_out_reason_id",
            "create_date",
        ),
    ),
    "marketing.consent": (
        "person_id",
        (
            "topic_id",
            "state",
            "legal_basis",
            "source",
            "date",
            "confirmed_date",
            "expiry_date",
        ),
    ),
    "marketing.consent.log": (
        "person_id",
        (
            "date",
            "event",
            "topic_id",
            "mailing_list_id",
            "legal_basis",
            "source",
            "text",
            "text_version",
            "ip",
            "user_agent",
            "note",
        ),
    ),
    "marketing.consent.request": (
        "person_id",
        ("date", "expiry_date", "confirmed_date", "is_reminder", "topic_ids"),
    ),
    "marketing.profile.value": (
        "person_id",
        ("attribute_id", "value", "origin", "date", "source", "is_in_effect"),
    ),
    "marketing.import.line": (
        "person_id",
        ("import_id", "number", "state", "cells"),
    ),
    "marketing.score": (
        "person_id",
        ("model_id", "score", "grade", "fit", "update_date"),
    ),
    "marketing.score.line": (
        "score_id.person_id",
        ("rule_id", "points", "hits", "last_date", "sentence"),
    ),
    "marketing.person.rhythm": ("person_id", ("summary", "update_date")),
    "marketing.lifecycle.move": (
        "person_id",
        ("date", "from_stage_id", "to_stage_id", "cause"),
    ),
    "marketing.delivery": (
        "person_id",
        (
            "mailing_id",
            "email",
            "state",
            "reason",
            "planned_date",
            "sent_date",
            "trace_status",
        ),
    ),
    "marketing.journey.participant": (
        "person_id",
        ("journey_id", "state", "entered", "finished", "exit_reason"),
    ),
    "marketing.journey.log": (
        "participant_id.person_id",
        ("journey_id", "date", "description"),
    ),
    "marketing.handoff": (
        "person_id",
        (
            "offered_at",
            "state",
            "cause",
            "score",
            "grade",
            "evidence",
            "closed_at",
            "reason_id",
            "note",
        ),
    ),
    "mailing.trace": (
        "email",
        (
            "mass_mailing_id",
            "trace_status",
            "sent_datetime",
            "open_datetime",
            "reply_datetime",
        ),
    ),
    "link.tracker.click": (
        "mailing_trace_id.email",
        ("create_date", "link_id", "ip", "country_id"),
    ),
    "marketing.touchpoint": (
        "person_id",
        (
            "date",
            "type_id",
            "description",
            "mailing_id",
            "link_id",
            "reliability",
            "reliability_reason",
            "value",
            "data",
        ),
    ),
}


class MarketingPerson(models.Model):
    _inherit = "marketing.person"

    @api.model
    def _get_disclosed_fields(self):
        """`{model: (path to the person or address, fields)}`; modules add their own."""
        return dict(DISCLOSED_FIELDS)
