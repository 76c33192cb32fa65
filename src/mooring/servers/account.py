"""Whose token it is: verified with the vendor, remembered in memory under the token's hash.

Cached answers belong to an account, never to a raw token: a token that is renewed finds what the old one cached, and
a token that the vendor does not vouch for finds nothing and leaves nothing.

Each replica asks for itself, and does not tell the others through Redis. That would save one call per token, replica
and ten minutes, and cost the point of asking: whoever can write to Redis could make his token anybody's, and a token
that one replica has seen refused would be good with the others for as long as the entry lives.
"""

from __future__ import annotations

import functools
import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from pydantic import SecretStr

from mooring.cache.flights import AsyncFlights
from mooring.servers.failures import Limited, Unauthorized, Unavailable

__all__ = ["Account", "Accounts", "fingerprint"]

_REMEMBERED = 1_000
_VERIFIED_FOR = 600.0
_REFUSED_FOR = 30.0


@dataclass(frozen=True, slots=True)
class Account:
    """A verified account of the vendor.

    `id` names whoever the vendor counts calls against: its rate limits are shared by all tokens of the account.
    `reach` tells apart tokens of one account that may see different things; answers are shared within one reach only.
    """

    id: str
    reach: str = ""

    @property
    def partition(self) -> str:
        """What cached answers are kept under."""
        return f"{self.id}|{self.reach}"


_Known: TypeAlias = tuple[float, Account | Unauthorized | None]
"""Until when it is good, by the clock, and whose the token is."""


def fingerprint(token: SecretStr) -> str:
    """A name for a token that does not tell it: SHA-256, hexadecimal."""
    return hashlib.sha256(token.get_secret_value().encode()).hexdigest()


class Accounts:
    """Remembers for ten minutes whose a token is, and for 30 seconds that the vendor refused it; at most 1,000 tokens.

    `verify` asks the vendor; it raises `Unauthorized` for a token that is not valid, and returns None for a valid one
    that it cannot tell the account of. Callers with one token wait for one question, and share what it brings.
    """

    def __init__(
        self,
        verify: Callable[[SecretStr], Awaitable[Account | None]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._verify = verify
        self._clock = clock
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._asking: AsyncFlights[_Known] = AsyncFlights()

    async def of(self, token: SecretStr) -> Account | None:
        """Return the account behind a token, None if it cannot be told. Raises `Unauthorized` for an invalid token."""
        name = fingerprint(token)
        known = self._known.get(name)
        if known is None or known[0] <= self._clock():
            known, _ = await self._asking.join(name, functools.partial(self._ask, name, token))
        return _answer(known[1])

    def forget(self, token: SecretStr) -> None:
        """Ask anew when the token is next seen."""
        self._known.pop(fingerprint(token), None)

    async def _ask(self, name: str, token: SecretStr) -> _Known:
        answer: Account | Unauthorized | None
        seconds = _VERIFIED_FOR
        try:
            answer = await self._verify(token)
        except Unauthorized as refusal:
            answer, seconds = refusal, _REFUSED_FOR
        except (Limited, Unavailable):
            # The vendor cannot be asked now. Whose it was a moment ago is still true, and lets stale answers be served.
            if (past := self._known.get(name)) is None:
                raise
            answer, seconds = past[1], _REFUSED_FOR
        known = self._known[name] = (self._clock() + seconds, answer)
        self._known.move_to_end(name)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return known


def _answer(known: Account | Unauthorized | None) -> Account | None:
    if isinstance(known, Unauthorized):
        raise Unauthorized(str(known))
    return known
