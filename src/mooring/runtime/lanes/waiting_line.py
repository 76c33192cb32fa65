"""Who waits for room on a lane, in the order of arrival."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

__all__ = ["WaitingLine"]


class WaitingLine:
    """Tickets of tasks that wait; places that were granted count as taken until their holders come for them."""

    def __init__(self) -> None:
        self.granted = 0
        self._tickets: deque[asyncio.Future[None]] = deque()

    def __len__(self) -> int:
        return len(self._tickets)

    async def stand(self) -> None:
        """Wait for a place; raises what the line ends with. Whoever has waited must take the place at once."""
        ticket: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tickets.append(ticket)
        try:
            await ticket
        except asyncio.CancelledError:
            if ticket.done() and not ticket.cancelled() and ticket.exception() is None:
                self.granted -= 1
            raise
        self.granted -= 1

    def admit(self, places: int) -> int:
        """Grant places to those who wait longest, and return how many are left over."""
        while places > 0 and self._tickets:
            ticket = self._tickets.popleft()
            if not ticket.done():
                ticket.set_result(None)
                self.granted += 1
                places -= 1
        return places

    def end(self, make_error: Callable[[], Exception]) -> None:
        """Send everybody away, each with an error of their own."""
        while self._tickets:
            ticket = self._tickets.popleft()
            if not ticket.done():
                ticket.set_exception(make_error())
