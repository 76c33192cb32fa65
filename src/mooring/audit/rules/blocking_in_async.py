"""A coroutine calls a command on a synchronous client, and the whole event loop waits for Redis.

While the answer is on its way no other task runs: one slow command, or one lost packet, stops every request of the
process.

Bad:

```python
import os
import redis

client = redis.from_url(os.environ["REDIS_URL"])

async def price_of(item: str) -> bytes | None:
    return client.get(item)
```

Good:

```python
import os
import redis.asyncio as redis

client = redis.from_url(os.environ["REDIS_URL"])

async def price_of(item: str) -> bytes | None:
    return await client.get(item)
```

Fix safety: unsafe. The constructor and every use of the client change together, pipelines, locks, pub/sub and scripts
too, and each `await` lets other tasks run between two commands that used to follow each other; a client at module level
must not be used from one event loop after another. Display-only where a use of the client is out of sight or cannot be
awaited: in a plain function, a lambda or a comprehension, or where it is returned, passed on or used by another module.
There `asyncio.to_thread` keeps the loop free.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Command, Scope
from mooring.audit.project import Project
from mooring.audit.rewrite.awaiting import asyncio_rewrite
from mooring.audit.rule import Problem, Related, Severity, rule


@rule("MR402", Severity.ERROR)
def blocking_in_async(project: Project, _same: Project) -> Iterator[Problem]:
    """Report the first command on a synchronous client in each coroutine."""
    first: dict[int, Command] = {}
    for command in project.commands:
        if _blocks(command):
            kept = first.get(id(command.coroutine))
            if kept is None or command.call.span < kept.call.span:
                first[id(command.coroutine)] = command
    for command in first.values():
        site = command.site
        yield Problem(
            command.module.path,
            command.call.span,
            f"{command.name}() on a synchronous client blocks the event loop in coroutine {_name(command.coroutine)}",
            "use an asyncio client and await the command, or run it in a thread (asyncio.to_thread)",
            asyncio_rewrite(command, project),
            related=(Related(site.path, site.call.span, f"the client is made here by {site.constructor}"),)
            if site
            else (),
            confidence=command.confidence,
        )


def _blocks(command: Command) -> bool:
    if command.coroutine is None or command.asynchronous is not False or command.call.off_thread:
        return False
    # An awaited command of a client that is only annotated as synchronous tells that the annotation is wrong.
    return not (command.annotated and command.call.awaited)


def _name(scope: Scope | None) -> str:
    return scope.qualname if scope else ""
