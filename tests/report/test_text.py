"""The text report shows each fault where it is, grouped by service, and shows no secret."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from mooring.audit.engine import audit
from mooring.report.text import render


def report(folder: Path, files: Mapping[str, str], *, color: bool = False) -> str:
    for path, content in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)
    found = audit([folder])
    return render(found, color=color)


def test_a_finding_is_shown_in_its_code(tmp_path: Path) -> None:
    text = "import redis\n\n# the cache\nclient = redis.Redis(host='localhost')\nx = 1\ny = 2\nz = 3\n"
    assert report(tmp_path, {"mcp-orders/server.py": text}).startswith(
        """\
service mcp-orders (mcp, mcp-orders)

  mcp-orders/server.py:4:10 MR101 error hardcoded-endpoint
    redis.Redis connects to localhost:6379, a literal
  mcp-orders/server.py:4:10 MR201 error no-credentials
    redis.Redis gives no credentials for localhost:6379
      2 |
      3 | # the cache
    > 4 | client = redis.Redis(host='localhost')
        |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      5 | x = 1
      6 | y = 2
    remedy: read the address from the environment: create_redis_from_config()
"""
    )


def test_services_come_first_and_the_totals_last(tmp_path: Path) -> None:
    faulty = "import redis\nclient = redis.Redis()\n"
    shown = report(
        tmp_path, {"a.py": faulty, "b/server.py": faulty, "c/app.py": faulty, "d/main.py": "", "d/x.txt": ""}
    )
    headings = [line for line in shown.splitlines() if line.startswith(("service ", "outside "))]
    assert headings == ["service b (python, b)", "service c (python, c)", "outside any service"]
    lines = shown.splitlines()
    assert [line.split() for line in lines[-6:-3]] == [
        ["rule", "name", "severity", "findings", "fixable"],
        ["MR101", "hardcoded-endpoint", "error", "3", "3"],
        ["MR201", "no-credentials", "error", "3", "3"],
    ]
    assert lines[-1] == "2 of 3 services affected"
    assert "6 findings in 3 files; looked at 4 Python files and 0 manifests." in lines


def test_a_clean_tree_says_so(tmp_path: Path) -> None:
    assert report(tmp_path, {"server.py": "x = 1\n"}) == (
        "No findings; looked at 1 Python file and 0 manifests.\n0 of 1 services affected\n"
    )


SECRETS = {
    "argument": "c = redis.Redis(host='h', password='hunter2')",
    "positional": "c = redis.Redis('h', 6379, 0, 'hunter2')",
    "short": "c = redis.Redis('h', password='pw')",
    "URL": "c = redis.from_url('redis://user:hunter2@h/0')",
    "URL with odd characters": "c = redis.from_url('redis://:hun@ter2@h/0')",
    "constant nearby": "KEY = 'hunter2!'\nc = redis.Redis(host='h', password=KEY)",
    "word nearby": "KEY = 'hunter'\nc = redis.Redis(host='h', password=KEY)",
    "mapping nearby": "options = {'host': 'h', 'password': 'hunter2'}\nc = redis.Redis(**options)",
    "another's": "db_password = 'hunter2'\nc = redis.Redis(host='h')",
    "another's URL": "DB = 'postgres://me:hunter2@db'\nc = redis.Redis(host='h')",
    "annotated": "password: str = 'hunter2'\nc = redis.Redis(host='h')",
}


@pytest.mark.parametrize("code", SECRETS.values(), ids=SECRETS.keys())
def test_no_frame_shows_a_secret(tmp_path: Path, code: str) -> None:
    shown = report(tmp_path, {"a.py": f"import redis\n{code}\n"})
    assert "***" in shown
    assert "hunter" not in shown
    assert "ter2" not in shown
    assert "'pw'" not in shown


def test_the_place_of_a_secret_is_no_secret(tmp_path: Path) -> None:
    shown = report(tmp_path, {"a.py": "import redis\nc = redis.from_url(f'redis://:{password}@localhost')\n"})
    assert "f'redis://:{password}@localhost'" in shown


def test_a_span_of_several_lines_is_underlined_on_each(tmp_path: Path) -> None:
    shown = report(tmp_path, {"a.py": "import redis\nc = redis.Redis(\n\thost='localhost',\n)\n"})
    assert "    > 2 | c = redis.Redis(\n        |     ^^^^^^^^^^^^\n" in shown
    assert "    > 3 | \thost='localhost',\n        | \t^^^^^^^^^^^^^^^^^\n" in shown
    assert "    > 4 | )\n        | ^\n" in shown


def test_carets_stand_under_wide_characters(tmp_path: Path) -> None:
    shown = report(tmp_path, {"a.py": "import redis\nx = '錨', redis.Redis()\n"})
    assert "    > 2 | x = '錨', redis.Redis()\n        |           ^^^^^^^^^^^^^\n" in shown


def test_a_control_character_never_reaches_the_terminal(tmp_path: Path) -> None:
    shown = report(tmp_path, {"a.py": "import redis\nx = '\x1b[31m'\nc = redis.Redis()\n"})
    assert "\x1b" not in shown
    assert "x = '�[31m'" in shown


def test_a_guess_is_called_one(tmp_path: Path) -> None:
    shown = report(tmp_path, {"a.py": "c = redis.Redis()\n"})
    assert "MR101 error hardcoded-endpoint (low confidence)" in shown
    assert "nothing in this module imports redis" in shown


def test_a_fix_is_told_with_what_it_needs(tmp_path: Path) -> None:
    files = {
        "safe.py": "import redis\nc = redis.Redis()\n",
        "unsafe.py": "import redis\nc = redis.Redis(password='hunter2')\n",
        "shown/a.py": "import aioredis\nc = aioredis.create_redis('redis://localhost')\n",
    }
    shown = report(tmp_path, files)
    assert "fix: Use create_redis_from_config()\n" in shown
    assert "the password leaves the code (needs --unsafe)\n" in shown
    assert "written anew (a suggestion, not applied)\n" in shown
    assert "fix: none that is automatic\n" in shown


def test_files_that_cannot_be_read_are_listed_in_short(tmp_path: Path) -> None:
    shown = report(tmp_path, {f"b{number}.py": "def f(:\n" for number in range(7)} | {"a.py": ""})
    assert "7 files could not be read, or not in full\n  b0.py:1: does not parse: " in shown
    assert "  … and 2 more (all of them with --format json)\n" in shown
    assert "b5.py" not in shown


PINNED = "redis==5.0.4\n"


def lacking(name: str, options: str = "") -> str:
    """A client with an endpoint of its own, so that nothing but resilience is found."""
    return f"import os, redis\nc = redis.from_url(os.environ['{name}']{options})\n"


def resilience(shown: str) -> list[str]:
    """The lines of that section."""
    _, _, section = f"\n{shown}".partition("\nresilience: ")
    return section.partition("\n\n")[0].splitlines()[1:]


def test_resilience_is_one_line_a_site_after_the_services(tmp_path: Path) -> None:
    shown = report(tmp_path, {"requirements.txt": PINNED, "server.py": "import redis\nc = redis.Redis()\n"})
    folded = "server.py:2:5 warning MR501 no-timeout, MR502 no-retry, MR503 no-health-check, MR504 unbounded-pool"
    assert resilience(shown) == [f"  {folded}", "  reasons and remedies: --format json"]
    assert shown.index("service ") < shown.index("MR201 error") < shown.index(folded)
    assert shown.count("MR501") == 1


def test_resilience_counts_once_a_site(tmp_path: Path) -> None:
    shown = report(tmp_path, {"requirements.txt": PINNED, "server.py": "import redis\nc = redis.Redis()\n"})
    assert ["MR5", "resilience", "warning", "1", "0"] in [line.split() for line in shown.splitlines()]
    assert "3 findings in 1 file; looked at" in shown


def test_resilience_never_outnumbers_the_other_findings(tmp_path: Path) -> None:
    files = {"requirements.txt": "redis==8.1.0\n", "z.py": "import redis\nc = redis.Redis(password='x', retry=None)\n"}
    files |= {f"{name}.py": lacking(name) for name in "abcd"}
    files |= {f"{name}.py": lacking(name, ", socket_timeout=None") for name in "mn"}
    shown = report(tmp_path, files)
    # MR101 and MR202, so two lines of resilience, the gravest: MR501 is a warning, MR502 and MR503 are not.
    assert resilience(shown) == [
        "  m.py:2:5 warning MR501 no-timeout, MR502 no-retry, MR503 no-health-check",
        "  n.py:2:5 warning MR501 no-timeout, MR502 no-retry, MR503 no-health-check",
        "  … and 5 more sites (all of them with --select MR5)",
        "  reasons and remedies: --format json",
    ]
    assert ["MR5", "resilience", "warning", "2", "2"] in [line.split() for line in shown.splitlines()]
    assert "4 findings in 3 files" in shown


def test_resilience_is_shown_in_full_where_nothing_else_is_found(tmp_path: Path) -> None:
    shown = report(tmp_path, {"requirements.txt": "redis==8.1.0\n"} | {f"{name}.py": lacking(name) for name in "abc"})
    assert resilience(shown) == [
        *(f"  {name}.py:2:5 info MR502 no-retry, MR503 no-health-check" for name in "abc"),
        "  reasons and remedies: --format json",
    ]
    assert "3 findings in 3 files" in shown


def test_resilience_too_is_called_a_guess_where_it_is_one(tmp_path: Path) -> None:
    shown = report(tmp_path, {"a.py": "c = redis.Redis(socket_timeout=None)\n"})
    assert resilience(shown)[0] == "  a.py:1:5 warning MR501 no-timeout (low confidence)"


def test_colour_is_only_for_those_who_want_it(tmp_path: Path) -> None:
    files = {"a.py": "import redis\nc = redis.Redis()\n"}
    assert "\033[31merror\033[0m" in report(tmp_path, files, color=True)
    assert "\033[" not in report(tmp_path, files)
