"""`python -m mooring.servers.slack`: the same as `mooring serve slack`."""

from __future__ import annotations

import sys

from mooring.cli import main

if __name__ == "__main__":
    sys.exit(main(["serve", "slack", *sys.argv[1:]]))
