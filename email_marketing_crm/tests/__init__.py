from hypothesis import settings

from . import (
    test_access,
    test_campaign,
    test_capture,
    test_delivery,
    test_events,
    test_handoff,
    test_handoff_answer,
    test_inbox,
    test_indexes,
    test_journey,
    test_journey_build,
    test_journey_entry,
    test_lane_views,
    test_lifecycle,
    test_person,
    test_score,
    test_score_rebuild,
    test_segment,
    test_segment_access,
    test_segment_incremental,
    test_timeline,
    test_tools_address_problem,
    test_tools_bounce,
    test_tools_decay,
    test_tools_delivery,
    test_tools_handoff_evidence,
    test_tools_handoff_lifecycle,
    test_tools_handoff_working_time,
    test_tools_journey,
    test_tools_pg_array,
    test_tools_reliability,
    test_tools_score_rules,
    test_tools_segment,
    test_tools_wording,
    test_tours,
    test_tracking,
)

# How long an example takes says how busy the machine is, not whether it is right;
# and the same examples each time keep a failure a failure.
settings.register_profile("marketing", deadline=None, derandomize=True)
settings.load_profile("marketing")
