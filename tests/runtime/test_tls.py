"""TLS is what the settings say, on both halves of redis-py, and unfit files are told before anything connects."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from tests.certificates import Authority

from mooring.config.settings import RedisSettings
from mooring.embedded import EmbeddedRedis
from mooring.errors import ConfigError
from mooring.runtime.credentials.tls import TLSTerms
from mooring.runtime.manager import RedisConnectionManager

KEY_PASSWORD = "hunter2 und mehr"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def tls(authority: Authority) -> Iterator[dict[str, Any]]:
    """The arguments for a server that asks for a certificate, and calls itself redis.example.com."""
    server, client = authority.issue("redis.example.com"), authority.issue("client", password=KEY_PASSWORD)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    settings = {
        "tls-port": str(port),
        "tls-cert-file": str(server.certificate),
        "tls-key-file": str(server.key),
        "tls-ca-cert-file": str(authority.file),
        "tls-auth-clients": "yes",
    }
    with EmbeddedRedis(settings=settings):
        yield {
            "host": "127.0.0.1",
            "port": port,
            "ssl": True,
            "ssl_ca_certs": str(authority.file),
            "ssl_certfile": str(client.certificate),
            "ssl_keyfile": str(client.key),
            "ssl_password": KEY_PASSWORD,
            "ssl_server_name": "redis.example.com",
            "retry": None,
        }


def answered(**arguments: Any) -> bool:
    """Ask through both halves; a failure of either is raised."""

    async def ask() -> bool:
        async with RedisConnectionManager() as manager:
            return bool(await manager.async_client(**arguments).ping())

    with RedisConnectionManager() as manager:
        return bool(manager.client(**arguments).ping()) and asyncio.run(ask())


def refused(**arguments: Any) -> list[BaseException]:
    """Ask through both halves, and return what each fails of."""
    causes: list[BaseException] = []

    async def ask() -> None:
        async with RedisConnectionManager() as manager:
            await manager.async_client(**arguments).ping()

    with RedisConnectionManager() as manager:
        begin: list[Callable[[], object]] = [manager.client(**arguments).ping, lambda: asyncio.run(ask())]
        for asking in begin:
            with pytest.raises(redis.ConnectionError) as caught:
                asking()
            causes.append(caught.value.__cause__ or caught.value.__context__ or caught.value)
    return causes


def test_a_server_is_reached_under_another_name_with_a_certificate_of_its_own(tls: dict[str, Any]) -> None:
    assert answered(**tls)
    assert answered(**tls, ssl_min_version="1.3")


def test_variables_say_it_all(tls: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDIS_URL")
    variables = {
        "HOST": "host",
        "PORT": "port",
        "TLS_CA_FILE": "ssl_ca_certs",
        "TLS_CERT_FILE": "ssl_certfile",
        "TLS_KEY_FILE": "ssl_keyfile",
        "TLS_KEY_PASSWORD": "ssl_password",
        "TLS_SERVER_NAME": "ssl_server_name",
    }
    for suffix, key in variables.items():
        monkeypatch.setenv(f"REDIS_{suffix}", str(tls[key]))
    assert answered()
    settings = RedisSettings.load()
    assert settings.origins["ssl"] == "REDIS_TLS_CA_FILE, which asks for it"
    assert {str(path) for path in settings.files} == {tls["ssl_ca_certs"], tls["ssl_certfile"], tls["ssl_keyfile"]}
    assert KEY_PASSWORD not in settings.explain() + repr(settings)


def test_a_server_that_is_called_otherwise_is_refused(tls: dict[str, Any]) -> None:
    for name in (None, "other.example.com"):
        causes = refused(**{**tls, "ssl_server_name": name})
        assert [type(cause) for cause in causes] == [ssl.SSLCertVerificationError] * 2


def test_a_server_that_nobody_vouches_for_is_refused(tls: dict[str, Any]) -> None:
    causes = refused(**{**tls, "ssl_ca_certs": None})
    assert [type(cause) for cause in causes] == [ssl.SSLCertVerificationError] * 2


@pytest.mark.parametrize("off", [{"ssl_cert_reqs": "none"}, {"ssl_cert_reqs": None}, {"ssl_check_hostname": False}])
def test_a_check_is_off_only_where_it_is_said(tls: dict[str, Any], off: dict[str, Any]) -> None:
    assert answered(**{**tls, "ssl_server_name": None, **off})


def test_a_client_without_certificate_is_refused_by_the_server(tls: dict[str, Any]) -> None:
    assert refused(**{**tls, "ssl_certfile": None, "ssl_keyfile": None, "ssl_password": None})


def test_all_connections_share_a_context_until_a_file_changes(authority: Authority) -> None:
    terms = TLSTerms(ca_certs=str(authority.file))
    context = terms.context()
    assert TLSTerms(ca_certs=str(authority.file)).context() is context
    os.utime(authority.file, (1, 1))
    assert terms.context() is not context


def test_a_context_is_as_strict_as_told() -> None:
    strict = TLSTerms.from_arguments({"ssl_min_version": ssl.TLSVersion.TLSv1_3}).context()
    assert (strict.verify_mode, strict.check_hostname, strict.minimum_version) == (
        ssl.CERT_REQUIRED,
        True,
        ssl.TLSVersion.TLSv1_3,
    )
    loose = TLSTerms.from_arguments({"ssl_cert_reqs": "optional", "ssl_check_hostname": False}).context()
    assert (loose.verify_mode, loose.check_hostname) == (ssl.CERT_OPTIONAL, False)
    assert "hunter2" not in repr(TLSTerms.from_arguments({"ssl_password": "hunter2"}))


def environ(authority: Authority, **files: Path | str) -> dict[str, str]:
    given = {"HOST": "cache", "TLS_CA_FILE": authority.file, **files}
    return {f"REDIS_{suffix}": str(value) for suffix, value in given.items()}


def test_unfit_files_are_told_when_settings_are_made(authority: Authority, tmp_path: Path) -> None:
    plain, locked = authority.issue("plain"), authority.issue("locked", password=KEY_PASSWORD)
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("hunter2")
    faults: dict[str, dict[str, Path | str]] = {
        r"REDIS_TLS_CA_FILE \(.*/none\) cannot be read: No such file": {"TLS_CA_FILE": tmp_path / "none"},
        r"REDIS_TLS_CA_FILE \(.*/empty\) is empty": {"TLS_CA_FILE": tmp_path / "empty"},
        r"REDIS_TLS_CA_FILE \(.*/text\) holds no certificates": {"TLS_CA_FILE": tmp_path / "text"},
        r"REDIS_TLS_KEY_FILE \(.*\) has no certificate beside it": {"TLS_KEY_FILE": plain.key},
        r"REDIS_TLS_CERT_FILE \(.*\) and REDIS_TLS_KEY_FILE \(.*\) do not belong together": {
            "TLS_CERT_FILE": plain.certificate,
            "TLS_KEY_FILE": authority.issue("other").key,
        },
        r"REDIS_TLS_KEY_FILE \(.*\) cannot be used; .*REDIS_TLS_KEY_PASSWORD": {
            "TLS_CERT_FILE": locked.certificate,
            "TLS_KEY_FILE": locked.key,
            "TLS_KEY_PASSWORD": "hunter3",
        },
        r"REDIS_TLS_CERT_FILE \(.*\) cannot be used": {"TLS_CERT_FILE": tmp_path / "text"},
    }
    for words, files in faults.items():
        with pytest.raises(ConfigError, match=words) as caught:
            RedisSettings.load(environ=environ(authority, **files))
        assert "hunter" not in str(caught.value)


def test_files_of_tls_that_is_off_need_not_be_there(tmp_path: Path) -> None:
    assert not RedisSettings.load(environ={}, overrides={"ssl": False, "ssl_ca_certs": str(tmp_path / "none")}).ssl
