"""The address of Redis is written in the code, so the program reaches it on one machine only.

A literal `localhost`, or no address at all, works on a laptop and is refused in a container, where Redis is another
host; a literal cluster name works there and nowhere else. Whatever `REDIS_URL` says is ignored.

Bad:

```python
import redis

client = redis.Redis(host="localhost", port=6379, decode_responses=True)
```

Good:

```python
from mooring import create_redis_from_config

client = create_redis_from_config(decode_responses=True)
```

Fix safety: safe where the address is the local default, which is what the factory uses when nothing is configured, and
where another address is known in full (it is kept as `default_url`). Unsafe where a literal password would be dropped.

A `Sentinel(...)` goes with each `master_for(...)` on it, which becomes a call of the factory: that asks the Sentinels
for the master whenever it connects, as redis-py does. Safe, too; unsafe where the Sentinels have timeouts of their own;
display-only where more than its masters is asked for. The client of a `RedisCluster` is unsafe: where a variable names
one server instead, it is a client of that.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Provenance, Site
from mooring.audit.project import Project
from mooring.audit.project.faults import is_hardcoded
from mooring.audit.rewrite import factory_rewrite
from mooring.audit.rule import Problem, Severity, rule, steps_to


@rule("MR101", Severity.ERROR)
def hardcoded_endpoint(site: Site, project: Project) -> Iterator[Problem]:
    """Report a site whose endpoint is a literal or the library's own default."""
    if not is_hardcoded(site):
        return
    verb = "is set to" if site.setting else "connects to"
    written = "the default" if site.provenance is Provenance.DEFAULT else "a literal"
    yield Problem.at(
        site,
        f"{site.constructor} {verb} {site.endpoint.text}, {written}",
        "read the address from the environment: create_redis_from_config()",
        None if site.setting else factory_rewrite(site, project),
        steps_to(site, project),
    )
