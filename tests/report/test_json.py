"""The JSON report is what its schema says, in the same order every time, and holds no secret."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mooring.audit.engine import audit
from mooring.report.json import render

SCHEMA = Path(__file__).parents[2] / "docs/schema/audit-1.json"
FILES: dict[str, str | bytes] = {
    "fleet/mcp/server.py": "import redis\nfrom cache import HOST\na = redis.Redis(host=HOST, password='hunter2')\n",
    "fleet/mcp/cache.py": "HOST = 'cache'\n",
    "fleet/web/app.py": (
        "import aioredis\n\n\nasync def f():\n    r = aioredis.from_url('redis://:swordfish@h/0')\n"
        "    return await r.get('x')\n"
    ),
    "fleet/right/main.py": "import os\nimport redis\nc = redis.from_url(os.environ['REDIS_URL'])\n",
    "loose.py": "c = redis.Redis()\n",
    "broken.py": "import redis\ndef f(:\n",
    "odd.py": b"# caf\xe9 redis\n",
}


@pytest.fixture
def report(tmp_path: Path) -> dict[str, Any]:
    for path, content in FILES.items():
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
    text = render(audit([tmp_path]))
    assert text.endswith("}\n")
    assert not re.search("hunter2|swordfish", text)
    document: dict[str, Any] = json.loads(text)
    return document


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(SCHEMA.read_text()))


def test_the_report_is_what_the_schema_says(report: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(report)


@pytest.mark.parametrize("part", ["", "files", "summary"])
def test_the_keys_stand_in_the_order_of_the_schema(report: dict[str, Any], part: str) -> None:
    schema = json.loads(SCHEMA.read_text())
    if part:
        report, schema = report[part], schema["properties"][part]
    assert list(report) == schema["required"] == list(schema["properties"])


@pytest.mark.parametrize("part", ["sites", "findings", "services"])
def test_the_keys_of_the_parts_do_too(report: dict[str, Any], part: str) -> None:
    expected = json.loads(SCHEMA.read_text())["properties"][part]["items"]["required"]
    assert {tuple(item) for item in report[part]} == {tuple(expected)}


def test_the_report_counts_what_it_lists(report: dict[str, Any]) -> None:
    found = [finding["rule"] for finding in report["findings"]]
    assert report["summary"]["by_rule"] == {rule: found.count(rule) for rule in sorted(set(found))}
    assert sum(report["summary"]["by_family"].values()) == len(found)
    assert report["summary"]["services"] == len(report["services"]) == 3
    affected = {service["path"]: service["affected"] for service in report["services"]}
    assert affected == {"fleet/mcp": True, "fleet/right": False, "fleet/web": True}
    assert report["summary"]["affected"] == 2
    assert report["files"]["python"] == len(FILES)


def test_what_cannot_be_read_is_listed_with_its_line(report: dict[str, Any]) -> None:
    unreadable = {file["path"]: file["line"] for file in report["files"]["unreadable"]}
    assert unreadable == {"broken.py": 2, "odd.py": None}


def test_positions_count_from_one(report: dict[str, Any]) -> None:
    site = next(site for site in report["sites"] if site["path"] == "fleet/mcp/server.py")
    assert (site["line"], site["column"], site["end_line"], site["end_column"]) == (3, 5, 3, 47)
    assert (site["constructor"], site["asynchronous"], site["provenance"]) == ("redis.Redis", False, "literal")
    assert site["endpoint"] == "cache:6379"


def test_findings_stand_in_order(report: dict[str, Any]) -> None:
    keys = [(finding["path"], finding["line"], finding["column"]) for finding in report["findings"]]
    assert keys == sorted(keys)


def test_a_fix_is_told_with_its_safety(report: dict[str, Any]) -> None:
    fixes = {finding["path"]: finding["fix"] for finding in report["findings"] if finding["rule"] == "MR101"}
    assert {path: fix["safety"] for path, fix in fixes.items()} == {
        "fleet/mcp/server.py": "unsafe",
        "fleet/web/app.py": "unsafe",
        "loose.py": "display-only",
    }
