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

pool = redis.ConnectionPool(host=os.environ["REDIS_HOST"], max_connections=50)
```

Good:

```python
import os
import redis

pool = redis.BlockingConnectionPool(host=os.environ["REDIS_HOST"], max_connections=50, timeout=5)
```

Fix safety: no fix of its own; how many connections a process needs is for a person to say. Sites that are rewritten to
`create_redis_from_config()` share a pool of 50, in which callers wait for 5 seconds.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Site
from mooring.audit.project import Project
from mooring.audit.project.resilience import missing_bound
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
        )
