"""What a fault did, second by second, as inline SVG: a thin line where calls are answered, a block where one fails."""

from __future__ import annotations

from collections.abc import Iterator

from mooring.prove import Outcome, Proof, Scenario, Side, State, Tally
from mooring.report.charts import AFTER, BAD, BEFORE, NAMES, TEXT, WIDTH, Spec, drawn

__all__ = ["failing", "strip", "struck"]

_BIN = 0.05
"""Seconds that one piece of a line stands for."""

_QUIET = 0.6
"""Seconds before the fault that are shown."""


def struck(proof: Proof, fault: Scenario) -> dict[tuple[str, Side], Tally]:
    """The first round in which a fault struck each service and side."""
    first: dict[tuple[str, Side], Tally] = {}
    for tally in proof.measurement.tallies:
        if tally.scenario is fault and tally.struck is not None:
            first.setdefault((tally.service, tally.side), tally)
    return first


def failing(proof: Proof, tally: Tally) -> str:
    """For how long calls failed in a round, in words."""
    seconds = sum(_bins(proof, tally).values()) * _BIN
    return f"calls failed during {seconds:.1f} s" if seconds else "no call failed"


def strip(proof: Proof, fault: Scenario) -> str:
    """The first round of a fault for each service and side; empty where none was struck."""
    first = struck(proof, fault)
    if not first:
        return ""
    services = [one.name for one in proof.subjects if any((one.name, side) in first for side in Side)]
    order = [(service, side) for service in services for side in Side]
    bins = [piece for tally in first.values() for piece in _pieces(proof, tally)]
    back = max(tally.back - tally.struck for tally in first.values() if tally.back and tally.struck)
    absent = [{"row": _row(*key), "text": _absent(proof, *key)} for key in order if key not in first]
    x = {
        "field": "from",
        "type": "quantitative",
        "scale": {"domain": [-_QUIET, proof.load.fault_seconds], "clamp": True, "nice": False},
        "axis": {"title": "seconds since the fault", "format": "~g", "grid": False, "tickCount": 6},
    }
    row = {
        "field": "row",
        "type": "nominal",
        "sort": [_row(*key) for key in order],
        "axis": {"title": None, "labelLimit": NAMES + 30, "ticks": False, "domain": False},
    }
    color = {"field": "color", "type": "nominal", "scale": None, "legend": None}
    good = {"type": "bar", "height": 4}
    bad = {"type": "bar", "height": 16}
    bar = {"x": x, "x2": {"field": "to"}, "y": row, "color": color}
    spec: Spec = {
        "width": WIDTH - NAMES,
        "height": {"step": 26},
        "layer": [
            {"data": {"values": [b for b in bins if not b["failed"]]}, "mark": good, "encoding": bar},
            {"data": {"values": [b for b in bins if b["failed"]]}, "mark": bad, "encoding": bar},
            {
                "data": {"values": [{"from": 0.0}, {"from": back}]},
                "mark": {"type": "rule", "color": TEXT, "strokeDash": [3, 3]},
                "encoding": {"x": x},
            },
            {
                "data": {"values": absent},
                "mark": {"type": "text", "align": "left", "fontSize": 11, "baseline": "middle", "color": TEXT},
                "encoding": {"x": {"value": 4}, "y": row, "text": {"field": "text", "type": "nominal"}},
            },
        ],
    }
    told = "; ".join(
        f"{_row(*key)}: {failing(proof, first[key]) if key in first else _absent(proof, *key)}" for key in order
    )
    label = f"Calls while the Redis went through {fault}, first round; it was whole again after {back:.1f} s. {told}."
    return drawn(spec, label)


def _row(service: str, side: Side) -> str:
    return f"{service} {side}"


def _absent(proof: Proof, service: str, side: Side) -> str:
    """Why a side was not struck."""
    contact = proof.contact(service, side)
    words = {State.FAILS: "never connected", State.DEAD: "never started"}
    return words.get(contact.state, "not measured") if contact else "not measured"


def _bins(proof: Proof, tally: Tally) -> dict[int, bool]:
    """The pieces of a round in which a call ended or was failing, and whether one failed."""
    struck_at = tally.struck or 0.0
    found: dict[int, bool] = {}
    for sample in proof.measurement.samples:
        block = sample.block
        if (sample.service, block.side, block.scenario, block.round) != (
            tally.service,
            tally.side,
            tally.scenario,
            tally.round,
        ):
            continue
        failed = sample.outcome is not Outcome.OK
        # A call that is answered counts where it ends, one that fails for the whole time that it took.
        start, end = (sample.start - struck_at, sample.start + sample.seconds - struck_at)
        for number in range(int((start if failed else end) // _BIN), int(end // _BIN) + 1):
            found[number] = found.get(number, False) or failed
    return found


def _pieces(proof: Proof, tally: Tally) -> Iterator[dict[str, object]]:
    for number, failed in sorted(_bins(proof, tally).items()):
        color = BAD if failed else AFTER if tally.side is Side.AFTER else BEFORE
        place = {"from": number * _BIN, "to": (number + 1) * _BIN}
        yield {"row": _row(tally.service, tally.side), **place, "failed": failed, "color": color}
