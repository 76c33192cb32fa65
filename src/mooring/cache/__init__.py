"""Ask upstream once: a cache of answers, and one rate budget, for all replicas of a service, in Redis.

>>> from mooring.embedded import EmbeddedRedis
>>> from mooring.cache import Policy, SyncResponseCache
>>> with EmbeddedRedis() as server, server.client() as client, SyncResponseCache(client, "github") as cache:
...     def load(validators):
...         print("asked")
...         return {"stars": 42}
...
...     def stars():
...         return cache.get_or_load(("repo", "o/r"), load, account="7", tags=["repo:o/r"], policy=Policy(ttl=300))
...
...     first, second = stars(), stars()
...     (first.value, str(first.state), str(second.state))
...     cache.invalidate("repo:o/r")
...     str(stars().state)
asked
({'stars': 42}, 'miss', 'hit')
True
asked
'miss'

`ResponseCache` and `Governor` are for tasks, `SyncResponseCache` and `SyncGovernor` for threads. What a service has to
know: every answer belongs to an account (`account=None` keeps nothing); a read declares the `tags` that it shows, and a
write calls `invalidate` with those that it touched, before it returns; values are what JSON can say, and bytes.

It comes with the extra `cache`: `pip install 'mooring[cache]'`.
"""

from __future__ import annotations

from mooring.errors import MissingExtra

try:
    import msgspec as _msgspec  # noqa: F401 - looked for here, so that its absence has a remedy
    import zstandard as _zstandard  # noqa: F401
except ImportError as error:
    raise MissingExtra(f"{error.name}, in which the cache writes its entries,", "cache") from error

from mooring.cache.budget import BudgetExhausted, Permit
from mooring.cache.events import Event, Tally
from mooring.cache.governor import Governor, SyncGovernor
from mooring.cache.policy import Policy
from mooring.cache.priority import Priority, background
from mooring.cache.response_cache import ResponseCache
from mooring.cache.result import AsyncLoader, Cached, Key, Loaded, Loader, NotModified, State, Validators
from mooring.cache.sync_response_cache import SyncResponseCache
from mooring.cache.warmup import Warmed, Wish, warm
from mooring.cache.watch import Watch
from mooring.cache.windows import Budget, Window

__all__ = [
    "AsyncLoader",
    "Budget",
    "BudgetExhausted",
    "Cached",
    "Event",
    "Governor",
    "Key",
    "Loaded",
    "Loader",
    "NotModified",
    "Permit",
    "Policy",
    "Priority",
    "ResponseCache",
    "State",
    "SyncGovernor",
    "SyncResponseCache",
    "Tally",
    "Validators",
    "Warmed",
    "Watch",
    "Window",
    "Wish",
    "background",
    "warm",
]
