from . import (
    asset,
    consent,
    disclosure,
    events,
    mailing_view,
    marketing_import,
    tracking,
    unsubscribe,
    webhook,
)
