"""A command of an asyncio client is called but not awaited, so it is never sent.

The call only makes a coroutine. Nothing is stored, a test of it is always true, and the value that is used instead of
the answer is the coroutine itself; Python warns when it is thrown away, if anybody reads that.

Bad:

```python
import os
import redis.asyncio as redis

client = redis.from_url(os.environ["REDIS_URL"])

async def remember(item: str, price: str) -> None:
    client.set(item, price)
```

Good:

```python
import os
import redis.asyncio as redis

client = redis.from_url(os.environ["REDIS_URL"])

async def remember(item: str, price: str) -> None:
    await client.set(item, price)
```

Fix safety: no fix yet; awaiting changes when the command runs, which the code around it may not expect.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Command, Use
from mooring.audit.project import Project
from mooring.audit.rule import Problem, Severity, rule

VALUES = frozenset({Use.DROPPED, Use.RECEIVER, Use.TESTED, Use.OTHER})
# Functions that want the answer, not something to wait for.
READERS = frozenset(
    {"loads", "int", "float", "str", "len", "bool", "list", "dict", "set", "print", "sorted", "json_loads"}
)
KEPT = frozenset({Use.AWAITED, Use.PASSED, Use.RETURNED, Use.YIELDED, Use.STORED, Use.CAPTURED})


@rule("MR403", Severity.ERROR)
def unawaited_command(command: Command, _project: Project) -> Iterator[Problem]:
    """Report a command of an asyncio client whose coroutine nobody waits for."""
    if not command.asynchronous or command.call.awaited or command.name.endswith("_iter"):
        return
    if command.call.off_thread or not _is_lost(command):
        return
    yield Problem(
        command.module.path,
        command.call.span,
        f"{command.name}() of an asyncio client is not awaited, so it is never sent",
        "await it",
        confidence=command.confidence,
    )


def _is_lost(command: Command) -> bool:
    call = command.call
    if call.use is Use.LOCAL:
        uses = [command.module.scopes[call.scope].uses.get(name, frozenset()) for name in call.targets]
        return bool(uses) and all(uses) and not any(found & KEPT for found in uses)
    return call.use in VALUES or (call.use is Use.PASSED and call.passed_to in READERS)
