"""A type checker finds no more to say of a fixed file than it found before."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import mooring

from .rounds import fix_tree

HERE = Path(__file__).parent
FLEET = HERE.parents[1] / "examples" / "fleet"
# Only the types of these two are looked at: all others are the same before and after.
SETTINGS = """\
[mypy]
follow_imports = skip
ignore_missing_imports = True
check_untyped_defs = True
explicit_package_bases = True
[mypy-redis.*,mooring.*]
follow_imports = silent
"""
ERROR = re.compile(r"^(before|after)/([^:]+):\d+: error: .*\[([\w-]+)\]$", re.MULTILINE)
# What is said of a fixed file all the same, and why the fix cannot help it.
KNOWN = {
    ("servers/tickets/server.py", "union-attr"): (
        "redis-py leaves `with client as c` untyped, so that nothing was known of c; `async with` is typed, and its"
        " `get` gives text or bytes whatever `decode_responses` says"
    ),
}


@pytest.mark.parametrize("unsafe", [False, True])
def test_no_file_has_more_type_errors_after_the_fix(tmp_path: Path, unsafe: bool) -> None:
    tree = tmp_path / "programs"
    for program in HERE.glob("*/*.py.txt"):
        text = program.read_text().replace("NODES", '[("localhost", 26379)]').replace("PORT", "7000")
        place = tree / program.name.removesuffix(".py.txt") / "program.py"
        place.parent.mkdir(parents=True)
        place.write_text(text)
    changes = [*fix_tree(FLEET, unsafe=unsafe).changes, *fix_tree(tree, unsafe=unsafe).changes]
    checked = {change.path: change for change in changes if change.path.endswith(".py")}
    assert sum(path.startswith("servers/") for path in checked) == 8
    for path, change in checked.items():
        for side, text in (("before", change.source.text), ("after", change.text)):
            place = tmp_path / "sides" / side / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
    before, after = errors(tmp_path / "sides")
    assert before, "nothing at all is said: does the checker see redis-py?"
    assert [found for found in sorted((after - before).elements()) if found not in KNOWN] == []
    assert KNOWN.keys() <= after.keys() or not unsafe, "a known error is gone: take it off the list"


def errors(folder: Path) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]:
    """The path and code of each error in the two folders `before` and `after`."""
    settings = folder / "mypy.ini"
    settings.write_text(SETTINGS)
    command = [sys.executable, "-m", "mypy", "--config-file", str(settings), "--cache-dir", str(folder / "cache"), "."]
    environment = {"MYPYPATH": str(Path(mooring.__file__).parents[1]), "MYPY_FORCE_COLOR": "0"}
    told = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert told.returncode < 2, told.stdout + told.stderr
    sides: dict[str, Counter[tuple[str, str]]] = {"before": Counter(), "after": Counter()}
    for side, path, code in ERROR.findall(told.stdout):
        sides[side][path, code] += 1
    return sides["before"], sides["after"]
