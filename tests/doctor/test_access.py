"""Authentication and rights: what is refused, by whom, and that nothing of a password is told."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from mooring.doctor import Diagnosis, Outcome
from mooring.embedded import EmbeddedRedis
from mooring.report.diagnosis import render_json, render_text

from . import fronts
from .examining import codes, examined, found, look

PASSWORD = "s3cret-of-the-house"


def as_user(server: EmbeddedRedis, user: str, password: str = "hunter2", db: int = 0) -> Diagnosis:
    return examined(f"redis://{user}:{password}@127.0.0.1:{server.port}/{db}")


@pytest.fixture(scope="module")
def without_auth() -> Iterator[EmbeddedRedis]:
    """A server whose AUTH and DEL are gone."""
    with EmbeddedRedis(settings={"rename-command AUTH": '""', "rename-command DEL": '""'}) as server:
        yield server


def test_the_right_password_lets_in(secure_redis: EmbeddedRedis) -> None:
    diagnosis = examined(secure_redis.url)
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.WELL, [])
    assert look(diagnosis, "auth").facts == {"open": False, "password_sent": True, "user": "default"}


def test_a_wrong_password_is_refused(secure_redis: EmbeddedRedis) -> None:
    diagnosis = examined(f"redis://:wrong@127.0.0.1:{secure_redis.port}")
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.ACCESS, ["auth-wrong"])
    assert diagnosis.steps[-1].name == "auth"


def test_no_password_where_one_is_asked_for_is_told(secure_redis: EmbeddedRedis) -> None:
    diagnosis = examined(f"redis://127.0.0.1:{secure_redis.port}")
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.ACCESS, ["auth-missing"])


def test_a_password_for_an_open_server_is_needless_and_the_server_open(redis_server: EmbeddedRedis) -> None:
    diagnosis = examined(f"redis://:needless@127.0.0.1:{redis_server.port}")
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.ACCESS, ["auth-needless", "open-redis"])


def test_an_open_server_is_a_finding(redis_server: EmbeddedRedis) -> None:
    diagnosis = examined(redis_server.url)
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.FINDINGS, ["open-redis"])


def test_a_server_open_to_strangers_is_found_by_those_who_have_a_password() -> None:
    with EmbeddedRedis() as server:
        with server.client() as client:
            client.execute_command("ACL", "SETUSER", "app", "on", ">hunter2", "+@all", "~*", "&*")
        assert codes(as_user(server, "app")) == ["open-redis"]


def test_a_server_in_protected_mode_says_so() -> None:
    with fronts.answering("-DENIED Redis is running in protected mode because...") as port:
        diagnosis = examined(f"redis://127.0.0.1:{port}")
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.ACCESS, ["protected-mode"])


def test_a_server_that_does_not_know_auth_repeats_no_password(without_auth: EmbeddedRedis) -> None:
    diagnosis = examined(f"redis://:{PASSWORD}@127.0.0.1:{without_auth.port}")
    assert codes(diagnosis) == ["auth-unknown"]
    for shown in (render_text(diagnosis), render_json(diagnosis), repr(diagnosis)):
        assert PASSWORD[:6] not in shown


def test_an_error_that_quotes_the_password_is_masked() -> None:
    with fronts.answering(f"-ERR unheard of: {PASSWORD}") as port:
        diagnosis = examined(f"redis://:{PASSWORD}@127.0.0.1:{port}")
    assert diagnosis.outcome is Outcome.STATE
    assert PASSWORD not in render_json(diagnosis)
    assert "***" in found(diagnosis, "server-error").message


def test_a_server_without_users_takes_no_user_name() -> None:
    wrong = "-ERR wrong number of arguments for 'auth' command"
    with fronts.answering("-NOAUTH Authentication required.", AUTH=wrong) as port:
        diagnosis = examined(f"redis://app:{PASSWORD}@127.0.0.1:{port}")
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.ACCESS, ["auth-without-users"])


def test_a_password_that_is_no_text_is_sent_as_it_is(secure_redis: EmbeddedRedis) -> None:
    assert codes(examined(f"redis://127.0.0.1:{secure_redis.port}", password="\udcff")) == ["auth-wrong"]


def test_a_command_that_was_renamed_is_missing(without_auth: EmbeddedRedis) -> None:
    diagnosis = examined(f"redis://127.0.0.1:{without_auth.port}")
    assert look(diagnosis, "rights").facts["missing"] == ["DEL"]
    assert "command-missing" in codes(diagnosis)


def test_a_user_with_all_rights_may_do_what_clients_need(acl_redis: EmbeddedRedis) -> None:
    diagnosis = as_user(acl_redis, "app")
    assert diagnosis.outcome is Outcome.WELL
    assert look(diagnosis, "auth").facts["user"] == "app"
    facts = look(diagnosis, "rights").facts
    assert facts["denied"] == facts["missing"] == facts["limited"] == []


def test_a_user_who_may_not_write_is_told_by_command(acl_redis: EmbeddedRedis) -> None:
    diagnosis = as_user(acl_redis, "reader")
    assert diagnosis.outcome is Outcome.ACCESS
    assert look(diagnosis, "rights").facts["denied"] == ["SET", "DEL", "EXPIRE"]
    assert "+set" in found(diagnosis, "rights-missing").remedy
    # Nor does that keep the rest from being told.
    assert diagnosis.steps[-1].name == "exposure"


def test_rights_are_told_without_leave_to_ask_for_them(acl_redis: EmbeddedRedis) -> None:
    diagnosis = as_user(acl_redis, "small")
    facts = look(diagnosis, "rights").facts
    assert facts["allowed"] == ["PING"]
    assert facts["limited"] == ["GET", "SET"]
    assert isinstance(facts["denied"], list)
    assert {"DEL", "INFO", "CLIENT SETNAME"} <= {*facts["denied"]}
    # DEL and EXPIRE are missed, the rest may be meant so; and the server is told as far as it goes.
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.FINDINGS, ["rights-missing", "rights-missing"])
    assert found(diagnosis, "info-unavailable")


def test_rights_that_cannot_be_told_are_a_note(acl_redis: EmbeddedRedis) -> None:
    diagnosis = as_user(acl_redis, "blind")
    assert codes(diagnosis) == []
    assert found(diagnosis, "rights-unknown")
    assert look(diagnosis, "writes").facts == {}


def test_a_user_who_may_not_ping_is_let_in(acl_redis: EmbeddedRedis) -> None:
    diagnosis = as_user(acl_redis, "mute")
    assert look(diagnosis, "ping").summary == "not for this user"
    assert diagnosis.steps[-1].name == "exposure"


def test_an_unknown_user_is_refused_like_a_wrong_password(acl_redis: EmbeddedRedis) -> None:
    assert codes(as_user(acl_redis, "nobody")) == ["auth-wrong"]


def test_a_database_that_does_not_exist_is_told(acl_redis: EmbeddedRedis) -> None:
    diagnosis = as_user(acl_redis, "app", db=99)
    assert (diagnosis.outcome, codes(diagnosis)) == (Outcome.STATE, ["db-unknown"])
    assert codes(as_user(acl_redis, "small", db=1))[0] == "db-denied"


@pytest.mark.parametrize("settings", [{}, {"rename-command MULTI": '""'}, {"rename-command ACL": '""'}])
def test_nothing_that_is_asked_about_is_run(settings: dict[str, str]) -> None:
    with EmbeddedRedis(settings=settings) as server:
        examined(server.url)
        with server.client() as client:
            told = client.info("commandstats")
            assert client.dbsize() == 0
    ran = {name.removeprefix("cmdstat_") for name, counts in told.items() if counts["calls"]}
    assert "ping" in ran
    assert not ran & {"set", "get", "del", "expire", "eval", "publish", "subscribe", "client|tracking"}


def test_neither_secret_of_a_server_is_told(acl_redis: EmbeddedRedis) -> None:
    diagnosis = as_user(acl_redis, "reader")
    for shown in (render_text(diagnosis), json.dumps(json.loads(render_json(diagnosis))), repr(diagnosis)):
        assert "hunter2" not in shown
        assert "rootsecret" not in shown
