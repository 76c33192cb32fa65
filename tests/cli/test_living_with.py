"""`mooring audit` in daily use: configured, against a baseline, since a revision, from an editor, again and again."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mooring.audit import engine
from mooring.cli import main

FAULTY = "import redis\nclient = redis.Redis(host='localhost')\n"
CLEAN = "import os\nimport redis\nclient = redis.from_url(os.environ['REDIS_URL'])\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "server.py").write_text(FAULTY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    code = main(["audit", "--format", "json", *arguments])
    findings: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["findings"]
    assert code == (1 if findings else 0)
    return findings


def rules(findings: list[dict[str, Any]]) -> set[str]:
    return {finding["rule"] for finding in findings}


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def test_the_configuration_counts_and_the_command_line_overrides_it(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "pyproject.toml").write_text("[tool.mooring]\nselect = ['MR1']\nseverity = { MR101 = 'info' }\n")
    findings = found(capsys, ".")
    assert [(f["rule"], f["severity"]) for f in findings] == [("MR101", "info")]
    assert rules(found(capsys, ".", "--select", "MR2")) == {"MR201"}


def test_a_wrong_configuration_exits_with_2(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "pyproject.toml").write_text("[tool.mooring]\nselect = 'MR1'\n")
    for command in ("audit", "fix"):
        assert main([command, "."]) == 2
        assert capsys.readouterr().err.startswith(f"mooring: error: {project / 'pyproject.toml'}: tool.mooring.select")


def test_fix_heeds_the_configuration(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.mooring]\nexclude = ['server.py']\n")
    (project / "other.py").write_text(FAULTY)
    assert main(["fix", "."]) == 0
    assert (project / "server.py").read_text() == FAULTY
    assert "create_redis_from_config" in (project / "other.py").read_text()


def test_a_second_run_gives_the_same_report_without_an_audit(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["audit", "."]) == 1
    first = capsys.readouterr().out
    with monkeypatch.context() as patch:
        patch.setattr(engine, "examine", None)
        assert main(["audit", "."]) == 1
    assert capsys.readouterr().out == first
    (project / "server.py").write_text(CLEAN)
    assert main(["audit", "."]) == 0


def test_a_changed_configuration_or_baseline_is_another_report(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = project / "base.json"
    assert main(["audit", ".", "--format", "json", "--output", str(base)]) == 1
    assert found(capsys, ".", "--baseline", str(base)) == []
    report = json.loads(base.read_text())
    base.write_text(json.dumps(report | {"findings": report["findings"][1:]}))
    assert len(found(capsys, ".", "--baseline", str(base))) == 1
    (project / "pyproject.toml").write_text("[tool.mooring]\nignore = ['MR']\n")
    assert found(capsys, ".") == []


def test_without_a_cache_nothing_is_kept(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOORING_CACHE_DIR", str(project / "cache"))
    assert main(["audit", ".", "--no-cache"]) == 1
    assert not (project / "cache").exists()
    assert main(["audit", "."]) == 1
    assert (project / "cache").exists()


def test_only_files_that_changed_since_a_revision_are_reported(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git(project, "init", "-q")
    (project / "app").mkdir()
    (project / "app" / "old.py").write_text(FAULTY)
    git(project, "add", ".")
    git(project, "commit", "-qm", "one")
    assert found(capsys, ".", "--changed-since", "HEAD") == []
    (project / "server.py").write_text(FAULTY + "x = 1\n")
    (project / "app" / "new file.py").write_text(FAULTY)
    assert {f["path"] for f in found(capsys, ".", "--changed-since", "HEAD")} == {"server.py", "app/new file.py"}
    assert {f["path"] for f in found(capsys, "app", "--changed-since", "HEAD")} == {"new file.py"}


@pytest.mark.parametrize("revision", ["nowhere", "--output=x", "HEAD:server.py"])
def test_a_revision_that_is_none_exits_with_2(project: Path, capsys: pytest.CaptureFixture[str], revision: str) -> None:
    git(project, "init", "-q")
    git(project, "add", ".")
    git(project, "commit", "-qm", "one")
    assert main(["audit", ".", f"--changed-since={revision}"]) == 2
    assert f"--changed-since {revision}: " in capsys.readouterr().err
    assert not (project / "x").exists()


@pytest.mark.usefixtures("project")
def test_outside_a_checkout_nothing_can_have_changed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", ".", "--changed-since", "HEAD"]) == 2
    assert "not a git repository" in capsys.readouterr().err


def stdin(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_standard_input_is_audited_in_the_place_of_its_file(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin(monkeypatch, "\n" + FAULTY)
    places = {(f["path"], f["line"]) for f in found(capsys, "-", "--stdin-filename", "server.py")}
    assert places == {("server.py", 3)}
    assert (project / "server.py").read_text() == FAULTY
    stdin(monkeypatch, FAULTY)
    assert {f["path"] for f in found(capsys, "-")} == {"stdin.py"}
    stdin(monkeypatch, CLEAN)
    assert found(capsys, "-") == []


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["-", "."], "standard input is audited alone"),
        ([".", "--stdin-filename", "a.py"], "goes with PATH - only"),
    ],
)
def test_standard_input_goes_with_nothing_else(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", *arguments]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "junit", "markdown"])
def test_every_format_tells_of_the_finding_and_exits_alike(
    project: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    assert main(["audit", ".", "--format", form]) == 1
    shown = capsys.readouterr().out
    assert "MR101" in shown
    assert "server.py" in shown
    assert main(["audit", ".", "--format", form, "--output", str(project / "report")]) == 1
    assert (project / "report").read_text() == shown


@pytest.mark.parametrize(("form", "told"), [("github", "file=app/new.py,line=2"), ("sarif", '"uri": "app/new.py"')])
def test_what_others_read_has_paths_from_where_the_command_was_called(
    project: Path, capsys: pytest.CaptureFixture[str], form: str, told: str
) -> None:
    (project / "app").mkdir()
    (project / "app" / "new.py").write_text(FAULTY)
    assert main(["audit", "app", "--format", form]) == 1
    assert told in capsys.readouterr().out


def test_a_file_whose_name_is_no_text_has_findings_too(
    project: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    (project / "server.py").rename(os.fsdecode(os.fsencode(project) + b"/\xff.py"))
    for form in ("text", "json", "sarif", "github", "junit", "markdown"):
        assert main(["audit", ".", "--format", form]) == 1
        assert b"MR101" in capsysbinary.readouterr().out


def test_a_rule_is_explained_by_its_code_and_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "mr301", "no-credentials"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("MR301 client-per-call (error)\n\n")
    assert "\nMR201 no-credentials (error)\n\n" in shown
    assert "Fix safety:" in shown


def test_without_a_name_all_rules_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == sorted(line.split()[0] for line in lines)
    assert len(lines) >= 14


def test_a_rule_that_does_not_exist_cannot_be_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "MR999"]) == 2
    assert "mooring explain lists them all" in capsys.readouterr().err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert f"_MOORING_COMPLETE={shell}_complete" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("mooring exp", ["explain"]),
        ("mooring audit --form", ["--format"]),
        ("mooring audit --format sa", ["sarif"]),
        ("mooring audit --select MR20", ["MR201", "MR202", "MR203", "MR204"]),
        ("mooring audit --select MR101,mr40", [f"MR101,MR40{n}" for n in range(1, 6)]),
        ("mooring explain MR10", ["MR101", "MR102"]),
    ],
)
def test_a_shell_is_told_what_may_follow(words: str, offered: list[str]) -> None:
    environment = {
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
        "_MOORING_COMPLETE": "bash_complete",
    }
    command = [sys.executable, "-m", "mooring"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert [line.partition(",")[2] for line in done.stdout.splitlines()] == offered
