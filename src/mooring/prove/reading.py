"""A proof from its JSON, so that a report can be made of what was measured earlier."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mooring.errors import UsageError
from mooring.prove.compare import Comparison, Figure, Verdict
from mooring.prove.interval import Change
from mooring.prove.machine import Machine
from mooring.prove.record import SCHEMA, Proof, Subject
from mooring.prove.samples import Contact, Measurement, Outcome, Sample, State, Tally
from mooring.prove.scenarios import Block, Load, Scenario, Side
from mooring.prove.targets import Aim, Answer, Answered, Target

__all__ = ["load"]


def load(path: Path) -> Proof:
    """Read what `mooring prove --json` wrote.

    Raises `UsageError` if the file cannot be read, is no such JSON, or is of another version.
    """
    try:
        told = json.loads(path.read_bytes())
        if not isinstance(told, dict) or told.get("schema") != SCHEMA:
            raise UsageError(f"{path}: not the samples of `mooring prove --json`, schema {SCHEMA}")
        return _proof(told)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path}: not the samples of `mooring prove --json`, schema {SCHEMA}: {error!r}") from error


def _proof(told: Mapping[str, Any]) -> Proof:
    machine = {**told["machine"], "packages": tuple(told["machine"]["packages"].items())}
    measurement = Measurement(
        tuple(Contact(**{**one, **_sided(one), "state": State(one["state"])}) for one in told["contacts"]),
        tuple(map(_sample, told["samples"])),
        tuple(Tally(**{**one, **_sided(one), "scenario": _scenario(one["scenario"])}) for one in told["blocks"]),
    )
    return Proof(
        fleet=told["fleet"],
        started=told["started"],
        seconds=told["seconds"],
        machine=Machine(**machine),
        load=_load(told["load"]),
        subjects=tuple(map(_subject, told["services"])),
        measurement=measurement,
        comparisons=tuple(map(_comparison, told["comparisons"])),
        caveats=tuple(told["caveats"]),
        targets=tuple(map(_answered, told.get("targets", ()))),
    )


def _load(told: Mapping[str, Any]) -> Load:
    names = ("scenarios", "faults")
    scenarios = {name: tuple(map(Scenario, told[name])) for name in names if name in told}
    lists = {name: tuple(value) for name, value in told.items() if isinstance(value, list)}
    return Load(**{**told, **lists, **scenarios})


def _subject(told: Mapping[str, Any]) -> Subject:
    lists = {name: tuple(told[name]) for name in ("repointed", "omitted", "fixes")}
    return Subject(**{**told, **lists})


def _sample(told: Mapping[str, Any]) -> Sample:
    block = Block(Side(told["side"]), Scenario(told["scenario"]), told["concurrency"], told["round"])
    return Sample(told["service"], block, told["start"], told["seconds"], Outcome(told["outcome"]), told["reason"])


def _comparison(told: Mapping[str, Any]) -> Comparison:
    change = told["change"]
    return Comparison(
        **{
            **told,
            "figure": Figure(told["figure"]),
            "scenario": _scenario(told["scenario"]),
            "calls": tuple(told["calls"]),
            "change": None if change is None else Change(**change),
            "verdict": Verdict(told["verdict"]),
        }
    )


def _answered(told: Mapping[str, Any]) -> Answered:
    target = Target(Aim(told["target"]["aim"]), told["target"]["limit"])
    return Answered(target, told["value"], Answer(told["answer"]), told["why"])


def _sided(told: Mapping[str, Any]) -> dict[str, Side]:
    return {"side": Side(told["side"])}


def _scenario(name: str | None) -> Scenario | None:
    return None if name is None else Scenario(name)
