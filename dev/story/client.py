"""Odoo as its web client speaks to it: a session and JSON calls."""

import http.cookiejar
import json
import re
import secrets
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence
from typing import Any


class OdooError(Exception):
    """What Odoo answered instead of a result, as the user would read it."""

    def __init__(self, message: str, kind: str = "", trace: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        """The exception's class in Odoo, such as ``odoo.exceptions.UserError``."""

        self.trace = trace


class WebClient:
    """One user's browser."""

    def __init__(self, url: str, database: str, login: str, password: str) -> None:
        self.url = url
        self.login = login
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(cookies)
        session = self._post(
            "/web/session/authenticate",
            {"db": database, "login": login, "password": password},
        )
        if not session.get("uid"):
            raise OdooError(f"{login} cannot log in.")
        self.user_id: int = session["uid"]
        self.name: str = session["name"]

    def call(self, model: str, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method of a model."""
        return self._post(
            f"/web/dataset/call_kw/{model}.{method}",
            {"model": model, "method": method, "args": args, "kwargs": kwargs},
        )

    def press(self, model: str, ids: int | Sequence[int], button: str) -> Any:
        """Press a button of a form or list; return the action it leads to."""
        ids = [ids] if isinstance(ids, int) else list(ids)
        return self._post(
            f"/web/dataset/call_button/{model}.{button}",
            {"model": model, "method": button, "args": [ids], "kwargs": {}},
        )

    def upload(
        self,
        path: str,
        values: dict[str, str],
        field: str,
        file: tuple[str, str, bytes],
    ) -> None:
        """Send a file as a form of the web client does.

        :param file: name, content type, content
        """
        page = self._open(urllib.request.Request(f"{self.url}/odoo")).decode()
        token = re.search(r'csrf_token: "([^"]+)"', page)
        if not token:
            raise OdooError("The web client has no token for uploads.")
        border = secrets.token_hex(16)
        parts = []
        for name, value in {**values, "csrf_token": token[1]}.items():
            head = (
                f'--{border}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
            )
            parts.append(f"{head}{value}\r\n".encode())
        name, kind, content = file
        parts.append(
            f"--{border}\r\nContent-Disposition: form-data;"
            f' name="{field}"; filename="{name}"\r\n'
            f"Content-Type: {kind}\r\n\r\n".encode()
        )
        parts += [content, f"\r\n--{border}--\r\n".encode()]
        self._open(
            urllib.request.Request(
                self.url + path,
                b"".join(parts),
                {"Content-Type": f"multipart/form-data; boundary={border}"},
            )
        )

    # -- forms ----------------------------------------------------------------

    def save(
        self, model: str, values: dict[str, Any], record: int | None = None
    ) -> int:
        """Save a form, a new one when no record is given; return its id."""
        ids = [record] if record else []
        saved = self.call(model, "web_save", ids, values, specification={})
        return saved[0]["id"]

    # -- looking --------------------------------------------------------------

    def count(
        self, model: str, domain: Sequence[Any] = (), active_test: bool = True
    ) -> int:
        """Return how many records a list would show, archived ones when asked to."""
        context = {} if active_test else {"active_test": False}
        return self.call(model, "search_count", list(domain), context=context)

    def find(self, model: str, domain: Sequence[Any], **options: Any) -> list[int]:
        """Return the ids of records."""
        return self.call(model, "search", list(domain), **options)

    def find_one(self, model: str, domain: Sequence[Any]) -> int:
        """Return the id of the one record a user would pick."""
        found = self.find(model, domain, limit=2)
        if len(found) != 1:
            raise OdooError(f"{len(found) or 'no'} records of {model} for {domain}.")
        return found[0]

    def rows(
        self, model: str, domain: Sequence[Any], fields: Iterable[str], **options: Any
    ) -> list[dict[str, Any]]:
        """Return what a list shows."""
        return self.call(model, "search_read", list(domain), list(fields), **options)

    def read(self, model: str, record: int, *fields: str) -> dict[str, Any]:
        """Return values of one record."""
        return self.call(model, "read", [record], list(fields))[0]

    def groups(
        self,
        model: str,
        domain: Sequence[Any],
        by: Sequence[str],
        aggregates: Sequence[str] = ("__count",),
    ) -> list[dict[str, Any]]:
        """Return what a list grouped by fields shows."""
        return self.call(
            model, "formatted_read_group", list(domain), list(by), list(aggregates)
        )

    def record_of(self, external_id: str) -> int:
        """Return the id of a record by its external id."""
        module, _, name = external_id.partition(".")
        found = self.rows(
            "ir.model.data", [("module", "=", module), ("name", "=", name)], ["res_id"]
        )
        if not found:
            raise OdooError(f"{external_id} is missing in this database.")
        return found[0]["res_id"]

    # -- below ----------------------------------------------------------------

    def _post(self, path: str, params: dict[str, Any]) -> Any:
        body = {"jsonrpc": "2.0", "method": "call", "params": params}
        request = urllib.request.Request(
            self.url + path,
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        answer = json.loads(self._open(request))
        if "error" in answer:
            data = answer["error"].get("data", {})
            raise OdooError(
                data.get("message") or answer["error"].get("message", ""),
                data.get("name", ""),
                data.get("debug", ""),
            )
        return answer["result"]

    def _open(self, request: urllib.request.Request) -> bytes:
        try:
            with self._opener.open(request, timeout=300) as response:
                return response.read()
        except urllib.error.URLError as error:
            raise OdooError(
                f"Odoo does not answer at {request.full_url}: {error}."
            ) from error
