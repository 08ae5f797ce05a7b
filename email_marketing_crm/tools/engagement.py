"""Which events say when a person was last in touch, and how sure they must be."""

#: Code of a touchpoint → field of the person it moves, and the lowest class of
#: `reliability.CLASSES` that moves it.
ENGAGEMENT_DATES = {
    "sent": ("last_sent_date", "unknown"),
    "opened": ("last_open_date", "unknown"),
    "clicked": ("last_click_date", "human_likely"),
    "replied": ("last_reply_date", "human_likely"),
}
