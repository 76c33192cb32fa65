"""TLS: each thing that can be wrong with it has its own name."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest
from tests.certificates import Authority

from mooring.doctor import Diagnosis, Outcome
from mooring.embedded import EmbeddedRedis
from mooring.errors import ConfigError

from . import fronts
from .examining import codes, examined, found, look


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


def over_tls(
    server: EmbeddedRedis,
    files: tuple[Path, Path],
    host: str = "127.0.0.1",
    newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    **overrides: Any,
) -> Diagnosis:
    with fronts.tls(server, files, newest=newest) as port:
        return examined(f"rediss://{host}:{port}", password=server.password, **overrides)


def test_a_certificate_that_verifies_is_well(secure_redis: EmbeddedRedis, authority: Authority) -> None:
    diagnosis = over_tls(secure_redis, authority.issue("127.0.0.1", "cache"), ssl_ca_certs=str(authority.file))
    assert diagnosis.outcome is Outcome.WELL
    facts = look(diagnosis, "tls").facts
    assert facts["verified"] is True
    assert facts["names"] == ["127.0.0.1", "cache"]
    assert facts["issuer"] == "commonName=Test ca"
    assert facts["days_left"] == 99
    assert facts["protocol"] == "TLSv1.3"


@pytest.mark.parametrize(
    ("names", "dates", "code"),
    [
        (("127.0.0.1",), (-10, -1), "tls-expired"),
        (("127.0.0.1",), (1, 10), "tls-not-yet-valid"),
        (("cache.example.com",), (-10, 100), "tls-wrong-name"),
    ],
)
def test_a_certificate_that_does_not_hold_is_refused_and_shown(
    secure_redis: EmbeddedRedis, authority: Authority, names: tuple[str, ...], dates: tuple[int, int], code: str
) -> None:
    files = authority.issue(*names, since=dates[0], until=dates[1])
    diagnosis = over_tls(secure_redis, files, ssl_ca_certs=str(authority.file))
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.TLS, [code])
    assert diagnosis.steps[-1].name == "tls"
    facts = look(diagnosis, "tls").facts
    assert facts["names"] == list(names)
    assert facts["verified"] is False


def test_a_name_of_another_host_is_told_as_such(secure_redis: EmbeddedRedis, authority: Authority) -> None:
    files = authority.issue("cache.example.com")
    diagnosis = over_tls(secure_redis, files, host="localhost", ssl_ca_certs=str(authority.file))
    assert codes(diagnosis) == ["tls-wrong-name"]


def test_the_name_to_check_can_be_given(secure_redis: EmbeddedRedis, authority: Authority) -> None:
    given: dict[str, Any] = {"ssl_ca_certs": str(authority.file), "ssl_server_name": "cache.example.com"}
    assert over_tls(secure_redis, authority.issue("cache.example.com"), **given).outcome is Outcome.WELL


def test_a_self_signed_certificate_is_told(secure_redis: EmbeddedRedis, authority: Authority) -> None:
    diagnosis = over_tls(secure_redis, authority.self_signed("127.0.0.1"))
    assert codes(diagnosis) == ["tls-self-signed"]
    assert "by itself" in look(diagnosis, "tls").summary


def test_another_ca_is_told(secure_redis: EmbeddedRedis, authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path, "other")
    diagnosis = over_tls(secure_redis, authority.issue("127.0.0.1"), ssl_ca_certs=str(other.file))
    assert codes(diagnosis) == ["tls-wrong-ca"]
    assert look(diagnosis, "tls").facts["issuer"] == "commonName=Test ca"


def test_versions_that_do_not_meet_are_told(secure_redis: EmbeddedRedis, authority: Authority) -> None:
    files, old = authority.issue("127.0.0.1"), ssl.TLSVersion.TLSv1_2
    given: dict[str, Any] = {"ssl_ca_certs": str(authority.file), "newest": old}
    assert look(over_tls(secure_redis, files, **given), "tls").facts["protocol"] == "TLSv1.2"
    assert codes(over_tls(secure_redis, files, **given, ssl_min_version="1.3")) == ["tls-protocol"]


def test_a_certificate_near_its_end_is_a_warning(secure_redis: EmbeddedRedis, authority: Authority) -> None:
    files = authority.issue("127.0.0.1", until=7.5)
    diagnosis = over_tls(secure_redis, files, ssl_ca_certs=str(authority.file))
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.FINDINGS, ["tls-expires-soon"])
    assert "7 days" in found(diagnosis, "tls-expires-soon").message


def test_checks_that_are_off_are_found_and_what_they_let_pass_too(
    secure_redis: EmbeddedRedis, authority: Authority
) -> None:
    well = over_tls(secure_redis, authority.issue("127.0.0.1"), ssl_cert_reqs="none", ssl_ca_certs=str(authority.file))
    assert codes(well) == ["tls-unverified"]
    wrong = over_tls(secure_redis, authority.issue("127.0.0.1", until=-1), ssl_cert_reqs="none")
    assert (wrong.outcome, codes(wrong)) == (Outcome.FINDINGS, ["tls-wrong-ca"])
    assert wrong.steps[-1].name == "exposure"
    assert look(wrong, "tls").facts["days_left"] == -2
    assert "expired on" in look(wrong, "tls").summary


def test_a_name_that_is_not_checked_is_a_warning_where_it_is_wrong(
    secure_redis: EmbeddedRedis, authority: Authority
) -> None:
    lax: dict[str, Any] = {"ssl_ca_certs": str(authority.file), "ssl_check_hostname": False}
    assert codes(over_tls(secure_redis, authority.issue("cache"), **lax)) == ["tls-wrong-name"]
    right = over_tls(secure_redis, authority.issue("127.0.0.1"), **lax)
    assert codes(right) == []
    assert found(right, "tls-unverified-name")


def test_a_plaintext_server_on_a_tls_port_is_told(secure_redis: EmbeddedRedis) -> None:
    diagnosis = examined(f"rediss://127.0.0.1:{secure_redis.port}", timeout=1.0)
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.TLS, ["tls-not-spoken"])


def test_a_tls_server_on_a_plaintext_port_is_told(secure_redis: EmbeddedRedis, authority: Authority) -> None:
    with fronts.tls(secure_redis, authority.issue("127.0.0.1")) as port:
        diagnosis = examined(f"redis://127.0.0.1:{port}", timeout=1.0)
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.TLS, ["tls-not-asked"])


def test_a_port_that_is_silent_has_no_trouble_with_tls() -> None:
    with fronts.silent() as port:
        diagnosis = examined(f"rediss://127.0.0.1:{port}", timeout=0.3)
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.STATE, ["server-silent"])


def test_a_port_that_hangs_up_at_the_handshake_is_told() -> None:
    with fronts.closing() as port:
        diagnosis = examined(f"rediss://127.0.0.1:{port}", timeout=1.0)
    assert diagnosis.outcome is Outcome.TLS


def test_a_server_that_wants_a_certificate_says_so(redis_server: EmbeddedRedis, authority: Authority) -> None:
    trusted: dict[str, Any] = {"ssl_ca_certs": str(authority.file)}
    files = authority.issue("127.0.0.1")
    with fronts.tls(redis_server, files, clients_of=authority.file) as port:
        without = examined(f"rediss://127.0.0.1:{port}", **trusted)
        shown = authority.issue("client")
        given = {**trusted, "ssl_certfile": str(shown[0]), "ssl_keyfile": str(shown[1])}
        with_one = examined(f"rediss://127.0.0.1:{port}", **given)
    assert (without.outcome, codes(without)) == (Outcome.TLS, ["tls-client-certificate"])
    # Such a server may do without a password.
    assert codes(with_one) == []


def test_a_ca_that_is_none_is_a_wrong_setting(redis_server: EmbeddedRedis) -> None:
    with pytest.raises(ConfigError, match="ssl_ca_data"):
        examined(f"rediss://127.0.0.1:{redis_server.port}", ssl_ca_data="hunter2")
