"""What was written is looked at once more: it parses, its imports are there, and the next run has nothing to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from mooring.audit.edits import Edit, Fix, Safety
from mooring.audit.engine import Audit, audit
from mooring.audit.files import SourceFile
from mooring.audit.fixer import Change, Fate, FixOutcome, execute, fix, write
from mooring.audit.fixer.inspection import Inspection, inspect
from mooring.audit.fixer.resolution import Imported, Whereabouts, whereabouts

from .standing import STILL, Found

FAULTY = "import redis\nclient = redis.Redis(host='localhost')\n"


def mended(folder: Path, text: str = FAULTY) -> tuple[Audit, FixOutcome]:
    """An audit and its fix, not yet written."""
    (folder / "module.py").write_text(text)

    def look(overlay: Mapping[str, bytes]) -> Audit:
        return audit([folder], overlay=overlay)

    first = look({})
    return first, fix(first, look)


def looked_at(folder: Path, before: str, after: str) -> Inspection:
    """The inspection of one file that was changed to `after`."""
    source = SourceFile("pkg/module.py", folder / "pkg/module.py", before)
    source.location.parent.mkdir(exist_ok=True)
    source.location.write_text(before)
    change = Change(source, after, ())
    assert write([change]) == ()
    return inspect([change], FixOutcome((change,), (), (), 0), folder, lambda: STILL, unsafe=False)


def test_a_good_fix_has_no_fault(tmp_path: Path) -> None:
    _, outcome = mended(tmp_path)
    write(outcome.changes)
    seen = inspect(outcome.changes, outcome, tmp_path, lambda: audit([tmp_path]), unsafe=False)
    assert seen == Inspection({}, frozenset())


def test_a_finding_that_was_fixed_and_still_fires_is_a_fault(tmp_path: Path) -> None:
    first, outcome = mended(tmp_path)
    write(outcome.changes)
    plain = tuple(replace(one, problem=replace(one.problem, fix=None)) for one in first.findings)
    seen = inspect(outcome.changes, outcome, tmp_path, lambda: Found(plain), unsafe=False)
    assert seen.faults == {"module.py": "still has MR101 hardcoded-endpoint"}


def test_what_a_second_run_would_change_is_a_fault(tmp_path: Path) -> None:
    first, outcome = mended(tmp_path)
    write(outcome.changes)
    again = Fix("Again", (Edit("module.py", 0, 1, ""),), Safety.UNSAFE)
    one = first.findings[0]
    found = Found((replace(one, fingerprint="new", problem=replace(one.problem, fix=again)),))
    assert inspect(outcome.changes, outcome, tmp_path, lambda: found, unsafe=False).faults == {}
    seen = inspect(outcome.changes, outcome, tmp_path, lambda: found, unsafe=True)
    assert seen.faults == {"module.py": "would be changed again: Again"}


def test_a_fix_that_does_not_hold_is_undone_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOORING_STATE_DIR", str(tmp_path / "state"))
    good, bad = (SourceFile(name, tmp_path / name, "x = 1\n") for name in ("good.py", "bad.py"))
    for source in (good, bad):
        source.location.write_text("x = 1\n")
    changes = (Change(good, "x = 2\n", ()), Change(bad, "from . import nothing_of_the_kind\n", ()))
    done = execute(FixOutcome(changes, (), (), 0), tmp_path, lambda: STILL)
    assert (good.location.read_text(), bad.location.read_text()) == ("x = 2\n", "x = 1\n")
    (failure,) = done.failures
    assert (failure.path, failure.fate) == ("bad.py", Fate.UNDONE)
    assert failure.reason == "imports nothing_of_the_kind from ., which is not there"


def test_a_file_that_somebody_else_wrote_meanwhile_is_a_fault(tmp_path: Path) -> None:
    _, outcome = mended(tmp_path)
    write(outcome.changes)
    (tmp_path / "module.py").write_text("")
    seen = inspect(outcome.changes, outcome, tmp_path, lambda: STILL, unsafe=False)
    assert seen.faults == {"module.py": "does not hold what was written"}


def test_only_what_the_fix_imports_is_looked_for(tmp_path: Path) -> None:
    before = "import long_gone\nfrom elsewhere import this\n"
    assert looked_at(tmp_path, before, before + "import os\n") == Inspection({}, frozenset())


def test_a_file_that_does_not_parse_is_a_fault_and_one_that_is_no_python_is_not_parsed(tmp_path: Path) -> None:
    assert looked_at(tmp_path, "x = 1\n", "x = (\n").faults == {"pkg/module.py": "does not parse"}
    text = Change(SourceFile("notes.md", tmp_path / "notes.md", ""), "x = (", (), created=True)
    assert write([text]) == ()
    seen = inspect([text], FixOutcome((text,), (), (), 0), tmp_path, lambda: STILL, unsafe=False)
    assert seen.faults == {}


def test_a_package_that_is_not_installed_is_told_and_no_fault(tmp_path: Path) -> None:
    seen = looked_at(tmp_path, "", "from acme.redis import create_redis_from_config\n")
    assert seen == Inspection({}, frozenset({"acme.redis"}))


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (Imported("mooring", name="create_redis_from_config"), Whereabouts.FOUND),
        (Imported("redis", name="asyncio"), Whereabouts.FOUND),
        (Imported("redis.asyncio"), Whereabouts.FOUND),
        (Imported("redis", name="Redis"), Whereabouts.FOUND),
        (Imported("redis.asyncio", name="Rediss"), Whereabouts.MISSING),
        (Imported("redis.no_such_module"), Whereabouts.MISSING),
        (Imported("os"), Whereabouts.FOUND),
        (Imported("house", name="make"), Whereabouts.FOUND),
        (Imported("house", name="break_"), Whereabouts.MISSING),
        (Imported("house.inner"), Whereabouts.FOUND),
        (Imported("house.inner", name="anything"), Whereabouts.FOUND),
        (Imported("house.outer"), Whereabouts.MISSING),
        (Imported("sources.deep", name="x"), Whereabouts.FOUND),
        (Imported("plain.redis"), Whereabouts.ELSEWHERE),
        (Imported("nowhere"), Whereabouts.ELSEWHERE),
        (Imported("", 1, "sibling"), Whereabouts.FOUND),
        (Imported("sibling", 1, "y"), Whereabouts.FOUND),
        (Imported("sibling", 1, "z"), Whereabouts.MISSING),
        (Imported("", 1, "z"), Whereabouts.MISSING),
        (Imported("", 2, "house"), Whereabouts.FOUND),
        (Imported("cousin", 1, "y"), Whereabouts.MISSING),
    ],
    ids=str,
)
def test_an_import_is_found_where_python_would_find_it(
    tmp_path: Path, statement: Imported, expected: Whereabouts
) -> None:
    files = {
        "house/__init__.py": "def make(): ...\n",
        "house/inner.py": "from os import *\n",
        "src/sources/deep.py": "x = 1\n",
        "plain/redis.yaml": "",
        "service/__init__.py": "",
        "service/sibling.py": "if True:\n    y = 1\n",
        "service/app.py": "",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert whereabouts(statement, tmp_path / "service/app.py", tmp_path) is expected
