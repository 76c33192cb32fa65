"""Connections to a master that was, and with a certificate that was, are not handed out for long."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.certificates import Authority

from mooring import RedisConnectionManager
from mooring.config.nodes import write_nodes
from mooring.embedded import EmbeddedRedis, SentinelTrio
from mooring.runtime import hooks
from mooring.runtime.credentials import watching
from mooring.runtime.credentials.tls import CertificateWatch, TLSTerms
from mooring.runtime.pools.aging import Lifespan
from mooring.runtime.pools.ledger import Ledger
from mooring.runtime.recovery.failover import MasterWatch
from mooring.runtime.recovery.sentinel import SentinelConnection

Becomes = Callable[[Callable[[], bool]], Awaitable[None]]


@pytest.fixture(scope="module")
def sentinels() -> Iterator[SentinelTrio]:
    with SentinelTrio(down_after=0.5) as trio:
        yield trio


@pytest.fixture
def by_sentinel(sentinels: SentinelTrio, monkeypatch: pytest.MonkeyPatch) -> SentinelTrio:
    """Configure the process for the Sentinels, and have pools looked after more often than about once a second."""
    monkeypatch.setattr(watching, "INTERVAL", 0.05)
    monkeypatch.delenv("REDIS_URL")
    monkeypatch.setenv("REDIS_SENTINELS", write_nodes(sentinels.sentinels))
    monkeypatch.setenv("REDIS_SENTINEL_MASTER", sentinels.service_name)
    return sentinels


class Reasons(hooks.Hooks):
    """Keeps why connections were closed."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def closed(self, endpoint: str, age: float, reason: str) -> None:
        self.heard.append(reason)


@pytest.fixture
def reasons() -> Iterator[list[str]]:
    listener = Reasons()
    hooks.install(listener)
    yield listener.heard
    hooks.uninstall(listener)


def watch_of(trio: SentinelTrio) -> MasterWatch:
    """Make a watch whose first Sentinel is gone."""
    arguments = {
        "sentinels": [("127.0.0.1", 1), *trio.sentinels],
        "sentinel_master": trio.service_name,
        "sentinel_arguments": {"socket_timeout": 1.0},
    }
    watch = MasterWatch.of(SentinelConnection, arguments)
    assert watch is not None
    return watch


def test_idle_connections_to_the_last_master_are_closed(by_sentinel: SentinelTrio, reasons: list[str]) -> None:
    watch = watch_of(by_sentinel)
    # There was none before to have moved from.
    assert watch.moved() is None
    with RedisConnectionManager() as manager:
        client = manager.client()
        pool: Any = client.connection_pool
        with client.pipeline() as pipeline:
            pipeline.watch("key")
            client.ping()
            # The watch has to have asked once, to know that there is another master afterwards.
            pool.tend()
            new = by_sentinel.failover()
            until = time.monotonic() + 20
            while pool.numbers().idle and time.monotonic() < until:
                time.sleep(0.02)
            assert pool.numbers().idle == 0
            # The one in use is closed when it is given back.
            assert pool.numbers().in_use == 1
        assert pool.numbers().size == 0
        assert set(reasons) <= {"failover", "error"}
        assert client.set("key", "value")
    assert watch.moved() == (new.host, new.port)
    assert watch.moved() is None
    watch.close()


async def test_idle_asyncio_connections_to_the_last_master_are_closed(
    by_sentinel: SentinelTrio, becomes: Becomes
) -> None:
    async with RedisConnectionManager() as manager:
        pool: Any = manager.async_client().connection_pool
        await pool.release(await pool.get_connection())
        await asyncio.sleep(0.2)
        await asyncio.to_thread(by_sentinel.failover)
        await becomes(lambda: pool.numbers().size == 0)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "tls")


def test_an_exchanged_certificate_retires_connections_bit_by_bit(authority: Authority) -> None:
    pair = authority.issue("client")
    watch = CertificateWatch({"ssl_certfile": str(pair.certificate), "ssl_keyfile": str(pair.key)})
    assert not watch.differs()
    authority.issue("client")
    assert watch.differs()
    assert watch.accept()
    assert not watch.differs()

    class Owner:
        def lost(self, connection: Any) -> None: ...

    ledger = Ledger(Owner(), 200, Lifespan())
    lives = [ledger.new_life() for _ in range(200)]
    now = time.monotonic()
    for life in lives:
        life.begin(now, 0)
    ledger.retire(lives)
    over = [sum(life.over(now + seconds) == "rotated" for life in lives) for seconds in (0, 15, 31)]
    assert over[0] < 20
    assert 50 < over[1] < 150
    assert over[2] == 200


def test_a_pool_follows_an_exchanged_certificate(authority: Authority) -> None:
    server, pair = authority.issue("localhost"), authority.issue("client")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    settings = {
        "tls-port": str(port),
        "tls-cert-file": str(server.certificate),
        "tls-key-file": str(server.key),
        "tls-ca-cert-file": str(authority.file),
        "tls-auth-clients": "yes",
    }
    told: list[tuple[str, str]] = []

    class Heard(hooks.Hooks):
        def rotated(self, endpoint: str, what: str) -> None:
            told.append((endpoint, what))

    listener = Heard()
    hooks.install(listener)
    files = {"ssl_certfile": str(pair.certificate), "ssl_keyfile": str(pair.key), "ssl_ca_certs": str(authority.file)}
    with EmbeddedRedis(settings=settings), RedisConnectionManager() as manager:
        client: Any = manager.client(host="localhost", port=port, ssl=True, **files)
        pool = client.connection_pool
        mine = client.client_id()
        pool.tend()
        assert told == []
        authority.issue("client")
        pool.tend()
        assert [what for _, what in told] == ["certificate"]
        # It goes on for a while, and ends before long.
        with client.pipeline() as pipeline:
            pipeline.watch("key")
            assert pipeline.client_id() == mine
            assert pipeline.connection.life.over(time.monotonic() + 31) == "rotated"
            # A second one is opened with the new certificate.
            assert client.client_id() != mine
    hooks.uninstall(listener)


def test_half_an_exchange_of_certificates_changes_nothing(authority: Authority) -> None:
    pair = authority.issue("client")
    arguments = {"ssl_certfile": str(pair.certificate), "ssl_keyfile": str(pair.key)}
    watch, terms = CertificateWatch(arguments), TLSTerms.from_arguments(arguments)
    before = terms.context()
    other = authority.issue("other")
    other.key.replace(pair.key)
    assert watch.differs()
    assert not watch.accept()
    assert terms.context() is before
    other.certificate.replace(pair.certificate)
    assert watch.accept()
    assert terms.context() is not before
