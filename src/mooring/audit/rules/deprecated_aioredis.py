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

Fix safety: safe where all that is used of it exists in `redis.asyncio` under the same name (aioredis 2.x was merged
there); display-only where names of aioredis 1.x are used, whose commands take other arguments.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Import, Module
from mooring.audit.project import Project
from mooring.audit.rewrite import aioredis_import_rewrite
from mooring.audit.rule import Problem, Severity, rule


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
        )


def _is_aioredis(found: Import) -> bool:
    return not found.level and found.module.partition(".")[0] == "aioredis"
