"""The small file that says how services are asked: TOML.

::

    targets = ["hit=10", "miss=30", "failures=0.1"]

    [[service]]
    path = "web"                        # its folder, relative to the tree
    name = "shop"                       # that of the folder by default
    command = ["{python}", "-m", "uvicorn", "app:app", "--port", "{port}"]
    [service.http]                      # one of http, mcp, function
    request = "GET /products/{key}"     # {key} becomes a key, {number} a whole number
    source = "source"                   # the field of the answer that says "cache" or "upstream"; may be left out
    ready = "/healthz"                  # answers once it takes calls; "/" by default

    [[service]]
    path = "servers/orders"
    [service.mcp]
    tool = "order"
    arguments = {order_id = "{number}"}

    [[service]]
    path = "jobs"
    [service.function]
    call = "prices:price"               # module:function; a coroutine function is awaited
    arguments = {sku = "{key}"}
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from mooring.errors import UsageError
from mooring.prove.request import Door, Request
from mooring.prove.targets import Target, read_target

__all__ = ["Plan", "Planned", "read_plan"]

_KEYS = {
    "service": {"path", "name", "command", "http", "mcp", "function"},
    "http": {"request", "headers", "body", "source", "ready"},
    "mcp": {"tool", "arguments", "source"},
    "function": {"call", "arguments", "source"},
}


@dataclass(frozen=True, slots=True)
class Planned:
    """What the file says of one service; `command` is None where it is run as it is found."""

    path: str
    name: str
    command: tuple[str, ...] | None
    request: Request | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole file."""

    services: tuple[Planned, ...] = ()
    targets: tuple[Target, ...] = ()


def read_plan(file: Path) -> Plan:
    """Read the file. Raises `UsageError` that names it and what is wrong in it."""
    try:
        told = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: not TOML: {error}") from error
    _check(file, told, {"service", "targets"}, "at the top")
    targets = tuple(read_target(str(text)) for text in _listed(file, told, "targets"))
    return Plan(tuple(_planned(file, one) for one in _listed(file, told, "service")), targets)


def _planned(file: Path, told: Any) -> Planned:
    if not isinstance(told, dict) or not isinstance(told.get("path"), str):
        raise UsageError(f"{file}: each [[service]] needs path, its folder relative to the tree")
    path = PurePosixPath(told["path"])
    if path.is_absolute() or ".." in path.parts:
        raise UsageError(f"{file}: path {told['path']!r} leads out of the tree; name a folder below it")
    _check(file, told, _KEYS["service"], f"in the service of {path}")
    command = _listed(file, told, "command") or None
    doors = [door for door in Door if door in told]
    if len(doors) > 1:
        raise UsageError(f"{file}: the service of {path} is asked in one way: {', '.join(doors)} are several")
    request = _request(file, doors[0], told[doors[0]]) if doors else None
    if request is not None and request.door is Door.HTTP and command is None:
        raise UsageError(f"{file}: the service of {path} needs a command that listens on {{port}}")
    words = tuple(sys.executable if word == "{python}" else str(word) for word in command) if command else None
    return Planned(path.as_posix(), str(told.get("name") or path.name or "service"), words, request)


def _request(file: Path, door: Door, told: Any) -> Request:
    if not isinstance(told, dict):
        raise UsageError(f"{file}: [service.{door}] is a table of {', '.join(sorted(_KEYS[door]))}")
    _check(file, told, _KEYS[door], f"in [service.{door}]")
    makers: Mapping[Door, tuple[str, Callable[[str, Mapping[str, Any]], Request]]] = {
        Door.HTTP: ("request", _page),
        Door.MCP: ("tool", lambda tool, own: Request(door, tool, own.get("arguments", {}), own.get("source"))),
        Door.FUNCTION: ("call", lambda call, own: Request(door, call, own.get("arguments", {}), own.get("source"))),
    }
    key, make = makers[door]
    if not isinstance(told.get(key), str):
        raise UsageError(f"{file}: [service.{door}] needs {key}")
    if door is Door.FUNCTION and ":" not in told[key]:
        raise UsageError(f"{file}: call = {told[key]!r} is not module:function")
    return make(told[key], told)


def _page(line: str, told: Mapping[str, Any]) -> Request:
    method, _, path = line.rpartition(" ")
    return Request(
        Door.HTTP,
        path,
        told.get("body", {}),
        told.get("source"),
        method.strip().upper() or "GET",
        {name: str(value) for name, value in told.get("headers", {}).items()},
        told.get("ready", "/"),
    )


def _listed(file: Path, told: Mapping[str, Any], key: str) -> list[Any]:
    found = told.get(key, [])
    if not isinstance(found, list):
        raise UsageError(f"{file}: {key} is a list")
    return found


def _check(file: Path, told: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in told:
        if key not in known:
            raise UsageError(f"{file}: {key} {where} is not known; there are {', '.join(sorted(known))}")
