"""How long it takes to plan a campaign to everybody, with every gate in use."""

from benchmarks.harness import ADDON, database, figure, workers

#: Contacts, opportunities, touchpoints.
SIZES = {
    "small": (5_000, 1_500, 10_000),
    "full": (1_000_000, 300_000, 1_000_000),
}

#: What the plan must find.
REASONS = (
    "blacklisted",
    "campaign_mailed",
    "complaint_open",
    "consent_expired",
    "consent_no_basis",
    "consent_out",
    "consent_pending",
    "consent_unconfirmed",
    "excluded_segment",
    "frequency",
    "frequency_cap",
    "holdout",
    "invalid_address",
    "no_consent",
    "open_opportunity",
    "paused",
    "suppressed",
    "suppression_list",
)


def run(size: str) -> None:
    partners, leads, touchpoints = SIZES[size]
    with database(ADDON, "bench_delivery_plan") as name, workers(name) as (worker,):
        worker.call("make_segment_data", partners, leads, touchpoints)
        mailing_id = worker.call("make_campaign")
        counts, seconds = worker.call("preview_campaign", mailing_id)
        figure("delivery_plan_preview_seconds", seconds, "s")
        planned, seconds = worker.call("plan_campaign", mailing_id)
        figure("delivery_plan_1m_seconds", seconds, "s")
        bare = worker.call("write_rows", mailing_id)
        figure("delivery_plan_rows_alone_seconds", bare, "s")
        figure("delivery_plan_vs_rows_alone_ratio", seconds / bare, "")
        if planned != counts:
            raise RuntimeError(f"Planned {planned}, but the preview said {counts}")
        figure("delivery_plan_persons", sum(planned.values()), "persons")
        told, seconds = worker.call("tell_history", mailing_id)
        figure("delivery_plan_history_seconds", seconds, "s")
        if size == "full" and not told:
            raise RuntimeError("Nobody's history says that he gets no mail")
        figure("delivery_plan_history_persons", told, "persons")
        if set(planned) != {"planned", *REASONS}:
            raise RuntimeError(f"Not every gate had something to find: {planned}")
    figure("delivery_plan_reasons", len(planned) - 1, "reasons")
