"""What is done to a Cluster, and what its nodes see of a client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from redis.crc import key_slot

from mooring.embedded import ClusterTrio, EmbeddedRedis

__all__ = ["begin_to_move", "comes_true", "everywhere", "finish_moving", "keys_in_slot", "move", "owner"]

_SLOTS = 16_384


async def comes_true(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds that asks all nodes, and fail when it never does."""
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the condition never held")


def everywhere(trio: ClusterTrio, name: str) -> dict[str, str]:
    """Tell which connections of a name all nodes together have, and under which user."""
    found: dict[str, str] = {}
    for node in trio.nodes:
        with node.client() as admin:
            known = (one for one in admin.client_list() if one["name"] == name)
            found |= {f"{node.port}:{one['id']}": one["user"] for one in known}
    return found


def owner(trio: ClusterTrio, key: str) -> EmbeddedRedis:
    """Return the node that serves a key while no slot has moved."""
    return trio.nodes[key_slot(key.encode()) * len(trio.nodes) // _SLOTS]


def move(trio: ClusterTrio, key: str, source: EmbeddedRedis, target: EmbeddedRedis) -> None:
    """Move the slot of a key, with what is in it."""
    begin_to_move(key, source, target)
    finish_moving(trio, key, source, target, keys_in_slot(source, key))


def keys_in_slot(node: EmbeddedRedis, key: str) -> Any:
    """Return the keys that a node has in the slot of a key."""
    return _ask(node, "CLUSTER", "GETKEYSINSLOT", key_slot(key.encode()), 1000)


def begin_to_move(key: str, source: EmbeddedRedis, target: EmbeddedRedis, *keys: str) -> None:
    """Begin to move the slot of a key, and move some keys: for what is not at its source, that now says ASK."""
    slot = key_slot(key.encode())
    _ask(target, "CLUSTER", "SETSLOT", slot, "IMPORTING", _ask(source, "CLUSTER", "MYID"))
    _ask(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", _ask(target, "CLUSTER", "MYID"))
    _migrate(source, target, keys)


def finish_moving(trio: ClusterTrio, key: str, source: EmbeddedRedis, target: EmbeddedRedis, keys: Any) -> None:
    """Move further keys, and let the target serve the slot: of it the source now says MOVED."""
    _migrate(source, target, keys)
    name = _ask(target, "CLUSTER", "MYID")
    for node in (target, source, *trio.nodes):
        _ask(node, "CLUSTER", "SETSLOT", key_slot(key.encode()), "NODE", name)


def _migrate(source: EmbeddedRedis, target: EmbeddedRedis, keys: Any) -> None:
    if keys:
        _ask(source, "MIGRATE", target.host, target.port, "", 0, 5000, "KEYS", *keys)


def _ask(node: EmbeddedRedis, *words: str | int | bytes) -> Any:
    with node.client() as admin:
        admin.response_callbacks.clear()
        return admin.execute_command(*words)
