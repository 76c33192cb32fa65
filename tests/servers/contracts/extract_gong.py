"""Writes gong.json: the operations that the server uses, as Gong's own description has them.

    git clone https://github.com/JustinBeckwith/gongio-mcp
    cd tests && python -m servers.contracts.extract_gong ../gongio-mcp/gong-openapi.json

Gong shows its description (OpenAPI 3.1, version V2) to those who are signed in; this is a copy in another project,
from commit f6842ac9d6990403db27f05442c9ef831a2a3bff (26 February 2026). That it is Gong's shows in what it holds: the
introduction with limits and scopes, 51 paths with their prose, and the marks of the server that wrote it
(`exampleSetFlag`, `types`). It requires nothing of any answer: what the server relies on is added by hand, marked so.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from mooring.servers.gong.operations import OPERATIONS

from .openapi import described, listing, record

_CALL = record("id")
_STATS = listing(record("name", "value"))
_SAID = listing(record("speakerId", sentences=listing(record("start", "text"))))
_NAMED = listing(record("name"))
_CONTENT = {
    "type": "object",
    "properties": {"topics": _NAMED, "trackers": _NAMED, "keyPoints": listing(record("text"))},
}
_INTERACTION = {"type": "object", "properties": {"interactionStats": _STATS}}
_WHOLE_CALL = record(metaData=_CALL)
_WHOLE_CALL["properties"] |= {"content": _CONTENT, "interaction": _INTERACTION}
_RELIED_ON: dict[str, dict[str, Any]] = {
    "listCalls": record(calls=listing(_CALL)),
    "getCall": record(call=_CALL),
    "getCallTranscripts": record(callTranscripts=listing(record(transcript=_SAID))),
    "listCallsExtensive": record(calls=listing(_WHOLE_CALL)),
    "listInteractionStats": record(
        peopleInteractionStats=listing(record("userId", personInteractionStats=_STATS)),
    ),
    "listUsers": record(users=listing(record("id"))),
}
_NOTE = (
    "by_hand is no part of Gong's description, which requires no field of any answer: it says which fields the server "
    "relies on."
)


def main(source: Path) -> None:
    """Extract, and write beside this file."""
    text = source.read_bytes()
    document = json.loads(text)
    named = {
        operation["operationId"]: (path, method.upper())
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if isinstance(operation, dict) and "operationId" in operation
    }
    if missing := {operation.name for operation in OPERATIONS} - named.keys():
        sys.exit(f"Gong does not describe {', '.join(sorted(missing))}")
    contract = {
        "source": "https://github.com/JustinBeckwith/gongio-mcp, gong-openapi.json: a copy of Gong's description",
        "sha256": hashlib.sha256(text).hexdigest(),
        "version": document["info"]["version"],
        "note": _NOTE,
        "operations": {
            one.name: {**described(document, *named[one.name]), "by_hand": {"200": _RELIED_ON[one.name]}}
            for one in OPERATIONS
        },
        "$defs": {},
    }
    Path(__file__).with_name("gong.json").write_text(json.dumps(contract, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
