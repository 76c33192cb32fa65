"""Every command of README and docs is run, page by page, in a copy of what the page is about.

What must not be run here (it installs, deploys, or takes long) is looked at instead: that the target, the extra or the
file exists that it names; installing is done by tests/release, deploying by tests/deploy.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from tests.docs.pages import NAMES, PROJECT, Block, Command, blocks, read

from mooring.audit.options import read_options
from mooring.cli import group
from mooring.embedded import EmbeddedRedis
from mooring.prove.plan import read_plan

FLEET = PROJECT / "examples" / "fleet"
# Whatever stands at the beginning of a line of the output, and in no command's own.
MARK = "\x1e"
# Long ones, made short; the rest of the command stays as it is told.
SHORTER = {
    "mooring prove": " --service catalog --rounds 1 --calls 1 --concurrency 1",
    "mooring serve github --fake --transport http": " --port 0 & sleep 3; kill -TERM $!; wait $!",
}
INLINE = re.compile(r"`(mooring [a-z][^`]*)`")


def make_target_exists(command: str) -> None:
    """Dry, for most take minutes; what is in `.venv` is not made anew."""
    dry = ["make", "--dry-run", *shlex.split(command, comments=True)[1:]]
    done = subprocess.run(dry, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def extras_exist(command: str) -> None:
    """Of `pip install '.[servers]'`."""
    extras = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for named in re.findall(r"\[([\w,]+)\]", command):
        assert set(named.split(",")) <= set(extras), command


def files_exist(command: str) -> None:
    """Of what deploys: every path of the project that it names."""
    for word in shlex.split(command, comments=True):
        if word.startswith(("deploy/", "examples/")):
            assert (PROJECT / word).exists(), word


LOOKED_AT: dict[str, Callable[[str], None]] = {
    "make": make_target_exists,
    "pip": extras_exist,
    "kubectl": files_exist,
    "docker": files_exist,
    "deploy/scripts": files_exist,
    "gh": files_exist,
}


@pytest.fixture
def environ(tmp_path: Path, redis_server: EmbeddedRedis) -> dict[str, str]:
    """A user with a Redis and nothing else of their own."""
    person = {f"GIT_{role}_{what}": "a@b" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return {
        **person,
        "HOME": str(tmp_path / "home"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "MOORING_CACHE_DIR": str(tmp_path / "cache"),
        "MOORING_STATE_DIR": str(tmp_path / "state"),
        "REDIS_URL": redis_server.url,
        "SESSIONS_REDIS_URL": redis_server.url,
        "MOORING_DRAIN": "0.1",
    }


@pytest.fixture
def place(tmp_path: Path, environ: dict[str, str], request: pytest.FixtureRequest) -> Path:
    """Where a page's commands are run: a guide's at the root of a fleet, the others' in a checkout."""
    folder = tmp_path / "place"
    ignored = shutil.ignore_patterns("__pycache__")
    if "guides" in request.getfixturevalue("page"):
        shutil.copytree(FLEET, folder, ignore=ignored)
        shutil.copytree(PROJECT / "deploy", folder / "deploy", ignore=ignored)
        shutil.copy(PROJECT / "examples" / "claims.toml", folder)
    else:
        shutil.copytree(PROJECT / "examples", folder / "examples", ignore=ignored)
    for command in (["init", "--quiet", "--initial-branch", "main"], ["add", "."], ["commit", "--quiet", "-m", "all"]):
        subprocess.run(["git", *command], cwd=folder, env=environ, check=True)
    return folder


@pytest.mark.parametrize("page", NAMES)
def test_every_command_of_a_page_does_what_the_page_says(page: str, place: Path, environ: dict[str, str]) -> None:
    commands: list[Command] = []
    for block in blocks(page):
        write_program(block, place)
        for command in block.commands():
            look = next((look for start, look in LOOKED_AT.items() if re.match(rf"{start}\b", command.text)), None)
            if look:
                look(command.text)
            else:
                commands.append(command)
    script = "\n".join(f"{shortened(command.text)}\ncode=$?; echo; echo '{MARK}'$code" for command in commands)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=place,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    told = re.findall(rf"(.*?)\n{MARK}(\d+)\n", done.stdout, re.DOTALL)
    assert len(told) == len(commands), done.stdout
    for command, (output, code) in zip(commands, told, strict=True):
        # 1 says that something was found: of other programs it would be a failure.
        well = {"0", "1"} if command.text.startswith("mooring ") else {"0"}
        assert code in well, f"{command.text} ended with {code}:\n{output}"
        assert not re.search(r"internal error|Traceback", output), output
        if command.output is not None:
            assert matches(command.output, output), f"{command.text} printed\n{output}"


def shortened(command: str) -> str:
    """The command without its comment and what it hands to a cluster, and with what makes it short."""
    plain = re.sub(r"\s+#\s.*|\s+\| kubectl .*", "", command)
    return plain + next((more for start, more in SHORTER.items() if plain.startswith(start)), "")


def matches(expected: str, output: str) -> bool:
    """Whether the lines were printed so; `…` alone in its line stands for any."""
    lines = [".*\n" if line == "…" else re.escape(line) + r"[ ]*\n" for line in expected.strip().splitlines()]
    pattern = "".join(f"(?:{line})*" if line == ".*\n" else line for line in lines)
    return re.fullmatch(pattern, f"{output.strip()}\n") is not None


def write_program(block: Block, folder: Path) -> None:
    """Leave a program whose first line names its file where a command of the page may call it."""
    named = re.match(r"# (\w+\.py)\n", block.text)
    if block.language == "python" and named:
        (folder / named[1]).write_text(block.text)


@pytest.mark.parametrize("page", NAMES)
def test_every_command_in_running_text_exists(page: str) -> None:
    told = [command.text for block in blocks(page) for command in block.commands()]
    for text in [*INLINE.findall(read(page)), *told]:
        words = shlex.split(re.split(r"[|&<>]", text)[0], comments=True)
        if words[:1] == ["mooring"] and len(words) > 1 and not words[1].isupper():
            options_exist(words[1:])


def options_exist(words: list[str]) -> None:
    """Fail where a command has no such name or no such option."""
    if words[0].startswith("-"):
        assert words[0] in {"--version", "--help"}
        return
    command = group.get_command(click.Context(group), words[0])
    assert command is not None, f"there is no mooring {words[0]}"
    options = {"--help", *(option for parameter in command.params for option in parameter.opts)}
    for word in words[1:]:
        if re.match(r"--?[a-z]", word):
            assert word.partition("=")[0] in options, f"mooring {words[0]} has no {word}"


@pytest.mark.parametrize("page", [page for page in NAMES if any(block.language == "toml" for block in blocks(page))])
def test_a_configuration_in_a_page_is_read(page: str, tmp_path: Path) -> None:
    for block in blocks(page):
        if block.language == "toml" and "[tool.mooring]" in block.text:
            (tmp_path / "pyproject.toml").write_text(block.text)
            assert read_options(tmp_path / "pyproject.toml").select
        elif block.language == "toml":
            (tmp_path / "plan.toml").write_text(block.text)
            assert read_plan(tmp_path / "plan.toml").services


def test_the_program_of_the_readme_runs(environ: dict[str, str]) -> None:
    (program,) = [block.text for block in blocks("README.md") if block.language == "python"]
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_fix_that_the_readme_shows_is_the_one_that_is_made(tmp_path: Path, environ: dict[str, str]) -> None:
    (diff,) = [block.text for block in blocks("README.md") if block.language == "diff"]
    before, after = ([line[1:] for line in diff.splitlines() if line.startswith(sign)] for sign in "-+")
    (tmp_path / "prices.py").write_text("\n".join(before) + "\n")
    command = ["mooring", "fix", "prices.py", "--diff", "--code-only"]
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    made = [line[1:] for line in done.stdout.splitlines() if line.startswith("+") and not line.startswith("+++")]
    assert made == after, done.stdout + done.stderr
