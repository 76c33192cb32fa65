"""The host of a Redis is the name of no Service that the tree defines, so it is never found.

A Service that was renamed, lies in another namespace or gets a prefix from Kustomize is not reached under its old name:
the look-up fails (`Name or service not known`), and the program runs without its Redis, or not at all.

Bad:

```yaml
# k8s/orders.yaml
apiVersion: v1
kind: Service
metadata: {name: redis}
---
apiVersion: v1
kind: Pod
metadata: {name: orders}
spec:
  containers:
    - name: orders
      image: orders:1
      env:
        - name: REDIS_URL
          value: redis://redis-master:6379/0
```

Good:

```yaml
# k8s/orders.yaml
apiVersion: v1
kind: Service
metadata: {name: redis}
---
apiVersion: v1
kind: Pod
metadata: {name: orders}
spec:
  containers:
    - name: orders
      image: orders:1
      env:
        - name: REDIS_URL
          value: redis://redis:6379/0
```

Fix safety: no fix. Which Service is meant, or whether one is missing, is for a person to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import HostName, Place
from mooring.audit.project import Project
from mooring.audit.project.hostnames import inside, literal_hosts
from mooring.audit.rule import Problem, Related, Severity, rule

REMEDY = "name a Service that exists, or define this one"
SHOWN = 3


@rule("MR602", Severity.ERROR)
def unknown_service(project: Project, _same: Project) -> Iterator[Problem]:
    """Report each host of a manifest or a site that nothing in the tree answers to."""
    names = project.deployed.names
    told: set[Place] = set()
    for host, namespace, place in _named(project) if names else ():
        meant = inside(host)
        if meant and place not in told and not names.answer(meant[0], meant[1] or namespace, place.path):
            told.add(place)
            related = tuple(Related(*near.place, _defined(near)) for near in names.near(meant[0])[:SHOWN])
            yield Problem(*place, f"nothing in this tree answers to {host}", REMEDY, related=related)


def _named(project: Project) -> Iterator[tuple[str, str | None, Place]]:
    """Every host of a Redis that a manifest or the code names, with the namespace that it is named in."""
    for address in project.deployed.deployment.addresses:
        yield address.host, address.namespace, address.place
    for site in project.sites:
        for host in literal_hosts(site.endpoint):
            yield host, None, Place(site.path, site.call.span)


def _defined(name: HostName) -> str:
    where = f" in the namespace {name.namespace}" if name.namespace else ""
    return f"{name.pattern} is defined here{where}"
