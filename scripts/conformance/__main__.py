"""`python -m scripts.conformance`: run everything against each server, print a table, exit with 1 if anything failed.

Exits with 2 if it could not begin: without npm, for one.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import anyio
from scripts.conformance import clients, inspector, suite, verdicts
from scripts.conformance.node import Node, NotReady, installed
from scripts.conformance.reading import COMMANDS, VERSIONS
from scripts.conformance.serving import Serving, serving
from scripts.conformance.suite import Outcome, Scenario
from scripts.conformance.table import rendered
from scripts.conformance.verdicts import Verdict

from mooring.embedded import EmbeddedRedis
from mooring.errors import EmbeddedRedisError

FOLDER = Path(__file__).resolve().parents[2] / ".venv-conformance"
_FIXTURES = "fixtures"
_EXTENSION = "extension"
Rows = dict[tuple[str, str], dict[str, Verdict]]
Outcomes = dict[Scenario, Outcome]


def main() -> int:
    """Run it. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.conformance", description=__doc__)
    parser.add_argument("--servers", nargs="+", choices=COMMANDS, default=list(COMMANDS), help="which to run against")
    servers: list[str] = parser.parse_args().servers
    try:
        node = installed(FOLDER)
        listed = suite.scenarios(node)
        rows = _judged(node, servers, [scenario for scenario in listed if scenario.version != _EXTENSION])
    except (NotReady, EmbeddedRedisError) as error:
        print(f"make conformance: {error}", file=sys.stderr)
        return 2
    print(rendered([*servers, _FIXTURES], rows))
    optional = sorted(scenario.name for scenario in listed if scenario.version == _EXTENSION)
    print(f"\nOf extensions that the servers do not offer, not run: {', '.join(optional)}")
    return 1 if any(verdict.mark == "failed" for row in rows.values() for verdict in row.values()) else 0


def _judged(node: Node, servers: list[str], scenarios: list[Scenario]) -> Rows:
    """Run the suite on the fixtures, then clients and suite on each server."""
    rows: Rows = {}
    with EmbeddedRedis() as redis:
        with serving(_FIXTURES, ["scripts.conformance.fixtures"], redis.url, FOLDER) as server:
            reference = {scenario: _asking(node, server, scenario) for scenario in scenarios}
        for name in servers:
            with serving(name, COMMANDS[name], redis.url, FOLDER) as server:
                _try_clients(rows, node, name, redis, server.url)
                found = _ran(node, server.url, {scenario.version for scenario in scenarios}, FOLDER / "results" / name)
            for scenario in scenarios:
                row = rows.setdefault((scenario.version, scenario.name), {})
                row[name] = verdicts.of_server(scenario, found.get(scenario), reference[scenario])
    for scenario in scenarios:
        rows[scenario.version, scenario.name][_FIXTURES] = verdicts.of_fixtures(scenario, reference[scenario])
    return rows


def _asking(node: Node, server: Serving, scenario: Scenario) -> Outcome | None:
    """Run one scenario on the fixtures, and note which of them it asked for."""
    before = len(server.logged("asked"))
    folder = FOLDER / "results" / _FIXTURES / scenario.version / scenario.name
    outcome = suite.run(node, server.url, scenario.version, folder, scenario.name).get(scenario)
    asked = frozenset(str(line["fixture"]) for line in server.logged("asked")[before:])
    return Outcome(outcome.checks, asked) if outcome else None


def _ran(node: Node, url: str, versions: set[str], folder: Path) -> Outcomes:
    found: Outcomes = {}
    for version in sorted(versions):
        found |= suite.run(node, url, version, folder / version)
    return found


def _try_clients(rows: Rows, node: Node, name: str, redis: EmbeddedRedis, served: str) -> None:
    """Add what the clients say: each in both protocols, over HTTP to what is served and as they start it themselves."""
    command = COMMANDS[name]
    for version in VERSIONS:
        for transport, url in (("HTTP", served), ("standard streams", None)):
            _emptied(redis)
            client = partial(anyio.run, clients.faults, name, version, url, command, redis.url)
            rows.setdefault((version, f"Python client, {transport}"), {})[name] = _tried(client)
            inspecting = partial(inspector.faults, node, name, version, url, command, redis.url)
            rows.setdefault((version, f"Inspector, {transport}"), {})[name] = _tried(inspecting)


def _tried(faults: Callable[[], list[str]]) -> Verdict:
    try:
        found = faults()
    except Exception as error:  # noqa: BLE001 - whatever a client ends with, the table is to tell it
        found = [f"{type(error).__name__}: {error}"]
    return Verdict("failed", 0, 1, "; ".join(found)) if found else Verdict("passed", 1, 1)


def _emptied(redis: EmbeddedRedis) -> None:
    with redis.client() as client:
        client.flushall()


if __name__ == "__main__":
    sys.exit(main())
