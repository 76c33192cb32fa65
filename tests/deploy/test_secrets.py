"""What redis_secrets.py makes, and that nothing of it gets out otherwise."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from mooring.config.settings import RedisSettings

from .places import NEW, OLD, SERVERS, secrets, written


def made(*arguments: str, **environ: str) -> dict[str, dict[str, str]]:
    done = secrets("kubernetes", *arguments, **environ)
    assert done.returncode == 0, done.stderr
    listed: list[dict[str, Any]] = json.loads(done.stdout)["items"]
    return {
        one["metadata"]["name"]: {key: base64.b64decode(value).decode() for key, value in one["data"].items()}
        for one in listed
    }


def test_a_server_is_told_where_redis_is_and_who_it_is() -> None:
    told = made(REDIS_PASSWORD=OLD)["mcp-slack-redis"]
    assert told.pop("REDIS_PASSWORD") not in {"", OLD}
    assert told == {"REDIS_HOST": "redis-master", "REDIS_PORT": "6379", "REDIS_USERNAME": "mcp-slack"}


def test_what_a_server_is_told_are_settings(tmp_path: Path) -> None:
    folder = written(tmp_path / "s", REDIS_PASSWORD=OLD, REDIS_HOST="redis-master.mooring.svc", REDIS_PORT="7000")
    settings = RedisSettings.load(environ={"REDIS_SECRETS_DIR": str(folder / "mcp-gong-redis")}, root=tmp_path)
    assert (settings.host, settings.port, settings.username) == ("redis-master.mooring.svc", 7000, "mcp-gong")


def test_with_sentinels_a_server_is_told_these() -> None:
    told = made("--sentinel", REDIS_PASSWORD=OLD)["mcp-slack-redis"]
    assert told["REDIS_SENTINELS"].split(",")[2] == "redis-2.redis-nodes:26379"
    assert told["REDIS_SENTINEL_MASTER"] == "mymaster"
    assert "REDIS_HOST" not in told


def test_a_redis_elsewhere_has_users_of_its_own() -> None:
    url = "rediss://app:p%40ss@cache.example.com:6380/0"
    told = made(REDIS_PASSWORD=OLD, REDIS_URL=url)
    assert {"redis-users", "redis-server"}.isdisjoint(told)
    assert all(told[f"mcp-{server}-redis"] == {"REDIS_URL": url} for server in SERVERS)
    told = made(REDIS_PASSWORD=OLD, REDIS_HOST="cache.example.com")
    assert told["mcp-gong-redis"] == {"REDIS_HOST": "cache.example.com", "REDIS_PORT": "6379", "REDIS_PASSWORD": OLD}


def test_a_url_of_the_own_redis_only_says_where() -> None:
    told = made(REDIS_PASSWORD=OLD, REDIS_URL=f"redis://:{NEW}@redis-master:6379/0")
    assert told["mcp-gong-redis"]["REDIS_USERNAME"] == "mcp-gong"
    assert NEW not in json.dumps(told)


def test_redis_is_given_sums_only() -> None:
    told = made("--sentinel", REDIS_PASSWORD=OLD)
    plain = [value for name, values in told.items() for key, value in values.items() if key == "REDIS_PASSWORD"]
    plain += [told["redis-server"][key] for key in ("operator", "replica", "sentinel", "sentinels")]
    assert len(set(plain)) == len(SERVERS) + 4
    assert not [one for one in plain if one in told["redis-users"]["users.acl"]]


def test_the_keys_of_replicas_change_in_an_order_in_which_all_know_both() -> None:
    both = {"REDIS_PASSWORD": NEW, "REDIS_PASSWORD_PREVIOUS": OLD}
    announce, switch, settle = (
        made("--phase", phase, **both)["mcp-github-state"]["MOORING_REQUEST_STATE_KEYS"].split(",")
        for phase in ("announce", "switch", "settle")
    )
    old = made(REDIS_PASSWORD=OLD)["mcp-github-state"]["MOORING_REQUEST_STATE_KEYS"]
    (new,) = settle
    assert announce == [old, new]
    assert switch == [new, old]


@pytest.mark.parametrize(
    ("arguments", "environ", "told"),
    [
        ((), {}, "REDIS_PASSWORD is not set"),
        ((), {"REDIS_PASSWORD": "hunter2"}, "REDIS_PASSWORD has fewer than 16"),
        (("--phase", "switch"), {"REDIS_PASSWORD": NEW}, "REDIS_PASSWORD_PREVIOUS is not set"),
        (("--phase", "switch"), {"REDIS_PASSWORD": NEW, "REDIS_PASSWORD_PREVIOUS": NEW}, "is the same"),
        ((), {"REDIS_PASSWORD": NEW, "REDIS_URL": "redis://[hunter2"}, "REDIS_URL is no URL"),
    ],
)
def test_a_fault_is_told_without_its_value(arguments: tuple[str, ...], environ: dict[str, str], told: str) -> None:
    done = secrets("kubernetes", *arguments, **environ)
    assert done.returncode == 2
    assert told in done.stderr
    assert done.stdout == ""
    for value in ("hunter2", NEW):
        assert value not in done.stderr
    assert "Traceback" not in done.stderr


def test_files_for_compose_are_closed_to_others_and_can_be_written_again(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    for root in (OLD, NEW):
        written(folder, REDIS_PASSWORD=root)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert not list(folder.rglob("*.new"))
    told = (folder / "mcp-github-redis" / "REDIS_PASSWORD").read_text(encoding="utf-8")
    assert told == made(REDIS_PASSWORD=NEW)["mcp-github-redis"]["REDIS_PASSWORD"]
