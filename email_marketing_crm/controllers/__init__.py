from . import events, tracking
