"""The vendors' own descriptions of the operations that the servers use, and how a call is held against them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
from jsonschema import Draft202012Validator

__all__ = ["Checked", "Contract"]

_VARIABLE = re.compile(r"\\\{(\w+)\\\}")


class Contract:
    """What a vendor says of its operations. Literal paths go before those with variables, as the vendor routes them."""

    def __init__(self, name: str, prefix: str = "") -> None:
        self._whole: dict[str, Any] = json.loads(Path(__file__).with_name(f"{name}.json").read_text())
        self.operations: dict[str, dict[str, Any]] = self._whole["operations"]
        self._routes: list[tuple[str, re.Pattern[str], str]] = [
            (operation["method"], _pattern(prefix + operation["path"]), name)
            for name, operation in sorted(self.operations.items(), key=lambda item: item[1]["path"].count("{"))
        ]
        self._validators: dict[str, Draft202012Validator] = {}

    def operation(self, method: str, path: str) -> str:
        """Name the operation of a request. Raises AssertionError for one that the vendor does not have."""
        for verb, pattern, name in self._routes:
            if verb == method and pattern.fullmatch(path):
                return name
        raise AssertionError(f"the vendor has no {method} {path}")

    def check_request(self, name: str, query: dict[str, str], body: Any) -> None:
        """Hold a request against the description: its arguments, all of them and no others."""
        wanted = self.operations[name]
        types = wanted["query"].get("properties", {})
        read = {key: _read(value, types.get(key, {})) for key, value in query.items()}
        self._check(f"{name} query", wanted["query"], read)
        if wanted["body"] is not None:
            self._check(f"{name} body", wanted["body"], body)
        else:
            assert body is None, f"{name} takes no body"

    def check_answer(self, name: str, status: int, body: Any) -> None:
        """Hold an answer against the description, which does not tell every error of every operation.

        What the servers rely on beyond the description is in the contract as `by_hand`.
        """
        responses = self.operations[name]["responses"]
        schema = responses.get(str(status), responses.get("default") if status >= 400 else None)
        if status >= 400 and schema is None:
            return
        assert schema is not None, f"{name} does not answer {status}"
        if body is not None:
            self._check(f"{name} {status}", schema, body)
            self._check(f"{name} {status} by hand", self.operations[name].get("by_hand", {}).get(str(status), {}), body)

    def _check(self, what: str, schema: dict[str, Any], value: Any) -> None:
        if what not in self._validators:
            self._validators[what] = Draft202012Validator({**schema, "$defs": self._whole["$defs"]})
        faults = [f"{fault.json_path}: {fault.message[:200]}" for fault in self._validators[what].iter_errors(value)]
        assert not faults, f"{what}: {faults}"


class Checked(httpx.AsyncBaseTransport):
    """Passes requests on, and holds each of them and its answer against the contract.

    `used` are the operations that were as described, `faults` tells of what was not: a server hides from its clients
    why a call failed. Paths that begin with `beside` are no operations.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, contract: Contract, beside: str = "/upload/") -> None:
        self._beside = beside
        self._inner = inner
        self._contract = contract
        self.used: set[str] = set()
        self.faults: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith(self._beside):
            return await self._inner.handle_async_request(request)
        try:
            return await self._held(request)
        except AssertionError as fault:
            self.faults.append(str(fault))
            raise

    async def _held(self, request: httpx.Request) -> httpx.Response:
        name = self._contract.operation(request.method, request.url.path)
        content = await request.aread()
        kind = request.headers.get("content-type", "")
        query = dict(request.url.params)
        assert len(query) == len(request.url.params.multi_items()), f"{name} is given an argument twice"
        if kind.startswith("application/x-www-form-urlencoded"):
            query |= dict(httpx.QueryParams(content.decode()))
        self._contract.check_request(name, query, json.loads(content) if kind == "application/json" else None)
        response = await self._inner.handle_async_request(request)
        text = await response.aread()
        self._contract.check_answer(name, response.status_code, json.loads(text) if text else None)
        self.used.add(name)
        return response


def _pattern(path: str) -> re.Pattern[str]:
    def variable(match: re.Match[str]) -> str:
        return ".*" if match[1] == "path" else "[^/]+"

    return re.compile(_VARIABLE.sub(variable, re.escape(path)))


def _read(text: str, schema: dict[str, Any]) -> Any:
    """Read an argument of a query as what it stands for: a number, a truth, a list with commas, or a mere text."""
    if schema.get("type") == "string":
        return text
    if schema.get("type") == "array":
        return [_read(item, schema.get("items", {})) for item in text.split(",")]
    return json.loads(text) if text.isdigit() or text in {"true", "false"} else text
