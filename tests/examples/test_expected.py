"""What an audit must find in the fleet stands where expected.json and the README say, in the dress they say."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

CONSTRUCTORS = {"Redis", "RedisClient", "from_url"}
SITE_RULES = {"MR101", "MR102", "MR201", "MR301", "MR302"}
RIGHT = {"analytics", "identity", "pricing", "search"}


def expected(fleet: Path) -> set[tuple[str, int, str]]:
    entries = json.loads((fleet / "expected.json").read_text())
    findings = {(entry["path"], entry["line"], entry["rule"]) for entry in entries}
    assert len(findings) == len(entries), "an entry stands twice"
    return findings


def lines_with(fleet: Path, *rules: str) -> set[tuple[str, int]]:
    return {(path, line) for path, line, rule in expected(fleet) if rule in rules}


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes())


def called(call: ast.Call) -> str:
    """The last name of what is called."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def constructor_calls(fleet: Path, server: str) -> set[tuple[str, int]]:
    path = f"servers/{server}/server.py"
    return {
        (path, node.lineno)
        for node in ast.walk(parse(fleet / path))
        if isinstance(node, ast.Call) and called(node) in CONSTRUCTORS
    }


def test_every_site_of_the_eight_is_expected_to_be_found_and_no_other_line(fleet: Path) -> None:
    faulty = {directory.name for directory in (fleet / "servers").iterdir()} - RIGHT
    sites = {site for server in faulty for site in constructor_calls(fleet, server)}

    assert len(faulty) == 8
    assert lines_with(fleet, *SITE_RULES) == sites


def test_the_four_are_expected_to_be_clean(fleet: Path) -> None:
    assert not {path for path, _, _ in expected(fleet) if path.split("/")[1] in RIGHT}


def test_every_blocking_line_is_the_first_unawaited_command_of_its_coroutine(fleet: Path) -> None:
    commands = {"get", "set", "rpush", "lpop"}
    receivers = {"orders": "cache", "shipping": "self.client", "tickets": "conn"}
    blocking = set()
    for server, receiver in receivers.items():
        path = f"servers/{server}/server.py"
        for function in ast.walk(parse(fleet / path)):
            if not isinstance(function, ast.AsyncFunctionDef):
                continue
            calls = [
                node.lineno
                for node in ast.walk(function)
                if isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in commands
                and ast.unparse(node.func.value) == receiver
            ]
            if calls:
                blocking.add((path, min(calls)))

    assert lines_with(fleet, "MR402") == blocking


@pytest.mark.parametrize(
    ("rule", "imported"), [("MR401", "import aioredis"), ("MR405", "import redis.asyncio as aioredis")]
)
def test_an_import_is_expected_where_it_stands(fleet: Path, rule: str, imported: str) -> None:
    [(path, line)] = lines_with(fleet, rule)

    assert (fleet / path).read_text().splitlines()[line - 1] == imported


def test_the_readme_lists_what_is_expected(fleet: Path) -> None:
    listed = set()
    rows = re.findall(r"^\| (\w+) \|.*\| (\d.*) \|$", (fleet / "README.md").read_text(), re.MULTILINE)
    for server, findings in rows:
        for group in findings.split(" · "):
            lines, rules = group.split(": ")
            listed |= {
                (f"servers/{server}/server.py", int(line), rule) for line in lines.split(", ") for rule in rules.split()
            }

    assert listed == expected(fleet)


def test_one_file_has_crlf_one_a_bom_and_one_tabs(fleet: Path) -> None:
    source = {name: (fleet / "servers" / name / "server.py").read_bytes() for name in ("billing", "tickets", "orders")}

    assert source["billing"].count(b"\n") == source["billing"].count(b"\r\n") > 0
    assert source["tickets"].startswith(b"\xef\xbb\xbf")
    assert b"\n\tcached" in source["orders"] or b"\n\t\tcached" in source["orders"]
    assert b"\n    " not in source["orders"]
