"""Runs a script that ends when its parent does, however that ends: `leash.py PARENT_PID SCRIPT ARGUMENTS...`.

Run as a script, with the standard library alone; never imported by Mooring.
"""

from __future__ import annotations

import os
import runpy
import sys
import threading
import time

PARENT_CHECK = 0.5
"""Seconds between two looks at whether the parent still lives."""


def end_with(parent: int) -> None:
    """End this process once `parent` is no longer its parent."""
    while os.getppid() == parent:
        time.sleep(PARENT_CHECK)
    os._exit(1)


if __name__ == "__main__":
    _, pid, script, *arguments = sys.argv
    threading.Thread(target=end_with, args=(int(pid),), daemon=True).start()
    sys.argv = [script, *arguments]
    sys.path[0] = os.path.dirname(os.path.abspath(script))  # noqa: PTH100, PTH120 - as Python itself sets it
    runpy.run_path(script, run_name="__main__")
