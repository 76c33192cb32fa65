"""What `pyproject.toml` asks for is done, and what it cannot ask for is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from mooring.audit.catalogue import chosen
from mooring.audit.engine import Audit, audit
from mooring.audit.facts import Severity
from mooring.audit.options import Options, Target, configuration, read_options
from mooring.errors import UsageError

from .tree import Tree

SITE = "import redis\nclient = redis.Redis(host='cache')\n"


def configured(folder: Path, text: str) -> Options:
    file = folder / "pyproject.toml"
    file.write_text(text)
    assert configuration(folder) == file
    return read_options(file)


def under(tree: Tree, options: Options) -> Audit:
    return audit([tree.folder], root=tree.folder, options=options)


def test_every_key_is_read(tmp_path: Path) -> None:
    options = configured(
        tmp_path,
        """
        [tool.mooring]
        select = ["MR1", "mr201"]
        ignore = ["MR102"]
        exclude = ["legacy/"]
        include-tests = true
        fix = { factory = "acme.redis", target = "redis-py" }
        per-file-ignores = { "scripts/**" = ["MR101"] }
        severity = { MR102 = "error" }
        """,
    )
    assert options == Options(
        select=("MR1", "MR201"),
        ignore=("MR102",),
        exclude=("legacy/",),
        include_tests=True,
        per_file_ignores={"scripts/**": ("MR101",)},
        severity={"MR102": Severity.ERROR},
        target=Target("acme.redis", plain=True),
        base=tmp_path,
        file=tmp_path / "pyproject.toml",
    )


def test_the_nearest_table_counts_and_files_without_one_do_not(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("[tool.mooring]\n")
    (tmp_path / "a" / "pyproject.toml").write_text("[project]\nname = 'a'\n")
    assert configuration(inner) == tmp_path / "pyproject.toml"
    (inner / "pyproject.toml").write_text("[tool.mooring]\n")
    assert configuration(inner) == inner / "pyproject.toml"


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("[tool.mooring]\nselct = []", "no 'selct'; there are select, ignore"),
        ("[tool.mooring]\nselect = 'MR1'", "select must be a list of strings"),
        ("[tool.mooring]\nselect = ['X1']", "'X1' is not the code of a rule"),
        ("[tool.mooring]\ninclude-tests = 1", "include-tests must be true or false"),
        ("[tool.mooring.fix]\nfactory = 'a-b'", "fix.factory must be the dotted name of a module"),
        ("[tool.mooring.fix]\ntarget = 'redis'", 'fix.target must be "mooring" or "redis-py"'),
        ("[tool.mooring.fix]\nverify = 'x'", "fix has no 'verify'; there are factory, target"),
        ("[tool.mooring.severity]\nMR101 = 'bad'", "severity.MR101 must be one of error, warning, info"),
        ("[tool.mooring]\nper-file-ignores = []", "per-file-ignores must be a table"),
        ("[tool]\nmooring = 1", "tool.mooring must be a table"),
        ("[tool.mooring", "is no TOML"),
    ],
)
def test_what_is_wrong_is_said_with_its_file_and_key(tmp_path: Path, table: str, told: str) -> None:
    (tmp_path / "pyproject.toml").write_text(table)
    with pytest.raises(UsageError) as failed:
        read_options(configuration(tmp_path) or tmp_path)
    assert str(failed.value).startswith(f"{tmp_path / 'pyproject.toml'}: ")
    assert told in str(failed.value)


def test_a_broken_file_without_our_table_is_not_ours_to_report(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project\n")
    assert configuration(tmp_path) is None


@pytest.mark.parametrize(
    "options", [Options(select=("MR9",)), Options(ignore=("MR9",)), Options(per_file_ignores={"*": ("MR9",)})]
)
def test_a_code_that_no_rule_has_is_refused(options: Options) -> None:
    with pytest.raises(UsageError, match="no rule is called 'MR9'"):
        chosen(options)


def test_what_is_excluded_is_not_read(tree: Tree) -> None:
    tree.write({"legacy/a.py": SITE, "b.py": SITE})
    assert {s.path for s in under(tree, Options(exclude=("legacy/",))).sites} == {"b.py"}


def test_patterns_are_relative_to_the_configuration_wherever_the_audit_starts(tree: Tree) -> None:
    tree.write({"app/legacy/a.py": SITE, "app/b.py": SITE, "app/c.py": SITE})
    options = Options(exclude=("/app/legacy",), per_file_ignores={"/app/b.py": ("MR1", "MR2")}, base=tree.folder)
    found = audit([tree.folder / "app"], options=options)
    assert {f.problem.path for f in found.findings} == {"c.py"}


def test_a_rule_is_ignored_in_the_files_that_are_named(tree: Tree) -> None:
    tree.write({"scripts/a.py": SITE, "b.py": SITE})
    found = under(tree, Options(per_file_ignores={"scripts/**": ("MR101",)}))
    assert {(f.problem.path, f.rule) for f in found.findings} == {
        ("scripts/a.py", "MR201"),
        ("b.py", "MR101"),
        ("b.py", "MR201"),
    }


def test_the_longest_code_grades_a_rule(tree: Tree) -> None:
    tree.write(SITE)
    found = under(tree, Options(severity={"MR": Severity.INFO, "MR201": Severity.WARNING}))
    assert {f.rule: f.severity for f in found.findings} == {"MR101": Severity.INFO, "MR201": Severity.WARNING}
