"""The answer of a synchronous client is awaited: the command blocks the loop, and then `await` fails on its answer.

`object bytes can't be used in 'await' expression` comes after the command was carried out, so a retry does it twice.

Bad:

```python
import os
import redis

client = redis.from_url(os.environ["REDIS_URL"])

async def price_of(item: str) -> bytes | None:
    return await client.get(item)
```

Good:

```python
import os
import redis.asyncio as redis

client = redis.from_url(os.environ["REDIS_URL"])

async def price_of(item: str) -> bytes | None:
    return await client.get(item)
```

Fix safety: unsafe where the client can become an asyncio one, which makes the `await` right, as for MR402. Display-only
elsewhere: without the `await` the command works, and still blocks the event loop.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Command
from mooring.audit.project import Project
from mooring.audit.rewrite.awaiting import without_await
from mooring.audit.rule import Problem, Related, Severity, rule


@rule("MR404", Severity.ERROR)
def awaited_sync(command: Command, project: Project) -> Iterator[Problem]:
    """Report `await` directly on a command of a synchronous client."""
    # An awaited command of a client that is only annotated as synchronous tells that the annotation is wrong.
    if command.asynchronous is not False or command.annotated or not command.call.awaited or command.call.off_thread:
        return
    site = command.site
    made = f"the client is made here by {site.constructor}" if site else ""
    yield Problem(
        command.module.path,
        command.call.span,
        f"{command.name}() of a synchronous client is awaited",
        "make the client with redis.asyncio, or drop the await",
        without_await(command, project),
        related=(Related(site.path, site.call.span, made),) if site else (),
        confidence=command.confidence,
    )
