"""Slots move while a client on lanes uses them: nobody loses a reply, gets another's, or hears of it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from redis.exceptions import MovedError, ResponseError

from mooring import RedisConnectionManager, deadline
from mooring.config.nodes import write_nodes
from mooring.embedded import ClusterTrio
from mooring.runtime.cluster.slots import Slots
from mooring.runtime.failures import DeadlineExceeded

from .clusters import begin_to_move, everywhere, finish_moving, move, owner

TASKS = 50


@pytest.fixture(scope="module")
def trio() -> Iterator[ClusterTrio]:
    with ClusterTrio() as started:
        yield started


@pytest.fixture
async def client(trio: ClusterTrio) -> AsyncIterator[Any]:
    async with RedisConnectionManager() as manager:
        yield manager.async_client(
            cluster_nodes=write_nodes(trio.startup_nodes), decode_responses=True, client_name="moves"
        )


@pytest.fixture
def redirections(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count what nodes say of slots that they do not serve."""
    seen: Counter[str] = Counter()
    redirected = Slots.redirected

    async def count(slots: Slots, error: Any, keyed: Any) -> Any:
        seen["MOVED" if isinstance(error, MovedError) else "ASK"] += 1
        return await redirected(slots, error, keyed)

    monkeypatch.setattr(Slots, "redirected", count)
    return seen


async def test_a_slot_that_moves_under_50_tasks_costs_no_call(
    trio: ClusterTrio, client: Any, redirections: Counter[str]
) -> None:
    home = owner(trio, "{moving}")
    away = next(node for node in trio.nodes if node is not home)
    moving, calls = True, 0

    async def use(number: int) -> int:
        nonlocal calls
        mine, count = f"{{moving}}:{number}", 0
        while moving:
            count += 1
            assert await client.set(mine, f"{number}:{count}")
            assert await client.get(mine) == f"{number}:{count}"
            async with client.pipeline() as pipeline:
                found = await pipeline.incr(f"{mine}:count").get(mine).set(f"elsewhere:{number}", count).execute()
            assert found == [count, f"{number}:{count}", True]
            calls += 3
        return count

    tasks = [asyncio.create_task(use(number)) for number in range(TASKS)]
    for _ in range(3):
        await asyncio.to_thread(move_slowly, trio, home, away)
        await asyncio.to_thread(move_slowly, trio, away, home)
    moving = False
    counts = await asyncio.gather(*tasks)
    assert [await client.get(f"{{moving}}:{number}:count") for number in range(TASKS)] == list(map(str, counts))
    assert redirections["ASK"] > TASKS
    assert redirections["MOVED"] > 6
    assert calls > 1000


def move_slowly(trio: ClusterTrio, source: Any, target: Any) -> None:
    """Move a slot in three parts, so that in between keys are at both nodes, and new ones at the target."""
    keys = [f"{{moving}}:{number}{part}" for number in range(TASKS) for part in ("", ":count")]
    begin_to_move("{moving}", source, target)
    for part in range(3):
        time.sleep(0.03)
        if part < 2:
            begin_to_move("{moving}", source, target, *keys[part * TASKS : (part + 1) * TASKS])
    finish_moving(trio, "{moving}", source, target, [])


async def test_what_is_asked_for_elsewhere_shares_the_lane_with_others(
    trio: ClusterTrio, client: Any, redirections: Counter[str]
) -> None:
    home = owner(trio, "{shared}")
    away = next(node for node in trio.nodes if node is not home)
    own = next(key for key in map(str, range(1000)) if owner(trio, key) is away)
    await client.set("{shared}", "moved")
    await client.set(own, "stays")
    begin_to_move("{shared}", home, away, "{shared}")
    # Whoever came between ASKING and its command would take the leave that it gives.
    found = await asyncio.gather(*(client.get(key) for key in ("{shared}", own) * 200))
    assert found == ["moved", "stays"] * 200
    assert redirections == {"ASK": 200}
    # One connection or two to each node for what redis-py asks, and a lane.
    assert len(everywhere(trio, "moves")) <= 9
    finish_moving(trio, "{shared}", home, away, [])
    assert await client.get("{shared}") == "moved"
    assert redirections["MOVED"] == 1
    assert await client.get("{shared}") == "moved"
    assert redirections["MOVED"] == 1
    move(trio, "{shared}", away, home)


async def test_keys_that_are_at_two_nodes_are_waited_for(trio: ClusterTrio, client: Any) -> None:
    home = owner(trio, "{split}")
    away = next(node for node in trio.nodes if node is not home)
    await client.mset({"{split}a": "1", "{split}b": "2"})
    begin_to_move("{split}", home, away, "{split}a")
    # A node that has but one of them says TRYAGAIN.
    with deadline(0.2), pytest.raises(DeadlineExceeded, match="MGET got no reply"):
        await client.mget("{split}a", "{split}b")
    waiting = asyncio.create_task(client.mget("{split}a", "{split}b"))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    finish_moving(trio, "{split}", home, away, ["{split}b"])
    assert await waiting == ["1", "2"]
    move(trio, "{split}", away, home)


async def test_a_pipeline_that_is_not_to_follow_tells_where_it_would_have_to_go(trio: ClusterTrio, client: Any) -> None:
    home = owner(trio, "{still}")
    away = next(node for node in trio.nodes if node is not home)
    await client.set("{still}", "here")
    move(trio, "{still}", home, away)
    pipeline = client.pipeline().get("{still}").get("other")
    moved, other = await pipeline.execute(raise_on_error=False, allow_redirections=False)
    assert isinstance(moved, ResponseError)
    assert f":{away.port}" in str(moved)
    assert other is None
    assert await client.pipeline().get("{still}").execute() == ["here"]
    move(trio, "{still}", away, home)


async def test_a_slot_that_nobody_serves_is_waited_for(trio: ClusterTrio, client: Any) -> None:
    home = owner(trio, "{orphan}")
    await client.set("{orphan}", "kept")
    slot = client.keyslot("{orphan}")
    with home.client() as admin:
        admin.execute_command("CLUSTER", "DELSLOTS", slot)
        waiting = asyncio.create_task(client.get("{orphan}"))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        admin.execute_command("CLUSTER", "ADDSLOTS", slot)
    assert await waiting == "kept"
