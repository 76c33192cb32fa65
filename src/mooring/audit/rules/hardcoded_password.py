"""A password of Redis is written in the code, where everybody who can read the repository has it.

It cannot be changed without a release, and it stays in the history after it is removed: change it on the server too.

Bad:

```python
import redis

client = redis.Redis(host="localhost", password="example-only")
```

Good:

```python
from mooring import create_redis_from_config

client = create_redis_from_config()
```

Fix safety: unsafe. The factory takes the password from `REDIS_PASSWORD` or `REDIS_URL`; until one of them is set the
program cannot authenticate. Display-only where the literal is the fallback of a variable.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Site
from mooring.audit.project import Project
from mooring.audit.rewrite.fallback import password_rewrite
from mooring.audit.rule import Problem, Severity, rule


@rule("MR202", Severity.ERROR)
def hardcoded_password(site: Site, project: Project) -> Iterator[Problem]:
    """Report a site that is given a literal password."""
    if site.literal_password is not None:
        yield Problem.at(
            site,
            f"{site.constructor} is given a password that is written in the code (***)",
            "move it to a secret (REDIS_PASSWORD or REDIS_URL), and change it on the server",
            password_rewrite(site, project),
        )
