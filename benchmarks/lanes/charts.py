"""Throughput, 99th percentile and CPU time of each client by how many commands are under way, as SVG.

Colours change with the reader's between light and dark.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.lanes.clients import CEILING, CLIENTS, MOORING
from benchmarks.lanes.matrix import MAIN
from benchmarks.lanes.record import Record

__all__ = ["charts"]

_OURS, _OTHERS, _LEAST, _TEXT, _GRID = "#0b6e8f", "#9aa5b1", "#d9b44a", "#3d4852", "#dfe3e8"
_DARK = {_OURS: "#4fc3e8", _OTHERS: "#6b7785", _LEAST: "#b8923a", _TEXT: "#c3ccd5", _GRID: "#333b44"}
_STEP = 13


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a chart shows: a figure of `Sample`, from zero on, or on a logarithmic scale."""

    metric: str
    title: str
    format: str
    logarithmic: bool = False


_CHARTS = {
    "lanes-throughput.svg": Drawn("throughput", "commands per second (more is better)", ",.0f"),
    "lanes-tail.svg": Drawn("p99", "99th percentile, microseconds (less is better)", ",.0f", logarithmic=True),
    "lanes-cpu.svg": Drawn("cpu", "CPU time per command, microseconds (less is better)", ".1f"),
}


def charts(record: Record) -> dict[str, tuple[str, str]]:
    """Draw each chart; returns by its file's name what it says and the SVG."""
    return {
        name: (f"GET of 64 B: {drawn.title}", _svg(drawn, _values(record, drawn))) for name, drawn in _CHARTS.items()
    }


def _values(record: Record, drawn: Drawn) -> list[dict[str, Any]]:
    cells = [taken for taken in record.taken if taken.cell in MAIN]
    return [
        {
            "client": client,
            "at once": f"{taken.cell.concurrent} at once",
            "value": median(getattr(sample, drawn.metric) for sample in samples),
        }
        for taken in cells
        for client, samples in taken.samples.items()
    ]


def _svg(drawn: Drawn, values: list[dict[str, Any]]) -> str:
    import vl_convert  # noqa: PLC0415 - an extra, and slow to load

    drawing = vl_convert.vegalite_to_svg(_spec(drawn, values), vl_version="6.4")
    # A style outdoes what an element says of itself.
    rules = (f'[{kind}="{color}"]{{{kind}:{dark}}}' for color, dark in _DARK.items() for kind in ("fill", "stroke"))
    style = f"<style>@media (prefers-color-scheme: dark){{{''.join(rules)}}}</style>"
    # One name for the whole: read out shape by shape, a drawing says nothing.
    quiet = re.sub(r' (?:aria|role)[\w-]*="[^"]*"', "", drawing)
    named = re.sub(r"^<svg", f'<svg role="img" aria-label="{html.escape(drawn.title)}"', quiet, count=1)
    return re.sub(r"(^<svg[^>]*>)", rf"\1{style}", named, count=1)


def _spec(drawn: Drawn, values: list[dict[str, Any]]) -> dict[str, Any]:
    scale: dict[str, Any] = {"type": "log", "nice": False} if drawn.logarithmic else {"zero": True}
    largest = max(value["value"] for value in values)
    smallest = min(value["value"] for value in values)
    scale["domain"] = [smallest / 2 if drawn.logarithmic else 0, largest * (4 if drawn.logarithmic else 1.18)]
    x: dict[str, Any] = {
        "field": "value",
        "type": "quantitative",
        "scale": scale,
        "axis": {"title": drawn.title, "format": "~s"},
    }
    if drawn.logarithmic:
        x["axis"]["tickCount"] = 5
    # A bar has no length on a scale without a zero.
    mark: dict[str, Any] = {"type": "point", "filled": True, "size": 55, "opacity": 1}
    if not drawn.logarithmic:
        mark = {"type": "bar", "height": 9, "cornerRadiusEnd": 2}
    color = {
        "field": "client",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": [MOORING, CEILING, *_others()], "range": [_OURS, _LEAST, *[_OTHERS] * len(_others())]},
    }
    text = {"type": "text", "align": "left", "dx": 6, "fontSize": 10.5, "color": _TEXT}
    rows: dict[str, Any] = {
        "field": "at once",
        "type": "ordinal",
        "sort": None,
        "header": {"title": None, "labelAngle": 0, "labelAlign": "left", "labelColor": _TEXT, "labelFontSize": 12},
    }
    return {
        "background": "transparent",
        "padding": 6,
        "data": {"values": values},
        "facet": {"row": rows},
        "spacing": 10,
        "spec": {
            "width": 420,
            "height": {"step": _STEP},
            "encoding": {
                "y": {
                    "field": "client",
                    "type": "nominal",
                    "sort": list(CLIENTS),
                    "axis": {"title": None, "ticks": False, "domain": False},
                },
                "x": x,
            },
            "layer": [
                {"mark": mark, "encoding": {"color": color}},
                {"mark": text, "encoding": {"text": {"field": "value", "format": drawn.format}}},
            ],
        },
        "config": {
            "view": {"stroke": None},
            "axis": {"labelColor": _TEXT, "titleColor": _TEXT, "gridColor": _GRID, "tickColor": _GRID}
            | {"labelFontSize": 11, "titleFontSize": 12, "titleFontWeight": "normal", "domainColor": _GRID},
        },
    }


def _others() -> list[str]:
    return [client for client in CLIENTS if client not in {MOORING, CEILING}]
