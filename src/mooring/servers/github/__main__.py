"""`python -m mooring.servers.github`: the same as `mooring serve github`."""

from __future__ import annotations

import sys

from mooring.cli import main

if __name__ == "__main__":
    sys.exit(main(["serve", "github", *sys.argv[1:]]))
