"""Writes hubspot.json: the operations that the server uses, as HubSpot's own description has them.

    git clone https://github.com/HubSpot/HubSpot-public-api-spec-collection
    cd tests && python -m servers.contracts.extract_hubspot ../HubSpot-public-api-spec-collection

The contract that lies here is made from commit 99893791383254f52aa07662baeb98aad65cc710 (21 August 2026).
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

from mooring.servers.hubspot.operations import OPERATIONS
from mooring.servers.operation import Operation

from .openapi import described, record

_FILES = (
    "Account/Account Info/Rollouts/144923/v3/accountInfo.json",
    "CRM/Companies/Rollouts/424/v3/companies.json",
    "CRM/Contacts/Rollouts/424/v3/contacts.json",
    "CRM/Deals/Rollouts/424/v3/deals.json",
    "CRM/Pipelines/Rollouts/145896/v3/pipelines.json",
)
_BY_HAND = {"429": record(policyName={"type": "string"})}
_NOTE = (
    "by_hand is no part of HubSpot's description: it says what the server relies on beyond it. policyName of a 429 is "
    "in https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines"
)


def main(source: Path) -> None:
    """Extract, and write beside this file."""
    texts = {file: (source / "PublicApiSpecs" / file).read_bytes() for file in _FILES}
    documents = [json.loads(text) for text in texts.values()]
    contract = {
        "source": "https://github.com/HubSpot/HubSpot-public-api-spec-collection, PublicApiSpecs",
        "files": {file: {"sha256": hashlib.sha256(text).hexdigest()} for file, text in texts.items()},
        "version": " ".join(sorted({document["info"]["version"] for document in documents})),
        "note": _NOTE,
        "operations": {one.name: {**_found(documents, one), "by_hand": _BY_HAND} for one in OPERATIONS},
        "$defs": {},
    }
    Path(__file__).with_name("hubspot.json").write_text(json.dumps(contract, separators=(",", ":")) + "\n")


def _found(documents: list[dict[str, Any]], operation: Operation) -> dict[str, Any]:
    """Find an operation by method and path; HubSpot's own names for them are method and path once more."""
    for document in documents:
        for path in sorted(document["paths"], key=lambda path: path.count("{")):
            fits = re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), operation.path)
            if fits and operation.method.lower() in document["paths"][path]:
                return described(document, path, operation.method)
    sys.exit(f"HubSpot does not describe {operation.method} {operation.path}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
