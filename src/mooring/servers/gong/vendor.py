"""What is Gong's own: keys in pairs, cursors, limits for a whole company."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any, ClassVar

import httpx
from pydantic import SecretStr

from mooring.cache import Budget, Window
from mooring.servers.account import Account, fingerprint
from mooring.servers.gong.operations import LIST_USERS
from mooring.servers.operation import Read
from mooring.servers.vendor import Answer, TokenKind, Vendor

__all__ = ["Gong"]


class Gong(Vendor):
    """Gong's API. `GONG_TOKEN` is `accessKey:accessKeySecret`, or an OAuth token, which has no colon.

    Each company has an address of its own, shown on Gong's page of API keys: give it in `GONG_API_URL`.
    """

    name: ClassVar[str] = "gong"
    url: ClassVar[str] = "https://api.gong.io"
    url_variable: ClassVar[str] = "GONG_API_URL"
    tokens: ClassVar[Mapping[str, TokenKind]] = {"default": TokenKind("GONG_TOKEN", "authorization")}
    # From the introduction of Gong's API description, section Limits.
    budgets: Mapping[str, Budget] = {"core": Budget((Window(3, 1), Window(10_000, 86_400)))}
    whoami: ClassVar[Read] = LIST_USERS

    def identify(self, body: Any, response: httpx.Headers, token: SecretStr) -> Account | None:
        """Return the account of the access key: Gong took the key with its secret, and names no company.

        Several keys of one company are several accounts here. They share no answers; set them apart in time, for
        Gong counts their calls together.
        """
        del body, response
        key, colon, _ = token.get_secret_value().partition(":")
        mark = fingerprint(token)
        return Account(hashlib.sha256(key.encode()).hexdigest()[:16] if colon else mark, f"token {mark}")

    def headers(self, token: SecretStr) -> dict[str, str]:
        """Return the headers of every request: Basic for a pair of keys, Bearer for OAuth."""
        plain = token.get_secret_value()
        if ":" not in plain:
            return super().headers(token)
        return {"authorization": f"Basic {base64.b64encode(plain.encode()).decode()}"}

    def reason(self, response: httpx.Response) -> str:
        """Return Gong's own words for an error, of which there may be several."""
        try:
            body = response.json()
        except ValueError:
            return ""
        errors = body.get("errors") if isinstance(body, dict) else None
        return "; ".join(map(str, errors))[:300] if isinstance(errors, list) else super().reason(response)

    def answer(self, response: httpx.Response) -> Answer:
        """Read a result; what follows has a cursor."""
        body = response.json()
        return Answer(body, body.get("records", {}).get("cursor"))
