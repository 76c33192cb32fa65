"""Writes slack.json: the methods that the server uses, as the types of Slack's own client have them.

    npm install @slack/web-api@8.2.0 ts-json-schema-generator
    python tests/servers/contracts/extract_slack.py .

The package (MIT) is https://github.com/slackapi/node-slack-sdk. What is prose goes, and so does what blocks, files and
attachments consist of, which the tools leave alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from mooring.servers.operation import Operation
from mooring.servers.slack.operations import OPERATIONS

_OPAQUE = frozenset({"attachments", "blocks", "files", "metadata", "root", "user_auth_blocks"})
_ENTRY = "entry.ts"
# Required by the type of the client, which stands for "whoever calls", yet never sent as an argument.
_TOKEN = "token"


def main(packages: Path) -> None:
    """Extract, and write beside this file. `packages` is the folder with node_modules."""
    definitions: dict[str, Any] = {}
    operations = {operation.name: _operation(packages, operation, definitions) for operation in OPERATIONS}
    needed: dict[str, Any] = {}
    wanted = list(_references(operations))
    while wanted:
        name = wanted.pop()
        if name not in needed:
            needed[name] = definitions[name]
            wanted.extend(_references(definitions[name]))
    version = json.loads((packages / "node_modules/@slack/web-api/package.json").read_text())["version"]
    contract = {
        "source": f"@slack/web-api {version}",
        "operations": dict(sorted(operations.items())),
        "$defs": dict(sorted(needed.items())),
    }
    Path(__file__).with_name("slack.json").write_text(json.dumps(contract, separators=(",", ":")) + "\n")


def _operation(packages: Path, operation: Operation, definitions: dict[str, Any]) -> dict[str, Any]:
    name = "".join(part[0].upper() + part[1:] for part in operation.name.split(".")).replace("Url", "URL")
    arguments = _generated(packages, f"{name}Arguments", definitions)
    response = _generated(packages, f"{name}Response", definitions)
    return {
        "method": operation.method,
        "path": operation.path,
        "query": arguments if operation.encoding != "json" else {},
        "body": arguments if operation.encoding == "json" else None,
        "responses": {"200": response},
    }


def _generated(packages: Path, name: str, definitions: dict[str, Any]) -> Any:
    (packages / _ENTRY).write_text(f"export type {{ {name} }} from '@slack/web-api';\n")
    command = ["npx", "ts-json-schema-generator", "--path", _ENTRY, "--type", name, "--no-type-check"]
    made = json.loads(subprocess.run(command, cwd=packages, check=True, capture_output=True, text=True).stdout)
    prefix = f"{name}."  # types of the same name differ from method to method
    for key, value in made["definitions"].items():
        definitions[prefix + key] = _schema(value, prefix)
    return {"$ref": f"#/$defs/{prefix}{name}"}


def _schema(part: Any, prefix: str) -> Any:
    if isinstance(part, list):
        return [_schema(item, prefix) for item in part]
    if not isinstance(part, dict):
        return part
    schema: dict[str, Any] = {}
    for key, value in part.items():
        if key == "$ref":
            schema[key] = f"#/$defs/{prefix}{unquote(value.removeprefix('#/definitions/'))}"
        elif key == "properties":
            names = {name: {} if name in _OPAQUE else _schema(inner, prefix) for name, inner in value.items()}
            schema[key] = {name: inner for name, inner in names.items() if name != _TOKEN}
        elif key == "required":
            schema[key] = [name for name in value if name != _TOKEN]
        elif key not in {"description", "title"}:
            schema[key] = _schema(value, prefix)
    return schema


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "$ref":
                yield value.removeprefix("#/$defs/")
            else:
                yield from _references(value)
    elif isinstance(part, list):
        for item in part:
            yield from _references(item)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
