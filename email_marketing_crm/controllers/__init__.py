from . import consent, disclosure, events, tracking, unsubscribe
