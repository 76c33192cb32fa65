"""A write that is asked for again is not made again: its first result is returned.

The protocol of 2026-07-28 has a client re-issue a call whose answer was lost, as a new request. The first caller of a
key claims it in Redis and leaves the result there; whoever comes with the same key, on whichever replica, waits for it.
A write that certainly did not happen frees its key; one whose outcome is unknown keeps it, and says so, also
where the replica that made it died. Without Redis the same holds within one process.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from mooring.servers.failures import OutcomeUnknown, Unavailable, UpstreamError
from mooring.servers.shelf import SILENT, Shelf

__all__ = ["Replay", "Replays", "replay_key"]

_REMEMBERED = 1_000
_LOOK_AGAIN = 0.05
_CLAIMED = "null"
_DIED = "a replica that was making this change did not come back: it may have been made; look before you repeat it"


@dataclass(frozen=True, slots=True)
class Replay:
    """The result of a write, and whether it was made by an earlier call."""

    result: dict[str, Any]
    replayed: bool


def replay_key(server: str, partition: str, tool: str, identity: Any) -> str:
    """Return the key that equal writes of one account share: a hash, so that it tells nothing of what is written."""
    text = json.dumps([server, partition, tool, identity], sort_keys=True, default=str)
    return f"mooring:write:{server}:{hashlib.sha256(text.encode()).hexdigest()[:32]}"


class Replays:
    """Makes each write once. `lifetime` is the longest that one write takes, in seconds."""

    def __init__(self, shelf: Shelf, lifetime: float) -> None:
        self._shelf = shelf
        self._lifetime = lifetime
        self._running: dict[str, asyncio.Task[Replay]] = {}
        self._done: OrderedDict[str, tuple[float, dict[str, Any]]] = OrderedDict()

    async def once(self, key: str, window: float, act: Callable[[], Awaitable[dict[str, Any]]]) -> Replay:
        """Return the result of `act`, or that of an equal call within `window` seconds.

        Once begun, `act` goes on though its caller is cancelled, so that a client that leaves learns the outcome when
        it comes back. Raises what `act` raises, and `OutcomeUnknown` for a key whose first call may have happened.
        """
        if (past := self._done.get(key)) and past[0] > time.monotonic():
            return _replay(past[1])
        running = self._running.get(key)
        if running is None:
            running = asyncio.create_task(self._make(key, window, act), name=f"write {key[-8:]}")
            self._running[key] = running
            running.add_done_callback(lambda task: self._ended(key, task))
            return await asyncio.shield(running)
        made = await asyncio.shield(running)
        return Replay(made.result, replayed=True)

    async def aclose(self) -> None:
        """Wait for the writes that are being made."""
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    def _ended(self, key: str, task: asyncio.Task[Replay]) -> None:
        self._running.pop(key, None)
        if not task.cancelled():
            task.exception()  # seen: its caller may be gone

    async def _make(self, key: str, window: float, act: Callable[[], Awaitable[dict[str, Any]]]) -> Replay:
        if (earlier := await self._claim(key, window)) is not None:
            return earlier
        try:
            async with asyncio.timeout(self._lifetime):
                result = await act()
        except OutcomeUnknown as failure:
            await self._record(key, window, {"unknown": str(failure)})
            raise
        except UpstreamError:
            await self._shelf.ask("delete", key)
            raise
        except BaseException:
            # Ours, not the vendor's: nobody knows how far the write came.
            await self._record(key, window, {"unknown": _DIED})
            raise
        await self._record(key, window, {"done": result})
        return Replay(result, replayed=False)

    async def _claim(self, key: str, window: float) -> Replay | None:
        """Claim the key, or return what its holder left. Waits for a holder that is at work."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._lifetime
        lasts = max(window, self._lifetime)
        while True:
            if await self._shelf.ask("set", key, _CLAIMED, nx=True, px=int(1000 * lasts)) in {True, SILENT}:
                return None
            state = await self._shelf.ask("get", key)
            if state is SILENT:
                return None
            if state is not None and (left := json.loads(state)) is not None:
                return _replay(left)
            if state is not None and await self._abandoned(key, lasts):
                raise OutcomeUnknown(_DIED)
            if loop.time() >= end:
                raise Unavailable("the same change is still being made by another call", retry_after_seconds=1.0)
            await asyncio.sleep(_LOOK_AGAIN)

    async def _abandoned(self, key: str, lasts: float) -> bool:
        """Whether a claim is older than any write takes, by Redis' clock: those of replicas differ."""
        left = await self._shelf.ask("pttl", key)
        return left is not SILENT and 0 <= left < 1000 * (lasts - self._lifetime)

    async def _record(self, key: str, window: float, state: dict[str, Any]) -> None:
        self._done[key] = (time.monotonic() + window, state)
        self._done.move_to_end(key)
        while len(self._done) > _REMEMBERED:
            self._done.popitem(last=False)
        await self._shelf.ask("set", key, json.dumps(state), px=int(1000 * window))


def _replay(state: dict[str, Any]) -> Replay:
    if "unknown" in state:
        raise OutcomeUnknown(state["unknown"])
    return Replay(state["done"], replayed=True)
