"""A breaker for one endpoint: once nothing has worked for longer than a call waits, further calls fail at once.

Until then each call waits out its own deadline, so that a short restart is not noticed by anybody. Afterwards one call
in a while is let through to see whether the server is back; the first that succeeds closes the breaker for all.

```
closed --failures for `patience` seconds--> open --a while--> half-open --a success--> closed
                                            open <--a failure-- half-open
```
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from mooring.runtime import hooks
from mooring.runtime.failures import CircuitOpen
from mooring.runtime.recovery.backoff import jittered

__all__ = ["CLOSED", "HALF_OPEN", "OPEN", "PATIENCE", "PROBE_INTERVAL", "Breaker"]

CLOSED: Final = "closed"
OPEN: Final = "open"
HALF_OPEN: Final = "half-open"

PATIENCE: Final = 5.0
"""How long failures last before the breaker opens, where no deadline says so; seconds, as the default deadline."""

PROBE_INTERVAL: Final = 0.5
"""The longest time between two probes, in seconds; each is jittered down to half of it."""


class Breaker:
    """What one process knows of an endpoint's failing, for all pools and threads. `clock` gives seconds.

    `troubled` is true from the first failure to the next success: while it is false nobody need ask or tell anything.
    """

    def __init__(self, endpoint: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.endpoint = endpoint
        self.troubled = False
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        """Begin anew, as in a forked process: a lock that a thread of the parent held is nobody's here."""
        # Reentrant, for a signal handler may use Redis too.
        self._lock = threading.RLock()
        self._state = CLOSED
        self._began = self._probe_at = 0.0
        self._last = ""
        self.troubled = False

    @property
    def state(self) -> str:
        """`closed`, `open` or `half-open`."""
        return self._state

    def check(self) -> None:
        """Let a call through, perhaps as a probe. Raises `CircuitOpen` for every other while the breaker is open."""
        with self._lock:
            if self._state == CLOSED:
                return
            now = self._clock()
            if now < self._probe_at:
                raise CircuitOpen(self.endpoint, now - self._began, self._last)
            # A probe that never ends, cancelled or stuck, does not keep the next one from its turn.
            self._probe_at = now + jittered(PROBE_INTERVAL)
            self._enter(HALF_OPEN)

    def failed(self, error: BaseException, patience: float = PATIENCE) -> None:
        """Note that the endpoint did not serve; open once that has lasted for `patience` seconds."""
        now = self._clock()
        with self._lock:
            if not self.troubled:
                self.troubled, self._began = True, now
            self._last = f"{type(error).__name__}: {error}".rstrip(".")
            if self._state == HALF_OPEN or (self._state == CLOSED and now - self._began >= patience):
                self._probe_at = now + jittered(PROBE_INTERVAL)
                self._enter(OPEN)

    def succeeded(self) -> None:
        """Note that the endpoint served: close."""
        with self._lock:
            self.troubled = False
            self._enter(CLOSED)

    def _enter(self, state: str) -> None:
        if state != self._state:
            self._state = state
            if hooks.active is not None:
                hooks.active.breaker(self.endpoint, state)
