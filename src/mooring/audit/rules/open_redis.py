"""A Redis server is started without a password, so everybody who reaches its port reads and writes all of it.

In a cluster that is every pod of every team. Redis itself refuses outside connections in this state (protected mode),
but its container images turn that off.

Bad:

```yaml
# compose.yaml
services:
  redis:
    image: redis:7.4-alpine
    command: ["redis-server", "--appendonly", "yes"]
```

Good:

```yaml
# compose.yaml
services:
  redis:
    image: redis:7.4-alpine
    command: ["redis-server", "--appendonly", "yes", "--requirepass", "${REDIS_PASSWORD:?set REDIS_PASSWORD}"]
```

Fix safety: no fix. Every client has to be given the password at the same time, or it is locked out.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.project import Project
from mooring.audit.rule import Problem, Severity, rule


@rule("MR603", Severity.ERROR)
def open_redis(project: Project, _same: Project) -> Iterator[Problem]:
    """Report each Redis server with neither `requirepass` nor an ACL file nor a variable that gives it a password.

    One whose configuration is not in the tree is left alone.
    """
    told = set()
    for server in project.deployed.deployment.servers:
        place = server.image.place
        if server.closed is False and place not in told:
            told.add(place)
            yield Problem(
                place.path,
                place.span,
                f"{server.name} runs a Redis that asks nobody for a password",
                "give it --requirepass from a Secret, and its clients the same password",
            )
