"""The GitHub Action and the pre-commit hooks, by running what they run."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

HOME = Path(__file__).parent.parent
FAULTY = "import redis\nclient = redis.Redis(host='localhost')\n"
CLEAN = "import os\nimport redis\nclient = redis.from_url(os.environ['REDIS_URL'])\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with one faulty file, and beside it what a runner gives a job."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "server.py").write_text(FAULTY)
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    return folder


def step(name: str) -> dict[str, Any]:
    action = yaml.safe_load((HOME / "action.yml").read_text())
    (found,) = (one for one in action["runs"]["steps"] if one["name"] == name)
    return dict(found)


def run_audit(checkout: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """Run the step as the runner does, with the mooring of this environment where the first step installs one."""
    temporary = checkout.parent / "runner"
    (temporary / "mooring" / "bin").mkdir(parents=True, exist_ok=True)
    link = temporary / "mooring" / "bin" / "mooring"
    if not link.exists():
        link.symlink_to(Path(sys.executable).with_name("mooring"))
    declared = yaml.safe_load((HOME / "action.yml").read_text())["inputs"]
    given = {name: inputs.get(name.replace("-", "_"), str(one["default"])) for name, one in declared.items()}
    audit = step("Audit")
    environment = dict(os.environ)
    for variable, expression in audit["env"].items():
        environment[variable] = given[expression.removeprefix("${{ inputs.").removesuffix(" }}")]
    environment |= {"RUNNER_TEMP": str(temporary), "GITHUB_STEP_SUMMARY": str(checkout.parent / "summary.md")}
    script = checkout.parent / "step.sh"
    script.write_text(audit["run"])
    # https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax: what `shell: bash` means.
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)


def test_the_action_annotates_sums_up_and_fails_on_findings(checkout: Path) -> None:
    done = run_audit(checkout, sarif_file="out.sarif")
    assert done.returncode == 1, done.stderr
    assert "::error file=server.py,line=2" in done.stdout
    assert "MR101" in (checkout.parent / "summary.md").read_text()
    assert json.loads((checkout / "out.sarif").read_text())["version"] == "2.1.0"


def test_the_action_passes_where_nothing_is_found(checkout: Path) -> None:
    (checkout / "server.py").write_text(CLEAN)
    done = run_audit(checkout)
    assert done.returncode == 0, done.stderr
    assert list(checkout.glob("*.sarif")) == []


def test_the_action_takes_arguments_and_runs_none_of_them(checkout: Path) -> None:
    done = run_audit(checkout, arguments="--select MR2")
    assert "MR201" in done.stdout
    assert "MR101" not in done.stdout
    run_audit(checkout, arguments="; touch owned", path="$(touch owned)")
    assert not (checkout / "owned").exists()


def test_the_action_fails_on_a_wrong_argument(checkout: Path) -> None:
    done = run_audit(checkout, arguments="--select MR999")
    assert done.returncode == 2
    assert "no rule is called 'MR999'" in done.stderr


def test_the_action_installs_itself_apart_from_the_job(checkout: Path) -> None:
    stand_in = checkout.parent / "bin" / "python3"
    stand_in.parent.mkdir()
    said = checkout.parent / "said"
    # Makes an environment whose pip only says what it was asked for.
    pip = f"printf '#!/bin/sh\\necho \"$@\" > {said}\\n'"
    stand_in.write_text(f'#!/bin/sh\nmkdir -p "$3/bin"\n{pip} > "$3/bin/pip"\nchmod +x "$3/bin/pip"\n')
    stand_in.chmod(0o755)
    environment = {
        "PATH": f"{stand_in.parent}:{os.environ['PATH']}",
        "RUNNER_TEMP": str(checkout.parent / "runner"),
        "ACTION": str(HOME),
    }
    subprocess.run(["bash", "-eo", "pipefail", "-c", step("Install Mooring")["run"]], env=environment, check=True)
    assert said.read_text().split() == ["install", "--quiet", str(HOME)]
    assert (HOME / "pyproject.toml").exists()


def hook(name: str, checkout: Path) -> int:
    """Run what pre-commit runs: the entry and its arguments, in the checkout, without file names."""
    hooks = {one["id"]: one for one in yaml.safe_load((HOME / ".pre-commit-hooks.yaml").read_text())}
    assert hooks[name]["pass_filenames"] is False
    program, *entry = shlex.split(hooks[name]["entry"])
    command = [str(Path(sys.executable).with_name(program)), *entry, *hooks[name]["args"]]
    return subprocess.run(command, cwd=checkout, capture_output=True, check=False).returncode


def test_the_hooks_stop_a_commit_until_it_is_fixed(checkout: Path) -> None:
    assert hook("mooring-audit", checkout) == 1
    assert hook("mooring-fix", checkout) == 0
    assert "create_redis_from_config" in (checkout / "server.py").read_text()
    assert hook("mooring-audit", checkout) == 0
