from . import (
    consent,
    disclosure,
    events,
    mailing_view,
    marketing_import,
    tracking,
    unsubscribe,
    webhook,
)
