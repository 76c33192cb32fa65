"""What is told of things that were opened and never closed: a `ResourceWarning` that says how to close them."""

from __future__ import annotations

import sys
import warnings

__all__ = ["warn_of_connection", "warn_of_loop", "warn_of_manager"]

_HOLDERS = "`{0}with client.pubsub() as …`, `{0}with client.pipeline() as …`"


def warn_of_connection(endpoint: str, source: object, *, is_async: bool = False) -> None:
    """Tell of a connection that was taken from its pool, and that nobody holds who could give it back."""
    holders = _HOLDERS.format("async " if is_async else "")
    _warn(
        f"A connection to {endpoint} was taken and never given back; it is closed now, and its place in the pool free."
        f" Close what took it, best with {holders}.",
        source,
    )


def warn_of_loop(endpoint: str, count: int, source: object) -> None:
    """Tell of connections whose event loop was closed before they were."""
    _warn(
        f"An event loop was closed before its connections to {endpoint} were ({count} open). Run it with asyncio.run(),"
        " await loop.shutdown_asyncgens() before loop.close(), or close the RedisConnectionManager first.",
        source,
    )


def warn_of_manager(count: int, source: object) -> None:
    """Tell of a manager that nobody holds who could close it."""
    _warn(
        f"A RedisConnectionManager was never closed; it had {count} pools. Use it in a with block, close it with"
        " close() or await aclose(), or let RedisConnectionManager.instance() close itself at exit.",
        source,
    )


def _warn(text: str, source: object) -> None:
    # At the end of the process everything is closed, and nobody is left to mend it.
    if not sys.is_finalizing():
        warnings.warn(text, ResourceWarning, stacklevel=3, source=source)
