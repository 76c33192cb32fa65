"""Upstreams: one whose data changes and which counts who asks, one that allows so many calls; and a governed call."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field

from mooring.cache import Governor, Loaded, NotModified, Permit, Validators


class Refused(Exception):
    """The upstream is down."""


@dataclass
class Upstream:
    """One resource with a version. It takes `seconds` to answer, or until `held` is set; while `down` it refuses."""

    version: int = 1
    calls: int = 0
    seconds: float = 0.0
    down: bool = False
    held: asyncio.Event | None = None
    seen: list[dict[str, str]] = field(default_factory=list)

    async def load(self, validators: Validators) -> dict[str, int]:
        """Read it, as it is when the call begins."""
        self.calls += 1
        self.seen.append(dict(validators))
        version = self.version
        if self.held is not None:
            await self.held.wait()
        await asyncio.sleep(self.seconds)
        if self.down:
            raise Refused
        return {"version": version}

    async def load_tagged(self, validators: Validators) -> Loaded[dict[str, int]] | NotModified:
        """Read it with an ETag."""
        value = await self.load(validators)
        etag = f'"{value["version"]}"'
        return NotModified() if validators.get("etag") == etag else Loaded(value, {"etag": etag})


async def call(governor: Governor, wait: float = 0.0, cost: int = 1) -> Permit:
    """Make a call that takes no time."""
    async with governor.admit("7", "calls", wait=wait, cost=cost) as permit:
        return permit


@dataclass
class Vendor:
    """An upstream that allows `limit` calls in any `seconds`, and remembers how many it was asked for at most."""

    limit: int
    seconds: float
    most: int = 0
    refused: int = 0
    _recent: deque[float] = field(default_factory=deque)

    def ask(self) -> bool:
        """Make a call; tells whether it was within the limit."""
        now = time.monotonic()
        while self._recent and self._recent[0] <= now - self.seconds:
            self._recent.popleft()
        self._recent.append(now)
        self.most = max(self.most, len(self._recent))
        self.refused += len(self._recent) > self.limit
        return len(self._recent) <= self.limit
