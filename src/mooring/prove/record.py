"""A whole proof: what was measured, on what, and what follows; and its JSON, stable and versioned."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from mooring.prove.compare import Comparison
from mooring.prove.machine import Machine
from mooring.prove.samples import Contact, Measurement, Sample, State
from mooring.prove.scenarios import Load, Side
from mooring.prove.targets import Answered

__all__ = ["SCHEMA", "Proof", "Subject", "dump"]

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Subject:
    """A service of the fleet. `manifest` names the file whose environment it was given, None where none runs it.

    `repointed` variables were pointed at the measurement's own Redis and upstream, `omitted` ones have no value in the
    manifests. `fixes` are the titles of what was changed in its code. `request` is what was asked of it.
    """

    name: str
    path: str
    entry: str
    manifest: str | None
    repointed: tuple[str, ...] = ()
    omitted: tuple[str, ...] = ()
    fixes: tuple[str, ...] = ()
    request: str = "lookup(key)"


@dataclass(frozen=True, slots=True)
class Proof:
    """One run: `started` is UTC in ISO 8601, `seconds` the time it took, `caveats` what a reader must know."""

    fleet: str
    started: str
    seconds: float
    machine: Machine
    load: Load
    subjects: tuple[Subject, ...]
    measurement: Measurement
    comparisons: tuple[Comparison, ...]
    caveats: tuple[str, ...] = ()
    targets: tuple[Answered, ...] = ()

    def contact(self, service: str, side: Side) -> Contact | None:
        """What is known of one side of a service."""
        return self.measurement.contact(service, side)

    @property
    def drivable(self) -> tuple[Subject, ...]:
        """The services that can be measured: all but those that start and do not offer the tool that is driven."""
        return tuple(subject for subject in self.subjects if self._state(subject, Side.AFTER) is not State.MUTE)

    @property
    def broken(self) -> tuple[Subject, ...]:
        """The services that could be measured and do not work after the fix."""
        return tuple(s for s in self.drivable if self._state(s, Side.AFTER) is not State.CONNECTS)

    def _state(self, subject: Subject, side: Side) -> State | None:
        contact = self.contact(subject.name, side)
        return contact.state if contact else None


def dump(proof: Proof) -> str:
    """The JSON of a proof, one line a call: `block` is flattened, everything else keeps its names."""
    head = {
        "schema": SCHEMA,
        "fleet": proof.fleet,
        "started": proof.started,
        "seconds": round(proof.seconds, 3),
        "machine": {**asdict(proof.machine), "packages": dict(proof.machine.packages)},
        "load": asdict(proof.load),
        "caveats": list(proof.caveats),
        "targets": [asdict(answered) for answered in proof.targets],
        "services": [asdict(subject) for subject in proof.subjects],
        "contacts": [asdict(contact) for contact in proof.measurement.contacts],
        "comparisons": [asdict(comparison) for comparison in proof.comparisons],
        "blocks": [asdict(tally) for tally in proof.measurement.tallies],
    }
    body = json.dumps(head, ensure_ascii=False, indent=1)
    lines = ",\n".join(json.dumps(fields, ensure_ascii=False) for fields in _calls(proof.measurement.samples))
    return f'{body[:-2]},\n "samples": [\n{lines}\n]\n}}\n'


def _calls(samples: tuple[Sample, ...]) -> Iterator[dict[str, object]]:
    for sample in samples:
        block = sample.block
        yield {
            "service": sample.service,
            "side": block.side,
            "scenario": block.scenario,
            "concurrency": block.concurrency,
            "round": block.round,
            "start": round(sample.start, 6),
            "seconds": round(sample.seconds, 6),
            "outcome": sample.outcome,
            "reason": sample.reason,
        }
