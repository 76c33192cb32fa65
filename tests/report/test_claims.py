"""The answers to claims say the same as text, Markdown and JSON, and hold no secret."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mooring.audit.claims import Ground, Validation, read_claims, validate
from mooring.audit.engine import examine
from mooring.audit.walk import walk
from mooring.report.claims import SHOWN, render_json, render_markdown, render_text
from mooring.report.redaction import Redactor

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schema/claims-1.json").read_text())
FILES = {
    "mcp/server.py": "import redis\na = redis.Redis(host='localhost', password='hunter2')\n",
    "web/app.py": "import aioredis\nr = aioredis.from_url('redis://:swordfish@cache/0')\n",
    "broken.py": "import redis\ndef f(:\n",
}
CLAIMS = """
[[claim]]
text = "2 of the | servers *hard-code* hunter2!"
rules = ["MR101"]
count = 1
unit = "services"
[[claim]]
text = "no credentials, not even redis://:swordfish@cache/0"
credentials = false
[[claim]]
text = "all is lost"
quotes = ["password='hunter2'", "password = 'opensesame'"]
[[claim]]
text = "both libraries"
libraries = ["redis", "aioredis"]
"""


def validated(folder: Path, files: dict[str, str], claims: str, *, fixed: dict[str, str] | None = None) -> Validation:
    def ground(name: str, contents: dict[str, str]) -> Ground:
        for path, content in contents.items():
            place = folder / name / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content)
        listing = list(walk(folder / name, [folder / name]))
        return Ground(examine(folder / name, listing), listing)

    (folder / "claims.toml").write_text(claims)
    after = ground("after", fixed) if fixed else None
    return validate(read_claims(folder / "claims.toml").claims, ground("before", files), after)


def clean(text: str) -> str:
    return Redactor(["hunter2", "swordfish"])(text)


@pytest.fixture
def validation(tmp_path: Path) -> Validation:
    return validated(tmp_path, FILES, CLAIMS)


@pytest.fixture
def document(validation: Validation) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(render_json(validation, clean))
    return document


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_json_is_what_the_schema_says(document: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(document)


def test_the_keys_stand_in_the_order_of_the_schema(document: dict[str, Any]) -> None:
    assert list(document) == SCHEMA["required"] == list(SCHEMA["properties"])
    schema = SCHEMA["properties"]["claims"]["items"]
    assert {tuple(claim) for claim in document["claims"]} == {tuple(schema["required"])}
    evidence = schema["properties"]["evidence"]["items"]
    assert {tuple(one) for claim in document["claims"] for one in claim["evidence"]} == {tuple(evidence["required"])}
    assert list(document["summary"]) == SCHEMA["properties"]["summary"]["required"]


def test_each_claim_has_its_answer(document: dict[str, Any]) -> None:
    told = [(claim["number"], claim["verdict"], claim["claimed"], claim["found"]) for claim in document["claims"]]
    assert told == [
        (1, "under-counted", "1 service", "2 of 2 services"),
        (2, "refuted", "no credentials", "0 of 2 sites given no credentials"),
        (3, "partly", "2 quotes", "1 of 2 quotes"),
        (4, "confirmed", "redis, aioredis", "aioredis, redis"),
    ]
    assert document["summary"] == {"confirmed": 1, "refuted": 1, "under-counted": 1, "over-counted": 0, "partly": 1}


def test_evidence_is_told_with_its_fix(document: dict[str, Any]) -> None:
    claim = document["claims"][0]
    assert [(one["path"], one["line"], one["what"], one["against"], one["fix"]) for one in claim["evidence"]] == [
        ("mcp/server.py", 2, "MR101", False, "unsafe"),
        ("web/app.py", 2, "MR101", False, "unsafe"),
    ]
    assert claim["fixed"] == {"safe": 0, "unsafe": 2, "no": 0, "gone": None, "of": 2}


def test_what_could_not_be_read_is_told(validation: Validation, document: dict[str, Any]) -> None:
    assert [(file["path"], file["line"]) for file in document["files"]["unreadable"]] == [("broken.py", 2)]
    told = "1 file could not be read, or not in full; what they hold may be missing here.\n"
    assert render_text(validation, clean, color=False).endswith(told)
    assert render_markdown(validation, clean).endswith(told)


def test_the_text_has_all_of_a_claim(validation: Validation) -> None:
    assert render_text(validation, clean, color=False).startswith(
        """\
1. under-counted: 2 of the | servers *hard-code* ***!
   claimed  1 service
   found    2 of 2 services
   why      2 of 2 services with MR101, not 1.
   fixed    2 unsafe
     mcp/server.py:2 MR101: redis.Redis connects to localhost:6379, a literal
     web/app.py:2 MR101: aioredis.from_url connects to redis://:***@cache/0, a literal

2. refuted: """
    )


def test_only_the_verdict_is_coloured(validation: Validation) -> None:
    plain, colored = (render_text(validation, clean, color=color) for color in (False, True))
    assert "\033[" not in plain
    assert re.findall(r"\033\[[\d;m\033\[]+([\w-]+)\033\[0m", colored) == [
        "under-counted",
        "refuted",
        "partly",
        "confirmed",
    ]


def test_markdown_is_a_table_whose_cells_hold(validation: Validation) -> None:
    lines = render_markdown(validation, clean).splitlines()
    assert lines[:2] == ["| # | Claimed | Found | Verdict | Fixed |", "|---|---|---|---|---|"]
    assert lines[2] == (
        r"| 1 | 2 of the \| servers \*hard-code\* \*\*\*! | 2 of 2 services | under-counted | 2 unsafe |"
    )
    assert [len(re.findall(r"(?<!\\)\|", line)) for line in lines[:6]] == [6] * 6


def test_no_format_shows_a_secret(validation: Validation) -> None:
    for text in (
        render_text(validation, clean, color=True),
        render_markdown(validation, clean),
        render_json(validation, clean),
    ):
        assert not re.search("hunter2|swordfish|opensesame", text)


def test_much_evidence_is_told_in_short(tmp_path: Path) -> None:
    files = {"a.py": "import redis\n" + "redis.Redis()\n" * (SHOWN + 1200)}
    validation = validated(tmp_path, files, "[[claim]]\ntext = 'x'\nrules = ['MR101']\n")
    text = render_text(validation, clean, color=False)
    assert text.count("a.py:") == SHOWN
    assert "… and 1,200 more (all of them with --format json)" in text
    assert len(json.loads(render_json(validation, clean))["claims"][0]["evidence"]) == SHOWN + 1200


def test_a_second_tree_tells_what_is_gone(tmp_path: Path) -> None:
    claims = "[[claim]]\ntext = 'x'\nrules = ['MR101']\n[[claim]]\ntext = 'y'\nrules = ['MR403']\n"
    validation = validated(tmp_path, FILES, claims, fixed={**FILES, "mcp/server.py": "x = 1\n"})
    document = json.loads(render_json(validation, clean))
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert document["after"] == str(tmp_path / "after")
    assert document["claims"][0]["fixed"]["gone"] == 1
    rows = render_markdown(validation, clean).splitlines()[2:4]
    assert [row.split(" | ")[-1] for row in rows] == ["1 of 2 gone |", "nothing to fix |"]


def test_nothing_steers_a_terminal(tmp_path: Path) -> None:
    claims = '[[claim]]\ntext = "red \\u001b[31m\\ntext"\nquotes = ["\\u001b"]\n'
    validation = validated(tmp_path, {"a.py": "x = '\x1b[31m'\n"}, claims)
    for text in (render_text(validation, clean, color=False), render_markdown(validation, clean)):
        assert "\x1b" not in text
        assert "red �" in text
