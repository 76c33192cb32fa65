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

Fix safety: unsafe; the command is sent from now on, and may raise what the code around it does not expect. Display-only
where `await` cannot stand: outside a coroutine, in a lambda or in a comprehension.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Command
from mooring.audit.project import Project
from mooring.audit.rewrite.awaiting import await_rewrite, is_lost
from mooring.audit.rule import Problem, Severity, rule


@rule("MR403", Severity.ERROR)
def unawaited_command(command: Command, project: Project) -> Iterator[Problem]:
    """Report a command of an asyncio client whose coroutine nobody waits for."""
    if not command.asynchronous or command.call.awaited or _gives_iterator(command.name):
        return
    if command.call.off_thread or not is_lost(command):
        return
    yield Problem(
        command.module.path,
        command.call.span,
        f"{command.name}() of an asyncio client is not awaited, so it is never sent",
        "await it",
        await_rewrite(command, project),
        confidence=command.confidence,
    )


def _gives_iterator(name: str) -> bool:
    """Whether a command is gone through by `async for`: redis-py's `scan_iter`, and `iscan` of aioredis 1.x."""
    return name.endswith("_iter") or name in ("iscan", "ihscan", "isscan", "izscan")
