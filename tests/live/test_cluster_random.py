"""No reply of a Cluster ever reaches another caller: as `test_lanes_random`, while slots move and nodes disconnect.

MOORING_RANDOM_COMMANDS makes it longer, MOORING_RANDOM_SEED repeats what the tasks do.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from redis.exceptions import MovedError
from tests.runtime.clusters import begin_to_move, finish_moving, keys_in_slot, owner

from mooring.config.nodes import write_nodes
from mooring.embedded import ClusterTrio
from mooring.runtime.cluster.slots import Slots
from mooring.runtime.manager import RedisConnectionManager

from .test_lanes_random import COMMANDS, DISCONNECTS, KEYS, SEED, TASKS, Caller

NAME = "random"
# All callers share so many slots, of which one is on the move at any time.
SLOTS = 20
# What it takes to see everything; the nodes share the machine with the callers.
SHARE = 2


def _name(number: int) -> str:
    return f"{{{number % SLOTS}}}:caller:{number}"


class ClusterCaller(Caller):
    """One whose keys are in one slot, for MGET takes no others, and whose pipelines go to several nodes."""

    def __init__(self, client: Any, number: int, seen: Counter[str]) -> None:
        super().__init__(client, number, 1, seen)
        self._name = _name(number)
        self._may_hold = {f"{self._name}:{each}": {None} for each in range(KEYS)}

    async def _echo(self) -> None:
        token = self._token()
        reply = await self._disturbed(self._client.eval("return ARGV[1]", 1, self._key(), token))
        assert reply in {token, None}

    async def _pipe(self) -> None:
        tokens = [self._token() for _ in range(self._chance.randint(1, 5))]
        pipe = self._client.pipeline()
        for place, token in enumerate(tokens):
            pipe.eval("return ARGV[1]", 1, f"key:{self._count + place}", token)
        assert await self._disturbed(pipe.execute()) in (tokens, None)


@pytest.fixture
def redirections(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count what nodes say of slots that they do not serve."""
    seen: Counter[str] = Counter()
    redirected = Slots.redirected

    async def count(slots: Slots, error: Any, keyed: Any) -> Any:
        seen["moved" if isinstance(error, MovedError) else "asked elsewhere"] += 1
        return await redirected(slots, error, keyed)

    monkeypatch.setattr(Slots, "redirected", count)
    return seen


@pytest.fixture
def trio() -> Iterator[ClusterTrio]:
    with ClusterTrio() as started:
        yield started


async def test_no_reply_of_a_cluster_reaches_another_caller(trio: ClusterTrio, redirections: Counter[str]) -> None:
    seen = redirections
    async with RedisConnectionManager() as manager:
        client: Any = manager.async_client(cluster_nodes=write_nodes(trio.startup_nodes), client_name=NAME)
        await asyncio.gather(*(client.set(f"{_name(number)}:text", "text") for number in range(TASKS)))
        disturbing = [asyncio.create_task(_cut_connections(trio, seen)), asyncio.create_task(_move_slots(trio, seen))]
        callers = [ClusterCaller(client, number, seen) for number in range(TASKS)]
        try:
            await asyncio.gather(*(caller.run(COMMANDS // TASKS // SHARE) for caller in callers))
        finally:
            ended = [each for each in disturbing if each.done()]
            for each in disturbing:
                each.cancel()
            await asyncio.gather(*disturbing, return_exceptions=True)
        assert not ended
        assert manager.numbers()[client.endpoint].waiting == 0
    print(f"seed {SEED}: {dict(seen)}")  # noqa: T201 - shown when the test fails, or with -s
    # A disturbance that did not take place would prove nothing.
    needed = ("cancelled", "out of time", "disconnected", "error reply", "read", "moved", "asked elsewhere")
    assert not [what for what in needed if not seen[what]]


async def _cut_connections(trio: ClusterTrio, seen: Counter[str]) -> None:
    while True:
        for node in trio.nodes:
            await asyncio.sleep(DISCONNECTS)
            # Not those that move the slots.
            with node.client() as admin:
                for known in admin.client_list():
                    if known["name"] == NAME:
                        seen["connections cut"] += admin.client_kill_filter(_id=known["id"])


async def _move_slots(trio: ClusterTrio, seen: Counter[str]) -> None:
    homes = {f"{{{slot}}}": owner(trio, f"{{{slot}}}") for slot in range(SLOTS)}
    while True:
        for key, source in homes.items():
            target = trio.nodes[(trio.nodes.index(source) + 1) % len(trio.nodes)]
            await asyncio.to_thread(begin_to_move, key, source, target)
            await asyncio.sleep(0.01)
            await asyncio.to_thread(finish_moving, trio, key, source, target, keys_in_slot(source, key))
            homes[key] = target
            seen["slots moved"] += 1
