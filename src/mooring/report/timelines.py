"""What a fault did, second by second, as inline SVG: a thin line where calls are answered, a block where one fails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mooring.prove import Outcome, Proof, Scenario, Side, Tally
from mooring.report.charts import AFTER, BAD, BEFORE, NAMES, TEXT, WIDTH, Spec, drawn

__all__ = ["strip"]

_BIN = 0.05
"""Seconds that one piece of a line stands for."""


def strip(proof: Proof, fault: Scenario) -> str:
    """The first round of a fault for each service and side; empty where none was struck."""
    first: dict[tuple[str, Side], Tally] = {}
    for tally in proof.measurement.tallies:
        if tally.scenario is fault and tally.struck is not None:
            first.setdefault((tally.service, tally.side), tally)
    if not first:
        return ""
    order = [f"{one.name} {side}" for one in proof.subjects for side in Side if (one.name, side) in first]
    bins = [piece for (service, side), tally in first.items() for piece in _pieces(proof, service, side, tally)]
    back = max(tally.back - tally.struck for tally in first.values() if tally.back and tally.struck)
    x = {
        "field": "from",
        "type": "quantitative",
        "scale": {"domain": [-0.6, proof.load.fault_seconds], "clamp": True, "nice": False},
        "axis": {"title": "seconds since the fault", "format": "~g", "grid": False, "tickCount": 6},
    }
    row = {
        "field": "row",
        "type": "nominal",
        "sort": order,
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
        ],
    }
    told = "; ".join(f"{one}: {_failing(bins, one)}" for one in order)
    label = f"Calls while the Redis went through {fault}, first round; it was whole again after {back:.1f} s. {told}."
    return drawn(spec, label)


def _failing(bins: Sequence[Mapping[str, object]], row: str) -> str:
    """For how long calls failed, in words."""
    seconds = sum(bool(piece["failed"]) for piece in bins if piece["row"] == row) * _BIN
    return f"calls failed during {seconds:.1f} s" if seconds else "no call failed"


def _pieces(proof: Proof, service: str, side: Side, tally: Tally) -> Iterator[dict[str, object]]:
    struck = tally.struck or 0.0
    failing: dict[int, bool] = {}
    for sample in proof.measurement.samples:
        block = sample.block
        if (sample.service, block.side, block.scenario, block.round) != (service, side, tally.scenario, tally.round):
            continue
        failed = sample.outcome is not Outcome.OK
        # A call that is answered counts where it ends, one that fails for the whole time that it took.
        start, end = (sample.start - struck, sample.start + sample.seconds - struck)
        for number in range(int((start if failed else end) // _BIN), int(end // _BIN) + 1):
            failing[number] = failing.get(number, False) or failed
    for number, failed in sorted(failing.items()):
        color = BAD if failed else AFTER if side is Side.AFTER else BEFORE
        place = {"from": number * _BIN, "to": (number + 1) * _BIN}
        yield {"row": f"{service} {side}", **place, "failed": failed, "color": color}
