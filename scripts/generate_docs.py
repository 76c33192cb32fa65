"""Writes the pages that are made from the code: `docs/rules.md` from the rules' manuals.

    python scripts/generate_docs.py [--check]

`--check` writes nothing and fails if a page is not what it would write.
"""

from __future__ import annotations

import sys
from pathlib import Path

from mooring.report.rules_page import rules_page

DOCS = Path(__file__).resolve().parent.parent / "docs"


def main() -> int:
    """Write or compare each page."""
    pages = {DOCS / "rules.md": rules_page()}
    if "--check" not in sys.argv[1:]:
        for path, text in pages.items():
            path.write_text(text, encoding="utf-8")
        return 0
    stale = [path for path, text in pages.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        print(f"{path.name} is not what the code says: run `make docs` and commit it", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
