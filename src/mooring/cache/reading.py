"""Reads entries with the versions of their tags, so that what is read after a write is judged by what it wrote.

Tasks that look at the same moment share one command: what many callers cost is one round trip. A look joins only others
that have not been sent yet, for an answer that is already under way may be older than a write that came before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from mooring.cache.codec import Entry, decode
from mooring.cache.steps import View
from mooring.cache.store import AsyncStore, Away, Store
from mooring.cache.tags import Debts, new_version, stamp

__all__ = ["AsyncReader", "Reader"]

_Look: TypeAlias = tuple[bytes, tuple[bytes, ...]]
"""The name of an entry, and of its tags."""

_Shared: TypeAlias = dict[_Look, list[asyncio.Future[View | None]]]
"""Looks that share one command, and who waits for each beside him who sends it."""

_MOST_LOOKS = 64
"""Looks in one command: 64 entries of the greatest size keep a Redis busy for long enough."""


class AsyncReader:
    """For the tasks of one event loop."""

    def __init__(self, store: AsyncStore, debts: Debts) -> None:
        self._store = store
        self._debts = debts
        self._gathering: _Shared | None = None
        self._reading: set[asyncio.Task[dict[_Look, View]]] = set()

    async def view(self, entry: bytes, tags: tuple[bytes, ...]) -> View | None:
        """Look; None if Redis is away."""
        look, shared = (entry, tags), self._gathering
        if shared is None:
            return await self._lead(look)
        future: asyncio.Future[View | None] = asyncio.get_running_loop().create_future()
        shared.setdefault(look, []).append(future)
        if len(shared) >= _MOST_LOOKS:
            self._gathering = None
        return await future

    async def settle(self) -> None:
        """Tell Redis what it has to know before anybody reads; raises Away if it cannot be told."""
        if bill := self._debts.bill():
            await self._store.write({name: new_version() for name in bill})
            self._debts.paid(bill)

    async def _lead(self, look: _Look) -> View | None:
        """Look, and for all who join in this turn of the event loop.

        A task of its own for that would cost who is alone two more turns.
        """
        shared: _Shared = {look: []}
        self._gathering = shared
        try:
            try:
                await asyncio.sleep(0)
            finally:
                if self._gathering is shared:
                    self._gathering = None
            return (await self._read(shared)).get(look)
        except asyncio.CancelledError:
            if any(not future.done() for futures in shared.values() for future in futures):
                # The others have not been cancelled.
                task = asyncio.create_task(self._read(shared))
                self._reading.add(task)
                task.add_done_callback(self._reading.discard)
            raise

    async def _read(self, shared: _Shared) -> dict[_Look, View]:
        """Look, and tell those who joined."""
        views: dict[_Look, View] = {}
        try:
            views = await self._views(shared)
        except Away:
            pass
        except Exception:
            _tell(shared, views)
            raise
        _tell(shared, views)
        return views

    async def _views(self, looks: Iterable[_Look]) -> dict[_Look, View]:
        if self._debts:
            await self.settle()
        names, tags = _names(looks)
        found = await self._store.read([*names, *tags])
        entries, versions = _found(names, tags, found)
        if unknown := _unknown(tags, versions, self._store.clock.doubtful):
            versions.update(zip(unknown, await self._store.versions(unknown), strict=True))
        return {look: _view(look, entries, versions, self._store) for look in looks}


class Reader:
    """For threads: each looks by itself."""

    def __init__(self, store: Store, debts: Debts) -> None:
        self._store = store
        self._debts = debts

    def view(self, entry: bytes, tags: tuple[bytes, ...]) -> View | None:
        """Look; None if Redis is away."""
        look = (entry, tags)
        try:
            if self._debts:
                self.settle()
            found = self._store.read([entry, *tags])
            entries, versions = _found([entry], tags, found)
            if unknown := _unknown(tags, versions, self._store.clock.doubtful):
                versions.update(zip(unknown, self._store.versions(unknown), strict=True))
        except Away:
            return None
        return _view(look, entries, versions, self._store)

    def settle(self) -> None:
        """Tell Redis what it has to know before anybody reads; raises Away if it cannot be told."""
        if bill := self._debts.bill():
            self._store.write({name: new_version() for name in bill})
            self._debts.paid(bill)


def _tell(shared: _Shared, views: dict[_Look, View]) -> None:
    for look, futures in shared.items():
        for future in futures:
            if not future.done():
                future.set_result(views.get(look))


def _names(looks: Iterable[_Look]) -> tuple[list[bytes], list[bytes]]:
    """List the entries and the tags of many looks, each once."""
    names = {entry: None for entry, _ in looks}
    tags = {tag: None for _, tags in looks for tag in tags}
    return list(names), list(tags)


def _found(
    names: Sequence[bytes], tags: Sequence[bytes], found: Sequence[bytes | None]
) -> tuple[dict[bytes, Entry | None], dict[bytes, bytes | None]]:
    entries = {name: decode(data) for name, data in zip(names, found[: len(names)], strict=True)}
    return entries, dict(zip(tags, found[len(names) :], strict=True))


def _unknown(tags: Sequence[bytes], versions: dict[bytes, bytes | None], doubtful: bool) -> list[bytes]:
    """List the tags to ask for once more: those without a version, and one if the time has to be learnt with it."""
    missing = [tag for tag in tags if versions[tag] is None]
    return missing or (list(tags[:1]) if doubtful else [])


def _view(
    look: _Look, entries: dict[bytes, Entry | None], versions: dict[bytes, bytes | None], store: AsyncStore | Store
) -> View:
    name, tags = look
    entry = entries[name]
    return View(entry, stamp(tags, map(versions.__getitem__, tags)), store.clock.here(entry.born) if entry else 0.0)
