"""Tells a busy machine from a broken promise."""

from __future__ import annotations

import threading
import time

__all__ = ["Canary"]

_TICK = 0.005


class Canary:
    """Tells by how much this machine itself is late, so that a busy one is not taken for a broken promise.

    A thread sleeps for a moment again and again; what it oversleeps is what any thread may have to wait. A call that
    ends after its deadline may have had to wait so more than once: for a time, all oversleeping in it counts.
    """

    def __init__(self) -> None:
        self._late: list[tuple[float, float]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Canary:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def lateness(self, since: float, until: float) -> float:
        """How much was overslept between two moments, in seconds; less than a tick at a time is nothing."""
        return sum(late for at, late in self._late if since <= at <= until + _TICK)

    def _watch(self) -> None:
        while not self._over.is_set():
            began = time.monotonic()
            time.sleep(_TICK)
            ended = time.monotonic()
            if (late := ended - began - _TICK) > _TICK:
                self._late.append((ended, late))
