"""The fleet's own stand-in runs while it is needed, and says why if it does not."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from mooring.errors import ProofError
from mooring.prove.environment import inherited
from mooring.prove.upstream import serve_upstream

ENV = inherited(os.environ)
WORKING = """\
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"yes")

server = HTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Handler)
print("listening on http://127.0.0.1:%d/" % server.server_port, flush=True)
server.serve_forever()
"""


def fleet(tmp_path: Path, source: str) -> Path:
    (tmp_path / "upstream").mkdir()
    (tmp_path / "upstream" / "fake.py").write_text(source)
    return tmp_path


def test_it_answers_at_the_address_that_it_prints_and_is_gone_afterwards(tmp_path: Path) -> None:
    with serve_upstream(fleet(tmp_path, WORKING), ENV) as url:
        assert url is not None
        assert not url.endswith("/")
        with urllib.request.urlopen(url) as answer:
            assert answer.read() == b"yes"
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(url)


def test_one_that_goes_on_printing_goes_on_answering(tmp_path: Path) -> None:
    source = WORKING.replace(
        "    def do_GET(self):\n", "    def do_GET(self):\n        print('x' * 100_000, flush=True)\n"
    )
    with serve_upstream(fleet(tmp_path, source), ENV) as url:
        assert url is not None
        for _ in range(3):
            with urllib.request.urlopen(url, timeout=30) as answer:
                assert answer.read() == b"yes"


def test_one_that_does_not_flush_is_heard(tmp_path: Path) -> None:
    with serve_upstream(fleet(tmp_path, WORKING.replace(", flush=True", "")), ENV) as url:
        assert url is not None
        assert url.startswith("http://127.0.0.1:")


def test_it_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from mooring.prove.upstream import serve_upstream\n"
        "with serve_upstream(Path(sys.argv[1]), dict(os.environ)) as url:\n"
        "    print(url, flush=True); os.kill(os.getpid(), 9)\n"
    )
    command = [sys.executable, "-c", program, str(fleet(tmp_path, WORKING))]
    url = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    port = int(url.rpartition(":")[2])
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and listens(port):
        time.sleep(0.05)
    assert not listens(port)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_fleet_without_one_has_none(tmp_path: Path) -> None:
    with serve_upstream(tmp_path, ENV) as url:
        assert url is None


@pytest.mark.parametrize(
    ("source", "reason"),
    [("raise RuntimeError('port taken')", "RuntimeError: port taken"), ("print('hello')", "it printed no address")],
)
def test_one_that_does_not_start_is_an_error_with_its_reason(tmp_path: Path, source: str, reason: str) -> None:
    with (
        pytest.raises(ProofError, match=f"upstream/fake.py did not say where it listens: {reason}"),
        serve_upstream(fleet(tmp_path, source), ENV),
    ):
        pass
