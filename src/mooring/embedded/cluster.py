"""Three masters in cluster mode, with all slots between them."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import pairwise, permutations
from pathlib import Path
from types import TracebackType
from typing import Self

import redis

from mooring.embedded.deadline import comes_true
from mooring.embedded.port import HOST
from mooring.embedded.server import EmbeddedRedis
from mooring.errors import EmbeddedRedisError

__all__ = ["ClusterTrio"]

_MASTERS = 3
_SLOTS = 16_384
_SETTINGS = {
    "cluster-enabled": "yes",
    "cluster-config-file": "nodes.conf",
    "cluster-node-timeout": "2000",
    # Without it, a node that has not been met yet tells clients an empty address.
    "cluster-announce-ip": HOST,
}


class ClusterTrio:
    """A Redis Cluster of three masters without replicas, ready when every node reports all slots served.

    With `password` each node asks for it. `server` is the redis-server to run, `timeout` the seconds that getting ready
    may take (default 30).

    Raises EmbeddedRedisError from `start` if the cluster does not get ready; nothing of it is left running then.
    """

    def __init__(self, *, password: str | None = None, server: Path | None = None, timeout: float = 30.0) -> None:
        self._password = password
        self._server = server
        self._timeout = timeout
        self._running = ExitStack()
        self._nodes: list[EmbeddedRedis] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def nodes(self) -> list[EmbeddedRedis]:
        """The three masters, in the order of their slots."""
        return list(self._nodes)

    @property
    def password(self) -> str | None:
        """The password of every node, or None."""
        return self._password

    @property
    def startup_nodes(self) -> list[tuple[str, int]]:
        """Host and port of each node, to begin from."""
        return [(node.host, node.port) for node in self._nodes]

    def start(self) -> None:
        """Start the nodes, join them and wait until the cluster is ready; nothing if it is started."""
        if self._nodes:
            return
        with ExitStack() as stack:
            # On failure or interruption, whatever was started is stopped, last first.
            stack.callback(self._nodes.clear)
            for _ in range(_MASTERS):
                node = EmbeddedRedis(password=self._password, settings=_SETTINGS, server=self._server)
                self._nodes.append(stack.enter_context(node))
            self._join()
            self._running = stack.pop_all()

    def stop(self) -> None:
        """Stop every node; nothing if they are stopped."""
        self._running.close()

    def _join(self) -> None:
        bounds = [_SLOTS * part // _MASTERS for part in range(_MASTERS + 1)]
        try:
            for epoch, (node, slots) in enumerate(zip(self._nodes, pairwise(bounds), strict=True), start=1):
                # Epochs that differ from the start leave the nodes nothing to settle once they meet.
                _command(node, "SET-CONFIG-EPOCH", epoch)
                # ADDSLOTSRANGE would be shorter, but Redis 6 lacks it.
                _command(node, "ADDSLOTS", *range(*slots))
            for node, other in permutations(self._nodes, 2):
                _command(node, "MEET", other.host, other.port)
            ready = comes_true(lambda: all(map(_sees_all, self._nodes)), self._timeout)
        except redis.RedisError as error:
            raise EmbeddedRedisError(f"the cluster cannot be joined: {error}") from error
        if not ready:
            logs = "".join(f"\n{node!r}, the end of its log:\n{node.log}" for node in self._nodes)
            raise EmbeddedRedisError(f"the cluster was not ready in {self._timeout:g} s{logs}")


def _command(node: EmbeddedRedis, *words: str | int) -> bytes:
    with node.client() as client:
        answer: bytes = client.execute_command("CLUSTER", *words)
    return answer


def _sees_all(node: EmbeddedRedis) -> bool:
    told = dict(line.split(":", 1) for line in _command(node, "INFO").decode().splitlines())
    return told["cluster_state"] == "ok" and told["cluster_known_nodes"] == str(_MASTERS)
