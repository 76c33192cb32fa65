"""A function makes a client and hands it out, and nothing makes the next call reuse it: every caller opens a pool.

The number of connections grows with the number of callers, and each pool is as cold as the first.

Bad:

```python
import redis

def get_redis() -> redis.Redis:
    return redis.Redis(host="localhost")
```

Good:

```python
import redis
from mooring import create_redis_from_config

def get_redis() -> redis.Redis:
    return create_redis_from_config()
```

Fix safety: as for MR101.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Site
from mooring.audit.project import Project
from mooring.audit.rewrite import factory_rewrite
from mooring.audit.rule import Problem, Severity, rule


@rule("MR302", Severity.WARNING)
def uncached_factory(site: Site, project: Project) -> Iterator[Problem]:
    """Report a site whose client is returned or yielded anew to every caller."""
    if site.uncached:
        yield Problem.at(
            site,
            f"{site.constructor} makes a new pool for every caller of this function",
            "share one pool: create_redis_from_config(), or cache what the function returns",
            factory_rewrite(site, project),
        )
