"""A stage for the steps of a workflow: commands that note how they are called and answer as they are told."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .places import ROOT

STAND_INS = ("kubectl", "cosign", "mooring", "pip")
# Answers with the first rule whose pattern is found in the call: a text, an exit code, and how often it holds.
_STAND_IN = """#!{python} -SE
import json, pathlib, re, sys
folder = pathlib.Path({folder!r})
name, words = pathlib.Path(sys.argv[0]).name, sys.argv[1:]
stdin = sys.stdin.read() if "-" in words else ""
with (folder / "calls.jsonl").open("a") as calls:
    calls.write(json.dumps([name, words, stdin]) + "\\n")
rules = json.loads((folder / "rules.json").read_text())
for rule in rules:
    if rule["times"] and re.search(rule["pattern"], " ".join([name, *words])):
        rule["times"] -= 1
        (folder / "rules.json").write_text(json.dumps(rules))
        sys.stdout.write(rule["text"])
        raise SystemExit(rule["code"])
"""


@dataclass
class Ended:
    """How a step ended."""

    code: int
    told: str


@dataclass
class Stage:
    """Where steps run: stand-ins on PATH, a folder for the runner's files."""

    folder: Path
    rules: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        commands = self.folder / "bin"
        commands.mkdir(parents=True)
        for name in STAND_INS:
            (commands / name).write_text(_STAND_IN.format(python=sys.executable, folder=str(self.folder)))
            (commands / name).chmod(0o755)
        # The real one: what a shim of a version manager does under `set -x` and `set -u` is no matter of ours.
        (commands / "python3").symlink_to(sys.executable)
        # Nobody waits here.
        (commands / "sleep").write_text("#!/bin/sh\n")
        (commands / "sleep").chmod(0o755)

    def answer(self, pattern: str, text: str = "", code: int = 0, times: int = -1) -> None:
        """Have stand-ins answer calls in which the pattern is found, from the last rule to the first."""
        self.rules.insert(0, {"pattern": pattern, "text": text, "code": code, "times": times})

    @property
    def calls(self) -> list[tuple[str, list[str], str]]:
        """Each call so far: name, arguments, standard input where it was asked for."""
        file = self.folder / "calls.jsonl"
        return [tuple(json.loads(line)) for line in file.read_text().splitlines()] if file.exists() else []

    def called(self, pattern: str) -> list[str]:
        """The calls in which the pattern is found, as text."""
        texts = [" ".join([name, *words]) for name, words, _ in self.calls]
        return [text for text in texts if re.search(pattern, text)]

    def run(self, script: str, **variables: str) -> Ended:
        """Run a script as the runner does, and show every command that it runs, as `set -x` would."""
        (self.folder / "rules.json").write_text(json.dumps(self.rules))
        environ = {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "RUNNER_TEMP": str(self.folder),
            "GITHUB_ENV": str(self.folder / "env"),
            "GITHUB_OUTPUT": str(self.folder / "output"),
            # Handed on to the scripts that it starts.
            "SHELLOPTS": "xtrace",
            **variables,
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            env=environ,
            cwd=self.tree,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )
        return Ended(done.returncode, done.stdout + done.stderr)

    @property
    def tree(self) -> Path:
        """A checkout: what a step writes stays in it."""
        tree = self.folder / "tree"
        if not tree.exists():
            (tree / "deploy" / "kubernetes").mkdir(parents=True)
            for name in ("scripts", "redis", "kubernetes/base", "kubernetes/components", "kubernetes/overlays"):
                (tree / "deploy" / name).symlink_to(ROOT / "deploy" / name)
        return tree
