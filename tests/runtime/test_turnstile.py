"""Places are bounded, and belong to who came first."""

from __future__ import annotations

import asyncio
import threading

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mooring.runtime.pools.turnstile import AsyncGate, ThreadGate, Turnstile


class TurnstileMachine(RuleBasedStateMachine):
    """Compares the turnstile with a list of who is in and a list of who waits."""

    def __init__(self) -> None:
        super().__init__()
        self.turnstile: Turnstile[int] = Turnstile(3)
        self.inside: list[int] = []
        self.waiting: list[int] = []
        self.arrivals = 0

    @rule()
    def arrive(self) -> None:
        self.arrivals += 1
        if self.turnstile.admit():
            self.inside.append(self.arrivals)
        else:
            self.turnstile.queue(self.arrivals)
            self.waiting.append(self.arrivals)

    @precondition(lambda self: self.inside)
    @rule(choice=st.randoms())
    def leave(self, choice: object) -> None:
        self.inside.pop()
        successor = self.turnstile.leave()
        assert successor == (self.waiting[0] if self.waiting else None)
        if successor is not None:
            self.inside.append(self.waiting.pop(0))

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        ticket = data.draw(st.sampled_from(self.waiting))
        self.waiting.remove(ticket)
        assert self.turnstile.withdraw(ticket)

    @precondition(lambda self: self.inside)
    @rule(data=st.data())
    def give_up_too_late(self, data: st.DataObject) -> None:
        assert not self.turnstile.withdraw(data.draw(st.sampled_from(self.inside)))

    @invariant()
    def no_place_is_free_while_somebody_waits(self) -> None:
        assert len(self.inside) <= 3
        assert not self.waiting or len(self.inside) == 3


TestTurnstile = TurnstileMachine.TestCase


async def test_tasks_enter_in_the_order_they_came() -> None:
    gate = AsyncGate(1)
    entered: list[int] = []

    async def visit(number: int) -> None:
        assert await gate.enter(60)
        entered.append(number)
        await asyncio.sleep(0)
        gate.leave()

    async with asyncio.TaskGroup() as tasks:
        for number in range(20):
            tasks.create_task(visit(number))
    assert entered == list(range(20))


async def test_a_task_that_waited_too_long_is_told_so_and_holds_nothing() -> None:
    gate = AsyncGate(1)
    assert await gate.enter(60)
    assert not await gate.enter(0.001)
    gate.leave()
    assert await gate.enter(0.001)


async def test_a_cancelled_waiter_holds_nothing() -> None:
    gate = AsyncGate(1)
    assert await gate.enter(60)
    waiters = [asyncio.create_task(gate.enter(60)) for _ in range(3)]
    await asyncio.sleep(0)
    # The first is cancelled while it waits; its ticket still stands in line when the place is given back.
    waiters[0].cancel()
    gate.leave()
    # The second has got that place, and is cancelled before it could notice.
    waiters[1].cancel()
    assert await waiters[2]
    for cancelled in waiters[:2]:
        with pytest.raises(asyncio.CancelledError):
            await cancelled
    gate.leave()
    assert await gate.enter(0)
    assert not await gate.enter(0)


def test_threads_never_exceed_the_places() -> None:
    gate = ThreadGate(3)
    inside: set[int] = set()
    crowds: list[int] = []

    def visit(number: int) -> None:
        for _ in range(50):
            assert gate.enter(60)
            inside.add(number)
            crowds.append(len(inside))
            inside.discard(number)
            gate.leave()

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(crowds) == 12 * 50
    assert max(crowds) <= 3


def test_a_thread_that_waited_too_long_is_told_so_and_holds_nothing() -> None:
    gate = ThreadGate(1)
    assert gate.enter(60)
    assert not gate.enter(0.001)
    gate.leave()
    assert gate.enter(0.001)
