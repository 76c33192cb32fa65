"""A password of Redis stands in plain text in a manifest, where everybody who can read the repository has it.

It stays in the history after it is removed: change it on the server too. A default (`${REDIS_PASSWORD:-secret}`) and
the `stringData` of a Secret are a warning, because what is deployed may well be another; base64 is not looked into.

Bad:

```yaml
# k8s/orders.yaml
apiVersion: v1
kind: Pod
metadata:
  name: orders
spec:
  containers:
    - name: orders
      image: orders:1
      env:
        - name: REDIS_PASSWORD
          value: example-only
```

Good:

```yaml
# k8s/orders.yaml
apiVersion: v1
kind: Pod
metadata:
  name: orders
spec:
  containers:
    - name: orders
      image: orders:1
      env:
        - name: REDIS_PASSWORD
          valueFrom:
            secretKeyRef:
              name: redis-credentials
              key: password
```

Fix safety: unsafe. The Secret has to hold the password before the manifest is applied; Compose is given
`${REDIS_PASSWORD:?…}`, which has to be set before it starts. No fix elsewhere: for a default, a ConfigMap, values.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.project import Project
from mooring.audit.rewrite.manifest import secret_fix
from mooring.audit.rule import Problem, Severity, rule


@rule("MR604", Severity.ERROR)
def password_in_manifest(project: Project, _same: Project) -> Iterator[Problem]:
    """Report each password of Redis in plain text."""
    told = set()
    for found in project.deployed.deployment.passwords:
        if found.place in told:
            continue
        told.add(found.place)
        mild = ", as a default or in a Secret" if found.mild else ""
        yield Problem(
            found.place.path,
            found.place.span,
            f"{found.name or 'a value'} holds a password of Redis in plain text (***){mild}",
            "take it from a Secret, and change it on the server",
            secret_fix(found, project),
            severity=Severity.WARNING if found.mild else None,
        )
