"""A client, and with it a pool and a new connection, is made for each call and thrown away.

Each call pays for a TCP handshake, authentication and their round trips, and under load the server meets one connection
per call in flight until it is at `maxclients`.

Bad:

```python
import redis

def price_of(item: str) -> bytes | None:
    client = redis.Redis(host="localhost")
    return client.get(item)
```

Good:

```python
from mooring import create_redis_from_config

def price_of(item: str) -> bytes | None:
    client = create_redis_from_config()
    return client.get(item)
```

Fix safety: as for MR101. The factory hands out clients of one shared pool, so that the call may stay where it is, and
closing such a client leaves the pool open.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Site
from mooring.audit.project import Project
from mooring.audit.rewrite import factory_rewrite
from mooring.audit.rule import Problem, Severity, rule


@rule("MR301", Severity.ERROR)
def client_per_call(site: Site, project: Project) -> Iterator[Problem]:
    """Report a site in code that runs often, whose client dies with the call."""
    if site.per_call:
        yield Problem.at(
            site,
            f"{site.constructor} makes a new client, and a new connection, each time this runs",
            "share one pool: create_redis_from_config() may be called as often as you like",
            factory_rewrite(site, project),
        )
