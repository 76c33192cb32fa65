"""What the runtime tells of itself: events, and who listens to them.

Whoever makes an event reads one global and goes on when nobody listens, which is all that it costs then:

    from mooring.runtime import hooks
    ...
    if (listeners := hooks.active) is not None:
        listeners.command(endpoint, name, seconds, error)

An event is told in the thread, task and context of the command that it belongs to, at once, and its listeners neither
wait nor do I/O. An endpoint is the one of the settings, without secrets: `redis:6379/0`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

__all__ = ["EVENTS", "Hooks", "active", "install", "uninstall"]

_log = logging.getLogger("mooring")


class Hooks:
    """A listener to whom nothing matters: override what does. Times are in seconds.

    A listener that raises does not disturb the command: its first error is logged, with its traceback. One whose
    methods never raise is `careful`, and is told directly.
    """

    careful = False

    def command(self, endpoint: str, command: str, seconds: float, error: BaseException | None) -> None:
        """Hear that a command (`GET`; for a pipeline `PIPELINE`, for a transaction `MULTI`) ended, retries included."""

    def retried(self, endpoint: str, command: str, attempt: int, reason: str) -> None:
        """Hear that a command is sent again: the second sending is attempt 2. The reason is an error's class name."""

    def connected(self, endpoint: str, seconds: float) -> None:
        """Hear that a connection was opened, with its handshake."""

    def dial_failed(self, endpoint: str, error: BaseException) -> None:
        """Hear that a connection could not be opened."""

    def closed(self, endpoint: str, age: float, reason: str) -> None:
        """Hear that a connection was closed, and why: `idle`, `age`, `error`, `failover`, `rotated` or `shutdown`."""

    def waited(self, endpoint: str, seconds: float, timed_out: bool) -> None:
        """Hear that a caller stood in line for a connection, and whether in vain."""

    def breaker(self, endpoint: str, state: str) -> None:
        """Hear that a server's breaker is now `closed`, `open` or `half-open`; its endpoint names no database."""

    def rotated(self, endpoint: str, what: str) -> None:
        """Hear that `credentials` or `certificate` of the connections were exchanged."""

    def cache(self, endpoint: str, event: str) -> None:
        """Hear of the local cache: `hit`, `miss`, `invalidated`, `dropped`, or `refused` by a server that cannot."""


EVENTS: tuple[str, ...] = tuple(
    name for name, member in vars(Hooks).items() if callable(member) and not name.startswith("_")
)
"""The names of all events, which are those of the methods of `Hooks`."""

active: Hooks | None = None
"""What events are told to; none while nobody listens. To be read as `hooks.active`, each time."""

_installed: tuple[Hooks, ...] = ()
_guard = threading.Lock()


def install(listener: Hooks) -> None:
    """Tell events to this listener too, from now on, once however often it is installed."""
    with _guard:
        if not any(known is listener for known in _installed):
            _listen((*_installed, listener))


def uninstall(listener: Hooks) -> None:
    """Tell it no more; nothing happens if it was not installed."""
    with _guard:
        _listen(tuple(known for known in _installed if known is not listener))


def _listen(listeners: tuple[Hooks, ...]) -> None:
    global active, _installed  # noqa: PLW0603 - the one place that tells who listens
    _installed = listeners
    active = _Switchboard(listeners) if listeners else None


class _Switchboard(Hooks):
    """Passes each event to those who have overridden its method; an event that nobody heeds is dropped at once."""

    def __init__(self, listeners: tuple[Hooks, ...]) -> None:
        for event in EVENTS:
            heeding = [_guarded(each, event) for each in listeners if _heeds(each, event)]
            if heeding:
                setattr(self, event, heeding[0] if len(heeding) == 1 else _fan_out(heeding))


def _heeds(listener: Hooks, event: str) -> bool:
    return getattr(type(listener), event) is not getattr(Hooks, event) or event in vars(listener)


def _guarded(listener: Hooks, event: str) -> Callable[..., None]:
    hear: Callable[..., None] = getattr(listener, event)
    if listener.careful:
        return hear
    failed = False

    def tell(*what: Any) -> None:
        nonlocal failed
        try:
            hear(*what)
        except Exception:  # noqa: BLE001 - whatever a stranger raises
            if not failed:
                failed = True
                _log.exception("A listener to Redis events failed: %s.%s", type(listener).__name__, event)

    return tell


def _fan_out(heeding: list[Callable[..., None]]) -> Callable[..., None]:
    def tell_all(*what: Any) -> None:
        for tell in heeding:
            tell(*what)

    return tell_all
