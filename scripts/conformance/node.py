"""Node and the programs for it, in a folder of their own that is kept for the next time."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Node", "NotReady", "installed"]

_NODE = "node@22"
_PROGRAMS = ("@modelcontextprotocol/conformance@0.2.0-alpha.12", "@modelcontextprotocol/inspector@2.12.0")


class NotReady(Exception):
    """Nothing can be judged: what is needed cannot be had. The text says what, and what to do."""


@dataclass(frozen=True)
class Node:
    """The programs that are installed in `folder`."""

    folder: Path

    def run(self, program: str, *arguments: str, environ: dict[str, str] | None = None) -> _Done:
        """Run a program to its end; its home is in the folder, so that it finds and leaves nothing of the user's."""
        variables = {**os.environ, **(environ or {}), "HOME": str(self.folder), "PATH": _path(self.folder)}
        return subprocess.run(
            [str(self.folder / "node_modules" / ".bin" / program), *arguments],
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


_Done = subprocess.CompletedProcess[str]


def installed(folder: Path) -> Node:
    """Return the programs, installed if they are not there yet. Raises `NotReady` without npm, or if it fails."""
    wanted = "\n".join((_NODE, *_PROGRAMS))
    ready = folder / ".ready"
    if ready.exists() and ready.read_text(encoding="utf-8") == wanted:
        return Node(folder)
    npm = shutil.which("npm")
    if npm is None:
        raise NotReady("there is no npm on this machine: install Node.js (any version that brings npm), and try again")
    print(f"installing {_NODE}, {', '.join(_PROGRAMS)} into {folder.name}/", flush=True)
    folder.mkdir(exist_ok=True)
    # As venv does itself from Python 3.13 on.
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    # Node first, and then npm run by it: npm passes over releases that do not support the Node it runs on.
    _install(npm, folder, _NODE)
    _install(npm, folder, _NODE, *_PROGRAMS)
    ready.write_text(wanted, encoding="utf-8")
    return Node(folder)


def _install(npm: str, folder: Path, *packages: str) -> None:
    command = [npm, "install", "--no-fund", "--no-audit", "--loglevel", "error", "--prefix", str(folder), *packages]
    done = subprocess.run(
        command, env={**os.environ, "PATH": _path(folder)}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        told = "; ".join(done.stderr.strip().splitlines()[:3])
        raise NotReady(f"npm could not install {' '.join(packages)}: {told or done.returncode}")


def _path(folder: Path) -> str:
    return os.pathsep.join((str(folder / "node_modules" / ".bin"), os.environ.get("PATH", os.defpath)))
