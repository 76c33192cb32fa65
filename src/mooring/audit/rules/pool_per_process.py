"""Several places of one package make clients for the same Redis, so one process holds as many pools.

Each pool opens its own connections, up to its own bound; together they exceed the bound that any one of them shows.

Bad:

```python
import os
import redis

sessions = redis.from_url(os.environ["REDIS_URL"])
prices = redis.from_url(os.environ["REDIS_URL"])
queue = redis.from_url(os.environ["REDIS_URL"])
```

Good:

```python
import os
import redis

client = redis.from_url(os.environ["REDIS_URL"])
sessions = prices = queue = client
```

Fix safety: no fix of its own; sites that are rewritten to the factory share a pool.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterator

from mooring.audit.facts import Provenance, Site
from mooring.audit.project import Project
from mooring.audit.rule import Problem, Related, Severity, rule

ENOUGH = 3


@rule("MR303", Severity.INFO)
def pool_per_process(project: Project, _same: Project) -> Iterator[Problem]:
    """Report the first of three or more sites in a package that reach the same endpoint."""
    groups: dict[tuple[str, bool | None, str], list[Site]] = defaultdict(list)
    for site in project.sites:
        if site.setting or site.provenance in (Provenance.POOL, Provenance.UNKNOWN):
            continue
        if "?" not in site.endpoint.text:
            groups[posixpath.dirname(site.path), site.asynchronous, site.endpoint.text].append(site)
    for (_, _, endpoint), sites in groups.items():
        if len(sites) >= ENOUGH:
            first, *others = sites
            yield Problem(
                first.path,
                first.call.span,
                f"{len(sites)} sites in this package make clients for {endpoint}, so as many pools",
                "make one client and share it, or let create_redis_from_config() do so",
                related=tuple(Related(s.path, s.call.span, "another client is made here") for s in others),
            )
