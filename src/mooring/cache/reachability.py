"""Whether it is worth asking Redis just now. Pure.

A Redis that is gone must cost a call nothing: after a failure it is left alone for a moment, then asked by one caller
at a time until it answers.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

__all__ = ["Reachability"]


class Reachability:
    """Remembers the last failure. `pause` is in seconds, lengthened at random by up to a half."""

    def __init__(self, pause: float = 0.5, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._pause = pause
        self._monotonic = monotonic
        self._ask_again: float | None = None

    @property
    def answering(self) -> bool:
        """Whether it answered when it was last asked, or never was."""
        return self._ask_again is None

    def ask(self) -> bool:
        """Tell whether to ask. In doubt only one caller in each pause may."""
        if self._ask_again is None:
            return True
        if self._monotonic() < self._ask_again:
            return False
        self.failed()
        return True

    def failed(self) -> None:
        """Remember that Redis did not answer."""
        self._ask_again = self._monotonic() + self._pause * random.uniform(1, 1.5)  # noqa: S311

    def answered(self) -> None:
        """Remember that it did."""
        self._ask_again = None
