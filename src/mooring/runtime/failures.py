"""How a call fails for good: told in words, and caught by whoever catches redis-py's own errors.

```
redis.TimeoutError     <- DeadlineExceeded   the call's time is up
redis.ConnectionError  <- CircuitOpen        the server has been out of reach for so long that nobody waits for it
redis.ConnectionError  <- PoolExhausted      every connection of the pool stayed in use
```

All are `MooringError`s too, and can be pickled.
"""

from __future__ import annotations

from typing import Any

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from mooring.errors import MooringError

__all__ = ["CircuitOpen", "DeadlineExceeded", "PoolExhausted"]


class DeadlineExceeded(RedisTimeoutError, MooringError):
    """A call did not end in time. Whether its command has run is told by `may_have_run`.

    `endpoint` is the server without credentials, `command` a name without arguments, `seconds` how long the call was
    given, `attempts` how often the command was sent or a connection for it sought, `last` what went wrong last, if
    anything but time did.
    """

    def __init__(
        self, endpoint: str, command: str, seconds: float, attempts: int, last: str | None, may_have_run: bool
    ) -> None:
        self.endpoint = endpoint
        self.command = command
        self.seconds = seconds
        self.attempts = attempts
        self.last = last
        self.may_have_run = may_have_run
        tries = f"{attempts} attempts" if attempts != 1 else "1 attempt"
        super().__init__(
            f"{command} got no reply from {endpoint} within {seconds:.3g} s and {tries}"
            f"{', but may have run' if may_have_run else '; it has not run'}."
            f" Last: {last or 'the server did not answer'}."
            " Raise the deadline (REDIS_DEADLINE, mooring.deadline), or see mooring doctor."
        )

    def __reduce__(self) -> tuple[Any, ...]:
        told = (self.endpoint, self.command, self.seconds, self.attempts, self.last, self.may_have_run)
        return type(self), told


class CircuitOpen(RedisConnectionError, MooringError):
    """A call was not tried, for the server has been out of reach for longer than any call waits.

    `seconds` is for how long, `last` what went wrong last. A call is let through every half a second or so; once one
    of these succeeds, all are.
    """

    def __init__(self, endpoint: str, seconds: float, last: str) -> None:
        self.endpoint = endpoint
        self.seconds = seconds
        self.last = last
        super().__init__(
            f"{endpoint} has been out of reach for {seconds:.3g} s, so this call was not tried. Last: {last}."
            " Calls go through again within a second of its return; see mooring doctor."
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.endpoint, self.seconds, self.last)


class PoolExhausted(RedisConnectionError, MooringError):
    """A call waited in vain for one of `places` connections, for `seconds`. Nothing was sent."""

    def __init__(self, endpoint: str, places: int, seconds: float) -> None:
        self.endpoint = endpoint
        self.places = places
        self.seconds = seconds
        super().__init__(
            f"All {places} connections to {endpoint} stayed in use for {seconds:.3g} s. Raise max_connections or"
            " pool_timeout, or find what holds them: each open pub/sub, watching pipeline or blocking command keeps"
            " one."
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.endpoint, self.places, self.seconds)
