"""A master, its replicas and the three sentinels that watch over them."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import redis

from mooring.embedded.configuration import quoted
from mooring.embedded.deadline import comes_true
from mooring.embedded.port import HOST
from mooring.embedded.server import EmbeddedRedis
from mooring.errors import EmbeddedRedisError

__all__ = ["SentinelTrio"]

_SENTINELS = 3
_QUORUM = 2


class _Sentinel(EmbeddedRedis):
    """A redis-server that runs as a sentinel."""

    _arguments: ClassVar[tuple[str, ...]] = ("--sentinel",)


class SentinelTrio:
    """Three sentinels over a master with `replicas` replicas (default 1), ready when all see each other.

    The master goes by `service_name`. With `password` the master and its replicas ask for it; the sentinels do not.
    A master that does not answer for `down_after` seconds (default 1) counts as down. `server` is the redis-server to
    run, `timeout` the seconds that getting ready, and later a failover, may take (default 30).

    Raises EmbeddedRedisError from `start` if the trio does not get ready; nothing of it is left running then.
    """

    def __init__(
        self,
        *,
        replicas: int = 1,
        service_name: str = "mymaster",
        password: str | None = None,
        down_after: float = 1.0,
        server: Path | None = None,
        timeout: float = 30.0,
    ) -> None:
        self._replicas = replicas
        self._service_name = service_name
        self._password = password
        self._down_after = down_after
        self._server = server
        self._timeout = timeout
        self._running = ExitStack()
        self._data_nodes: list[EmbeddedRedis] = []
        self._sentinel_nodes: list[EmbeddedRedis] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def service_name(self) -> str:
        """The name that the sentinels know the master by."""
        return self._service_name

    @property
    def password(self) -> str | None:
        """The password of master and replicas, or None."""
        return self._password

    @property
    def sentinels(self) -> list[tuple[str, int]]:
        """Host and port of each sentinel, as redis-py's `Sentinel` takes them."""
        return [(node.host, node.port) for node in self._sentinel_nodes]

    @property
    def sentinel_nodes(self) -> list[EmbeddedRedis]:
        """The sentinels themselves, to be killed or paused."""
        return list(self._sentinel_nodes)

    @property
    def master(self) -> EmbeddedRedis:
        """The master of this moment, as the sentinels tell it; raises EmbeddedRedisError if none answers."""
        for sentinel in self._sentinel_nodes:
            port = self._master_port(sentinel)
            for node in self._data_nodes:
                if node.port == port:
                    return node
        raise EmbeddedRedisError(f"no sentinel of {self._service_name!r} tells a master: call start() first, or wait")

    @property
    def replicas(self) -> list[EmbeddedRedis]:
        """The servers that are not the master of this moment."""
        master = self.master
        return [node for node in self._data_nodes if node is not master]

    def start(self) -> None:
        """Start everything and wait until it is ready; nothing if it is started."""
        if self._data_nodes:
            return
        with ExitStack() as stack:
            # On failure or interruption, whatever was started is stopped, last first.
            stack.callback(self._forget)
            self._start_data_nodes(stack)
            self._start_sentinels(stack)
            self._running = stack.pop_all()

    def stop(self) -> None:
        """Stop everything; nothing if it is stopped."""
        self._running.close()

    def failover(self) -> EmbeddedRedis:
        """Have the sentinels promote a replica in good order, and return the new master once all of them agree."""
        old = self.master
        with self._sentinel_nodes[0].client() as client:
            try:
                client.execute_command("SENTINEL", "FAILOVER", self._service_name)
            except redis.RedisError as error:
                raise EmbeddedRedisError(
                    f"the sentinels refuse a failover of {self._service_name!r}: {error}"
                ) from error
        return self.await_master(other_than=old)

    def await_master(self, *, other_than: EmbeddedRedis) -> EmbeddedRedis:
        """Wait until all running sentinels agree on a master other than `other_than`, and return it once it is one.

        Raises EmbeddedRedisError if that takes longer than `timeout`.
        """
        if not comes_true(lambda: self._agreed_port() not in {None, other_than.port}, self._timeout):
            raise EmbeddedRedisError(f"no other master was elected in {self._timeout:g} s{self._logs()}")
        master = self.master
        if not comes_true(lambda: _replication(master).get("role") == "master", self._timeout):
            raise EmbeddedRedisError(f"{master!r} was elected but did not become a master in {self._timeout:g} s")
        return master

    def _start_data_nodes(self, stack: ExitStack) -> None:
        master = self._started(stack, {})
        for _ in range(self._replicas):
            self._started(stack, {"replicaof": f"{HOST} {master.port}"})
        # Sentinels look for replicas when they begin, then only every ten seconds: the replicas come first.
        if not comes_true(lambda: _online_replicas(master) == self._replicas, self._timeout):
            raise EmbeddedRedisError(
                f"the replicas were not in step in {self._timeout:g} s; the master's log:\n{master.log}"
            )

    def _started(self, stack: ExitStack, settings: dict[str, str]) -> EmbeddedRedis:
        node = EmbeddedRedis(password=self._password, settings=settings, server=self._server)
        self._data_nodes.append(stack.enter_context(node))
        return node

    def _start_sentinels(self, stack: ExitStack) -> None:
        settings = self._sentinel_settings(self._data_nodes[0].port)
        for _ in range(_SENTINELS):
            self._sentinel_nodes.append(stack.enter_context(_Sentinel(settings=settings, server=self._server)))
        if not comes_true(lambda: all(map(self._sees_all, self._sentinel_nodes)), self._timeout):
            raise EmbeddedRedisError(f"the sentinels did not find each other in {self._timeout:g} s{self._logs()}")

    def _sentinel_settings(self, master_port: int) -> dict[str, str]:
        name = self._service_name
        settings = {
            "sentinel monitor": f"{name} {HOST} {master_port} {_QUORUM}",
            "sentinel down-after-milliseconds": f"{name} {round(self._down_after * 1000)}",
            # Also how long a sentinel waits before it tries again after a failover that came to nothing.
            "sentinel failover-timeout": f"{name} {round(self._down_after * 5000)}",
        }
        if self._password is not None:
            settings["sentinel auth-pass"] = f"{name} {quoted(self._password)}"
        return settings

    def _sees_all(self, sentinel: EmbeddedRedis) -> bool:
        master = _ask(sentinel, "MASTER", self._service_name)
        replicas = _ask(sentinel, "REPLICAS", self._service_name)
        if master is None or replicas is None:
            return False
        known = _table(master)
        return (
            known["flags"] == "master"
            and known["num-other-sentinels"] == str(_SENTINELS - 1)
            and [_table(replica)["master-link-status"] for replica in replicas] == ["ok"] * self._replicas
        )

    def _master_port(self, sentinel: EmbeddedRedis) -> int | None:
        address = _ask(sentinel, "GET-MASTER-ADDR-BY-NAME", self._service_name)
        return None if address is None else int(address[1])

    def _agreed_port(self) -> int | None:
        ports = {self._master_port(sentinel) for sentinel in self._sentinel_nodes if sentinel.running}
        return ports.pop() if len(ports) == 1 else None

    def _logs(self) -> str:
        return "".join(f"\n{sentinel!r}, the end of its log:\n{sentinel.log}" for sentinel in self._sentinel_nodes)

    def _forget(self) -> None:
        self._data_nodes.clear()
        self._sentinel_nodes.clear()


def _ask(sentinel: EmbeddedRedis, *words: str) -> Any:
    """Return what a sentinel answers to `SENTINEL words...` as text, None while it does not."""
    try:
        with sentinel.client(decode_responses=True) as client:
            return client.execute_command("SENTINEL", *words)
    except redis.RedisError:
        return None


def _table(flat: list[str]) -> dict[str, str]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _replication(node: EmbeddedRedis) -> dict[str, Any]:
    """Return what a server tells about replication, nothing while it does not answer."""
    try:
        with node.client() as client:
            told: dict[str, Any] = client.info("replication")
    except redis.RedisError:
        return {}
    return told


def _online_replicas(master: EmbeddedRedis) -> int:
    told = _replication(master)
    return sum(told[f"slave{index}"]["state"] == "online" for index in range(told.get("connected_slaves", 0)))
