"""The JSON of a proof is what its schema says, and holds every call."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mooring.prove import Proof, dump

from .proofs import make_proof

SCHEMA = Path(__file__).parents[2] / "docs/schema/proof-1.json"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(SCHEMA.read_text())
    return read


@pytest.fixture(scope="module")
def proof() -> Proof:
    return make_proof()


@pytest.fixture(scope="module")
def written(proof: Proof) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(dump(proof))
    return read


def test_the_schema_is_one(schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)


def test_the_samples_are_what_the_schema_says(schema: dict[str, Any], written: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(schema).validate(written)


def test_the_keys_stand_in_the_order_of_the_schema(schema: dict[str, Any], written: dict[str, Any]) -> None:
    assert list(written) == schema["required"] == list(schema["properties"])
    for part in ("services", "contacts", "comparisons", "blocks", "samples"):
        expected = schema["properties"][part]["items"]["required"]
        assert {tuple(item) for item in written[part]} == {tuple(expected)}


def test_every_call_is_a_line_of_its_own(proof: Proof, written: dict[str, Any]) -> None:
    samples = proof.measurement.samples
    assert len(written["samples"]) == len(samples)
    lines = [line.rstrip(",") for line in dump(proof).splitlines() if line.startswith('{"service"')]
    assert [json.loads(line) for line in lines] == written["samples"]
    for line, sample in zip(written["samples"], samples, strict=True):
        assert (line["service"], line["side"], line["round"]) == (
            sample.service,
            sample.block.side,
            sample.block.round,
        )
        assert math.isclose(line["seconds"], sample.seconds, abs_tol=1e-6)
