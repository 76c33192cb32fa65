"""How a decorated function's calls are named. Pure."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec

from mooring.cache.policy import Policy
from mooring.cache.result import Key

__all__ = ["Calls"]

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Calls(Generic[P]):
    """Tells for each call of a function whose it is, what names it and which tags it shows.

    `account`, `tags` and `key` are given as such, or as functions of the call's arguments.
    """

    function: Callable[P, Any]
    account: str | Callable[P, str | None] | None
    tags: Iterable[str] | Callable[P, Iterable[str]]
    key: Callable[P, Key] | None
    policy: Policy | None

    def account_of(self, *args: P.args, **kwargs: P.kwargs) -> str | None:
        """Tell whose answer it is."""
        return self.account(*args, **kwargs) if callable(self.account) else self.account

    def tags_of(self, *args: P.args, **kwargs: P.kwargs) -> Iterable[str]:
        """Tell what it shows."""
        return self.tags(*args, **kwargs) if callable(self.tags) else self.tags

    def key_of(self, *args: P.args, **kwargs: P.kwargs) -> Key:
        """Name it: by default with the function and all its arguments, given by position, by name or by default."""
        name = f"{self.function.__module__}.{self.function.__qualname__}"
        if self.key is not None:
            return name, self.key(*args, **kwargs)
        bound = inspect.signature(self.function).bind(*args, **kwargs)
        bound.apply_defaults()
        return name, dict(bound.arguments)
