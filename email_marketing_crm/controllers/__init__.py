from . import (
    consent,
    disclosure,
    events,
    marketing_import,
    tracking,
    unsubscribe,
    webhook,
)
from . import consent, disclosure, events, marketing_import, tracking, unsubscribe
from . import mailing_view
