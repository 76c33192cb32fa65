"""The site names a Redis and gives no credentials, so it works only with a Redis that is open to everybody.

As soon as the server asks for a password, every command fails with `NOAUTH`. Nobody can close that Redis without
breaking this program.

Bad:

```python
import redis

client = redis.Redis(host="localhost", db=2)
```

Good:

```python
from mooring import create_redis_from_config

client = create_redis_from_config(db=2)
```

Fix safety: safe. The factory takes the user name and password from `REDIS_URL`, `REDIS_USERNAME` and `REDIS_PASSWORD`;
where none is set it connects without, as before. A host that the program computes is kept as an argument.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Site
from mooring.audit.project import Project
from mooring.audit.project.faults import lacks_credentials
from mooring.audit.rewrite import factory_rewrite
from mooring.audit.rule import Problem, Severity, rule


@rule("MR201", Severity.ERROR)
def no_credentials(site: Site, project: Project) -> Iterator[Problem]:
    """Report a site that names its endpoint and is given nothing to authenticate with."""
    if lacks_credentials(site):
        yield Problem.at(
            site,
            f"{site.constructor} gives no credentials for {site.endpoint.text}",
            "let create_redis_from_config() take them from REDIS_URL or REDIS_PASSWORD",
            factory_rewrite(site, project),
        )
