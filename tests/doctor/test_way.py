"""The way to a server: its name, its addresses, and what may listen there in place of a Redis."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from mooring.doctor import Outcome
from mooring.doctor.dialling import dial
from mooring.doctor.resolution import Address, resolve
from mooring.embedded import EmbeddedRedis
from mooring.embedded.port import free_port

from . import fronts
from .examining import codes, examined, found, look


def resolver(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    """Have the system's resolver answer so."""

    def getaddrinfo(*_: Any, **__: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def test_a_name_that_does_not_resolve_ends_it_at_dns() -> None:
    diagnosis = examined("redis://nosuch.invalid:6379")
    assert diagnosis.outcome is Outcome.DNS
    assert [step.name for step in diagnosis.steps] == ["dns"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "dns-not-found"),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), "dns-unavailable"),
        (socket.gaierror(socket.EAI_FAIL, "Non-recoverable failure"), "dns-failed"),
        (UnicodeError("label too long"), "dns-malformed"),
    ],
)
def test_failures_of_the_resolver_are_told_apart(monkeypatch: pytest.MonkeyPatch, error: Exception, code: str) -> None:
    resolver(monkeypatch, error)
    diagnosis = examined("redis://cache:6379")
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.DNS, [code])


def test_a_name_without_a_dot_is_sought_in_a_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver(monkeypatch, socket.gaierror(socket.EAI_NONAME, "Name or service not known"))
    assert "redis-master.NAMESPACE.svc" in found(examined("redis://redis-master"), "dns-not-found").remedy
    assert "NAMESPACE" not in found(examined("redis://redis-master.prod.svc"), "dns-not-found").remedy


def test_a_resolver_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: hanging.wait(30) and [])
    began = time.monotonic()
    diagnosis = examined("redis://cache", timeout=0.2)
    hanging.set()
    assert codes(diagnosis) == ["dns-timeout"]
    assert time.monotonic() - began < 5


def test_an_address_is_not_looked_up_by_name() -> None:
    seen, addresses = resolve("127.0.0.1", 6379, 5.0)
    assert (seen.summary, [address.text for address in addresses]) == ("127.0.0.1 is an address", ["127.0.0.1"])


def test_a_closed_port_refuses() -> None:
    diagnosis = examined(f"redis://127.0.0.1:{free_port()}")
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.TCP, ["tcp-refused"])
    assert [step.name for step in diagnosis.steps] == ["dns", "tcp"]


def test_an_address_that_drops_packets_costs_no_more_than_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        where = listener.getsockname()
        # Nobody accepts, so once the queue is full the kernel drops what comes.
        waiting = [socket.socket() for _ in range(4)]
        for stream in waiting:
            stream.setblocking(False)
            stream.connect_ex(where)
        began = time.monotonic()
        seen, line = dial([Address(socket.AF_INET, where)], where[1], 0.3)
        took = time.monotonic() - began
        for stream in waiting:
            stream.close()
    assert line is None
    assert [finding.code for finding in seen.findings] == ["tcp-timeout"]
    assert 0.3 <= took < 3


def test_one_dead_address_of_two_is_a_note(redis_server: EmbeddedRedis) -> None:
    addresses = [Address(socket.AF_INET, ("127.0.0.2", 1)), Address(socket.AF_INET, ("127.0.0.1", redis_server.port))]
    seen, line = dial(addresses, redis_server.port, 2.0)
    assert line is not None
    line.stream.close()
    assert line.address == addresses[1]
    assert [(finding.code, finding.outcome) for finding in seen.findings] == [("tcp-refused", Outcome.WELL)]
    assert seen.facts["attempts"] == ["127.0.0.2 refused", "127.0.0.1 connected"]


def test_a_family_that_the_machine_lacks_is_unreachable() -> None:
    seen, line = dial([Address(socket.AF_INET6, ("2001:db8::1", 6379, 0, 0))], 6379, 0.3)
    assert line is None
    assert seen.findings[0].code in {"tcp-unreachable", "tcp-timeout"}


def test_a_port_that_never_answers_is_told_within_the_timeout() -> None:
    with fronts.silent() as port:
        began = time.monotonic()
        diagnosis = examined(f"redis://127.0.0.1:{port}", timeout=0.3)
        took = time.monotonic() - began
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.STATE, ["server-silent"])
    assert 0.3 <= took < 3


def test_a_paused_server_is_silent() -> None:
    with EmbeddedRedis() as server:
        server.pause()
        diagnosis = examined(server.url, timeout=0.3)
        server.resume()
    assert codes(diagnosis) == ["server-silent"]


def test_another_kind_of_server_is_not_redis() -> None:
    with fronts.answering("HTTP/1.1 400 Bad Request") as port:
        diagnosis = examined(f"redis://127.0.0.1:{port}", timeout=1.0)
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.STATE, ["not-redis"])


def test_a_proxy_without_a_server_hangs_up() -> None:
    with fronts.closing() as port:
        diagnosis = examined(f"redis://127.0.0.1:{port}", timeout=1.0)
    assert codes(diagnosis) == ["server-closed"]


def test_a_unix_socket_needs_neither_name_nor_password() -> None:
    with EmbeddedRedis(unix_socket=True) as server:
        diagnosis = examined(server.url)
    assert diagnosis.outcome is Outcome.WELL
    assert [step.name for step in diagnosis.steps][:2] == ["socket", "auth"]


def test_a_missing_socket_is_told(tmp_path: Path) -> None:
    diagnosis = examined(f"unix://{tmp_path}/redis.sock")
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.TCP, ["socket-unusable"])
    assert "missing" in look(diagnosis, "socket").summary
