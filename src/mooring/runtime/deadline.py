"""How long a call may take, and whether it may be sent twice: said once around calls, not in each of them.

```python
with mooring.deadline(0.25):  # all calls in here together, in threads and in asyncio alike
    user = client.get("user:7")
    visits = client.incr("visits")

with mooring.idempotent():  # setting the same value twice is as good as once
    client.set("config", text)
```

Both belong to the running thread or task, and to the tasks that it starts meanwhile.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["IDEMPOTENT", "UNTIL", "deadline", "idempotent", "seconds_left"]

UNTIL: ContextVar[float | None] = ContextVar("mooring_until", default=None)
"""When the running call must have ended, by `time.monotonic`; none where nothing says so, infinity where nothing may.

Whoever waits on behalf of a call (for a place in the pool, a dial, a reply) reads it here.
"""

IDEMPOTENT: ContextVar[bool] = ContextVar("mooring_idempotent", default=False)
"""Whether the commands of this context may be sent again although they may have run."""


@contextmanager
def deadline(seconds: float | None) -> Iterator[None]:
    """Let all Redis calls inside end within `seconds`, counted from here.

    It takes the place of the setting `deadline`, which bounds each call for itself, and it bounds blocking commands
    too. One inside another can only shorten it, but `None` lifts every bound inside. What is left of a budget may be 0
    or less; calls then fail at once. A call that is out of time raises `DeadlineExceeded`. One thing is not bounded:
    in threads, how long the operating system takes to look up a host's name. Raises `ValueError` when `seconds` is not
    a number.
    """
    if seconds is not None and math.isnan(seconds):
        raise ValueError("A deadline is a number of seconds, or None for no bound.")
    outer = UNTIL.get()
    until = math.inf if seconds is None else time.monotonic() + seconds
    UNTIL.set(until if outer is None or seconds is None else min(until, outer))
    try:
        yield
    finally:
        # Not by a token, which refuses to be used where an asynchronous generator is ended by another task.
        UNTIL.set(outer)


@contextmanager
def idempotent() -> Iterator[None]:
    """Declare that the commands inside may be sent again after a reply was lost, though they may have run already.

    Without it only commands that read are (`mooring.runtime.commands`), and those that certainly did not run.
    """
    outer = IDEMPOTENT.get()
    IDEMPOTENT.set(True)
    try:
        yield
    finally:
        IDEMPOTENT.set(outer)


def seconds_left(usual: float) -> float:
    """Tell how long may still be waited on behalf of the running call: `usual` seconds where nothing bounds it.

    Never less than 0, perhaps infinity.
    """
    until = UNTIL.get()
    return usual if until is None else max(0.0, until - time.monotonic())
