"""A small tree of files for the auditor, whose comments say what must be found in it.

A line that ends in `# -> literal` must hold a site of that provenance, one that ends in `# -> MR101, MR201` findings of
those rules; a line without a mark must hold none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from mooring.audit.engine import Audit, audit
from mooring.audit.facts import Provenance, Site
from mooring.audit.options import Options

__all__ = ["Tree"]

Place = tuple[str, int, str]
Files = str | Mapping[str, str | bytes]
MARK = re.compile(r"# -> ([\w, ]+)$")
PROVENANCES = frozenset(provenance.value for provenance in Provenance)


@dataclass(frozen=True)
class Tree:
    """Writes files into an empty folder and audits them; a bare text is the file `module.py`."""

    folder: Path

    def write(self, files: Files) -> dict[str, str | bytes]:
        """Write the files, each text without its common indentation, and give back what was written."""
        named = {"module.py": files} if isinstance(files, str) else files
        written = {path: dedent(text) if isinstance(text, str) else text for path, text in named.items()}
        for path, content in written.items():
            place = self.folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.encode() if isinstance(content, str) else content)
        return written

    def audit(self, files: Files, *, include_tests: bool = False) -> Audit:
        """Audit exactly these files."""
        self.write(files)
        return audit([self.folder], root=self.folder, options=Options(include_tests=include_tests))

    def site(self, files: Files) -> Site:
        """The one site of these files."""
        (site,) = self.audit(files).sites
        return site

    def shows_provenances(self, files: Files) -> None:
        """Assert that the sites are those marked with a provenance, and have it."""
        written = self.write(files)
        found = {(site.path, site.call.span.line, site.provenance.value) for site in self.audit(files).sites}
        _agree({mark for mark in _marks(written) if mark[2] in PROVENANCES}, found)

    def shows(self, files: Files, *rules: str, include_tests: bool = False) -> None:
        """Assert that the findings of `rules` are those marked."""
        written = self.write(files)
        audited = self.audit(files, include_tests=include_tests)
        found = {(f.problem.path, f.problem.span.line, f.rule) for f in audited.findings if f.rule in rules}
        _agree({mark for mark in _marks(written) if mark[2] in rules}, found)


def _agree(marked: set[Place], found: set[Place]) -> None:
    missing, surplus = sorted(marked - found), sorted(found - marked)
    assert not missing and not surplus, f"not found: {missing}; not marked: {surplus}"


def _marks(files: Mapping[str, str | bytes]) -> Iterator[Place]:
    for path, content in files.items():
        text = content if isinstance(content, str) else content.decode("utf-8", "replace")
        for number, line in enumerate(text.splitlines(), start=1):
            marked = MARK.search(line)
            for word in marked.group(1).split(",") if marked else ():
                yield path, number, word.strip()
