"""Answers of buttons that the web client carries out."""

from typing import Any

#: What comes after a message: the dialog goes, or the page is read anew.
CLOSE = {"type": "ir.actions.act_window_close"}
RELOAD = {"type": "ir.actions.client", "tag": "soft_reload"}


def notify(message: str, kind: str = "success", **params: Any) -> dict[str, Any]:
    """A message in the corner of the screen.

    :param kind: `success`, `info`, `warning` or `danger`
    :param params: more of the client's own: `title`, `sticky`, `next`
    """
    return {
        "type": "ir.actions.client",
        "tag": "display_notification",
        "params": {"type": kind, "message": message, **params},
    }


def show_record(res_id: int) -> dict[str, Any]:
    """Another record in place of the one whose form is open; the way back stays."""
    return {
        "type": "ir.actions.client",
        "tag": "marketing_show_record",
        "params": {"res_id": res_id},
    }
