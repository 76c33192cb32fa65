"""What is asked of each side is the same, and neither side is always first."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from mooring.errors import UsageError
from mooring.prove import Load, Scenario, Side
from mooring.prove.scenarios import Block, Launch, hit_key, miss_key, schedule


def test_both_sides_get_the_same_blocks() -> None:
    blocks = list(schedule(Load(rounds=3, concurrency=(1, 8)), list(Side)))
    by_side = {side: Counter((b.scenario, b.concurrency, b.round) for b in blocks if b.side is side) for side in Side}
    assert by_side[Side.BEFORE] == by_side[Side.AFTER]
    assert len(blocks) == 2 * 3 * 2 * 2


def test_the_side_that_goes_first_changes_with_every_round() -> None:
    blocks = list(schedule(Load(rounds=4, concurrency=(1,)), list(Side)))
    hits = [b.side for b in blocks if b.scenario is Scenario.HIT]
    assert hits[::2] == [Side.BEFORE, Side.AFTER, Side.BEFORE, Side.AFTER]


def test_a_pair_of_blocks_stands_side_by_side() -> None:
    blocks = list(schedule(Load(rounds=2), list(Side)))
    for one, other in zip(blocks[::2], blocks[1::2], strict=True):
        assert (one.scenario, one.concurrency, one.round) == (other.scenario, other.concurrency, other.round)
        assert one.side is not other.side


def test_one_side_alone_gets_all_its_blocks() -> None:
    assert {b.side for b in schedule(Load(), [Side.AFTER])} == {Side.AFTER}


@pytest.mark.parametrize(
    ("scenario", "concurrency", "calls"),
    [(Scenario.HIT, 1, 30), (Scenario.HIT, 50, 50), (Scenario.MISS, 1, 3), (Scenario.MISS, 50, 50)],
)
def test_every_caller_makes_a_call_and_a_lone_miss_fewer(scenario: Scenario, concurrency: int, calls: int) -> None:
    assert Load(calls=30).calls_in(scenario, concurrency) == calls


def test_hits_share_few_keys_and_misses_none() -> None:
    block = Block(Side.AFTER, Scenario.MISS, 50, 2)
    other = Block(Side.AFTER, Scenario.MISS, 50, 3)
    assert len({hit_key(index) for index in range(100)}) == 10
    assert len({miss_key(b, index) for b in (block, other) for index in range(100)}) == 200


@pytest.mark.parametrize(
    ("load", "option"),
    [
        ({"calls": 0}, "--calls"),
        ({"rounds": 0}, "--rounds"),
        ({"concurrency": ()}, "--concurrency"),
        ({"concurrency": (0, 5)}, "--concurrency"),
    ],
)
def test_a_load_that_asks_nothing_is_refused_by_the_name_of_its_option(load: dict[str, int], option: str) -> None:
    with pytest.raises(UsageError, match=option):
        Load(**load)  # type: ignore[arg-type]  # one field of each type


def test_a_launch_shows_no_credentials() -> None:
    launch = Launch("a", Side.AFTER, Path(), ("python",), {"REDIS_PASSWORD": "sesame"}, "redis://:sesame@host")
    assert "sesame" not in repr(launch)
