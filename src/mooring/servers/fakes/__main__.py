"""`python -m mooring.servers.fakes github --port 9001`: a stand-in in a process of its own."""

from __future__ import annotations

import argparse
import logging
from importlib import import_module

import uvicorn

from mooring.errors import UsageError
from mooring.servers import logs
from mooring.servers.running import listening

_HOST = "127.0.0.1"


def main() -> None:
    """Serve a stand-in on this machine until interrupted; its address is logged."""
    parser = argparse.ArgumentParser(prog="python -m mooring.servers.fakes", description="Run a stand-in for a vendor.")
    parser.add_argument("name", choices=("github", "slack", "hubspot", "gong"))
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    given = parser.parse_args()
    logs.configure("info")
    try:
        listener = listening(_HOST, given.port)
    except (UsageError, OverflowError) as error:
        parser.error(str(error))
    url = f"http://{_HOST}:{listener.getsockname()[1]}"
    logging.getLogger("mooring.servers").info("serving", extra={"server": given.name, "url": url})
    app = import_module(f"mooring.servers.fakes.{given.name}").fake().app
    uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, ws="none")).run(sockets=[listener])


if __name__ == "__main__":
    main()
