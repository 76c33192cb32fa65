"""What may share a connection does, and what would hold others up does not."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.runtime import commands
from mooring.runtime.lanes.routing import Route, Routes, read_route


@pytest.mark.parametrize(
    "arguments",
    [
        ("BLPOP", "queue", 0),
        ("blmove", "a", "b", "LEFT", "RIGHT", 1),
        ("XREAD", "BLOCK", 0, "STREAMS", "s", "$"),
        (b"xreadgroup", "GROUP", "g", "c", b"block", 5, "STREAMS", "s", ">"),
        ("XREAD BLOCK 0 STREAMS s $",),
        ("SUBSCRIBE", "channel"),
        ("MULTI",),
        ("SELECT", 1),
        ("CLIENT SETNAME", "me"),
        ("CLIENT", "TRACKING", "ON"),
        ("WAIT", 1, 100),
        ("HIMPORT SET", "key", "fields"),
        ("INFO",),
        ("",),
    ],
)
def test_what_concerns_its_connection_or_waits_travels_alone(arguments: tuple[Any, ...]) -> None:
    assert read_route(arguments).alone


@pytest.mark.parametrize(
    "arguments",
    [
        ("GET", "key"),
        (b"get", b"key"),
        ("XREAD", "STREAMS", "s", 0),
        ("EVALSHA", "sha", 0),
        ("OBJECT ENCODING", "key"),
        ("JSON.GET", "key"),
        ("MY.COMMAND",),
    ],
)
def test_what_only_asks_for_a_reply_shares_a_lane(arguments: tuple[Any, ...]) -> None:
    assert not read_route(arguments).alone


def test_a_way_is_remembered_only_where_the_name_decides() -> None:
    routes = Routes()
    assert routes.find(("GET", "key")) is routes["GET"]
    assert not routes.find(("XREAD", "STREAMS", "s", 0)).alone
    assert routes.find(("XREAD", "BLOCK", 0, "STREAMS", "s", 0)).alone
    assert list(routes) == ["GET"]


def test_every_command_that_may_not_be_shared_travels_alone_by_its_name() -> None:
    for name, known in list(commands._KNOWN.items()):
        if not known.shared:
            assert Routes().find((name,)).alone, name
            assert Routes().find(tuple(name.split())).alone, name


def test_a_command_that_is_often_heavy_leaves_and_returns_when_it_is_light() -> None:
    route = _route()
    _calls(route, heavy=3, light=0)
    assert not route.alone
    _calls(route, heavy=1, light=0)
    assert route.alone
    _alone(route, heavy=True, times=1)
    _alone(route, heavy=False, times=64)
    assert not route.alone
    _calls(route, heavy=4, light=0)
    assert route.alone
    # The second time it has to be light for longer.
    _alone(route, heavy=False, times=64)
    assert route.alone
    _alone(route, heavy=False, times=64)
    assert not route.alone


def test_a_command_that_is_seldom_heavy_stays() -> None:
    route = _route()
    for _ in range(100):
        _calls(route, heavy=1, light=20)
    assert not route.alone


def _route() -> Route:
    return read_route(("SMEMBERS", "key"))


def _calls(route: Route, *, heavy: int, light: int) -> None:
    route.calls += light
    for _ in range(heavy):
        route.calls += 1
        route.held_up()


def _alone(route: Route, *, heavy: bool, times: int) -> None:
    for _ in range(times):
        route.calls += 1
        route.travelled_alone(heavy)
