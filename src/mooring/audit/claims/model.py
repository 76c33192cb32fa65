"""A file of claims: TOML that says what somebody reports about a tree, in words and in a form that can be checked.

```toml
tree = "fleet"                      # what the claims are about, relative to this file; a PATH on the command line wins

[[claim]]
text = "all 4 MCP servers hard-code localhost:6379"     # the claim in words
rules = ["MR101", "MR102"]          # there are findings of these rules …
family = "endpoint"                 # … or of all rules of a family
endpoint = "localhost:6379"         # only those at sites that connect there; without rules: there are such sites
count = 4                           # so many, 0 for none; without it any number will do
unit = "services"                   # what is counted: findings (the default with rules), sites, files or services
all = true                          # and none of the services (files, sites) looked at is without
quotes = ["redis.Redis(host='localhost'"]               # this stands in code, whatever its line breaks and blanks
libraries = ["aioredis", "redis.asyncio", "redis"]      # clients are made with exactly these
credentials = false                 # no site is given credentials (true: every site is)

paths = ["servers/*/server.py"]     # look only here: git's patterns, relative to the tree
services = ["orders", "mcp-*"]      # only at these services, by name or path
kind = "mcp"                        # only at services of this kind: mcp or python
```

A claim needs `text` and one thing to check; of several, each is checked. Each of `paths` and `services` must be hit,
unless `count` is 0. `count` alone, with `unit`, counts all there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mooring.audit.claims.address import Address

__all__ = ["LIBRARIES", "Claim", "Claims", "Unit"]

# What clients are made with, the flavour of the same package that is named longer first.
LIBRARIES = ("redis.asyncio", "redis", "valkey.asyncio", "valkey", "aioredis", "coredis", "glide")


class Unit(StrEnum):
    """What a claim counts."""

    FINDINGS = "findings"
    SITES = "sites"
    FILES = "files"
    SERVICES = "services"


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim; `rules` holds those of its family too, and `every` is what the file calls `all`."""

    number: int
    text: str
    rules: tuple[str, ...] = ()
    endpoint: Address | None = None
    count: int | None = None
    unit: Unit = Unit.FINDINGS
    every: bool = False
    quotes: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    credentials: bool | None = None
    paths: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    kind: str | None = None

    @property
    def counts(self) -> bool:
        """Whether it says that there are things of a kind."""
        return bool(self.rules) or self.endpoint is not None or self.count is not None


@dataclass(frozen=True, slots=True)
class Claims:
    """What a file claims; `tree` is the tree that it names, if it does."""

    tree: Path | None
    claims: tuple[Claim, ...]
