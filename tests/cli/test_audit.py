"""`mooring audit` reports, and its exit code says whether there was anything to report."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from mooring.cli import main
from mooring.cli.audit import has_color

FAULTY = "import redis\nclient = redis.Redis(host='localhost')\n"
CLEAN = "import os\nimport redis\nclient = redis.from_url(os.environ['REDIS_URL'])\n"


def test_findings_exit_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "server.py").write_text(FAULTY)
    assert main(["audit", str(tmp_path)]) == 1
    shown = capsys.readouterr().out
    assert "server.py:2:10 MR101 error hardcoded-endpoint" in shown
    assert shown.endswith("1 of 1 services affected\n")
    assert "\033[" not in shown


def test_no_findings_exit_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "server.py").write_text(CLEAN)
    assert main(["audit", str(tmp_path)]) == 0
    assert capsys.readouterr().out.endswith("0 of 1 services affected\n")


def test_a_file_that_does_not_parse_is_listed_and_changes_no_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.py").write_text(CLEAN)
    (tmp_path / "broken.py").write_text("def f(:\n")
    assert main(["audit", str(tmp_path)]) == 0
    assert "broken.py:1: does not parse" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_nothing_to_read_exits_with_2(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["audit", str(tmp_path / name)]) == 2
    assert capsys.readouterr().err.startswith(f"mooring: error: {tmp_path / name}: no ")


def test_an_unknown_rule_exits_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.py").write_text(FAULTY)
    assert main(["audit", str(tmp_path), "--select", "MR999"]) == 2
    assert "MR999" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "rules"),
    [
        (["--select", "mr101"], {"MR101"}),
        (["--select", "MR1,MR2"], {"MR101", "MR201"}),
        (["--ignore", "MR2"], {"MR101"}),
        (["--select", "MR1", "--select", "MR2", "--ignore", "MR201"], {"MR101"}),
    ],
)
def test_rules_are_chosen_by_code_or_family(
    tmp_path: Path, options: list[str], rules: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.py").write_text(FAULTY)
    assert main(["audit", str(tmp_path), "--format", "json", *options]) == 1
    assert {finding["rule"] for finding in json.loads(capsys.readouterr().out)["findings"]} == rules


def test_tests_are_audited_on_request(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(FAULTY)
    assert main(["audit", str(tmp_path)]) == 0
    assert main(["audit", str(tmp_path), "--include-tests"]) == 1


@pytest.mark.parametrize(
    ("terminal", "variables", "colored"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
    ],
)
def test_colour_is_for_a_terminal_that_wants_it(
    terminal: bool, variables: dict[str, str], colored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    assert has_color() is colored


def test_a_report_goes_to_the_file_that_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.py").write_text(FAULTY)
    report = tmp_path / "report.json"
    assert main(["audit", str(tmp_path), "--format", "json", "--output", str(report)]) == 1
    assert json.loads(report.read_text())["schema"] == 1
    assert capsys.readouterr() == ("", "")


def test_a_report_that_cannot_be_written_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.py").write_text(FAULTY)
    assert main(["audit", str(tmp_path), "--output", str(tmp_path / "no/report")]) == 2
    assert capsys.readouterr().err.startswith("mooring: error: ")
