"""What is written of a proof can be read again, and says the same."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mooring.errors import UsageError
from mooring.prove import dump, load, read_target
from mooring.prove.targets import answer

from .proofs import make_proof


def test_a_proof_that_was_written_and_read_writes_the_same(tmp_path: Path) -> None:
    made = make_proof()
    targets = answer([read_target("hit=10"), read_target("failures=0.1")], made.measurement, made.comparisons)
    file = tmp_path / "samples.json"
    file.write_text(dump(replace(made, targets=targets)))
    read = load(file)
    assert dump(read) == file.read_text()
    assert read.targets == targets
    assert read.broken == made.broken
    assert read.comparisons == made.comparisons


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 2}', '{"schema": 1}'])
def test_another_file_is_refused_by_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "other.json"
    file.write_text(text)
    with pytest.raises(UsageError, match=r"other\.json: not the samples of `mooring prove --json`"):
        load(file)


def test_a_file_of_the_first_release_is_read_too(tmp_path: Path) -> None:
    told = json.loads(dump(make_proof()))
    for name in ("scenarios", "faults", "fault_on", "fault_callers", "fault_seconds"):
        del told["load"][name]
    del told["targets"]
    for service in told["services"]:
        del service["request"]
    for block in told["blocks"]:
        del block["struck"], block["back"]
    file = tmp_path / "samples.json"
    file.write_text(json.dumps(told))
    assert dump(load(file)) == dump(make_proof())
