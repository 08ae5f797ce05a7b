from . import (
    consent,
    disclosure,
    events,
    marketing_import,
    tracking,
    unsubscribe,
    webhook,
)
