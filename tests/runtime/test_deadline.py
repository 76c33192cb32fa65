"""A deadline is said around calls, counts from where it is said, and is never lengthened by one inside."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator

import pytest

from mooring.runtime.deadline import IDEMPOTENT, UNTIL, deadline, idempotent, seconds_left


def test_nothing_is_bounded_where_nothing_is_said() -> None:
    assert UNTIL.get() is None
    assert seconds_left(7.0) == 7.0


def test_a_deadline_counts_from_where_it_is_said_and_ends_with_its_block() -> None:
    before = time.monotonic()
    with deadline(10):
        until = UNTIL.get()
        assert until is not None
        assert before + 10 <= until <= time.monotonic() + 10
        assert 9 < seconds_left(100.0) <= 10
    assert UNTIL.get() is None


def test_one_inside_another_only_shortens() -> None:
    with deadline(10):
        outer = UNTIL.get()
        with deadline(60):
            assert UNTIL.get() == outer
        with deadline(1):
            assert seconds_left(100.0) <= 1
        assert UNTIL.get() == outer


def test_none_lifts_every_bound_inside() -> None:
    with deadline(10), deadline(None):
        assert seconds_left(5.0) == math.inf
        with deadline(2):
            assert seconds_left(5.0) <= 2


def test_a_budget_that_is_used_up_leaves_nothing() -> None:
    with deadline(-1):
        assert seconds_left(5.0) == 0.0


def test_a_deadline_is_a_number() -> None:
    with pytest.raises(ValueError, match="A deadline is a number of seconds"), deadline(math.nan):
        pass


def test_idempotence_ends_with_its_block() -> None:
    with idempotent(), idempotent():
        assert IDEMPOTENT.get()
    assert not IDEMPOTENT.get()


async def test_tasks_that_are_started_inside_share_it_and_others_do_not() -> None:
    async def bounded() -> bool:
        return UNTIL.get() is not None

    with deadline(10):
        inside = asyncio.create_task(bounded())
    outside = asyncio.create_task(bounded())
    assert await inside
    assert not await outside


async def test_a_generator_that_another_task_ends_takes_its_deadline_along() -> None:
    async def numbers() -> AsyncGenerator[int, None]:
        with deadline(10):
            yield 1

    generator = numbers()
    await asyncio.create_task(anext(generator))
    await generator.aclose()
    assert UNTIL.get() is None
