"""What is GitHub's own: its headers, its limits, its ways of saying no."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Mapping
from typing import Any, ClassVar

import httpx
from pydantic import SecretStr

from mooring.cache import Budget, Window
from mooring.servers.account import Account, fingerprint
from mooring.servers.failures import Limited
from mooring.servers.freshness import Quota
from mooring.servers.github.operations import GET_USER
from mooring.servers.operation import Operation, Read
from mooring.servers.vendor import Answer, TokenKind, Vendor, retry_after

__all__ = ["GitHub"]

_API_VERSION = "2022-11-28"
_NEXT = re.compile(r'[?&]page=(\d+)[^>]*>;\s*rel="next"')
_SECONDARY = ("secondary rate limit", "abuse detection")
_SECONDARY_WAIT = 60.0
"""Seconds; https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api asks for one minute."""


class GitHub(Vendor):
    """GitHub's REST API, of github.com or of an Enterprise Server (`GITHUB_API_URL=https://host/api/v3`)."""

    name: ClassVar[str] = "github"
    url: ClassVar[str] = "https://api.github.com"
    url_variable: ClassVar[str] = "GITHUB_API_URL"
    tokens: ClassVar[Mapping[str, TokenKind]] = {"default": TokenKind("GITHUB_TOKEN", "authorization")}
    budgets: Mapping[str, Budget] = {
        "core": Budget((Window(5_000, 3_600),)),
        "search": Budget((Window(30, 60),)),
        "code_search": Budget((Window(10, 60),)),
    }
    whoami: ClassVar[Read] = GET_USER

    def identify(self, body: Any, response: httpx.Headers, token: SecretStr) -> Account | None:
        """Return the user behind the token.

        Tokens of a user share his limits and, if they have the same scopes, his answers. A fine-grained token tells no
        scopes: what it may see is its own affair.
        """
        scopes = response.get("x-oauth-scopes")
        if scopes is None:
            return Account(str(body["id"]), f"token {fingerprint(token)}")
        granted = ",".join(sorted(scope.strip() for scope in scopes.split(",")))
        return Account(str(body["id"]), f"scopes {hashlib.sha256(granted.encode()).hexdigest()[:16]}")

    def headers(self, token: SecretStr) -> dict[str, str]:
        """Return the headers of every request, the API's version among them."""
        return {
            **super().headers(token),
            "accept": "application/vnd.github+json",
            "x-github-api-version": _API_VERSION,
        }

    def check(self, operation: Operation, response: httpx.Response) -> None:
        """Raise what an answer means; a 403 is a rate limit if its headers or, often alone, its words say so."""
        if response.status_code in {403, 429}:
            told = f"github answered {response.status_code}: {self.reason(response)}"
            wait = retry_after(response)
            if any(words in told.lower() for words in _SECONDARY):
                raise Limited(told, retry_after_seconds=_SECONDARY_WAIT if wait is None else wait)
            quota = self.quota(response)
            if quota is not None and quota.remaining == 0:
                raise Limited(told, retry_after_seconds=quota.reset_seconds if wait is None else wait)
            if wait is not None:
                raise Limited(told, retry_after_seconds=wait)
        super().check(operation, response)

    def answer(self, response: httpx.Response) -> Answer:
        """Read a result; the number of the next page stands in the Link header."""
        following = _NEXT.search(response.headers.get("link", ""))
        return Answer(response.json(), int(following[1]) if following else None)

    def quota(self, response: httpx.Response) -> Quota | None:
        """Return what the X-RateLimit headers tell."""
        told = response.headers
        try:
            reset = max(0.0, float(told["x-ratelimit-reset"]) - time.time())
            return Quota(int(told["x-ratelimit-limit"]), int(told["x-ratelimit-remaining"]), reset)
        except (KeyError, ValueError):
            return None
