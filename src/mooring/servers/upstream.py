"""One HTTP client for a vendor: deadline, retries within a budget, rate limits, validators.

What is repeatable is sent again after a broken connection or a 5xx. Anything else is sent again only if it cannot have
happened: it never left (no connection), or the vendor said so (429, 503). Else its outcome is unknown, and it says so.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import SecretStr

from mooring import __version__
from mooring.cache import BudgetExhausted, Governor, Permit
from mooring.servers.failures import Limited, OutcomeUnknown, Unavailable, UpstreamError
from mooring.servers.freshness import Quota
from mooring.servers.operation import Operation
from mooring.servers.quotas import Quotas, RetryBudget
from mooring.servers.vendor import Answer, Vendor

__all__ = ["Reply", "Sending", "Upstream"]

_ATTEMPTS = 3
_ATTEMPT_SECONDS = 10.0
_LONGEST_PAUSE = 5.0
"""Seconds that a call waits by itself for a rate limit; a longer wait is told to the caller instead."""
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True, slots=True)
class Sending:
    """An operation to be sent: its arguments, its token, whose budget it counts against.

    `deadline` is the event loop's time, in seconds, until which it may be tried. With an `etag` the vendor may answer
    that nothing has changed.
    """

    operation: Operation
    arguments: Mapping[str, Any]
    token: SecretStr
    owner: str
    deadline: float
    etag: str | None = None

    @property
    def left(self) -> float:
        """Seconds until the deadline, negative after it."""
        return self.deadline - asyncio.get_running_loop().time()


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: the answer, or None where the vendor said 304; its ETag, headers and what is left of a limit."""

    answer: Answer | None
    etag: str | None
    headers: httpx.Headers
    quota: Quota | None


class Upstream:
    """Sends operations to a vendor at `url`. Use it as an asynchronous context manager; it closes its connections.

    `transport` replaces the network, for a stand-in in the same process. `observe` is told of every request: operation,
    status (0 without an answer), seconds.
    """

    def __init__(
        self,
        vendor: Vendor,
        url: str,
        governor: Governor,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        observe: Callable[[Operation, int, float], None] = lambda _operation, _status, _seconds: None,
    ) -> None:
        self._vendor = vendor
        self._governor = governor
        self._observe = observe
        self._repetitions = RetryBudget()
        self.quotas = Quotas()
        """What the vendor last said is left."""
        self._client = httpx.AsyncClient(
            base_url=url,
            transport=transport,
            headers={"user-agent": f"mooring/{__version__}", "accept": "application/json"},
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=20),
        )

    async def __aenter__(self) -> Upstream:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def send(self, sending: Sending) -> Reply:
        """Send an operation, again where that is safe, within the budget that all replicas share.

        Raises `UpstreamError` for all that is not a result.
        """
        self._repetitions.earn()
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                wait = max(0.0, min(sending.left, _LONGEST_PAUSE))
                async with self._governor.admit(sending.owner, sending.operation.budget, wait=wait) as permit:
                    return await self._governed(permit, sending)
            except BudgetExhausted as exhausted:
                told = f"{self._vendor.name}: the rate limit of this account is used up"
                raise Limited(told, retry_after_seconds=exhausted.retry_after_seconds) from None
            except (Limited, Unavailable) as failure:
                pause = failure.retry_after_seconds
                if pause is None:
                    pause = random.uniform(0, 0.1 * 2**attempt)  # noqa: S311  # spreads repetitions, hides nothing
                if attempt == _ATTEMPTS or pause >= min(sending.left, _LONGEST_PAUSE) or not self._repetitions.spend():
                    raise
            await asyncio.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    async def upload(self, url: str, content: bytes, deadline: float) -> None:
        """Send bytes to an address that the vendor gave for them; the address itself is the permission.

        Raises `Unavailable`: nothing has been changed that anybody could see.
        """
        left = deadline - asyncio.get_running_loop().time()
        try:
            response = await self._client.post(url, content=content, timeout=max(0.1, min(left, _ATTEMPT_SECONDS)))
        except httpx.HTTPError as error:
            raise Unavailable(f"{self._vendor.name} takes no upload: {type(error).__name__}") from None
        if response.is_error:
            raise Unavailable(f"{self._vendor.name} answered {response.status_code} to an upload")

    async def _governed(self, permit: Permit, sending: Sending) -> Reply:
        """Make one attempt, and let all replicas know what it tells of the rate limit."""
        try:
            reply = await self._attempt(sending)
        except Limited as failure:
            await self._governor.observe(permit, retry_after=failure.retry_after_seconds)
            raise
        if (quota := reply.quota) is not None:
            self.quotas.heard(sending.owner, sending.operation.budget, quota)
            await self._governor.observe(permit, remaining=quota.remaining, reset_after=quota.reset_seconds)
        return reply

    async def _attempt(self, sending: Sending) -> Reply:
        operation, name = sending.operation, self._vendor.name
        seconds = min(sending.left, _ATTEMPT_SECONDS)
        if seconds <= 0:
            raise Unavailable(f"{name} did not answer within the deadline of the call")
        request = self._request(sending, seconds)
        began = time.monotonic()
        status = 0
        try:
            # httpx' own times are for each piece of an answer; this one is for the whole.
            async with asyncio.timeout(seconds):
                response = await self._client.send(request, follow_redirects=operation.repeatable)
            status = response.status_code
        except TimeoutError:
            raise _lost(operation, f"{name} did not answer within {seconds:.1f} s") from None
        except httpx.TransportError as error:
            told = f"{name} cannot be reached: {type(error).__name__}"
            raise (Unavailable(told) if isinstance(error, _NEVER_SENT) else _lost(operation, told)) from None
        except httpx.HTTPError as error:  # too many redirects, an answer that cannot be decoded
            raise _lost(operation, f"{name} answered nonsense: {type(error).__name__}") from None
        finally:
            self._observe(operation, status, time.monotonic() - began)
        return self._read(operation, response)

    def _request(self, sending: Sending, seconds: float) -> httpx.Request:
        operation = sending.operation
        path, rest = operation.located(sending.arguments)
        headers = self._vendor.headers(sending.token) | ({"if-none-match": sending.etag} if sending.etag else {})
        placed = {"query": "params", "json": "json", "form": "data"}[operation.encoding]
        carried: dict[str, Any] = {placed: rest} if rest else {}
        return self._client.build_request(
            operation.method, path.lstrip("/"), headers=headers, timeout=seconds, **carried
        )

    def _read(self, operation: Operation, response: httpx.Response) -> Reply:
        quota = self._vendor.quota(response)
        etag = response.headers.get("etag")
        if response.status_code == httpx.codes.NOT_MODIFIED:
            return Reply(None, etag, response.headers, quota)
        try:
            self._vendor.check(operation, response)
            answer = self._vendor.answer(response)
        except Unavailable as failure:
            if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                raise
            raise _lost(operation, str(failure), failure.retry_after_seconds) from None
        except ValueError:
            told = f"{self._vendor.name} answered {response.status_code} with something that is no JSON"
            raise _lost(operation, told) from None
        return Reply(answer, etag, response.headers, quota)


def _lost(operation: Operation, told: str, retry_after_seconds: float | None = None) -> UpstreamError:
    """Return what it means that an operation was sent and has no answer."""
    if operation.repeatable:
        return Unavailable(told, retry_after_seconds=retry_after_seconds)
    return OutcomeUnknown(
        f"{told}; the change may have been made: look before you repeat it with a new idempotency_key"
    )
