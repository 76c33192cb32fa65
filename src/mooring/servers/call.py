"""One tool call under way: what its function reads and writes through, and what becomes known on the way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from mooring.cache import Cached, Loaded, NotModified, Validators
from mooring.servers.account import Account, fingerprint
from mooring.servers.failures import Missing, Refused, Unauthorized
from mooring.servers.freshness import Freshness
from mooring.servers.operation import Operation, Read, Write
from mooring.servers.tokens import Tokens
from mooring.servers.trimming import sliced
from mooring.servers.upstream import Reply, Sending
from mooring.servers.vendor import Answer

if TYPE_CHECKING:
    from mooring.servers.service import Service

__all__ = ["Call"]

_ENVELOPE = 100
"""Bytes of a result around its slice."""
_GREATEST = 2**63
"""What no vendor counts to, and the names of cached answers cannot hold."""


class Call:
    """Reads through the cache, writes past it; each counts against the account's budget.

    `max_age` is the greatest age of cached data that the caller takes, in seconds; None leaves it to the policy.
    """

    def __init__(self, service: Service, tool: str, tokens: Tokens, max_age: float | None = None) -> None:
        self._service = service
        self._tool = tool
        self._tokens = tokens
        self._max_age = max_age
        self.reads: list[Freshness] = []

    async def read(self, operation: Read, **arguments: Any) -> Answer:
        """Return the answer to a read, cached if it can be. Raises `UpstreamError`."""
        given = _given(arguments)
        token, account = await self._identified(operation)

        async def load(validators: Validators) -> Loaded[Any] | NotModified:
            etag = validators.get("etag")
            try:
                reply = await self._send(operation, given, token, account, etag)
            except Missing as missing:
                return Loaded({"missing": str(missing)}, negative=True)
            if reply.answer is None:
                return NotModified()
            value = {"body": reply.answer.body, "next": reply.answer.next}
            return Loaded(value, validators={"etag": reply.etag} if reply.etag else {})

        cached: Cached[Any] = await self._service.cache.get_or_load(
            (operation.name, given),
            load,
            policy=operation.policy,
            tags=operation.tagged(given),
            account=account.partition if account else None,
            max_age=self._max_age,
        )
        self._saw(operation, account, cached)
        if cached.negative:
            raise Missing(cached.value["missing"])
        return Answer(cached.value["body"], cached.value["next"])

    async def write(self, operation: Write, **arguments: Any) -> Answer:
        """Make a change, and make stale what it touches. Raises `UpstreamError`."""
        given = _given(arguments)
        token, account = await self._identified(operation)
        answer: Answer | None = None
        try:
            answer = (await self._send(operation, given, token, account)).answer
        finally:
            # Also after a failure: the change may have been made.
            body = answer.body if answer and isinstance(answer.body, dict) else None
            await self._service.cache.invalidate(*operation.touched(given, body))
        if answer is None:
            raise AssertionError("a write is sent without validators")
        return answer

    async def upload(self, url: str, content: bytes) -> None:
        """Send bytes to an address that the vendor gave for them. Raises `UpstreamError`."""
        await self._service.upstream.upload(url, content, self._deadline())

    async def slice(self, handle: str, offset: int) -> tuple[str, int | None]:
        """Return a part of the whole result that a handle stands for, and where it goes on, if it does."""
        whole = await self._service.whole(self, handle)
        return sliced(whole, offset, self._service.settings.response_budget - _ENVELOPE)

    async def partition(self) -> str:
        """Return what the caller's own things are kept under: his account, or his token where that cannot be told."""
        token = self._tokens.first()
        account = await self._service.accounts.of(token)
        return account.partition if account else f"token {fingerprint(token)}"

    async def _identified(self, operation: Operation) -> tuple[SecretStr, Account | None]:
        token = self._tokens.of(operation.token)
        return token, await self._service.accounts.of(token)

    async def _send(
        self,
        operation: Operation,
        arguments: dict[str, Any],
        token: SecretStr,
        account: Account | None,
        etag: str | None = None,
    ) -> Reply:
        owner = account.id if account else f"token {fingerprint(token)}"
        try:
            return await self._service.upstream.send(
                Sending(operation, arguments, token, owner, self._deadline(), etag)
            )
        except Unauthorized:
            self._service.accounts.forget(token)  # it was valid, and is no more
            raise

    def _deadline(self) -> float:
        return asyncio.get_running_loop().time() + self._service.patience

    def _saw(self, operation: Read, account: Account | None, cached: Cached[Any]) -> None:
        quota = self._service.upstream.quotas.of(account.id, operation.budget) if account else None
        freshness = Freshness(cached.state.value if account else "uncached", cached.age, quota)
        self.reads.append(freshness)
        self._service.metrics.read(self._tool, operation.budget, freshness)


def _given(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments that are not None. Raises `Refused` for a number that is too large for anybody."""
    given = {key: value for key, value in arguments.items() if value is not None}
    for key, value in given.items():
        if isinstance(value, int) and not -_GREATEST <= value < _GREATEST:
            raise Refused(f"{key} is a number of {len(str(abs(value)))} digits: give a smaller one")
    return given
