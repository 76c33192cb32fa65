"""A Redis beyond this machine and cluster is reached without TLS, so the password and all data can be read on the way.

Bad:

```python
import os
import redis

client = redis.Redis(host="cache.example.com", password=os.environ["REDIS_PASSWORD"])
```

Good:

```python
import os
import redis

client = redis.Redis(host="cache.example.com", password=os.environ["REDIS_PASSWORD"], ssl=True)
```

Fix safety: no fix; the server has to offer TLS first.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from mooring.audit.facts import Provenance, Site
from mooring.audit.project import Project
from mooring.audit.rule import Problem, Severity, rule

INSIDE = (".svc", ".local", ".internal", ".localhost")


@rule("MR204", Severity.INFO)
def plaintext_remote(site: Site, _project: Project) -> Iterator[Problem]:
    """Report a literal endpoint outside the machine and the cluster that is reached without TLS."""
    host = site.endpoint.host
    if site.setting or site.provenance is not Provenance.LITERAL or host is None or site.endpoint.scheme != "redis":
        return
    if site.endpoint.kind in ("url", "host") and _is_remote(host):
        yield Problem.at(
            site,
            f"{site.constructor} reaches {host} without TLS",
            "use rediss:// or ssl=True, if the server offers TLS",
        )


def _is_remote(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return "." in host.rstrip(".") and not host.rstrip(".").lower().endswith(INSIDE)
