"""The faults, one by one: what is done to the ground under load, and what is promised meanwhile."""

from __future__ import annotations

import functools
import time
from typing import Any

from .changes import certificates_change, forked, moved, passwords_change
from .failovers import cluster_killed, cluster_yields, sentinel_killed, sentinel_yields, slots_migrate
from .ground import Proxied, behind_a_password, behind_a_proxy, behind_tls, under_a_name
from .promise import Flavour, Promise, Scenario
from .topologies import on_a_cluster, under_sentinels

__all__ = ["SCENARIOS"]


def _dropped_replies(ground: Proxied, seconds: float) -> None:
    for _ in range(3):
        for command in ("RPUSH", "XADD", "INCRBY", "SET", "GET"):
            ground.proxy.drop_reply(command)
        time.sleep(seconds / 3)


def _black_hole(ground: Proxied, seconds: float) -> None:
    ground.proxy.black_hole()
    time.sleep(seconds)
    ground.proxy.heal()


def _slow(ground: Proxied, seconds: float) -> None:
    ground.proxy.slow(0.05)
    time.sleep(seconds)
    ground.proxy.heal()


def _drip(ground: Proxied, seconds: float) -> None:
    ground.proxy.drip(1, 0.005)
    time.sleep(seconds)
    ground.proxy.heal()


def _reset(ground: Proxied, seconds: float) -> None:
    for _ in range(3):
        ground.proxy.reset()
        time.sleep(seconds / 3)


def _half_open(ground: Proxied, seconds: float) -> None:
    ground.proxy.half_open()
    time.sleep(seconds)


def _read_only(ground: Proxied, seconds: float) -> None:
    ground.proxy.read_only()
    time.sleep(seconds)
    ground.proxy.heal()


def _refused(ground: Proxied, seconds: float) -> None:
    ground.proxy.refuse()
    time.sleep(seconds)
    ground.proxy.accept_again()


def _killed(ground: Proxied, seconds: float) -> None:
    ground.server.kill()
    time.sleep(seconds)
    ground.server.start()


def _stopped(ground: Proxied, seconds: float) -> None:
    ground.server.pause()
    time.sleep(seconds)
    ground.server.resume()


def _crowded(ground: Proxied, seconds: float) -> None:
    ground.plain.config_set("maxclients", "8")
    ground.proxy.reset()
    time.sleep(seconds)
    ground.plain.config_set("maxclients", "10000")


def _calm(ground: Proxied, seconds: float) -> None:
    time.sleep(seconds)


_NONE_FAIL = Promise(failed_reads=0.0, failed_writes=0.0)
_OUTLASTS = Promise(failed_reads=None)
# A connection that has died without a word is known by its silence alone: a read waits for half of its deadline, a
# write, which may have run, for all of it.
_SILENCE = Promise(recovery=2.0)
# Between the change at the server and the one in the file nobody has a password that opens a new connection.
_LOCKED_OUT = Promise(failed_reads=0.01)
_THREADS: tuple[Flavour, ...] = ("threads",)
_TASKS: tuple[Flavour, ...] = ("tasks",)
_AGING = functools.partial(behind_a_proxy, max_age=0.1, max_idle=0.05)

SCENARIOS: tuple[Scenario[Any], ...] = (
    Scenario("calm: 500 callers on 50 connections", _calm, behind_a_proxy, _NONE_FAIL, callers=500),
    Scenario("connections of age are replaced", _calm, _AGING, _NONE_FAIL, shortest=0.5),
    Scenario("replies dropped", _dropped_replies, behind_a_proxy),
    Scenario("black hole, shorter than the deadline", _black_hole, behind_a_proxy),
    Scenario(
        "black hole, longer than the deadline", _black_hole, behind_a_proxy, _OUTLASTS, deadline=0.5, shortest=0.9
    ),
    Scenario("every reply 50 ms late", _slow, behind_a_proxy, _NONE_FAIL),
    Scenario("replies in single bytes", _drip, behind_a_proxy, _NONE_FAIL),
    Scenario("connections reset", _reset, behind_a_proxy),
    Scenario("connections half open", _half_open, behind_a_proxy, _SILENCE, deadline=2.0),
    Scenario("READONLY at the same address", _read_only, behind_a_proxy, Promise(failed_writes=0.001)),
    Scenario("connections refused", _refused, behind_a_proxy),
    Scenario("killed and started again", _killed, behind_a_proxy),
    Scenario("stopped by SIGSTOP", _stopped, behind_a_proxy),
    Scenario("maxclients reached", _crowded, behind_a_proxy),
    Scenario("passwords change", passwords_change, behind_a_password, _LOCKED_OUT),
    Scenario("certificates change", certificates_change, behind_tls),
    Scenario("the name leads elsewhere", moved, under_a_name),
    Scenario("forked under load", forked, behind_a_proxy, _NONE_FAIL),
    Scenario("Sentinel: the master is killed", sentinel_killed, under_sentinels, everyday=_TASKS),
    Scenario("Sentinel: the master yields", sentinel_yields, under_sentinels, everyday=_THREADS),
    # An election that nobody wins is repeated after four seconds.
    Scenario("Cluster: a master is killed", cluster_killed, on_a_cluster, deadline=10.0),
    Scenario("Cluster: a master yields", cluster_yields, on_a_cluster, everyday=_TASKS),
    Scenario("Cluster: slots migrate", slots_migrate, on_a_cluster, everyday=_TASKS),
)
