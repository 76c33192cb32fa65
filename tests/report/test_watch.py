"""What was seen is told in full, for people and programs, and no client's name steers a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema

from mooring.report.watch import PoolLine, Sight, group_clients, render_json, render_text

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "schema" / "watch-1.json").read_text())
LISTED = [
    {"name": "api", "lib-name": "redis-py", "lib-ver": "8.1.0", "addr": "10.0.0.1:5000", "age": "10", "flags": "N"},
    {"name": "api", "lib-name": "redis-py", "lib-ver": "8.1.0", "addr": "10.0.0.1:5001", "age": "7200", "flags": "b"},
    {"name": "", "addr": "[::1]:5002", "age": "3", "idle": "200", "flags": "P"},
]
SIGHT = Sight(
    name="cache",
    endpoint="cache:6379/0",
    at=1.0,
    round_trips=(0.05, 0.2, 0.3),
    server={"version": "7.0.15", "clients": 3},
    clients=group_clients(LISTED),
    pools=(PoolLine("api:8080", "cache:6379/0", 3, 2, 1, 50, "open"),),
    problems=("CLIENT LIST is not for this user",),
)


def test_connections_that_are_alike_are_one_line_and_the_most_come_first() -> None:
    api, unnamed = group_clients(LISTED)
    assert (api.name, api.library, api.host, api.connections) == ("api", "redis-py 8.1.0", "10.0.0.1", 2)
    assert (api.blocked, api.oldest) == (1, 7200)
    assert (unnamed.library, unnamed.host, unnamed.subscribed, unnamed.quietest) == ("", "[::1]", 1, 200)


def test_people_read_everything() -> None:
    lines = render_text(SIGHT).splitlines()
    assert lines[:2] == ["cache (cache:6379/0) answers", "! CLIENT LIST is not for this user"]
    text = "\n".join(" ".join(line.split()) for line in lines)
    assert "round trips: 3 pings, ms: min 0.05, p50 0.20, p99 0.30, max 0.30" in text
    assert "version 7.0.15, clients 3" in text
    assert "api redis-py 8.1.0 10.0.0.1 2 1 0 2 h 0 s" in text
    assert "(no name) [::1] 1 0 1 3 s 3 min" in text
    assert "api:8080 cache:6379/0 3 2 1 50 open" in text


def test_programs_read_what_the_schema_says() -> None:
    text = render_json(SIGHT)
    assert text.count("\n") == 1
    told = json.loads(text)
    jsonschema.validate(told, SCHEMA)
    assert told["round_trips"]["histogram"] == {"0.1": 1, "0.25": 1, "0.5": 1}
    jsonschema.validate(json.loads(render_json(Sight("cache", "cache:6379/0", 1.0))), SCHEMA)


def test_a_clients_name_does_not_steer_the_terminal() -> None:
    text = render_text(Sight("cache", "cache:6379/0", 1.0, clients=group_clients([{"name": "\x1b[2Jevil"}])))
    assert "\x1b" not in text
    assert "evil" in text
