"""Audits and fixes a small tree in memory, as `mooring fix` does before it writes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mooring.audit.engine import Audit, audit
from mooring.audit.fixer import FixOutcome, fix
from mooring.audit.options import Options

__all__ = ["DEFAULTS", "mend", "mended"]

DEFAULTS = Options()


def mend(
    folder: Path, files: Mapping[str, str | bytes], *, unsafe: bool = False, options: Options = DEFAULTS
) -> FixOutcome:
    """Write the files into `folder` and fix them, without writing the result."""
    for path, content in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)

    def look(overlay: Mapping[str, bytes]) -> Audit:
        return audit([folder], root=folder, overlay=overlay, options=options)

    return fix(look({}), look, unsafe=unsafe)


def mended(folder: Path, text: str, *, unsafe: bool = False) -> str:
    """The text of one file after fixing it."""
    outcome = mend(folder, {"module.py": text}, unsafe=unsafe)
    assert not outcome.refused
    return outcome.changes[0].text if outcome.changes else text
