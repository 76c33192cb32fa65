"""Two variables of one workload, or a variable and the fallback in its code, name different Redis hosts.

Part of the program works on one Redis and part on the other, or which of them it is depends on the variable that
happens to be read first. A fallback to this machine (`localhost`) is for development, and no conflict.

Bad:

```yaml
# compose.yaml
services:
  orders:
    image: orders:1
    environment:
      REDIS_URL: redis://cache:6379/0
      REDIS_HOST: old-cache
  cache: {image: "cache:1"}
  old-cache: {image: "cache:1"}
```

Good:

```yaml
# compose.yaml
services:
  orders:
    image: orders:1
    environment:
      REDIS_URL: redis://cache:6379/0
      REDIS_HOST: cache
  cache: {image: "cache:1"}
  old-cache: {image: "cache:1"}
```

Fix safety: display-only. Which of the two is right is for a person to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.edits import Safety
from mooring.audit.facts import Place
from mooring.audit.project import Project
from mooring.audit.project.conflicts import Conflict, conflicts
from mooring.audit.rewrite.manifest import host_fix
from mooring.audit.rule import Problem, Related, Severity, rule


@rule("MR605", Severity.WARNING)
def address_conflict(project: Project, _same: Project) -> Iterator[Problem]:
    """Report each variable whose host differs from another of the same workload, or from its code's fallback."""
    told: set[Place] = set()
    for found in conflicts(project.deployed):
        if found.place not in told:
            told.add(found.place)
            yield _problem(found, project)


def _problem(found: Conflict, project: Project) -> Problem:
    return Problem(
        found.place.path,
        found.place.span,
        f"{found.name} of {found.workload} names {found.host}, but {found.other} names {found.other_host}",
        "name one Redis in both",
        host_fix(found.place, found.host, found.other_host, project, Safety.DISPLAY),
        related=(Related(found.other_place.path, found.other_place.span, f"{found.other_host} is named here"),),
    )
