from . import (
    test_access,
    test_capture,
    test_events,
    test_inbox,
    test_indexes,
    test_person,
    test_tools_bounce,
    test_tools_reliability,
    test_tracking,
)
