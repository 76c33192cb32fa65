"""Turns an operation of an OpenAPI description into a contract: all in place, no prose, nothing more than is described.

OpenAPI lets an object hold more than it names. A contract does not, neither in a request, where the vendor may refuse
it, nor in a success: a field that only the stand-in answers would prove nothing. Errors stay as open as they are.
"""

from __future__ import annotations

from typing import Any

__all__ = ["described", "listing", "record"]

_KEPT = frozenset({"type", "enum", "required", "minimum", "maximum", "minItems", "maxItems", "uniqueItems", "format"})
_PARTS = frozenset({"items", "additionalProperties"})
_CHOICES = frozenset({"allOf", "anyOf", "oneOf"})
_MEDIA = ("application/json", "*/*")


def described(document: dict[str, Any], path: str, method: str) -> dict[str, Any]:
    """Return the contract of an operation. Raises KeyError for one that the description does not have."""
    operation = document["paths"][path][method.lower()]
    query = [parameter for parameter in operation.get("parameters", ()) if parameter["in"] == "query"]
    return {
        "method": method,
        "path": path,
        "query": {
            "type": "object",
            "properties": {one["name"]: _schema(document, one["schema"], closed=True) for one in query},
            "required": [one["name"] for one in query if one.get("required")],
            "additionalProperties": False,
        },
        "body": _content(document, operation["requestBody"], closed=True) if "requestBody" in operation else None,
        "responses": {
            status: _content(document, _resolved(document, response), closed=status.startswith("2"))
            for status, response in operation["responses"].items()
        },
    }


def record(*required: str, **properties: Any) -> dict[str, Any]:
    """Return the schema, by hand, of an object that must have these fields."""
    return {"type": "object", "required": [*required, *properties], "properties": properties}


def listing(item: dict[str, Any]) -> dict[str, Any]:
    """Return the schema, by hand, of a list."""
    return {"type": "array", "items": item}


def _content(document: dict[str, Any], part: dict[str, Any], *, closed: bool) -> dict[str, Any]:
    content = part.get("content", {})
    schema: dict[str, Any] = next((content[media]["schema"] for media in _MEDIA if media in content), {})
    return _schema(document, schema, closed=closed)


def _schema(document: dict[str, Any], part: dict[str, Any], *, closed: bool) -> dict[str, Any]:
    part = _resolved(document, part)
    schema: dict[str, Any] = {key: value for key, value in part.items() if key in _KEPT}
    for key in _PARTS & part.keys():
        inner = part[key]
        schema[key] = _schema(document, inner, closed=closed) if isinstance(inner, dict) else inner
    for key in _CHOICES & part.keys():
        schema[key] = [_schema(document, inner, closed=closed) for inner in part[key]]
    if "types" in part:  # how Swagger's own classes of OpenAPI 3.1 look where they are written as they are
        schema["type"] = part["types"][0] if len(part["types"]) == 1 else part["types"]
    if "properties" in part:
        inside = part["properties"].items()
        schema["properties"] = {name: _schema(document, inner, closed=closed) for name, inner in inside}
        if closed:
            schema.setdefault("additionalProperties", False)
    return schema


def _resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    while reference := part.get("$ref"):
        part = document
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]
    return part
