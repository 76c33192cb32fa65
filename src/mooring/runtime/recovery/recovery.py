"""What to do when a command fails: decided here, without I/O, for threads and tasks alike.

A command is sent again, on a connection that is opened anew and so after another look at DNS or the Sentinels, when

- it was never sent, or the server replied that it did not run it (`READONLY`, `LOADING`, `CLUSTERDOWN`, `TRYAGAIN`,
  `MASTERDOWN`, `NOREPLICAS`): such a command is always safe to send;
- its reply was lost, and it only reads (`commands`) or the caller has declared it idempotent (`mooring.idempotent`).

Any other command whose reply was lost may have run. It is not sent again, whatever policy is set: the caller gets the
error, with a note that says so.

All this happens within the call's deadline. redis-py's `retry=` and `retry_on_error=` are honoured as bounds: how
often, after which pauses and upon which errors. Without a deadline and a policy a command is sent again ten times.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from mooring.runtime import hooks
from mooring.runtime.commands import Traits, patience
from mooring.runtime.deadline import IDEMPOTENT
from mooring.runtime.failures import DeadlineExceeded, PoolExhausted
from mooring.runtime.recovery.backoff import jittered_pause
from mooring.runtime.recovery.breaker import PATIENCE, Breaker
from mooring.runtime.recovery.endpoints import Endpoint
from mooring.runtime.recovery.kinds import Kind, kind_of

__all__ = ["Attempts", "Policy", "Recovery", "dial_bound"]

_RETRIES = 10
# What is left of a deadline when nothing more is begun; seconds.
_LAST = 0.002
# What has a second chance is not given less than this for its first, if there is as much; seconds.
_FIRST = 1.0


def dial_bound(left: float) -> float:
    """Tell how many seconds one dial may take, so that time is left for another: half of it, but a second if there is.

    Without a deadline a dial is bounded as if there were the default one.
    """
    return _half(min(left, PATIENCE))


def _half(left: float) -> float:
    return max(left / 2, min(left, _FIRST))


@dataclass(frozen=True)
class Policy:
    """How often a command is sent again (None: while there is time), after which pauses, and upon which errors.

    `pause` takes the number of failures so far and returns seconds. `errors` are those for which a lost command is
    sent again; `more` are error replies that are to be met by sending the command again too.
    """

    retries: int | None = None
    pause: Callable[[int], float] = jittered_pause
    errors: tuple[type[BaseException], ...] = (RedisConnectionError, RedisTimeoutError, OSError)
    more: tuple[type[BaseException], ...] = ()

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Policy:
        """Read redis-py's `retry`, `retry_on_error` and `retry_on_timeout`; `retry=None` is for no retry at all."""
        more = tuple(options.get("retry_on_error") or ())
        if "retry" not in options:
            return cls(more=more)
        policy = cls.from_retry(options["retry"], more)
        timeouts = (RedisTimeoutError,) if options.get("retry_on_timeout") else ()
        return cls(policy.retries, policy.pause, (*policy.errors, *timeouts), more)

    @classmethod
    def from_retry(cls, retry: Any, more: tuple[type[BaseException], ...] = ()) -> Policy:
        """Read a `Retry` of either half of redis-py, or None."""
        if retry is None:
            # redis-py tries once more where errors to retry on are named.
            return cls(retries=1 if more else 0, more=more)
        retries = None if retry._retries < 0 else retry._retries
        return cls(retries, retry._backoff.compute, (*retry._supported_errors, *more), more)


@dataclass(frozen=True)
class Recovery:
    """Within what bounds the clients of one pool try: times are in seconds, infinity for no bound.

    `name` is the server with its database, as it is told to listeners. `deadline` is for each call that nothing else
    bounds, `read_timeout` for each attempt (redis-py's `socket_timeout`, where it was given).
    """

    name: str
    endpoint: Endpoint
    deadline: float = PATIENCE
    read_timeout: float = math.inf
    policy: Policy = field(default_factory=Policy)

    @property
    def breaker(self) -> Breaker:
        """The endpoint's."""
        return self.endpoint.breaker

    def until(self, command: Traits, arguments: Sequence[Any], now: float) -> float:
        """Tell when a call that begins `now` must have ended: a blocking one may wait for its own time besides."""
        waits = None if command.wait is None else patience(arguments, command.wait)
        return now + self.deadline + (waits or 0.0)

    def attempt_until(self, command: Traits, until: float, now: float) -> float:
        """Tell when the attempt that begins `now` must have ended.

        One that may be followed by another is given half of the time that is left, but a second if there is: so a
        connection that has died without a word costs a read time, and not its reply.
        """
        if command.wait is not None:
            return until
        bound = self.read_timeout
        if self.policy.retries != 0 and (command.read_only or IDEMPOTENT.get()):
            bound = min(bound, _half(until - now))
        return min(until, now + bound)

    def with_policy(self, policy: Policy) -> Recovery:
        """Return the same with another policy."""
        return replace(self, policy=policy)

    @property
    def patience(self) -> float:
        """How long failures last before the breaker opens."""
        return PATIENCE if self.deadline == math.inf else self.deadline


class Attempts:
    """A call that has not succeeded at first: what has been tried, and whether to try again."""

    def __init__(self, recovery: Recovery, command: Traits, until: float, began: float) -> None:
        self._recovery = recovery
        self._command = command
        self._until = until
        self._began = began
        self._failures = 0
        self._repeatable = command.read_only or IDEMPOTENT.get()

    def failed(self, error: Exception, sent: bool, now: float, renewed: bool = False) -> float:
        """Return the pause in seconds before the next attempt; raise what the caller gets if there is to be none.

        `sent` tells whether the command may have reached the server, `renewed` whether a refused login has been
        replaced by a newer one.
        """
        kind, policy = kind_of(error), self._recovery.policy
        lost = kind is Kind.LOST
        breaker = self._recovery.breaker
        if lost or kind in {Kind.REFUSED, Kind.DEMOTED}:
            breaker.failed(error, self._recovery.patience)
        elif breaker.troubled and isinstance(error, ResponseError):
            # It serves, though not this command.
            breaker.succeeded()
        if isinstance(error, PoolExhausted) and breaker.troubled and now >= self._until - _LAST:
            # All others wait for the server too.
            raise self._out_of_time(error, now, may_have_run=False)
        again = isinstance(error, policy.more) or kind in {Kind.REFUSED, Kind.DEMOTED}
        again = again or (kind is Kind.LOGIN and renewed)
        if lost:
            if now >= self._until - _LAST:
                raise self._out_of_time(error, now, sent)
            if sent and not self._repeatable:
                error.add_note(
                    f"{self._command.name} may have run, so it was not sent again; mooring.idempotent() allows that."
                )
                raise error
            again = isinstance(error, policy.errors)
        if not again or self._is_spent():
            raise error
        self._failures += 1
        left = self._until - now
        if left <= _LAST:
            raise self._out_of_time(error, now, lost and sent)
        if hooks.active is not None:
            reason = type(error).__name__
            hooks.active.retried(self._recovery.name, self._command.name, self._failures + 1, reason)
        return min(policy.pause(self._failures), left - _LAST)

    def _is_spent(self) -> bool:
        retries = self._recovery.policy.retries
        if retries is None:
            return self._until == math.inf and self._failures >= _RETRIES
        return self._failures >= retries

    def _out_of_time(self, error: Exception, now: float, may_have_run: bool) -> Exception:
        endpoint = self._recovery.endpoint
        last = f"{type(error).__name__}: {error}"
        if isinstance(error, PoolExhausted):
            last = endpoint.last_failure or last
        late = DeadlineExceeded(
            endpoint.name,
            self._command.name,
            max(0.0, now - self._began),
            self._failures + 1,
            last.rstrip("."),
            may_have_run,
        )
        late.__cause__ = error
        return late
