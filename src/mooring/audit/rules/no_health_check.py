"""Idle connections are handed out unchecked, so the first command after a quiet time meets a dead one.

Servers, proxies and firewalls drop connections on which nothing happens. `health_check_interval` sends a PING first on
a connection that was idle for longer, and connects anew where that fails.

It is reported for clients and pools where the option is 0, which is also what every release does by default. Where no
dependency file tells the release (MR501 says how it is told), only an explicit 0 is reported.

Bad:

```python
import os
import redis

client = redis.from_url(os.environ["REDIS_URL"], health_check_interval=0)
```

Good:

```python
import os
import redis

client = redis.from_url(os.environ["REDIS_URL"], health_check_interval=30)
```

Fix safety: no fix of its own; it costs a round trip now and then, and how long a connection may idle depends on what
stands between. `create_redis_from_config()` takes the option as an argument or from the URL.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Site
from mooring.audit.project import Project
from mooring.audit.project.resilience import missing_health_check
from mooring.audit.rule import Problem, Severity, rule


@rule("MR503", Severity.INFO)
def no_health_check(site: Site, project: Project) -> Iterator[Problem]:
    """Report a pooled client that never checks its idle connections."""
    why = missing_health_check(site, project.arguments(site), project.releases)
    if why is not None:
        yield Problem.at(
            site,
            f"{site.constructor} hands out idle connections unchecked: {why}",
            "pass health_check_interval, for example 30 seconds",
        )
