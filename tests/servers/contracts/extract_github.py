"""Writes github.json: the operations that the server uses, as GitHub's own description has them.

    npm install @octokit/openapi@23.0.2
    python tests/servers/contracts/extract_github.py node_modules/@octokit/openapi/generated/api.github.com.json

The package (MIT) is made from https://github.com/github/rest-api-description. What is prose goes, and OpenAPI's
`nullable` becomes a type of JSON Schema.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mooring.servers.github.operations import OPERATIONS

_PROSE = frozenset({"description", "example", "examples", "title", "externalDocs", "deprecated", "default", "xml"})


def main(source: Path) -> None:
    """Extract, and write beside this file."""
    document = json.loads(source.read_text())
    used = {operation.name for operation in OPERATIONS}
    operations = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if isinstance(operation, dict) and operation.get("operationId") in used:
                operations[operation["operationId"]] = _operation(document, path, method, operation)
    if missing := used - operations.keys():
        sys.exit(f"GitHub does not describe {', '.join(sorted(missing))}")
    schemas: dict[str, Any] = {}
    wanted = list(_references(operations))
    while wanted:
        name = wanted.pop()
        if name not in schemas:
            schemas[name] = _schema(document["components"]["schemas"][name])
            wanted.extend(_references(schemas[name]))
    contract = {
        "source": f"@octokit/openapi, {document['info']['title']} {document['info']['version']}",
        "operations": dict(sorted(operations.items())),
        "$defs": dict(sorted(schemas.items())),
    }
    Path(__file__).with_name("github.json").write_text(json.dumps(contract, separators=(",", ":")) + "\n")


def _operation(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    parameters = [_resolved(document, parameter) for parameter in operation.get("parameters", ())]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    responses = {status: _resolved(document, response) for status, response in operation["responses"].items()}
    query = [parameter for parameter in parameters if parameter["in"] == "query"]
    return {
        "method": method.upper(),
        "path": path,
        "query": {
            "type": "object",
            "properties": {parameter["name"]: _schema(parameter["schema"]) for parameter in query},
            "required": [parameter["name"] for parameter in query if parameter.get("required")],
            "additionalProperties": False,
        },
        "body": {**_schema(body["schema"]), "additionalProperties": False} if body else None,
        "responses": {
            status: _schema(response.get("content", {}).get("application/json", {}).get("schema", {}))
            for status, response in responses.items()
        },
    }


def _resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    while reference := part.get("$ref"):
        for step in reference.removeprefix("#/").split("/"):
            document = document[step]
        part = document
    return part


def _schema(part: Any) -> Any:
    """Turn a schema of OpenAPI 3.0 into one of JSON Schema, without prose."""
    if isinstance(part, list):
        return [_schema(item) for item in part]
    if not isinstance(part, dict):
        return part
    schema: dict[str, Any] = {}
    for key, value in part.items():
        if key == "$ref":
            schema[key] = value.replace("#/components/schemas/", "#/$defs/")
        elif key == "properties":
            schema[key] = {name: _schema(inner) for name, inner in value.items()}
        elif key not in _PROSE and key not in {"nullable", "discriminator"} and not key.startswith("x-"):
            schema[key] = _schema(value)
    if part.get("nullable"):
        return _nullable(schema)
    return schema


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "$ref":
                yield value.rpartition("/")[2]
            else:
                yield from _references(value)
    elif isinstance(part, list):
        for item in part:
            yield from _references(item)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
