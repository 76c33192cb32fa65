"""The asyncio client is imported, but the module never waits for a command of it.

Somebody meant to make the module asynchronous and did not: what runs is a synchronous client, or nothing.

Bad:

```python
import os
import redis
import redis.asyncio as aioredis

client = redis.from_url(os.environ["REDIS_URL"])
```

Good:

```python
import os
import redis

client = redis.from_url(os.environ["REDIS_URL"])
```

Fix safety: unsafe, because what somebody meant to do with the import is not known. It goes where nothing uses it, and
becomes one of the synchronous client where the clients that it makes are used synchronously; where coroutines use a
synchronous client that can become an asyncio one, the fix is that of MR402.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.audit.facts import Attribute, Command, Import, Module, Name, Site, Use, Value
from mooring.audit.project import Project
from mooring.audit.rewrite.awaiting import is_lost
from mooring.audit.rewrite.imports import async_import_rewrite
from mooring.audit.rule import Problem, Severity, rule

HANDED_OUT = frozenset({Use.RETURNED, Use.YIELDED, Use.PASSED})


@rule("MR405", Severity.WARNING)
def unused_async_import(module: Module, project: Project) -> Iterator[Problem]:
    """Report an import of the asyncio client that serves no awaited command."""
    if module.path.endswith("__init__.py") or "__all__" in module.scopes[0].bindings:
        return
    for found in module.imports:
        name = _bound_name(found)
        if name is None or found.guarded or found.type_checking:
            continue
        reads = sum(scope.reads.get(name, 0) for scope in module.scopes)
        sites = [site for site in project.sites if site.module is module and _root(site.call.func) == name]
        if reads == len(sites) and not any(_is_awaited(site, project) for site in sites):
            yield Problem(
                module.path,
                found.span,
                f"{name}, the asyncio client, is imported, and no command of it is awaited in this module",
                "drop the import, or make the client with it and await its commands",
                async_import_rewrite(module, found, sites, project),
            )


def _bound_name(found: Import) -> str | None:
    """The name that an import of the asyncio client binds for itself."""
    if found.level:
        return None
    if found.module == "redis" and found.name == "asyncio":
        return found.asname or "asyncio"
    if found.module != "redis.asyncio" or found.name == "*":
        return None
    # Plain `import redis.asyncio` binds `redis`, which serves the synchronous client too.
    return found.asname or found.name


def _root(value: Value) -> str | None:
    while isinstance(value, Attribute):
        value = value.base
    return value.id if isinstance(value, Name) else None


def _is_awaited(site: Site, project: Project) -> bool:
    """Whether a command of the client is awaited, or the client is handed to somebody who may."""
    if site.call.use in HANDED_OUT or (site.call.use is Use.STORED and not _is_followed(site)):
        return True
    names = (site.module.scopes[site.call.scope].uses.get(name, frozenset()) for name in site.call.targets)
    if any(uses & HANDED_OUT for uses in names):
        return True
    return any(_has_waiter(command) for command in project.commands if command.site is site)


def _is_followed(site: Site) -> bool:
    """Whether a client that is kept is kept in an attribute: what is done with those in a container is not known."""
    attributes = (given for scope in site.module.scopes for given in scope.attributes.values())
    return bool(site.call.targets) or any(binding.value is site.call for given in attributes for binding in given)


def _has_waiter(command: Command) -> bool:
    """Whether a command is awaited, here or by what it is passed to: `gather`, `create_task`."""
    return command.call.awaited or (command.call.use is Use.PASSED and not is_lost(command))
