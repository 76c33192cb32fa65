"""No command is tried again, so every short break of the connection reaches the caller as an error.

A failover or a restart of the server breaks all connections at once. One more attempt, a moment later, would have
succeeded.

It is reported where `retry` is `None` or makes no attempt, where `cluster_error_retry_attempts` is 0, or where nothing
is given and the release of the client library that the project asks for retries nothing by default (MR501 says how it
is told). From redis-py 6 on the constructor of `Redis` retries; `from_url`, pools and connections never do by default.

Bad:

```python
import os
import redis

client = redis.Redis(host=os.environ["REDIS_HOST"], retry=None)
```

Good:

```python
import os
import redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

client = redis.Redis(host=os.environ["REDIS_HOST"], retry=Retry(ExponentialBackoff(), 3))
```

Fix safety: no fix of its own; whether a command may be carried out twice is for a person to say. Sites that are
rewritten to `create_redis_from_config()` have the retries of the constructor, for a URL too.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Site
from mooring.audit.project import Project
from mooring.audit.project.resilience import missing_retry
from mooring.audit.rule import Problem, Severity, rule


@rule("MR502", Severity.INFO)
def no_retry(site: Site, project: Project) -> Iterator[Problem]:
    """Report a site whose commands fail with their connection."""
    why = missing_retry(site, project.arguments(site), project.releases)
    if why is not None:
        yield Problem.at(
            site,
            f"{site.constructor} fails at the first broken connection: {why}",
            "pass retry=Retry(ExponentialBackoff(), 3), if its commands may be carried out twice",
        )
