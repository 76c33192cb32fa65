"""`mooring validate` exits with 0 only if every claim is true, and says in one line what is wrong with its input."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mooring.audit.claims.reading import READERS
from mooring.cli import main

EXAMPLES = Path(__file__).parents[2] / "examples"
FAULTY = "import redis\nclient = redis.Redis(host='localhost', password='hunter2')\n"
FIXED = "from mooring import create_redis_from_config\nclient = create_redis_from_config()\n"
TRUE = "[[claim]]\ntext = 'one hard-coded endpoint'\nrules = ['MR101']\ncount = 1\n"
FALSE = "[[claim]]\ntext = 'no hard-coded endpoint'\nrules = ['MR101']\ncount = 0\n"


@pytest.fixture
def claims(tmp_path: Path) -> Path:
    """A file of one true claim, beside a tree that it names."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "server.py").write_text(FAULTY)
    file = tmp_path / "claims.toml"
    file.write_text(f"tree = 'tree'\n{TRUE}")
    return file


def run(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mooring", "validate", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)


def test_a_true_claim_exits_with_0(claims: Path) -> None:
    done = run(claims, folder=claims.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("1. confirmed: one hard-coded endpoint\n")
    assert done.stdout.endswith("1 of 1 claim confirmed; looked at 1 Python file.\n")


def test_a_false_claim_exits_with_1(claims: Path) -> None:
    claims.write_text(f"tree = 'tree'\n{TRUE}{FALSE}")
    done = run(claims, folder=claims.parent)
    assert (done.returncode, done.stderr) == (1, "")
    assert "\n2. refuted: no hard-coded endpoint\n" in done.stdout


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (FALSE.replace("MR101", "MR999"), "claim 1: rules: 'MR999' must be one of MR101, "),
        ("tree = 'nowhere'\n" + TRUE, "tree: "),
        ("[[claim]\n", "is no TOML: "),
    ],
)
def test_a_wrong_file_exits_with_2_and_one_line(claims: Path, text: str, message: str) -> None:
    claims.write_text(text)
    done = run(claims, folder=claims.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"mooring: error: {claims}: {message}")
    assert done.stderr.count("\n") == 1


def test_the_path_on_the_command_line_wins(claims: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = claims.parent / "other"
    other.mkdir()
    (other / "server.py").write_text(FIXED)
    assert main(["validate", str(claims), str(other)]) == 1
    assert main(["validate", str(claims), str(claims.parent / "tree" / "server.py")]) == 0
    assert main(["validate", str(claims), str(claims.parent / "nowhere")]) == 2
    assert "nowhere: no such file or directory" in capsys.readouterr().err


def test_without_any_path_the_current_folder_is_meant(claims: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    claims.write_text(TRUE)
    monkeypatch.chdir(claims.parent / "tree")
    assert main(["validate", str(claims)]) == 0


def test_a_tree_without_files_exits_with_2(claims: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (claims.parent / "tree" / "server.py").unlink()
    assert main(["validate", str(claims)]) == 2
    assert "no Python file or manifest to audit" in capsys.readouterr().err


def test_rules_count_whatever_the_configuration_leaves_out(claims: Path) -> None:
    (claims.parent / "tree" / "pyproject.toml").write_text(
        "[tool.mooring]\nselect = ['MR2']\nignore = ['MR1']\nper-file-ignores = {'*.py' = ['MR101']}\n"
    )
    assert main(["validate", str(claims)]) == 0


def test_tests_are_looked_at_on_request(claims: Path) -> None:
    (claims.parent / "tree" / "test_server.py").write_text(FAULTY)
    assert main(["validate", str(claims)]) == 0
    assert main(["validate", str(claims), "--include-tests"]) == 1


def test_a_report_goes_to_the_file_that_is_named(claims: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = claims.parent / "report.json"
    assert main(["validate", str(claims), "--format", "json", "--output", str(report)]) == 0
    assert json.loads(report.read_text())["summary"]["confirmed"] == 1
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_no_format_shows_a_password_of_the_tree(claims: Path, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    claims.write_text("tree = 'tree'\n[[claim]]\ntext = 'it is hunter2'\nquotes = [\"password='hunter2'\"]\n")
    assert main(["validate", str(claims), "--format", form]) == 0
    shown = capsys.readouterr().out
    assert "hunter2" not in shown
    assert "server.py" in shown


def test_a_second_tree_tells_what_the_fix_did(claims: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fixed = claims.parent / "fixed"
    shutil.copytree(claims.parent / "tree", fixed)
    (fixed / "server.py").write_text(FIXED)
    assert main(["validate", str(claims), "--after", str(fixed), "--format", "markdown"]) == 0
    assert "| confirmed | 1 of 1 gone |" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "message"), [("nowhere", "no such file or directory"), ("unlike", "has no file in common with ")]
)
def test_a_second_tree_must_be_one(claims: Path, name: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    (claims.parent / "unlike").mkdir()
    (claims.parent / "unlike" / "other.py").write_text(FIXED)
    after = claims.parent / name
    assert main(["validate", str(claims), "--after", str(after)]) == 2
    assert f"mooring: error: --after {after}: {message}" in capsys.readouterr().err


def test_the_example_is_answered_as_its_fleet_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(EXAMPLES / "claims.toml"), "--format", "json"]) == 1
    told = [(claim["verdict"], claim["found"]) for claim in json.loads(capsys.readouterr().out)["claims"]]
    assert told == [
        ("under-counted", "8 of 12 services; 1 of 1 quotes"),
        ("partly", "11 of 15 sites given no credentials"),
        ("confirmed", "8 findings"),
        ("confirmed", "aioredis, redis, redis.asyncio"),
    ]


def test_the_example_counts_what_the_fleet_is_expected_to_hold(capsys: pytest.CaptureFixture[str]) -> None:
    expected = json.loads((EXAMPLES / "fleet" / "expected.json").read_text())
    main(["validate", str(EXAMPLES / "claims.toml"), "--format", "json"])
    claims = json.loads(capsys.readouterr().out)["claims"]
    for claim, rules in ((claims[0], {"MR101", "MR102"}), (claims[2], {"MR301", "MR302"})):
        found = {(one["path"], one["line"], one["what"]) for one in claim["evidence"] if one["what"] in rules}
        assert found == {(one["path"], one["line"], one["rule"]) for one in expected if one["rule"] in rules}


def test_the_help_names_every_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "--help"]) == 0
    told = capsys.readouterr().out
    assert not [key for key in READERS if key not in told]
