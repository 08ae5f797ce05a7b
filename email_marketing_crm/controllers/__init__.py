from . import consent, events, tracking, unsubscribe
