"""Settings come from the environment; what is wrong with one names it, and no secret is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from mooring.errors import UsageError
from mooring.servers.failures import Unauthorized
from mooring.servers.github import VENDOR as GITHUB
from mooring.servers.settings import Settings, secret
from mooring.servers.slack import VENDOR as SLACK
from mooring.servers.tokens import Tokens


def test_the_environment_is_read_and_the_command_line_goes_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOORING_PORT", "9000")
    monkeypatch.setenv("MOORING_TOOLSETS", "issues, pulls")
    monkeypatch.setenv("MOORING_READ_ONLY", "")
    assert Settings.load().port == 9000
    assert Settings.load().toolsets == ("issues", "pulls")
    assert Settings.load(port=9001, toolsets=None).port == 9001


@pytest.mark.parametrize(
    ("variable", "value"),
    [("MOORING_PORT", "many"), ("MOORING_RESPONSE_BUDGET", "10"), ("MOORING_TRANSPORT", "smoke")],
)
def test_a_bad_value_names_its_variable(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(UsageError, match=variable):
        Settings.load()


def test_a_secret_may_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("ghp_secret\n")
    found = secret("GITHUB_TOKEN", {"GITHUB_TOKEN_FILE": str(file)})
    assert found is not None
    assert found.get_secret_value() == "ghp_secret"
    assert "ghp_secret" not in repr(found)


def test_a_secret_that_no_header_can_carry_is_refused_without_being_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="GITHUB_TOKEN: a token is one word") as refused:
        secret("GITHUB_TOKEN", {"GITHUB_TOKEN": "ghp_\nsecret"})
    assert "secret" not in str(refused.value)
    with pytest.raises(UsageError, match="cannot be read"):
        secret("GITHUB_TOKEN", {"GITHUB_TOKEN_FILE": str(tmp_path / "none")})


def test_a_request_is_served_with_its_own_token_and_nothing_else() -> None:
    own = {"default": SecretStr("xoxb-server"), "user": SecretStr("xoxp-server")}
    tokens = Tokens(SLACK, own, True, {"authorization": "Bearer xoxb-mine"})
    assert tokens.of("default").get_secret_value() == "xoxb-mine"
    with pytest.raises(Unauthorized, match="x-slack-user-token"):
        tokens.of("user")


def test_a_users_token_serves_for_both_in_slack() -> None:
    tokens = Tokens(SLACK, {}, True, {"authorization": "bearer xoxp-mine"})
    assert tokens.of("user").get_secret_value() == "xoxp-mine"


def test_the_servers_token_is_not_lent_unless_it_is_said() -> None:
    own = {"default": SecretStr("ghp_server")}
    with pytest.raises(Unauthorized, match="MOORING_SHARED_TOKEN"):
        Tokens(GITHUB, own, False, {}).of("default")
    assert Tokens(GITHUB, own, True, {}).of("default") == own["default"]
    assert "ghp_server" not in repr(Tokens(GITHUB, own, True, {}))


def test_who_has_no_token_is_told_how_to_give_one() -> None:
    with pytest.raises(Unauthorized, match="GITHUB_TOKEN"):
        Tokens(GITHUB, {}, True, None).of("default")


@pytest.mark.parametrize(
    ("transport", "host", "shared", "lends"),
    [
        ("stdio", "0.0.0.0", False, True),
        ("http", "127.0.0.1", False, True),
        ("http", "0.0.0.0", False, False),
        ("http", "0.0.0.0", True, True),
    ],
)
def test_who_is_lent_the_servers_token(transport: str, host: str, shared: bool, lends: bool) -> None:
    assert Settings.load(transport=transport, host=host, shared_token=shared).lends_token is lends
