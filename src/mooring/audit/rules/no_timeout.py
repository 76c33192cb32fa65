"""No timeout applies to the socket, so a server or network that falls silent holds the caller for ever.

A connection that breaks without a word (a failover, a firewall that forgets it) looks like a slow answer. Without
`socket_timeout` each such command keeps its thread or task, and its connection, until the process is restarted.

It is reported where `socket_timeout` is `None`, or where it is not given and the release of the client library that the
project asks for has none by default: redis-py has 5 seconds from 8.0 on, and none before. The release is told by the
dependency files nearest to the site, up to the audited root; of a range the lowest release counts. Where no file tells
it, only what the code itself turns off is reported, by this rule and its siblings. A URL that comes from outside the
code could bring the option, and is expected not to. `socket_connect_timeout` alone does not help: it ends with the
connection's set-up.

Bad:

```python
import os
import redis

client = redis.from_url(os.environ["REDIS_URL"], socket_timeout=None)
```

Good:

```python
import os
import redis

client = redis.from_url(os.environ["REDIS_URL"], socket_timeout=5)
```

Fix safety: unsafe; a command that blocks on purpose (BLPOP, XREAD) for longer than the 5 seconds that are set fails.
No fix of its own where the whole call is to be rewritten to `create_redis_from_config()`, which takes `socket_timeout`
as an argument or from the URL.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Site
from mooring.audit.project import Project
from mooring.audit.project.resilience import missing_timeout
from mooring.audit.rewrite.options import timeout_rewrite
from mooring.audit.rule import Problem, Severity, rule


@rule("MR501", Severity.WARNING)
def no_timeout(site: Site, project: Project) -> Iterator[Problem]:
    """Report a site whose connections wait for an answer without end."""
    why = missing_timeout(site, project.arguments(site), project.releases)
    if why is not None:
        yield Problem.at(
            site,
            f"{site.constructor} waits for an answer without end: {why}",
            "pass socket_timeout, a few seconds for commands that do not block",
            timeout_rewrite(site, project),
        )
