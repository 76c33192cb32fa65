"""The distributions of a proof as inline SVG: Vega-Lite specifications, drawn without a browser or a network.

Colours are properties of the page's style sheet, so that one drawing serves light and dark.
"""

from __future__ import annotations

import html
import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any

from mooring.errors import MissingExtra
from mooring.prove import Outcome, Proof, Side, State
from mooring.report.digest import Stretch

__all__ = [
    "AFTER",
    "BAD",
    "BEFORE",
    "NAMES",
    "TEXT",
    "WIDTH",
    "Spec",
    "answered",
    "answers_of",
    "drawn",
    "quantiles",
    "require",
    "spread",
]

Spec = dict[str, Any]

# Stand-ins that nothing else in a drawing has by chance.
BEFORE, AFTER, _INK, TEXT, GRID, BAD = "#b0f001", "#af7e01", "#14c401", "#7e4701", "#9d1d01", "#badb01"
_PROPERTIES = {BEFORE: "--before", AFTER: "--after", _INK: "--ink", TEXT: "--soft", GRID: "--line", BAD: "--bad"}

_POINTS = 120
# Narrow enough for a phone as it is: text in a drawing that shrinks can no longer be read.
WIDTH = 278
NAMES = 100
# The height of a label, as a share of the lookups.
_LABEL_SHARE = 0.15

_CONFIG: Spec = {
    "background": "transparent",
    "padding": {"left": 14, "right": 6, "top": 4, "bottom": 2},
    "view": {"stroke": None},
    "axis": {
        "labelColor": TEXT,
        "titleColor": TEXT,
        "gridColor": GRID,
        "domainColor": GRID,
        "tickColor": GRID,
        "labelFontSize": 11.5,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    },
}
_COLOR = {
    "field": "side",
    "type": "nominal",
    "legend": None,
    "scale": {"domain": list(Side), "range": [BEFORE, AFTER]},
}


def require() -> None:
    """Raise `MissingExtra` unless drawings can be made."""
    try:
        import vl_convert  # noqa: F401, PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise MissingExtra("vl-convert-python, which draws the charts,", "report") from error


def answered(proof: Proof, stretch: Stretch) -> str:
    """The share of lookups that are answered within a time.

    Every service counts alike. A call that fails is never answered, and neither is any of a server that never connects.
    """
    services = {side: _services(proof, stretch, side) for side in Side}
    times = [value for each in services.values() for values, _ in each for value in values]
    if not times:
        return ""
    low, high = min(times) * 0.8, max(times) * 1.3
    grid = [low * (high / low) ** (step / _POINTS) for step in range(_POINTS + 1)]
    lines = [
        {"side": side, "ms": point * 1000, "share": _share(services[side], point)} for side in Side for point in grid
    ]
    ends = {side: _share(services[side], high) for side in Side}
    labels = [
        {"side": side, "ms": high * 1000, "share": ends[side], "text": f"{side} {ends[side]:.0%}"} for side in Side
    ]
    close = abs(ends[Side.BEFORE] - ends[Side.AFTER]) < _LABEL_SHARE
    share = {
        "field": "share",
        "type": "quantitative",
        "scale": {"domain": [0, 1.15]},
        "axis": {"format": ".0%", "title": None, "values": [0, 0.25, 0.5, 0.75, 1]},
    }
    dash = {
        "field": "side",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": list(Side), "range": [[5, 3], [1, 0]]},
    }
    spec: Spec = {
        "width": WIDTH,
        "height": 170,
        "encoding": {"x": _milliseconds(low, high), "y": share, "color": _COLOR},
        "layer": [
            {"data": {"values": lines}, "mark": {"type": "line", "strokeWidth": 2.5}, "encoding": {"strokeDash": dash}},
            # Above its line, as a rising line passes below its own end; of two that would meet, one goes below.
            *(_label([label], 13 if close and label["side"] == Side.BEFORE else -9) for label in labels),
        ],
    }
    told = " and ".join(f"{ends[side]:.0%} {side}" for side in Side)
    return drawn(spec, f"Share of lookups answered within a time, {stretch.label}: in the end {told} the fix.")


def spread(proof: Proof, stretch: Stretch) -> str:
    """The times of each service: a line from the 1st to the 99th percentile, a bar over the middle half, the median."""
    boxes: list[dict[str, object]] = []
    for side in Side:
        for subject, (times, _) in zip(proof.drivable, _services(proof, stretch, side), strict=True):
            if times:
                boxes.append({"service": subject.name, "side": side, **quantiles(times)})
    if not boxes:
        return ""
    absent = list(_absent(proof, stretch))
    low = min(float(str(box["p1"])) for box in boxes) / 1000 * 0.8
    high = max(float(str(box["p99"])) for box in boxes) / 1000 * 1.25
    x = _milliseconds(low, high)
    bar = {"field": "p25", **{key: x[key] for key in ("type", "scale", "axis")}}
    spec: Spec = {
        "width": WIDTH - NAMES + 36,
        "height": {"step": 12, "for": "offset"},
        "encoding": {
            "y": {
                "field": "service",
                "type": "nominal",
                "scale": {"paddingInner": 0.3},
                "axis": {"title": None, "labelLimit": NAMES, "ticks": False, "domain": False},
            },
            "yOffset": {"field": "side", "type": "nominal", "sort": list(Side), "scale": {"domain": list(Side)}},
            "color": _COLOR,
        },
        "layer": [
            {
                "data": {"values": boxes},
                "mark": {"type": "rule", "strokeWidth": 1.5},
                "encoding": {"x": bar | {"field": "p1"}, "x2": {"field": "p99"}},
            },
            {
                "data": {"values": boxes},
                "mark": {"type": "bar", "height": 6, "cornerRadius": 2},
                "encoding": {"x": bar, "x2": {"field": "p75"}},
            },
            {
                "data": {"values": boxes},
                "mark": {"type": "tick", "thickness": 2, "size": 10, "opacity": 1},
                "encoding": {"x": bar | {"field": "p50"}, "color": {"value": _INK}},
            },
            {
                "data": {"values": absent},
                "mark": {"type": "text", "align": "left", "dx": 3, "fontSize": 10.5, "baseline": "middle"},
                "encoding": {"x": {"value": 0}, "text": {"field": "text", "type": "nominal"}},
            },
        ],
    }
    medians = "; ".join(f"{box['service']} {box['side']} {box['p50']:.3g} ms" for box in boxes)
    return drawn(spec, f"Times of each service, {stretch.label}. Medians: {medians}.")


def answers_of(proof: Proof, service: str, stretch: Stretch, side: Side) -> tuple[list[float], int]:
    """The sorted times of a service's good calls, in seconds, and how many calls it got."""
    own = [
        sample
        for sample in proof.measurement.samples
        if sample.service == service
        and sample.block.side is side
        and sample.block.round
        and (sample.block.scenario, sample.block.concurrency) == (stretch.scenario, stretch.concurrency)
    ]
    return sorted(sample.seconds for sample in own if sample.outcome is Outcome.OK), len(own)


def quantiles(times: Sequence[float]) -> dict[str, float]:
    """The 1st, 25th, 50th, 75th and 99th percentile of sorted times in seconds: p1 to p99, in milliseconds."""
    last = len(times) - 1
    return {f"p{share}": times[round(last * share / 100)] * 1000 for share in (1, 25, 50, 75, 99)}


def _services(proof: Proof, stretch: Stretch, side: Side) -> list[tuple[list[float], int]]:
    """Of each service that can be driven, the sorted times of its good calls and how many calls it got."""
    return [answers_of(proof, subject.name, stretch, side) for subject in proof.drivable]


def _share(services: Sequence[tuple[list[float], int]], within: float) -> float:
    shares = [bisect_right(times, within) / calls if calls else 0.0 for times, calls in services]
    return sum(shares) / len(shares)


def _absent(proof: Proof, stretch: Stretch) -> Iterator[dict[str, str]]:
    words = {State.FAILS: "never connected", State.DEAD: "never started", State.CONNECTS: "not measured"}
    for side in Side:
        for subject, (times, _) in zip(proof.drivable, _services(proof, stretch, side), strict=True):
            contact = proof.contact(subject.name, side)
            if not times and contact is not None:
                yield {"service": subject.name, "side": side, "text": f"{side}: {words[contact.state]}"}


def _milliseconds(low: float, high: float) -> Spec:
    bounds = [low * 1000, high * 1000]
    ticks = list(_ticks(*bounds))
    return {
        "field": "ms",
        "type": "quantitative",
        "scale": {"type": "log", "domain": bounds, "nice": False},
        "axis": {"title": "milliseconds", "values": ticks, "format": "~g", "labelOverlap": True},
    }


def _ticks(low: float, high: float) -> Iterator[float]:
    """Round values: 1, 2 and 5 of every decade, or equal steps where the range is too narrow for those."""
    if high / low > 4:
        yield from (v for p in range(-2, 7) for d in (1, 2, 5) if low <= (v := d * 10.0**p) <= high)
        return
    step = next(s for p in range(-4, 7) for d in (1, 2, 5) if (s := d * 10.0**p) * 4 >= high - low)
    yield from (step * count for count in range(math.ceil(low / step), math.floor(high / step) + 1))


def _label(values: Sequence[Spec], dy: int) -> Spec:
    mark = {"type": "text", "align": "right", "dy": dy, "fontSize": 12, "fontWeight": "bold"}
    return {"data": {"values": values}, "mark": mark, "encoding": {"text": {"field": "text", "type": "nominal"}}}


def drawn(spec: Spec, description: str) -> str:
    """The drawing, described for who cannot see it."""
    import vl_convert  # noqa: PLC0415 - an extra, and slow to load

    drawing = vl_convert.vegalite_to_svg({**spec, "config": _CONFIG}, vl_version="6.4")
    for color, name in _PROPERTIES.items():
        drawing = drawing.replace(f'"{color}"', f'"var({name})"')
    # One name for the whole: read out shape by shape, a drawing says nothing.
    opening = f'<svg role="img" aria-label="{html.escape(description)}"'
    return re.sub(r"^<svg", opening, re.sub(r' (?:aria|role)[\w-]*="[^"]*"', "", drawing), count=1)
