"""TLS is on, but the server's certificate or name is not checked, so anybody between can read and change everything.

An attacker who answers in the server's place is handed the password in the first command.

Bad:

```python
import os
import redis

client = redis.Redis.from_url(os.environ["REDIS_URL"], ssl_cert_reqs="none")
```

Good:

```python
import os
import redis

client = redis.Redis.from_url(os.environ["REDIS_URL"])
```

A server with a certificate of your own authority needs that named: `ssl_ca_certs=os.environ["REDIS_CA"]`.

Fix safety: unsafe. The options leave the call (`ssl_check_hostname` becomes true where redis-py below 6, whose default
is false, may be installed); a server whose certificate no known authority signed is refused from then on. Display-only
where the options stand in a URL.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Site
from mooring.audit.project import Project
from mooring.audit.project.meanings import Known
from mooring.audit.rewrite.options import UNVERIFIED, verification_rewrite
from mooring.audit.rule import Problem, Severity, rule


@rule("MR203", Severity.ERROR)
def unverified_tls(site: Site, project: Project) -> Iterator[Problem]:
    """Report a site that turns off the check of the certificate or of the host name."""
    arguments = project.arguments(site)
    checks = arguments.meanings("ssl_cert_reqs", none=True)
    host_name = arguments.meanings("ssl_check_hostname")
    in_url = ("ssl_cert_reqs", "none") in site.endpoint.options or ("ssl_check_hostname", "false") in (
        (name, value.lower()) for name, value in site.endpoint.options
    )
    if any(check in UNVERIFIED for check in checks) or Known(False) in host_name or in_url:
        yield Problem.at(
            site,
            f"{site.constructor} does not verify the server's certificate",
            "leave ssl_cert_reqs and ssl_check_hostname on, and name your authority with ssl_ca_certs",
            verification_rewrite(site, project),
        )
