"""A proof as one self-contained HTML page: no network, no script, light and dark, readable on a phone. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from statistics import median
from typing import TYPE_CHECKING, Any

from mooring.errors import MissingExtra
from mooring.prove import Comparison, Figure, Proof, Scenario, Side, State, Verdict
from mooring.report import charts, timelines
from mooring.report.aims import figure_of, name_of
from mooring.report.cells import change_of, count, milliseconds, number
from mooring.report.digest import Digest, Stretch, digest
from mooring.report.raw import anchor, raw
from mooring.report.workings import ABLE, ANSWERED, of_aim, of_fault, of_share, of_times, of_typical, workings

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["filled", "page", "proven", "require"]

_ASSETS = "proof_page"


@dataclass(frozen=True, slots=True)
class Card:
    """One figure of the whole fleet, before and after; `working` is the anchor of what it rests on."""

    title: str
    before: str
    after: str
    note: str
    working: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table of all figures."""

    service: str
    figure: str
    before: str
    after: str
    calls: str
    change: str
    verdict: Verdict
    samples: str


def require() -> None:
    """Raise `MissingExtra` unless the page can be made."""
    _environment()
    charts.require()


def page(proof: Proof, samples: str | None = None) -> str:
    """The page; `samples` is the name of the file with the raw samples, if there is one beside it.

    Raises `MissingExtra` where Jinja or the drawing library is not installed.
    """
    require()
    return filled("page.html.j2", {**proven(proof), "samples": samples})


def proven(proof: Proof) -> dict[str, Any]:
    """What the templates say of a proof. The drawing library must be installed (`require`)."""
    told = digest(proof)
    drawn = [stretch for stretch in told.stretches if not stretch.scenario.lone]
    return {
        "proof": proof,
        "told": told,
        "cards": list(_cards(proof, told)),
        "aims": [(name_of(one), figure_of(one), one, of_aim(one.target.aim, proof)) for one in proof.targets],
        "answered": [(stretch, charts.answered(proof, stretch), of_share(stretch)) for stretch in drawn],
        "spreads": [(stretch, charts.spread(proof, stretch), of_times(stretch)) for stretch in drawn],
        "strikes": [(fault, timelines.strip(proof, fault), of_fault(fault)) for fault in proof.load.faults],
        "workings": [one for one in workings(proof, told) if one.parts],
        "able": ABLE,
        "lines": [_line(c) for c in proof.comparisons if c.before is not None or c.after is not None],
        "raw": raw(proof),
        "anchor": anchor,
    }


def filled(template: str, values: Mapping[str, Any]) -> str:
    """A template of ours with its values, the style sheet and the words of the proof."""
    style = resources.files(__package__).joinpath(_ASSETS, "page.css").read_text("utf-8")
    return _environment().get_template(template).render(**values, Side=Side, State=State, Verdict=Verdict, style=style)


def _environment() -> Environment:
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise MissingExtra("jinja2, which writes the HTML page,", "report") from error
    loader = PackageLoader("mooring.report", _ASSETS)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def _cards(proof: Proof, told: Digest) -> Iterator[Card]:
    whole = told.services
    able = {side: f"{told.able[side]} of {whole}" for side in Side}
    note = "answer a repeated lookup from cache"
    yield Card("Servers that use their Redis", able[Side.BEFORE], able[Side.AFTER], note, ABLE)
    good = {side: f"{told.answered[side]:.0%}" for side in Side}
    note = "of the load on each server, all alike"
    yield Card("Lookups answered well", good[Side.BEFORE], good[Side.AFTER], note, ANSWERED)
    for scenario in (Scenario.HIT, Scenario.MISS):
        yield from _typical(proof, Stretch(scenario, min(proof.load.concurrency)))


def _typical(proof: Proof, stretch: Stretch) -> Iterator[Card]:
    """The same servers on both sides where there are any, so that what connects only now does not move the figure."""
    own = [c for c in proof.comparisons if c.figure is Figure.P50 and _stretch(c) == stretch and c.after is not None]
    if not own:
        return
    both = [c for c in own if c.before is not None]
    after = f"{milliseconds(median(c.after for c in both or own if c.after is not None))} ms"
    before = f"{milliseconds(median(c.before for c in both if c.before is not None))} ms" if both else "none"
    note = (
        f"median of the {len(both)} that connect on both sides: {_verdicts(both)}" if both else "none connected before"
    )
    yield Card(f"A {stretch.label}", before, after, note, of_typical(stretch))


def _verdicts(comparisons: Sequence[Comparison]) -> str:
    """What may be said of the same figure of several services: `1 better, 3 no difference shown`."""
    found = Counter(one.verdict for one in comparisons)
    return ", ".join(f"{found[verdict]} {verdict}" for verdict in Verdict if found[verdict])


def _stretch(comparison: Comparison) -> Stretch | None:
    if comparison.scenario is None or comparison.concurrency is None:
        return None
    return Stretch(comparison.scenario, comparison.concurrency)


def _line(comparison: Comparison) -> Line:
    stretch = _stretch(comparison)
    names = {
        Figure.P50: "p50, ms",
        Figure.P99: "p99, ms",
        Figure.THROUGHPUT: "good answers a second",
        Figure.FAILURES: "failed calls",
        Figure.CONNECTIONS: "connections opened",
        Figure.OUTAGE: "outage, ms",
    }
    figure = f"{stretch.label}: {names[comparison.figure]}" if stretch else names[comparison.figure]
    times = dict.fromkeys((Figure.P50, Figure.P99, Figure.OUTAGE), milliseconds)
    shown = {**times, Figure.THROUGHPUT: number}.get(comparison.figure, count)
    before, after = ("-" if value is None else shown(value) for value in (comparison.before, comparison.after))
    calls = "{:,} / {:,}".format(*comparison.calls)
    change = change_of(comparison) or "-"
    samples = anchor(comparison.service, comparison.scenario, comparison.concurrency)
    return Line(comparison.service, figure, before, after, calls, change, comparison.verdict, samples)
