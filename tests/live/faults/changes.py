"""Faults that are nobody's fault: passwords, certificates and addresses change, processes fork."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import select
import signal
import time
import warnings
from dataclasses import astuple
from typing import NoReturn

import redis.asyncio
from tests.certificates import Authority

from .ground import OTHER_HOST, Certified, Guarded, Named, Proxied
from .ledger import Call, Kind
from .load import Worker

__all__ = ["certificates_change", "forked", "moved", "passwords_change"]

_TIMES = 3
# How long one side of a change is ahead of the other, in seconds.
_BETWEEN = 0.05
# Numbers that the parent never comes to.
_CHILD = 1_000_000_000
_ALLOWED = 5.0


def passwords_change(ground: Guarded, seconds: float) -> None:
    """Change the password at the server, then in the file, then the other way round, and break all connections."""
    ground.plain.config_set("requirepass", "the second")
    time.sleep(_BETWEEN)
    ground.file.write_text("the second")
    ground.proxy.reset()
    # What was refused is not read again within a second, so that a wrong password does not become a storm.
    time.sleep(max(seconds, 1.1))
    ground.file.write_text("the third")
    time.sleep(_BETWEEN)
    ground.plain.config_set("requirepass", "the third")
    ground.proxy.reset()


def certificates_change(ground: Certified, seconds: float) -> None:
    """Replace the server's certificate by another authority's, which clients then trust, and break connections."""
    for turn in range(_TIMES):
        authority = Authority(ground.folder / str(turn + 1))
        pair = authority.issue("localhost")
        ground.trusted.write_bytes(authority.file.read_bytes())
        ground.context.load_cert_chain(pair.certificate, pair.key)
        ground.proxy.reset()
        time.sleep(seconds / _TIMES)


def moved(ground: Named, seconds: float) -> None:
    """Close down the address that the name leads to, and only after a while let it lead to the other."""
    ground.proxy.refuse()
    time.sleep(seconds)
    ground.lead_to(OTHER_HOST)


def forked(ground: Proxied, seconds: float) -> None:
    """Fork under load, and let the child use the client that it inherited; what it was told is noted too."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        # That a process with threads forks is what is tried here.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        _be_the_child(ground, seconds, writer)
    os.close(writer)
    try:
        told = _read_all(reader, seconds + 2 * _ALLOWED)
    finally:
        os.close(reader)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    try:
        calls = [Call(number, Kind(kind), *rest) for number, kind, *rest in json.loads(told)]
    except ValueError:
        now = time.monotonic()
        calls = [Call(_CHILD, Kind.READ, now, now, _ALLOWED, "stuck or crashed in a forked child", wrong=True)]
    for call in calls:
        ground.ledger.note(call)


def _be_the_child(ground: Proxied, seconds: float, writer: int) -> NoReturn:
    try:
        worker = Worker(0, itertools.count(_CHILD).__next__, _ALLOWED)
        until = time.monotonic() + seconds
        if isinstance(ground.client, redis.asyncio.Redis):
            calls = asyncio.run(_task(ground.client, worker, until))
        else:
            calls = []
            while time.monotonic() < until:
                calls.append(worker.call(ground.client))
        with os.fdopen(writer, "w") as pipe:
            json.dump(
                [[value.value if isinstance(value, Kind) else value for value in astuple(c)] for c in calls], pipe
            )
    finally:
        # Nothing of the parent's is the child's to close.
        os._exit(0)


async def _task(client: redis.asyncio.Redis, worker: Worker, until: float) -> list[Call]:
    calls = []
    while time.monotonic() < until:
        calls.append(await worker.acall(client))
    return calls


def _read_all(reader: int, seconds: float) -> bytes:
    told, until = b"", time.monotonic() + seconds
    while select.select([reader], [], [], max(0.0, until - time.monotonic()))[0]:
        more = os.read(reader, 65_536)
        if not more:
            break
        told += more
    return told
