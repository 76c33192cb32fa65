"""`python -m mooring.servers.hubspot`: the same as `mooring serve hubspot`."""

from __future__ import annotations

import sys

from mooring.cli import main

if __name__ == "__main__":
    sys.exit(main(["serve", "hubspot", *sys.argv[1:]]))
