"""What an upstream allows to an account, and who may call next. Pure.

The budget of a call is several windows at once, such as 3 a second and 10,000 a day. In no stretch of a window's length
are more calls made than its limit: a call counts from its admission until a window after its end, for when in between
the upstream counted it nobody knows. (A token bucket of the same size lets through up to twice as many in a stretch.)
"""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from mooring.cache import events
from mooring.cache.ledger import Ledgers
from mooring.cache.names import budget_name, check_service
from mooring.cache.priority import Priority, current_priority
from mooring.cache.scripts import BUDGET, OBSERVE, SETTLE
from mooring.cache.steps import Pause, Run
from mooring.cache.windows import Budget
from mooring.errors import MooringError

__all__ = ["BudgetExhausted", "Budgets", "Permit"]

_SLICES = 10
"""A window is counted in so many slices, so that a call counts for up to a tenth longer than it must."""


class BudgetExhausted(MooringError):
    """The account may not call now, and not within the time that the caller would wait.

    `retry_after_seconds` is when it may, as far as is known now; `service` and `budget` say what is spent.
    """

    def __init__(self, service: str, budget: str, retry_after_seconds: float) -> None:
        super().__init__(service, budget, retry_after_seconds)
        self.service = service
        self.budget = budget
        self.retry_after_seconds = retry_after_seconds

    def __str__(self) -> str:
        return (
            f"the budget {self.budget!r} of this account at {self.service} is spent; "
            f"try again in {self.retry_after_seconds:.1f} s"
        )


@dataclass(slots=True)
class Permit:
    """Leave to make one call, which counts as `cost`.

    `waited` is in seconds; `left` is how many more calls are left just now. `shared` is false if Redis was away, and
    the permit is from this replica's own share.
    """

    account: str
    budget: str
    cost: int
    token: str
    waited: float
    left: int
    shared: bool
    ended: bool = False


class Budgets:
    """What both twins of the governor share: the flows of an admission, of its end, and of the upstream's word."""

    def __init__(self, service: str, budgets: Mapping[str, Budget], replicas: int, longest_call: float) -> None:
        if not budgets or replicas < 1 or longest_call <= 0:
            raise ValueError("a governor has budgets, governs at least one replica, and calls longer than 0 s")
        self.service = check_service(service)
        self._budgets = dict(budgets)
        self._longest_call = longest_call
        self._ledgers = Ledgers(replicas)

    def admission(
        self, account: str, name: str, cost: int, wait: float, priority: Priority | None
    ) -> Generator[Run | Pause, Any, Permit]:
        """Get a permit, waiting at most `wait` seconds; raises `BudgetExhausted`."""
        budget = self._known(name)
        if not 0 < cost <= min(window.limit for window in budget.windows):
            raise ValueError(f"a call that costs {cost} never fits into the budget {name!r}")
        rank = current_priority() if priority is None else priority
        ledger = self._ledgers.of(account, name, budget)
        begun = time.monotonic()
        while True:
            token = secrets.token_hex(8)
            shared, left = True, 0
            pause = ledger.frozen(time.monotonic())
            if not pause:
                untold = ledger.take_untold(time.monotonic())
                carried = sum(spent for _, spent in untold)
                try:
                    answer = yield self._ask(account, name, budget, cost, rank, token, carried)
                except GeneratorExit:
                    raise
                except BaseException:
                    # Cancelled while Redis was asked: nobody will use what it may have given.
                    ledger.give_back(untold)
                    yield self._settling(account, name, budget, token)
                    raise
                if answer is None:
                    shared = False
                    ledger.give_back(untold)
                    pause, left = ledger.admit(time.monotonic(), token, cost, rank)
                else:
                    granted, milliseconds, left = answer
                    pause = 0.0 if granted else max(0.001, milliseconds / 1000)
            waited = time.monotonic() - begun
            if not pause:
                self._tell("admitted" if shared else "admitted locally", name, waited)
                return Permit(account, name, cost, token, waited, left, shared)
            if waited + pause > wait:
                self._tell("throttled", name, pause)
                raise BudgetExhausted(self.service, name, pause)
            # A little later, each at another time: they would all come at once.
            yield Pause(pause + random.uniform(0, min(0.02, pause)))  # noqa: S311

    def ending(self, permit: Permit) -> Generator[Run | Pause, Any, None]:
        """Tell that the call has ended."""
        permit.ended = True
        budget = self._known(permit.budget)
        if not permit.shared:
            self._ledgers.of(permit.account, permit.budget, budget).end(time.monotonic(), permit.token)
            return
        yield self._settling(permit.account, permit.budget, budget, permit.token)

    def observation(
        self, permit: Permit, retry_after: float | None, remaining: int | None, reset_after: float | None
    ) -> Generator[Run | Pause, Any, None]:
        """Heed what the upstream says of itself."""
        freeze = max(0.0, retry_after or 0.0)
        reset = max(0.0, reset_after or 0.0)
        ledger = self._ledgers.of(permit.account, permit.budget, self._known(permit.budget))
        if pause := max(freeze, reset if remaining == 0 else 0.0):
            self._tell("frozen", permit.budget, pause)
            ledger.freeze(time.monotonic(), pause)
        if freeze or (remaining is not None and reset):
            left = -1 if remaining is None else max(0, remaining)
            own = 0 if permit.ended or not permit.shared else permit.cost
            arguments = [round(freeze * 1000), left, round(reset * 1000), own]
            yield Run(OBSERVE, [budget_name(self.service, permit.account, permit.budget)], arguments)

    def _ask(self, account: str, name: str, budget: Budget, cost: int, rank: Priority, token: str, carried: int) -> Run:
        windows = [part for window in budget.windows for part in (window.limit, window.milliseconds)]
        most, forgotten = budget.concurrency, round(self._longest_call * 1000)
        arguments = [cost, int(rank), budget.reserve, most, token, forgotten, carried, _SLICES, *windows]
        return Run(BUDGET, [budget_name(self.service, account, name)], arguments)

    def _settling(self, account: str, name: str, budget: Budget, token: str) -> Run:
        lengths = [window.milliseconds for window in budget.windows]
        return Run(SETTLE, [budget_name(self.service, account, name)], [token, _SLICES, *lengths])

    def _known(self, name: str) -> Budget:
        try:
            return self._budgets[name]
        except KeyError:
            raise ValueError(f"{self.service} has no budget {name!r}, but {', '.join(self._budgets)}") from None

    def _tell(self, kind: str, budget: str, seconds: float) -> None:
        if events.active:
            events.tell(kind, self.service, budget, seconds)
