"""Refuses every connection to port 6379 in the interpreter that finds this on its path, and notes whom it refused.

So a test sees where a server dials, whatever happens to listen there.
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

DIALS = Path(os.environ["FLEET_DIALS"])


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event != "socket.connect":
        return
    match arguments:
        case (_, (str(host), 6379, *_)):
            with DIALS.open("a") as dials:
                dials.write(f"{host}\n")
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))


sys.addaudithook(_refuse)
