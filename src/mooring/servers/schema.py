"""JSON schemas made short: each byte of `tools/list` is read by a model before it does anything."""

from __future__ import annotations

from typing import Any

__all__ = ["shortened"]

_NULL = {"type": "null"}


def shortened(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a tool's arguments without what a model does not need.

    Titles go, and so does null beside another type: an argument that may be null may as well be left out.
    """
    return {key: _short(value, key) for key, value in schema.items() if key != "title"}


def _short(value: Any, key: str) -> Any:
    if key == "properties":
        return {name: shortened(_without_null(inner)) for name, inner in value.items()}
    if isinstance(value, dict):
        return shortened(_without_null(value))
    return value


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    arms = [arm for arm in schema.get("anyOf", ()) if arm != _NULL]
    if len(arms) != 1 or _NULL not in schema.get("anyOf", ()):
        return schema
    rest = {key: value for key, value in schema.items() if key not in {"anyOf", "default"}}
    return {**rest, **arms[0]}
