"""The pool has no bound at which callers wait their turn: it opens connections without end, or fails at its bound.

Under load, or while the server is slow, each caller in flight takes a connection of its own, until the server is at
`maxclients` and refuses everybody. A bound alone turns that into errors, because `ConnectionPool` raises when it is
reached; a `BlockingConnectionPool` makes callers wait for a while instead.

It is reported at every `ConnectionPool`, and at a client or cluster with no `max_connections` where the release of the
client library that the project asks for has no bound by default: redis-py has 100 from 8.0 on, and none before (MR501
says how the release is told). A client with `max_connections` is not reported: its pool raises too, but no argument of
a client changes that, and a bound that somebody chose is no oversight.

Bad:

```python
import os
import redis

pool = redis.ConnectionPool.from_url(os.environ["REDIS_URL"], max_connections=50)
```

Good:

```python
import os
import redis

pool = redis.BlockingConnectionPool.from_url(os.environ["REDIS_URL"], max_connections=50, timeout=5)
```

Fix safety: unsafe; a caller waits, and after 5 seconds fails, where a new connection was opened. A pool with no bound
of its own gets 50 connections, and so does the pool of a client; how many a process needs is for a person to say. No
fix of its own where the whole call is to be rewritten to `create_redis_from_config()`, whose pool is such a one.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Site
from mooring.audit.project import Project
from mooring.audit.project.resilience import missing_bound
from mooring.audit.rewrite.options import bound_rewrite
from mooring.audit.rule import Problem, Severity, rule


@rule("MR504", Severity.WARNING)
def unbounded_pool(site: Site, project: Project) -> Iterator[Problem]:
    """Report a pool, or a client with its own, that has no bound or fails at it."""
    why = missing_bound(site, project.arguments(site), project.releases)
    if why is not None:
        yield Problem.at(
            site,
            f"{site.constructor} has no bound at which callers wait: {why}",
            "use a BlockingConnectionPool with max_connections and timeout, or create_redis_from_config()",
            bound_rewrite(site, project),
        )
