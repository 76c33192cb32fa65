"""Events reach who listens, cost nothing while nobody does, and no listener breaks a command."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from mooring.runtime import hooks
from mooring.runtime.hooks import EVENTS, Hooks


class Ear(Hooks):
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[object, ...]] = []

    def command(self, endpoint: str, command: str, seconds: float, error: BaseException | None) -> None:
        self.heard.append((endpoint, command, seconds, error))


class Deaf(Hooks):
    """Raises whatever it is told."""

    def command(self, endpoint: str, command: str, seconds: float, error: BaseException | None) -> None:
        raise RuntimeError("deaf")


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    """No listener stays behind."""
    assert hooks.active is None
    yield
    assert hooks.active is None


def tell() -> None:
    assert hooks.active is not None
    hooks.active.command("cache:6379/0", "GET", 0.001, None)


def test_nobody_listens_unless_installed() -> None:
    ear = Ear()
    hooks.install(ear)
    tell()
    hooks.uninstall(ear)
    assert ear.heard == [("cache:6379/0", "GET", 0.001, None)]
    assert hooks.active is None


def test_every_listener_hears_and_only_as_often_as_is_told() -> None:
    first, second = Ear(), Ear()
    for ear in (first, second, first):
        hooks.install(ear)
    tell()
    hooks.uninstall(first)
    tell()
    hooks.uninstall(second)
    hooks.uninstall(second)
    assert (len(first.heard), len(second.heard)) == (1, 2)


def test_a_listener_that_raises_is_logged_once_and_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    deaf, ear = Deaf(), Ear()
    hooks.install(deaf)
    hooks.install(ear)
    try:
        with caplog.at_level(logging.ERROR, "mooring"):
            tell()
            tell()
    finally:
        hooks.uninstall(deaf)
        hooks.uninstall(ear)
    assert len(ear.heard) == 2
    assert [record.getMessage() for record in caplog.records] == [
        "A listener to Redis events failed: Deaf.command",
    ]


def test_what_a_listener_does_not_heed_is_not_told_to_it() -> None:
    ear = Ear()
    hooks.install(ear)
    try:
        assert hooks.active is not None
        assert set(vars(hooks.active)) == {"command"}
        hooks.active.connected("cache:6379/0", 0.01)
    finally:
        hooks.uninstall(ear)
    assert ear.heard == []


def test_the_events_are_these() -> None:
    assert set(EVENTS) == {
        *("command", "retried", "connected", "dial_failed", "closed"),
        *("waited", "breaker", "rotated", "cache"),
    }
