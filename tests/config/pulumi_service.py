"""A stand-in for Pulumi's service: the two requests that open an environment and read it, checked as Pulumi would."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

TOKEN = "pul-hunter2"
ROOT = "/api/esc/environments"


class PulumiService:
    """Holds environments by `organization/project/name[@version]`, and counts how often each was opened."""

    def __init__(self) -> None:
        self.environments: dict[str, dict[str, Any]] = {}
        self.opened: list[str] = []
        self.answering = threading.Event()
        self.answering.set()
        self.url = ""
        self._sessions: dict[str, str] = {}

    @contextmanager
    def running(self) -> Iterator[PulumiService]:
        """Serve on a free port of this machine."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            self.answering.set()
            server.shutdown()
            thread.join()
            server.server_close()

    def answer(self, method: str, path: str, headers: dict[str, str]) -> tuple[int, Any]:
        """Answer one request as Pulumi would."""
        if headers.get("Authorization") != f"token {TOKEN}":
            return 401, _error(401, "Unauthorized: No credentials provided or are invalid.")
        if headers.get("Accept") != "application/json":
            return 406, _error(406, "only JSON is served")
        if not path.startswith(f"{ROOT}/"):
            return 404, _error(404, "no such route")
        match (method, [unquote(part) for part in path.removeprefix(f"{ROOT}/").split("/")]):
            case "POST", [organization, project, name, "open"]:
                return self._open(f"{organization}/{project}/{name}")
            case "POST", [organization, project, name, "versions", version, "open"]:
                return self._open(f"{organization}/{project}/{name}@{version}")
            case "GET", [organization, project, name, "open", session]:
                return self._read(f"{organization}/{project}/{name}", session)
        return 405, _error(405, "no such route")

    def _open(self, environment: str) -> tuple[int, Any]:
        if environment not in self.environments:
            return 404, _error(404, f"environment {environment} not found")
        self.opened.append(environment)
        session = f"session-{len(self.opened)}"
        self._sessions[session] = environment
        return 200, {"id": session, "diagnostics": None}

    def _read(self, path: str, session: str) -> tuple[int, Any]:
        environment = self._sessions.get(session, "")
        if environment.partition("@")[0] != path:
            return 404, _error(404, "open session not found")
        values = self.environments[environment]
        return 200, {"properties": {key: _value(held) for key, held in values.items()}, "schema": True}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._reply()

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self._reply()

            def log_message(self, *args: object) -> None:
                """Say nothing."""

            def _reply(self) -> None:
                service.answering.wait(20)
                status, answer = service.answer(self.command, self.path, dict(self.headers))
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        return Handler


def _value(held: Any) -> dict[str, Any]:
    """Wrap a value, and whatever it holds, as Pulumi's evaluator does."""
    place = {
        "environment": "<yaml>",
        "begin": {"line": 1, "column": 1, "byte": 0},
        "end": {"line": 1, "column": 2, "byte": 1},
    }
    nested = {key: _value(value) for key, value in held.items()} if isinstance(held, dict) else held
    return {"value": nested, "secret": isinstance(held, str), "trace": {"def": place}}


def _error(code: int, message: str) -> dict[str, Any]:
    return {"code": code, "message": message}
