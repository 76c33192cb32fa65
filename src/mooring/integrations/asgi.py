"""Health endpoints for any ASGI application, as an application of their own or around another.

```python
app.mount("/health", HealthEndpoints())          # Starlette, FastAPI: /health/readyz
app.add_middleware(HealthEndpoints)              # the same at /readyz, all other paths are the application's
application = HealthEndpoints(django_application)  # around any other
```

What they answer is told in `mooring.integrations.answers`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from mooring.config.variables import DEFAULT_NAME
from mooring.integrations import answers
from mooring.integrations.answers import GRACE, Answer
from mooring.runtime.manager import RedisConnectionManager
from mooring.runtime.observing.monitor import INTERVAL, TIMEOUT, AsyncMonitor
from mooring.runtime.observing.observation import observe

__all__ = ["HealthEndpoints"]

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_Application = Callable[[_Message, _Receive, _Send], Awaitable[None]]


class HealthEndpoints:
    """`/livez`, `/readyz` and `/metrics`; any other path goes to `app`, or is not found where there is none.

    `/readyz` looks after the Redis connections called `names`, in the background from its first request on: every
    `interval` seconds, for `timeout` seconds at most. It is ready while all of them are, or were within `grace`
    seconds. `overrides` are those of the clients, such as `url`. With `metrics`, what the runtime does is observed for
    Prometheus, if prometheus_client is installed.
    """

    def __init__(
        self,
        app: _Application | None = None,
        /,
        *,
        names: Sequence[str] = (DEFAULT_NAME,),
        manager: RedisConnectionManager | None = None,
        grace: float = GRACE,
        interval: float = INTERVAL,
        timeout: float = TIMEOUT,
        metrics: bool = True,
        **overrides: Any,
    ) -> None:
        self._app = app
        self._names = tuple(names)
        self._manager = manager
        self._grace = grace
        self._terms = {"interval": interval, "timeout": timeout, **overrides}
        self._metrics = metrics
        if metrics and answers.metrics_available():
            observe("prometheus")

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """Serve one connection, as ASGI has it."""
        path = _path(scope) if scope["type"] == "http" else None
        served = path in answers.PATHS and (self._metrics or path != "/metrics")
        if self._app is not None and not served:
            await self._app(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await _respond(await self._answer(scope["method"], path if served else None), scope["method"], send)

    async def _answer(self, method: str, path: str | None) -> Answer:
        if path is None:
            return answers.not_found()
        if method not in {"GET", "HEAD"}:
            return answers.wrong_method()
        if path == "/livez":
            return answers.alive()
        if path == "/metrics":
            return answers.metrics()
        healths = await asyncio.gather(*(monitor.start().current() for monitor in self._monitors()))
        return answers.ready(healths, time.time(), self._grace)

    def _monitors(self) -> list[AsyncMonitor]:
        # Asked anew each time: the manager of the process may have been closed and come again.
        manager = self._manager or RedisConnectionManager.instance()
        return [manager.async_monitor(name, **self._terms) for name in self._names]

    async def _live(self, receive: _Receive, send: _Send) -> None:
        """Begin to look when the server starts, end when it stops: for an application that is served by itself."""
        while True:
            event = (await receive())["type"]
            for monitor in self._monitors():
                if event == "lifespan.startup":
                    monitor.start()
                else:
                    await monitor.astop()
            await send({"type": f"{event}.complete"})
            if event == "lifespan.shutdown":
                return


def _path(scope: _Message) -> str:
    """Return the path below where the application is mounted: frameworks give the whole, and the prefix beside it."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", "")) or "/"


async def _respond(answer: Answer, method: str, send: _Send) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in answer.headers.items()]
    await send({"type": "http.response.start", "status": int(answer.status), "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else answer.body})
