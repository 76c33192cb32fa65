"""What ruff says of a module after a fix that it did not say before: names that are missing, unused or doubled."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["new_complaints"]

OPTIONS = "--isolated --no-cache --no-respect-gitignore --ignore-noqa --exit-zero --output-format json".split()
RULES = "--select=F821,F401,F811"


def new_complaints(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The path and the rule and name of each complaint about the modules `after` that there is not about `before`."""
    yield from sorted((_complaints(after) - _complaints(before)).elements())


def _complaints(modules: Mapping[str, str]) -> Counter[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        for path, text in modules.items():
            place = root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text.encode(errors="replace"))
        command = [sys.executable, "-m", "ruff", "check", *OPTIONS, RULES, "."]
        told = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
        return Counter(
            (path, f"{one['code']} {subject.name}")
            for one in json.loads(told)
            for path in [str(Path(one["filename"]).relative_to(root))]
            for subject in [_subject(one, modules[path])]
            if not subject.wanted
        )


@dataclass(frozen=True)
class Subject:
    """The name that a complaint is about, and whether the import of it has a use that ruff does not see."""

    name: str
    wanted: bool


def _subject(complaint: dict[str, Any], text: str) -> Subject:
    # As the module calls it: where it comes from may well be another place than before.
    place = (complaint["location"]["row"], complaint["location"]["column"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(text)
    tried = [part for node in ast.walk(tree) if isinstance(node, ast.Try) for part in node.body]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        for alias in node.names:
            if (alias.lineno, alias.col_offset) < place <= (alias.end_lineno, alias.end_col_offset):
                name = alias.asname or alias.name.partition(".")[0]
                typed = re.search(rf"#\s*type:[^\r\n]*\b{name}\b", text) is not None
                return Subject(name, typed or node in tried)
    return Subject(re.sub(r".*?`([^`]*)`.*", r"\1", complaint["message"]), wanted=False)
