"""What a read does that finds nothing in the cache, and what a write takes from it: the part that both twins share."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Hashable, Mapping, Sequence
from time import monotonic
from typing import Any

from redis.client import EMPTY_RESPONSE, NEVER_DECODE
from redis.exceptions import ResponseError

from mooring.runtime import hooks
from mooring.runtime.commands import traits
from mooring.runtime.deadline import UNTIL
from mooring.runtime.failures import DeadlineExceeded
from mooring.runtime.lanes.packing import make_packer
from mooring.runtime.local_cache.cache import Entry, Flight, copied
from mooring.runtime.local_cache.commands import EVERYTHING, is_cached, keys_named, replies_in_doubles, spelled
from mooring.runtime.local_cache.tracking import LONGEST, Tracking, TrackingLanes
from mooring.runtime.recovery.recovery import Recovery

__all__ = ["ABSENT", "Reader", "answer", "hit"]

ABSENT: Any = object()
"""In place of a reply: the command is to be sent without the cache."""


class Reader:
    """Reads through a cache on behalf of a client."""

    def __init__(self, tracking: Tracking, recovery: Recovery, encoder: Any) -> None:
        self._tracking = tracking
        self._recovery = recovery
        self._encode = encoder.encode
        self._pack = make_packer(encoder)

    def split(self, args: Sequence[Any], options: Mapping[str, Any]) -> list[tuple[Any, ...]] | None:
        """Return the commands to read by, each of one key; None for a command that does not go through the cache."""
        if NEVER_DECODE in options:
            return None
        if is_cached(args):
            commands = [tuple(args)]
        elif args[0] == "MGET" and len(args) > 1:
            commands = [("GET", key) for key in args[1:]]
        else:
            return None
        if self._tracking.resp2 and replies_in_doubles(args):
            return None
        prefixes = self._tracking.prefixes
        scoped = not prefixes or all(bytes(self._encode(each[1])).startswith(prefixes) for each in commands)
        return commands if scoped else None

    async def read(self, here: TrackingLanes, args: Sequence[Any], commands: Sequence[tuple[Any, ...]]) -> Any:
        """Return the reply to a command that was split, as the server gives it, or `ABSENT`; an error is raised."""
        if monotonic() < here.off_until:
            return ABSENT
        found = await self._read(here, commands)
        if args[0] == "MGET":
            # A key that holds something else is none to MGET.
            values = [None if _is_wrong_type(value) else value for value in found]
            failed = any(value is ABSENT or isinstance(value, Exception) for value in values)
            return ABSENT if failed else values
        if isinstance(found[0], Exception):
            raise found[0]
        return found[0]

    def forget(self, here: TrackingLanes, commands: Sequence[Sequence[Any]]) -> None:
        """Take away what commands may have changed."""
        for args in commands:
            if traits(args).name in EVERYTHING:
                here.drop()
            else:
                here.take_away(list(keys_named(args, self._encode)))

    async def _read(self, here: TrackingLanes, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Return the reply or error of each command; `ABSENT` for what must be asked without the cache."""
        cache, began = here.cache, monotonic()
        found: list[Any] = []
        fresh: dict[Hashable, Flight] = {}
        # First of all, for an argument that has no encoding must leave no flight behind that never departs.
        for args, packed in zip(commands, [self._pack(each) for each in commands], strict=True):
            ident = spelled(args, packed)
            entry = cache.find(ident, began)
            self._count(here, hit=entry is not None)
            if entry is not None:
                entry.used = True
                found.append(entry.reply)
                continue
            flight = cache.flight(ident)
            if flight is None:
                flight = fresh[ident] = Flight(ident, bytes(self._encode(args[1])), packed, here.loop.create_future())
                cache.depart(flight)
            found.append(flight)
        flights = list(fresh.values())
        command = traits(commands[0])
        for start in range(0, len(flights), LONGEST):
            here.fetch(flights[start : start + LONGEST], command)
        return [await self._landed(each, command.name, began) if isinstance(each, Flight) else each for each in found]

    async def _landed(self, flight: Flight, name: str, began: float) -> Any:
        until = UNTIL.get()
        left = None if until is None or until == math.inf else until - monotonic()
        try:
            async with asyncio.timeout(left):
                # Whoever is cancelled leaves the fetch to the others.
                return await asyncio.shield(flight.landing)
        except TimeoutError as late:
            raise DeadlineExceeded(
                self._recovery.endpoint.name, name, monotonic() - began, 1, None, may_have_run=False
            ) from late
        except ResponseError as error:
            # Of the command itself, or of the transaction around it: asked alone, it gets what is its own.
            return error if _is_wrong_type(error) else ABSENT

    def _count(self, here: TrackingLanes, hit: bool) -> None:
        here.cache.hits += hit
        here.cache.misses += not hit
        if hooks.active is not None:
            hooks.active.cache(self._tracking.endpoint, "hit" if hit else "miss")


def hit(here: TrackingLanes, args: tuple[Any, ...], endpoint: str) -> Entry | None:
    """Return what the cache has, counted, if it may be given out."""
    try:
        entry = here.entries.get(args)
    except TypeError:  # an argument that cannot be hashed
        return None
    if entry is None:
        return None
    now = monotonic()
    if now >= entry.until or now >= here.cache.fresh_until:
        return None
    entry.used = True
    here.cache.hits += 1
    if hooks.active is not None:
        hooks.active.cache(endpoint, "hit")
    return entry


def answer(callback: Any, reply: Any, options: dict[str, Any]) -> Any:
    """Make of a reply what redis-py makes of it; the receiver may change it. A callback may want to be awaited."""
    reply = copied(reply)
    if callback is None:
        return reply
    options.pop("keys", None)
    options.pop(EMPTY_RESPONSE, None)
    return callback(reply, **options)


def _is_wrong_type(reply: Any) -> bool:
    return isinstance(reply, ResponseError) and str(reply).startswith("WRONGTYPE")
