"""`python -m mooring.servers.gong`: the same as `mooring serve gong`."""

from __future__ import annotations

import sys

from mooring.cli import main

if __name__ == "__main__":
    sys.exit(main(["serve", "gong", *sys.argv[1:]]))
