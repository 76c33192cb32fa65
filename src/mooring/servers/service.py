"""What one running server has (its way to the vendor, its cache, its memory of writes), and how it runs a tool."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import httpx
from mcp_types import CallToolResult, TextContent
from pydantic import SecretStr

from mooring.cache import Governor, ResponseCache, Watch
from mooring.cache.names import tag_name
from mooring.runtime.manager import RedisConnectionManager
from mooring.servers.account import Account, Accounts, fingerprint
from mooring.servers.call import Call
from mooring.servers.failures import Missing, OutcomeUnknown, Refused, Unauthorized, Unavailable, UpstreamError
from mooring.servers.freshness import META_KEY, combined
from mooring.servers.handles import Handle, Handles
from mooring.servers.metrics import Metrics
from mooring.servers.publishing import MAX_AGE, REPLAY_KEY
from mooring.servers.replay import Replays, replay_key
from mooring.servers.settings import Settings
from mooring.servers.shelf import Shelf
from mooring.servers.tokens import Tokens
from mooring.servers.toolset import ToolSpec
from mooring.servers.trimming import as_json, fitted
from mooring.servers.upstream import Sending, Upstream
from mooring.servers.vendor import Vendor

__all__ = ["REPLAYED_KEY", "Service", "opened"]

REPLAYED_KEY = "mooring/replayed"
"""Where in `_meta` a write tells whether an earlier call made it."""

_KEYED_WINDOW = 86_400.0
"""Seconds in which a write is made once whose caller gave it a key of its own."""

_REDIS_SECONDS = 0.25
"""What a Redis that hangs, or has just gone, costs a call; once that is known it costs none anything.

Not less: one that is only slow must not be taken for gone, for then each replica takes its share of a rate limit beside
what all have spent together. With 0.1 a vendor refused four calls of one run, on two cores with a load of 7.
"""
_CLAIM_SECONDS = 0.5
"""The same for the claim and the record of a write: better late than made twice."""

_log = logging.getLogger("mooring.servers")


class Service:
    """One running server. `opened` makes it, and closes what it opened."""

    def __init__(
        self,
        vendor: Vendor,
        tools: Iterable[ToolSpec],
        settings: Settings,
        own_tokens: Mapping[str, SecretStr],
        upstream: Upstream,
        cache: ResponseCache,
        shelf: Shelf,
        replays: Replays,
        metrics: Metrics,
    ) -> None:
        self.vendor = vendor
        self.settings = settings
        self.upstream = upstream
        self.cache = cache
        self.shelf = shelf
        self.metrics = metrics
        self.accounts = Accounts(self._verified)
        self.replays = replays
        self.handles = Handles(vendor.name, shelf)
        self._own_tokens = own_tokens
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._tools = {spec.name: spec for spec in tools}

    @property
    def patience(self) -> float:
        """Seconds that the vendor has for an answer: some of the deadline is left for a stale one."""
        return 0.8 * self.settings.deadline

    async def run(
        self, spec: ToolSpec, arguments: Mapping[str, Any], headers: Mapping[str, str] | None
    ) -> CallToolResult:
        """Run a tool for one request, within the deadline; what goes wrong at the vendor becomes the result."""
        self._began()
        began = time.monotonic()
        outcome = "crashed"
        try:
            tokens = Tokens(self.vendor, self._own_tokens, self.settings.lends_token, headers)
            async with asyncio.timeout(self.settings.deadline):
                result = await (self._write if spec.writes else self._read)(spec, dict(arguments), tokens)
            outcome = "ok"
        except asyncio.CancelledError:
            outcome = "cancelled"
            raise
        except UpstreamError as failure:
            outcome, result = failure.kind, _failed(failure)
        except TimeoutError:
            late = _late(spec, self.settings.deadline)
            outcome, result = late.kind, _failed(late)
        finally:
            self._ended()
            seconds = time.monotonic() - began
            self.metrics.called(spec.name, outcome, seconds)
            told = {"tool": spec.name, "outcome": outcome, "seconds": round(seconds, 4)}
            _log.info("tool called", extra=told)
        return result

    async def finished(self, seconds: float) -> None:
        """Wait for the calls under way, for so long at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()
                await self.replays.aclose()

    async def whole(self, call: Call, name: str) -> str:
        """Return the whole result that a handle stands for, as JSON. Raises `Missing` for an unknown handle."""
        handle = await self.handles.take(await call.partition(), name)
        spec = self._tools.get(handle.tool) if handle else None
        if handle is None or spec is None:
            raise Missing(f"the handle {name} is unknown or older than half an hour: call the tool again")
        return as_json(_data(await spec.function(call, **handle.arguments)))

    def _began(self) -> None:
        self._under_way += 1
        self._idle.clear()

    def _ended(self) -> None:
        self._under_way -= 1
        if not self._under_way:
            self._idle.set()

    async def _read(self, spec: ToolSpec, arguments: dict[str, Any], tokens: Tokens) -> CallToolResult:
        call = Call(self, spec.name, tokens, arguments.pop(MAX_AGE, None))
        data = _data(await spec.function(call, **arguments))
        text = as_json(data)
        shown = fitted(data, text, self.settings.response_budget)
        if shown is not data:
            name = await self.handles.give(await call.partition(), Handle(spec.name, arguments))
            shown["more"] = {"handle": name, "characters": len(text)}
            text = as_json(shown)
        freshness = combined(call.reads)
        return _result(shown, text, {META_KEY: freshness.told()} if freshness else {})

    async def _write(self, spec: ToolSpec, arguments: dict[str, Any], tokens: Tokens) -> CallToolResult:
        given = arguments.pop(REPLAY_KEY, None)
        call = Call(self, spec.name, tokens)

        async def make() -> dict[str, Any]:
            return _data(await spec.function(call, **arguments))

        key = replay_key(self.vendor.name, await call.partition(), spec.name, [given, arguments])
        replay = await self.replays.once(key, _KEYED_WINDOW if given else self.settings.replay_window, make)
        if replay.replayed:
            self.metrics.replayed(spec.name)
        return _result(replay.result, as_json(replay.result), {REPLAYED_KEY: replay.replayed})

    async def _verified(self, token: SecretStr) -> Account | None:
        """Ask the vendor whose a token is; None if it is valid and he does not say."""
        deadline = asyncio.get_running_loop().time() + self.patience
        owner = f"token {fingerprint(token)}"
        try:
            reply = await self.upstream.send(Sending(self.vendor.whoami, {}, token, owner, deadline))
        except Unauthorized:
            raise
        except (Missing, Refused):
            return None  # a valid token, yet not of somebody: a GitHub App's installation has no user
        body = reply.answer.body if reply.answer else None
        return self.vendor.identify(body, reply.headers, token)


@asynccontextmanager
async def opened(
    vendor: Vendor,
    tools: Iterable[ToolSpec],
    settings: Settings,
    own_tokens: Mapping[str, SecretStr],
    url: str,
    metrics: Metrics,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[Service]:
    """Open a server's connections, and close them when the block ends, after the writes that are being made."""
    async with AsyncExitStack() as stack:
        manager = await stack.enter_async_context(RedisConnectionManager())
        client = manager.async_client(settings.redis, decode_responses=False)
        watch = Watch(client)
        stack.push_async_callback(watch.aclose)
        watch.look(tag_name(vendor.name, ""))  # connects before the first call comes
        governor = Governor(client, vendor.name, vendor.budgets, timeout=_REDIS_SECONDS, watch=watch)
        upstream = Upstream(vendor, url, governor, transport=transport, observe=metrics.requested)
        await stack.enter_async_context(upstream)
        cache = await stack.enter_async_context(ResponseCache(client, vendor.name, timeout=_REDIS_SECONDS, watch=watch))
        shelf = Shelf(client, watch, _REDIS_SECONDS)
        replays = Replays(Shelf(client, watch, _CLAIM_SECONDS), settings.deadline + 5.0)
        stack.push_async_callback(replays.aclose)
        service = Service(vendor, tools, settings, own_tokens, upstream, cache, shelf, replays, metrics)
        yield service


def _data(result: Any) -> dict[str, Any]:
    data: dict[str, Any] = result.model_dump(mode="json", exclude_none=True)
    return data


def _result(data: dict[str, Any], text: str, meta: dict[str, Any]) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=text)], structured_content=data, _meta=meta or None)


def _failed(failure: UpstreamError) -> CallToolResult:
    told = failure.told()
    return CallToolResult(content=[TextContent(text=as_json(told))], structured_content=told, is_error=True)


def _late(spec: ToolSpec, deadline: float) -> UpstreamError:
    told = f"no answer within {deadline:g} s"
    if spec.writes:
        return OutcomeUnknown(f"{told}; the change is still being made: the same call again tells its outcome")
    return Unavailable(told, retry_after_seconds=1.0)
