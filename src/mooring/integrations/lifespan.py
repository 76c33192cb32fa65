"""Redis for as long as a FastAPI or Starlette application runs: opened, warmed up, and closed in the end.

```python
app = FastAPI(lifespan=redis_lifespan())                  # request.state.redis is the client
app = FastAPI(lifespan=redis_lifespan("default", "cache"))  # and request.state.cache_redis another
app = FastAPI(lifespan=redis_lifespan(inner=my_lifespan))   # around a lifespan of one's own
```
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

import redis.asyncio
from redis.exceptions import RedisError

from mooring.config.variables import DEFAULT_NAME
from mooring.runtime.manager import RedisConnectionManager
from mooring.runtime.observing.health import told
from mooring.runtime.observing.monitor import TIMEOUT

__all__ = ["redis_lifespan"]

_Application = TypeVar("_Application")
_Lifespan = Callable[[_Application], AbstractAsyncContextManager[Mapping[str, Any] | None]]

_log = logging.getLogger("mooring")


def redis_lifespan(
    *names: str,
    inner: _Lifespan[Any] | None = None,
    required: bool = False,
    timeout: float = 5 * TIMEOUT,
    **overrides: Any,
) -> Callable[[Any], AbstractAsyncContextManager[dict[str, Any]]]:
    """Return a lifespan that opens the connections called `names` ("default" if none is named) and closes them all.

    Each is warmed up by a PING, all within `timeout` seconds. Without an answer the application starts nevertheless,
    and `/readyz` says why it is not ready; with `required` it does not start. Clients are in the state: `redis`, and
    `NAME_redis` for other names. `overrides` are those of the clients.
    """
    chosen = names or (DEFAULT_NAME,)

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
        async with AsyncExitStack() as open_:
            manager = RedisConnectionManager.instance()
            open_.push_async_callback(manager.aclose)
            clients = {name: manager.async_client(name, **overrides) for name in chosen}
            await _warm_up(clients, timeout, required=required)
            state: dict[str, Any] = {_key(name): client for name, client in clients.items()}
            if inner is not None:
                told_by_inner: Mapping[str, Any] | None = await open_.enter_async_context(inner(app))
                state.update(told_by_inner or {})
            yield state

    return lifespan


async def _warm_up(clients: Mapping[str, redis.asyncio.Redis], seconds: float, *, required: bool) -> None:
    async def greet(name: str, client: redis.asyncio.Redis) -> None:
        try:
            async with asyncio.timeout(seconds):
                await client.ping()
        except (RedisError, OSError) as error:
            if required:
                raise
            _log.warning("Redis %s does not answer at the start: %s", name, told(error))

    await asyncio.gather(*(greet(name, client) for name, client in clients.items()))


def _key(name: str) -> str:
    return "redis" if name == DEFAULT_NAME else f"{name.replace('-', '_')}_redis"
