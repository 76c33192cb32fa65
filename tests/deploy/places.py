"""Where things are, and the one password that all others of these tests are derived from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
SCRIPTS = DEPLOY / "scripts"
SERVERS = ("github", "slack", "hubspot", "gong")
OLD = "the old root of all passwords"
NEW = "a new root of all passwords"


def documents(file: Path) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(file.read_text(encoding="utf-8")) if document]


def document(file: Path) -> dict[str, Any]:
    (only,) = documents(file)
    return only


def secrets(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run redis_secrets.py with these variables alone."""
    command = [sys.executable, str(SCRIPTS / "redis_secrets.py"), *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def written(folder: Path, *arguments: str, **environ: str) -> Path:
    """Have redis_secrets.py write Compose's files."""
    done = secrets("compose", str(folder), *arguments, **environ)
    assert done.returncode == 0, done.stderr
    return folder
