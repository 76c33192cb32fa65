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

A server with a certificate of your own authority needs that named: `ssl_ca_certs=os.environ["REDIS_CA"]`. A call of
`create_redis_from_config()` that is given such options is reported too.

Fix safety: unsafe. The options leave the call (`ssl_check_hostname` becomes true where redis-py below 6, whose default
is false, may be installed); a server whose certificate no known authority signed is refused from then on. Display-only
where the options stand in a URL.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Site
from mooring.audit.project import Project
from mooring.audit.rewrite.verifying import factory_verification, is_unverified, verification_rewrite
from mooring.audit.rule import Problem, Severity, rule

REMEDY = "leave ssl_cert_reqs and ssl_check_hostname on, and name your authority with ssl_ca_certs"
OFF = {("ssl_cert_reqs", "none"), ("ssl_check_hostname", "false")}


@rule("MR203", Severity.ERROR)
def unverified_tls(project: Project, _same: Project) -> Iterator[Problem]:
    """Report a site, or a call of the factory, that turns off the check of the certificate or of the host name."""
    for site in project.sites:
        if is_unverified(project.arguments(site)) or _in_url(site):
            message = f"{site.constructor} does not verify the server's certificate"
            yield Problem.at(site, message, REMEDY, verification_rewrite(site, project))
    for found in project.factory_calls:
        if is_unverified(found.arguments):
            message = f"{found.name} is told not to verify the server's certificate"
            fix = factory_verification(found, project)
            yield Problem(found.module.path, found.call.span, message, REMEDY, fix)


def _in_url(site: Site) -> bool:
    return any((name, value.lower()) in OFF for name, value in site.endpoint.options)
