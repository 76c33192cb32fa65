"""The way to Redis, for a task and for a thread: few operations, each bounded, each of which may fail harmlessly.

Whatever goes wrong becomes `Away`, by which the cache and the governor know that they have to do without.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import redis
import redis.asyncio
from redis.exceptions import NoScriptError, RedisError

from mooring.cache import events
from mooring.cache.bound import Bound
from mooring.cache.clock import ServerClock
from mooring.cache.scripts import VERSIONS, Script
from mooring.cache.tags import new_version
from mooring.cache.watch import AsyncClient, SyncWatch, Watch

__all__ = ["AsyncClient", "AsyncStore", "Away", "Client", "Store"]

Client: TypeAlias = redis.Redis | redis.RedisCluster

_TAG_LIFETIME = 86_400_000
"""Milliseconds that a tag's version is kept at least; longer where an entry lives longer."""


class Away(Exception):
    """Redis did not do what it was asked for."""


class _Surroundings:
    """What both ways share: whether to ask at all, and what an error means."""

    def __init__(self, service: str, client: AsyncClient | Client, cluster: bool, watch: SyncWatch) -> None:
        if client.get_encoder().decode_responses:
            raise ValueError("a cache stores bytes: give it a client that is made without decode_responses")
        self.service = service
        self.clock = ServerClock()
        self._watch = watch
        self._cluster = cluster

    def groups(self, names: Sequence[bytes]) -> list[list[int]]:
        """Divide names, given by their places, so that one script may touch each group."""
        places = list(range(len(names)))
        return [[place] for place in places] if self._cluster else [places]

    def begin(self, name: bytes) -> None:
        """Raise Away if it is not worth asking for what lies under a name."""
        if not self._watch.ask(name):
            self._tell("spared")
            raise Away

    def failed(self, error: Exception) -> Away:
        """Remember what went wrong."""
        self._watch.failed(error)
        self._tell(type(error).__name__)
        return Away()

    def answered(self) -> None:
        """Remember that nothing went wrong."""
        self._watch.answered()

    def _tell(self, outcome: str) -> None:
        if events.active:
            events.tell("failed open", self.service, outcome)


def _version_arguments(count: int, lifetime: float) -> list[bytes | int]:
    return [max(_TAG_LIFETIME, round(lifetime * 1000)), *(new_version() for _ in range(count))]


class AsyncStore(_Surroundings):
    """For tasks. `timeout` bounds each operation, in seconds."""

    def __init__(self, service: str, client: AsyncClient, timeout: float, watch: Watch) -> None:
        super().__init__(service, client, isinstance(client, redis.asyncio.RedisCluster), watch)
        self._client: Any = client
        self._get: Any = getattr(client, "mget_nonatomic" if self._cluster else "mget")
        self._timeout = timeout

    async def read(self, names: Sequence[bytes]) -> list[bytes | None]:
        """Get what lies under the names."""
        self.begin(names[0])
        try:
            async with Bound(self._timeout):
                found: list[bytes | None] = await self._get(names)
        except (RedisError, OSError) as error:
            raise self.failed(error) from error
        self.answered()
        return found

    async def run(self, script: Script, names: Sequence[bytes], arguments: Iterable[Any]) -> Any:
        """Run a script on names of one slot."""
        self.begin(names[0])
        given = (len(names), *names, *arguments)
        try:
            async with Bound(self._timeout):
                try:
                    answer = await self._client.evalsha(script.sha, *given)
                except NoScriptError:
                    answer = await self._client.eval(script.text, *given)
        except (RedisError, OSError) as error:
            raise self.failed(error) from error
        self.answered()
        return answer

    async def versions(self, tags: Sequence[bytes], lifetime: float = 0.0) -> list[bytes]:
        """Get the versions of tags, giving one to those that have none, and keep them for `lifetime` seconds."""
        answer: list[bytes] = [b""] * len(tags)
        groups = self.groups(tags)
        told = await asyncio.gather(
            *(
                self.run(VERSIONS, [tags[i] for i in group], _version_arguments(len(group), lifetime))
                for group in groups
            )
        )
        for group, (now, *versions) in zip(groups, told, strict=True):
            self.clock.learn(now)
            for place, version in zip(group, versions, strict=True):
                answer[place] = version
        return answer

    async def write(self, values: Mapping[bytes, bytes]) -> None:
        """Give tags these versions."""
        self.begin(next(iter(values)))
        try:
            async with Bound(self._timeout):
                pipeline = self._client.pipeline(transaction=False)
                for name, value in values.items():
                    pipeline.set(name, value, px=_TAG_LIFETIME)
                await pipeline.execute()
        except (RedisError, OSError) as error:
            raise self.failed(error) from error
        self.answered()


class Store(_Surroundings):
    """For threads. How long an operation may take is the client's matter: give it a `socket_timeout`."""

    def __init__(self, service: str, client: Client) -> None:
        super().__init__(service, client, isinstance(client, redis.RedisCluster), SyncWatch())
        self._client: Any = client
        self._get: Any = getattr(client, "mget_nonatomic" if self._cluster else "mget")

    def read(self, names: Sequence[bytes]) -> list[bytes | None]:
        """Get what lies under the names."""
        self.begin(names[0])
        try:
            found: list[bytes | None] = self._get(names)
        except (RedisError, OSError) as error:
            raise self.failed(error) from error
        self.answered()
        return found

    def run(self, script: Script, names: Sequence[bytes], arguments: Iterable[Any]) -> Any:
        """Run a script on names of one slot."""
        self.begin(names[0])
        given = (len(names), *names, *arguments)
        try:
            try:
                answer = self._client.evalsha(script.sha, *given)
            except NoScriptError:
                answer = self._client.eval(script.text, *given)
        except (RedisError, OSError) as error:
            raise self.failed(error) from error
        self.answered()
        return answer

    def versions(self, tags: Sequence[bytes], lifetime: float = 0.0) -> list[bytes]:
        """Get the versions of tags, giving one to those that have none, and keep them for `lifetime` seconds."""
        answer: list[bytes] = [b""] * len(tags)
        for group in self.groups(tags):
            given = _version_arguments(len(group), lifetime)
            now, *versions = self.run(VERSIONS, [tags[i] for i in group], given)
            self.clock.learn(now)
            for place, version in zip(group, versions, strict=True):
                answer[place] = version
        return answer

    def write(self, values: Mapping[bytes, bytes]) -> None:
        """Give tags these versions."""
        self.begin(next(iter(values)))
        try:
            with self._client.pipeline(transaction=False) as pipeline:
                for name, value in values.items():
                    pipeline.set(name, value, px=_TAG_LIFETIME)
                pipeline.execute()
        except (RedisError, OSError) as error:
            raise self.failed(error) from error
        self.answered()
