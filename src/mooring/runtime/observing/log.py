"""Events in words, through the standard library's logger `mooring`, with their facts as fields of the record.

An outage is two lines, not one for each attempt: WARNING when an endpoint cannot be reached, INFO when it can again.
Errors are named by class alone, for the server quotes arguments in some of its messages.
"""

from __future__ import annotations

import logging
import time

from mooring.runtime.hooks import Hooks

__all__ = ["Log"]


class Log(Hooks):
    """Tells of reconnects, breakers and rotations. Every record has `redis_event` and `redis_endpoint`."""

    def __init__(self, logger: logging.Logger | None = None) -> None:
        self._log = logger or logging.getLogger("mooring")
        # When an endpoint was first not reached, and how often since.
        self._outages: dict[str, tuple[float, int]] = {}
        self._open: set[str] = set()

    def dial_failed(self, endpoint: str, error: BaseException) -> None:
        """Tell that an endpoint cannot be reached, once."""
        began, failures = self._outages.get(endpoint, (time.monotonic(), 0))
        self._outages[endpoint] = began, failures + 1
        if not failures:
            kind = type(error).__name__
            self._tell(logging.WARNING, "unreachable", endpoint, "cannot be reached: %s", kind, redis_error=kind)

    def connected(self, endpoint: str, seconds: float) -> None:
        """Tell that an endpoint can be reached again."""
        outage = self._outages.pop(endpoint, None)
        if outage is None:
            self._tell(logging.DEBUG, "connected", endpoint, "was connected to in %.3f s", seconds)
            return
        lasted, failures = time.monotonic() - outage[0], outage[1]
        self._tell(
            *(logging.INFO, "reconnected", endpoint, "can be reached again after %.1f s and %d attempts"),
            *(lasted, failures),
            redis_outage_seconds=lasted,
            redis_failures=failures,
        )

    def closed(self, endpoint: str, age: float, reason: str) -> None:
        """Tell of a connection that was closed; one that broke is worth an operator's eye."""
        level = logging.INFO if reason == "error" else logging.DEBUG
        self._tell(level, "closed", endpoint, "lost a connection of %.0f s: %s", age, reason, redis_reason=reason)

    def breaker(self, endpoint: str, state: str) -> None:
        """Tell that a breaker has opened or closed; that it let a call through in vain is no news."""
        if state == "half-open" or (state == "open") is (endpoint in self._open):
            return
        self._open ^= {endpoint}
        level = logging.WARNING if state == "open" else logging.INFO
        self._tell(level, "breaker", endpoint, "has its breaker %s", state, redis_breaker=state)

    def rotated(self, endpoint: str, what: str) -> None:
        """Tell of new certificates; `rotation` itself tells of credentials, whoever listens."""
        if what == "credentials":
            return
        self._tell(logging.INFO, "rotated", endpoint, "has new %s on its connections", what, redis_rotated=what)

    def _tell(self, level: int, event: str, endpoint: str, text: str, *facts: object, **fields: object) -> None:
        if self._log.isEnabledFor(level):
            self._log.log(
                level,
                f"Redis %s {text}",
                endpoint,
                *facts,
                extra={"redis_event": event, "redis_endpoint": endpoint, **fields},
            )
