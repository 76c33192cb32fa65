"""The address of Redis comes from outside, but a literal takes its place in silence when it is missing.

A variable that is misspelt or forgotten in a manifest is not noticed when the service starts: it connects to the
fallback, which in a cluster is nothing, or somebody else's Redis.

Bad:

```python
import os
import redis

client = redis.from_url(os.getenv("REDIS_URL", "redis://localhost:6379/0"))
```

Good:

```python
import os
from mooring import create_redis_from_config

client = create_redis_from_config(default_url=os.getenv("REDIS_URL", "redis://localhost:6379/0"))
```

Fix safety: safe where the variable is `REDIS_URL`, which the factory reads itself: the literal is what it uses last.
Display-only for a variable of another name, because which of the two addresses is meant where it is not set is for a
person to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Site
from mooring.audit.project import Project
from mooring.audit.project.faults import falls_back
from mooring.audit.rewrite.fallback import fallback_rewrite
from mooring.audit.rule import Problem, Severity, rule


@rule("MR102", Severity.WARNING)
def literal_fallback(site: Site, project: Project) -> Iterator[Problem]:
    """Report a site whose endpoint has a literal fallback."""
    if falls_back(site):
        yield Problem.at(
            site,
            f"{site.constructor} falls back to a literal endpoint ({site.endpoint.text})",
            "let a missing setting fail at the start, or use create_redis_from_config(), which knows where it runs",
            fallback_rewrite(site, project),
        )
