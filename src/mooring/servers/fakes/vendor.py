"""What the stand-ins share: accounts, faults on demand, rate limits, a record of what was asked.

A stand-in keeps state, checks what it is sent, and can be told to fail, in Python or over HTTP:

    curl -d '{"fail": 503, "times": 3}' localhost:9001/_faults      # the next three answers
    curl -d '{"latency": 0.5}' localhost:9001/_faults               # seconds, from now on
    curl -d '{"limit": {"core": 2}}' localhost:9001/_faults         # calls in a window, from now on
    curl localhost:9001/_seen                                       # what it was asked
"""

from __future__ import annotations

import asyncio
import json
import time
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

__all__ = ["Fake", "Fault", "Hold", "Limit", "Seen", "Stop"]

_MOST_SEEN = 10_000


@dataclass(frozen=True, slots=True)
class Seen:
    """A request: method, path, arguments, and the account of its token."""

    method: str
    path: str
    arguments: dict[str, Any]
    account: str | None
    status: int


@dataclass(frozen=True, slots=True)
class Fault:
    """An answer that is given instead of the right one."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Limit:
    """Calls of one account in a window of `seconds`, and when the present window ends."""

    calls: int
    seconds: float
    used: Counter[str] = field(default_factory=Counter)
    ends: float = 0.0

    def spend(self, account: str, now: float) -> int:
        """Count a call; return how many are left, negative if it is one too many."""
        if now >= self.ends:
            self.used.clear()
            self.ends = now + self.seconds
        self.used[account] += 1
        return self.calls - self.used[account]

    def refund(self, account: str) -> int:
        """Take a call back; return how many are left."""
        self.used[account] -= 1
        return self.calls - self.used[account]


@dataclass(slots=True)
class Hold:
    """Where answers wait: `reached` tells that one does, and all go on when it is `released`."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)


class Stop(Exception):
    """Ends a request with another answer than its handler's."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


class Fake(ABC):
    """A stand-in. Subclasses add `routes`, and say how they refuse a token and a call too many.

    `limits` are the rate limits by the name of the budget. `latency` is in seconds. Answers to reads wait at `hold`, if
    there is one. `base_url` is where it was last asked. `seen` is what it was asked, oldest first; the last 10,000.
    """

    accounts: ClassVar[Mapping[str, str]]
    """Tokens, and whose they are."""

    def __init__(self) -> None:
        self.limits: dict[str, Limit] = {}
        self.latency = 0.0
        self.faults: deque[Fault] = deque()
        self.down = False
        self.seen: deque[Seen] = deque(maxlen=_MOST_SEEN)
        self.hold: Hold | None = None
        self.base_url = ""
        self.app = Starlette(
            routes=[
                Route("/_faults", self._set_faults, methods=["POST"]),
                Route("/_seen", self._tell_seen),
                *(
                    Route(path, self._guarded(budget, handler), methods=[method])
                    for method, path, budget, handler in self.routes()
                ),
            ]
        )

    @abstractmethod
    def routes(self) -> list[tuple[str, str, str, Callable[..., Awaitable[Response]]]]:
        """List method, path, budget and handler of each operation; literal paths before templated ones."""

    @abstractmethod
    def refused(self, reason: str) -> Response:
        """Refuse a request without a valid token."""

    @abstractmethod
    def limited(self, limit: Limit, wait: float) -> Response:
        """Refuse a call too many; `wait` is in seconds."""

    def finished(self, request: Request, response: Response, budget: str, left: int | None) -> Response:
        """Add what is the vendor's own to an answer."""
        del request, budget, left
        return response

    def account(self, request: Request) -> str | None:
        """Return whose the request's token is."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return self.accounts.get(token)

    def calls(self, path: str, method: str = "GET") -> int:
        """Count how often a path was asked for."""
        return sum(1 for seen in self.seen if (seen.method, seen.path) == (method, path))

    def fail(self, status: int, times: int = 1, body: Any = None, **headers: str) -> None:
        """Answer the next requests with a fault; `retry_after="1"` becomes the header Retry-After."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.faults.extend([Fault(status, body or {"message": "a fault on demand"}, named)] * times)

    def _guarded(self, budget: str, handler: Callable[..., Awaitable[Response]]) -> Callable[[Request], Any]:
        async def guarded(request: Request) -> Response:
            self.base_url = str(request.base_url)
            arguments = await _arguments(request)
            account = self.account(request)
            try:
                response = await self._answer(request, arguments, account, budget, handler)
            except Stop as stop:
                response = stop.response
            self.seen.append(Seen(request.method, request.url.path, arguments, account, response.status_code))
            return response

        return guarded

    async def _answer(
        self,
        request: Request,
        arguments: dict[str, Any],
        account: str | None,
        budget: str,
        handler: Callable[..., Awaitable[Response]],
    ) -> Response:
        if self.latency:
            await asyncio.sleep(self.latency)
        if self.down:
            return JSONResponse({"message": "down on demand"}, 503)
        if self.faults:
            fault = self.faults.popleft()
            return JSONResponse(fault.body, fault.status, dict(fault.headers))
        if account is None:
            return self.refused("no such token")
        left = None
        if limit := self.limits.get(budget):
            now = time.time()
            left = limit.spend(account, now)
            if left < 0:
                return self.limited(limit, limit.ends - now)
        response = await handler(account, {**request.path_params, **arguments})
        if response.status_code == 200 and request.headers.get("if-none-match") == response.headers.get("etag", "-"):
            response = Response(status_code=304, headers={"etag": response.headers["etag"]})
            if limit and left is not None:
                left = limit.refund(account)
        if self.hold is not None and request.method == "GET":
            self.hold.reached.set()
            await self.hold.released.wait()
        return self.finished(request, response, budget, left)

    async def _set_faults(self, request: Request) -> Response:
        wanted = json.loads(await request.body() or b"{}")
        if "fail" in wanted:
            self.fail(int(wanted["fail"]), int(wanted.get("times", 1)), **wanted.get("headers", {}))
        self.latency = float(wanted.get("latency", self.latency))
        self.down = bool(wanted.get("down", self.down))
        for budget, calls in wanted.get("limit", {}).items():
            self.limits[budget] = Limit(int(calls), float(wanted.get("seconds", 60)))
        return JSONResponse({"latency": self.latency, "down": self.down, "faults": len(self.faults)})

    async def _tell_seen(self, _request: Request) -> Response:
        return JSONResponse([asdict(seen) for seen in self.seen])


async def _arguments(request: Request) -> dict[str, Any]:
    """Read query, form or JSON into one."""
    arguments: dict[str, Any] = dict(request.query_params)
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/x-www-form-urlencoded"):
        arguments |= dict(parse_qsl((await request.body()).decode()))
    elif body := await request.body():
        try:
            sent = json.loads(body)
        except ValueError:
            sent = None
        if isinstance(sent, dict):
            arguments |= sent
    return arguments
