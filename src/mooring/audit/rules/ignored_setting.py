"""A manifest sets the address of Redis in a variable that the program never reads: it connects to a literal.

Whoever changes the manifest believes to have moved the service, and nothing happens; where the literal is `localhost`
there is no Redis at all in the container.

Bad:

```yaml
# k8s/orders.yaml
apiVersion: v1
kind: Pod
metadata: {name: orders}
spec:
  containers:
    - name: orders
      image: orders:1
      env:
        - name: REDIS_URL
          value: redis://cache.internal.example.com:6379/0
```

```python
# orders/server.py
import redis

client = redis.Redis(host="localhost", port=6379)
```

Good:

```yaml
# k8s/orders.yaml
apiVersion: v1
kind: Pod
metadata: {name: orders}
spec:
  containers:
    - name: orders
      image: orders:1
      env:
        - name: REDIS_URL
          value: redis://cache.internal.example.com:6379/0
```

```python
# orders/server.py
from mooring import create_redis_from_config

client = create_redis_from_config()
```

Fix safety: no fix of its own; the fix of MR101 makes the program read `REDIS_URL`.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import EnvVar, Place, Provenance, Site
from mooring.audit.manifests.addresses import is_address, shown
from mooring.audit.project import Project
from mooring.audit.project.links import Link
from mooring.audit.rule import Problem, Related, Severity, rule

FIXED = (Provenance.DEFAULT, Provenance.LITERAL)
SHOWN = 5


@rule("MR601", Severity.ERROR)
def ignored_setting(project: Project, _same: Project) -> Iterator[Problem]:
    """Report each address of Redis that is set for a workload whose code connects to a literal and never reads it."""
    told: set[Place] = set()
    for link in project.deployed.links:
        variables = [v for v in link.workload.environment if (v.value or v.source) and is_address(v.name, v.value)]
        sites = [site for site in project.deployed.sites(link) if site.provenance in FIXED] if variables else []
        for variable in variables if sites else ():
            place = variable.at or Place(variable.path, variable.span)
            if place not in told and not project.deployed.reads(link, variable.name):
                told.add(place)
                yield _problem(place, variable, link, sites)


def _problem(place: Place, variable: EnvVar, link: Link, sites: list[Site]) -> Problem:
    value = shown(variable.value) if variable.value else f"what {variable.source} holds"
    first = sites[0]
    return Problem(
        place.path,
        place.span,
        f"{variable.name} is {value} for {link.workload.name}, whose code never reads it and connects to "
        f"{first.endpoint.text} ({link.evidence})",
        "let the code read it: create_redis_from_config()",
        related=tuple(
            Related(site.path, site.call.span, f"connects to {site.endpoint.text}") for site in sites[:SHOWN]
        ),
        confidence=link.confidence,
    )
