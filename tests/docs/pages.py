"""The pages for people, and what stands in them: fenced blocks, commands, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
GENERATED = frozenset({"rules.md", "python.md", "commands.md", "settings.md"})
PAGES = sorted(
    [PROJECT / name for name in ("README.md", "SECURITY.md", "CONTRIBUTING.md")]
    + [page for page in (PROJECT / "docs").rglob("*.md") if page.name not in GENERATED]
)
NAMES = [page.relative_to(PROJECT).as_posix() for page in PAGES]
_BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Command:
    """One command of a page, and what it prints, if the page says so."""

    text: str
    output: str | None = None


@dataclass(frozen=True)
class Block:
    """What stands between two fences."""

    language: str
    text: str

    def commands(self) -> Iterator[Command]:
        """The commands of a `sh` or `console` block."""
        if self.language == "sh":
            for line in self.text.replace("\\\n", " ").splitlines():
                if line.strip() and not line.lstrip().startswith("#"):
                    yield Command(line.strip())
        if self.language == "console":
            for part in re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]:
                command, _, output = part.partition("\n")
                yield Command(command, output)


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page."""
    return [Block(found["language"], found["text"]) for found in _BLOCK.finditer(read(page))]


def read(page: str) -> str:
    """The text of a page, by its path in the project."""
    return (PROJECT / page).read_text()
