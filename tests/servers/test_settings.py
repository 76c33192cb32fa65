"""Settings come from the environment; what is wrong with one names it, and no secret is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from mooring.errors import UsageError
from mooring.servers.app import App
from mooring.servers.failures import Unauthorized
from mooring.servers.github import VENDOR as GITHUB
from mooring.servers.settings import Settings, address, secret
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


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"host": ""}, "MOORING_HOST"),  # which would be every address of the machine
        ({"allowed_hosts": "https://mcp.example.com"}, "MOORING_ALLOWED_HOSTS.*without scheme"),
        ({"request_state_keys": "short-key"}, "MOORING_REQUEST_STATE_KEYS.*32 bytes"),
        ({"request_state_keys": ",".join(["alike-" * 6] * 2)}, "MOORING_REQUEST_STATE_KEYS.*no two are alike"),
    ],
)
def test_what_could_not_be_served_with_is_refused_at_the_start(given: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError, match=told) as refused:
        Settings.load(**given)
    assert "key-" not in str(refused.value) and "alike-" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    ["nonsense", "ftp://api.example.com", "https://", "http://:80", "https://host:port", "http://[::1", "http://a b"],
)
def test_what_is_no_address_of_a_vendor_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(UsageError, match="GITHUB_API_URL is no address"):
        App("github", Settings.load(), environ={"GITHUB_API_URL": url})


def test_an_address_holds_no_password_and_none_is_told() -> None:
    with pytest.raises(UsageError, match="GITHUB_API_URL holds more") as refused:
        App("github", Settings.load(), environ={"GITHUB_API_URL": "https://ada:wordword@host/api/v3"})
    assert "wordword" not in str(refused.value)
    assert address("GITHUB_API_URL", {"GITHUB_API_URL": "https://host:8443/api/v3"}) == "https://host:8443/api/v3"
    assert address("GITHUB_API_URL", {"GITHUB_API_URL": " "}) is None


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


@pytest.mark.parametrize("token", ["ghp_\xe9", "two words", "tab\tbed"])
def test_a_token_that_no_header_can_carry_on_is_refused_without_being_told(token: str) -> None:
    with pytest.raises(Unauthorized, match="header authorization is not one word") as refused:
        Tokens(GITHUB, {}, True, {"authorization": f"Bearer {token}"})
    assert token not in str(refused.value)


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
