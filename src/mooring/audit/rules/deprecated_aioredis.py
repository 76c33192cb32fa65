"""The abandoned package `aioredis` is imported; since redis-py 4.2 its successor is `redis.asyncio`.

Its last release does not import on Python 3.11 or later (`duplicate base class TimeoutError`), and nobody mends it.

Bad:

```python
import aioredis

client = aioredis.from_url("redis://localhost:6379", decode_responses=True)
```

Good:

```python
from mooring import create_async_redis_from_config

client = create_async_redis_from_config(decode_responses=True)
```

Fix safety: a module written for aioredis 2.x, which was merged into redis-py, only changes its imports. That is safe
where all that is used of it exists in `redis.asyncio` under the same name, and unsafe where a command waits for
something to come (`blpop`), because redis-py 8 reads no longer than 5 seconds unless the client is made with
`socket_timeout=None`.

A module written for aioredis 1.x (the names that it uses tell, else the pinned release) is rewritten call by call:
constructors, `minsize` and `maxsize`, `encoding`, `close` and `wait_closed`, commands with other names or arguments,
pipelines and their futures, channels, exceptions. That is unsafe: a client connects with its first command only, a
command fails where all `max_connections` are in use, scores are floats, a failed pipeline raises the first error
itself. Where one line cannot be rewritten nothing is, because half a module would not run: the fix is display-only, its
title says what to do, and each of those lines is a related place of the finding.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Import, Module
from mooring.audit.project import Project
from mooring.audit.rewrite.aioredis import aioredis_import_rewrite, aioredis_todos
from mooring.audit.rule import Problem, Related, Severity, rule


@rule("MR401", Severity.ERROR)
def deprecated_aioredis(module: Module, project: Project) -> Iterator[Problem]:
    """Report the first import of the package in each module."""
    found = next((i for i in module.imports if _is_aioredis(i)), None)
    if found is not None and not project.is_local(module, found.module):
        yield Problem(
            module.path,
            found.span,
            "aioredis is abandoned, and does not import on Python 3.11 or later",
            "use redis.asyncio, its successor in redis-py",
            aioredis_import_rewrite(module, found, project),
            tuple(Related(todo.path, todo.span, todo.advice) for todo in aioredis_todos(module, project)),
        )


def _is_aioredis(found: Import) -> bool:
    return not found.level and found.module.partition(".")[0] == "aioredis"
