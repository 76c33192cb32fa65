"""Writes the pages that are made from the code: the rules, the reference, and the picture of an audit.

    python -m scripts.generate_docs [--check]

`--check` writes nothing and fails if a page is not what it would write. The picture is compared by a test, by what it
says: how it is drawn is for the library that draws it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from scripts.picture import PICTURE, picture
from scripts.reference import commands_page, python_page, settings_page

from mooring.report.rules_page import rules_page

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES: dict[Path, Callable[[], str]] = {
    DOCS / "rules.md": rules_page,
    DOCS / "reference" / "python.md": python_page,
    DOCS / "reference" / "commands.md": commands_page,
    DOCS / "reference" / "settings.md": settings_page,
}


def main() -> int:
    """Write or compare each page."""
    pages = {path: made() for path, made in PAGES.items()}
    if "--check" not in sys.argv[1:]:
        for path, text in {**pages, PICTURE: picture()}.items():
            path.write_text(text, encoding="utf-8")
        return 0
    stale = [path for path, text in pages.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        print(f"{path.name} is not what the code says: run `make docs` and commit it", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
