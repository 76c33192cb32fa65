"""What a server must know of its vendor beyond the operations: tokens, limits, and the vendor's way of saying no."""

from __future__ import annotations

import email.utils
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import httpx
from pydantic import SecretStr

from mooring.cache import Budget
from mooring.servers.account import Account
from mooring.servers.failures import Limited, Missing, Refused, Unauthorized, Unavailable
from mooring.servers.freshness import Quota
from mooring.servers.operation import Operation, Read

__all__ = ["Answer", "TokenKind", "Vendor", "retry_after"]

_LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """What the vendor answered: its JSON, and the page or cursor of what follows."""

    body: Any
    next: int | str | None = None


@dataclass(frozen=True, slots=True)
class TokenKind:
    """Where a kind of token comes from: a variable of the environment, a header of the request."""

    variable: str
    header: str

    @property
    def remedy(self) -> str:
        """What to do where a token is not taken."""
        return f"give another token: in the request's header {self.header}, or to the server in {self.variable}"


class Vendor(ABC):
    """A vendor's API. A subclass says what is its own; the defaults are those of a plain JSON API with bearer tokens.

    `url` is where the API is unless the variable `url_variable` says otherwise. `budgets` are the rate limits by
    name. `whoami` is the operation that tells whose a token is.
    """

    name: ClassVar[str]
    url: ClassVar[str]
    url_variable: ClassVar[str]
    tokens: ClassVar[Mapping[str, TokenKind]]
    budgets: Mapping[str, Budget]
    whoami: ClassVar[Read]

    def configured(self, environ: Mapping[str, str]) -> Vendor:
        """Return the vendor as the environment says, where there is something of its own to say."""
        del environ
        return self

    @abstractmethod
    def identify(self, body: Any, response: httpx.Headers, token: SecretStr) -> Account | None:
        """Return the account that `whoami` told, or None if it tells none."""

    def covers(self, kind: str, token: SecretStr) -> bool:
        """Tell whether a plain token is of this kind too."""
        del kind, token
        return False

    def headers(self, token: SecretStr) -> dict[str, str]:
        """Return the headers of every request."""
        return {"authorization": f"Bearer {token.get_secret_value()}"}

    def check(self, operation: Operation, response: httpx.Response) -> None:
        """Raise what an answer means that is not a result: `Limited`, `Missing`, `Refused` and their like."""
        status = response.status_code
        if status < 400:
            return
        reason = self.reason(response)
        told = f"{self.name} answered {status}" + (f": {reason}" if reason else "")
        if status == 429:
            raise Limited(told, retry_after_seconds=retry_after(response) or 1.0)
        if status in {404, 410}:
            raise Missing(told)
        if status >= 500:
            raise Unavailable(told, retry_after_seconds=retry_after(response))
        if status == 401:
            raise Unauthorized(f"{told}; {self.tokens[operation.token].remedy}")
        raise Refused(told)

    def reason(self, response: httpx.Response) -> str:
        """Return the vendor's own words for an error, shortened."""
        try:
            body = response.json()
        except ValueError:
            return ""
        words = body.get("message") or body.get("error") if isinstance(body, dict) else None
        return str(words)[:_LONGEST_REASON] if words else ""

    def answer(self, response: httpx.Response) -> Answer:
        """Read a result. Raises ValueError for one that is not JSON."""
        return Answer(response.json())

    def quota(self, response: httpx.Response) -> Quota | None:
        """Return what the answer tells of the rate limit, or None."""
        del response
        return None


def retry_after(response: httpx.Response) -> float | None:
    """Return the seconds of a Retry-After header, as a number or a date (RFC 9110, 10.2.3); None without one."""
    text = response.headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None
