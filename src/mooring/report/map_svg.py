"""The map as a drawing: services on the left, Redis hosts on the right, a line for each way between them."""

from __future__ import annotations

import html
from collections.abc import Iterator

from mooring.report.characters import plain
from mooring.report.map import LOOPBACK, Map, Subject

__all__ = ["render"]

# Pixels.
WIDTH, BOX, LEFT, RIGHT = 960, 300, 20, 640
ROW, HEIGHT, TOP = 56, 40, 72
LONGEST = 38
# A variable, or a key of a Secret: what it holds is not in the tree.
GIVEN = ("$", "Secret/", "render/", "ConfigMap/")
# Colours stand in the rules themselves, because not every viewer of drawings knows variables.
STYLE = """
text{font:13px system-ui,sans-serif;fill:#1f2933} .small{font-size:11px;fill:#5b6b7b}
.box{fill:#fff;stroke:#8797a7} .redis{fill:#fff;stroke:#8e44ad;stroke-width:2}
.open{stroke:#c0392b;stroke-dasharray:5 3} .way{fill:none;stroke:#2c6fbb;stroke-width:1.6}
.manifest{stroke:#2e8b57;stroke-dasharray:6 4} .bad{stroke:#c0392b;stroke-width:2.2}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3} .small{fill:#a5b3c1} .box,.redis{fill:#161b22} .redis{stroke:#d2a8ff}
.way{stroke:#79b8ff} .manifest{stroke:#56d364} .bad,.open{stroke:#ff7b72}}
"""


def render(drawn: Map) -> str:
    """The map as an SVG document, self-contained, in light and dark."""
    targets = drawn.targets
    height = TOP + ROW * max(len(drawn.subjects), len(targets), 1) + 16
    troubled = sum(any(reach.trouble for reach in subject.reaches) for subject in drawn.subjects)
    title = f"{len(drawn.subjects)} services reach {len(targets)} Redis hosts; {troubled} disagree with their manifests"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{title}">',
        f"<title>{title}</title><style>{STYLE}</style>",
        *_legend(),
        *_ways(drawn, targets),
        *(_service(subject, number) for number, subject in enumerate(drawn.subjects)),
        *_redises(drawn, targets),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _legend() -> Iterator[str]:
    for number, (kind, told) in enumerate(
        (
            ("way", "the code connects"),
            ("way manifest", "a manifest sets"),
            ("way bad", "the two disagree, or nothing answers"),
        )
    ):
        x = LEFT + number * 200
        yield f'<path class="{kind}" d="M{x} 24h36"/>{_text(x + 44, 28, told, "small")}'


def _ways(drawn: Map, targets: list[str]) -> Iterator[str]:
    for number, subject in enumerate(drawn.subjects):
        start = _middle(number)
        ways = dict.fromkeys((reach.source, reach.target, bool(reach.trouble)) for reach in subject.reaches)
        for shift, (source, target, bad) in enumerate(ways):
            kind = " ".join(["way", *(["manifest"] if source == "manifest" else []), *(["bad"] if bad else [])])
            x, y = LEFT + BOX, start + (shift - (len(ways) - 1) / 2) * 7
            end = _place(drawn, targets, target) + HEIGHT // 2
            bend = (RIGHT - x) // 2
            yield (
                f'<path class="{kind}" d="M{x} {y:.1f}C{x + bend} {y:.1f} {RIGHT - bend} {end} {RIGHT} {end}">'
                f"<title>{_told(subject, source, target)}</title></path>"
            )


def _told(subject: Subject, source: str, target: str) -> str:
    lines = [
        f"{reach.place.path}:{reach.place.span.line} {reach.how}{f' ({reach.trouble})' if reach.trouble else ''}"
        for reach in subject.reaches
        if (reach.source, reach.target) == (source, target)
    ]
    return _clean(f"{subject.name} → {target}: {'; '.join(lines)}")


def _service(subject: Subject, number: int) -> str:
    y = TOP + ROW * number
    return (
        f'<rect class="box" x="{LEFT}" y="{y}" width="{BOX}" height="{HEIGHT}" rx="6"/>'
        f"{_text(LEFT + 12, y + 17, subject.name)}{_text(LEFT + 12, y + 33, subject.path, 'small')}"
    )


def _redises(drawn: Map, targets: list[str]) -> Iterator[str]:
    states = {server.name: server.closed for server in drawn.servers}
    for target in targets:
        y = _place(drawn, targets, target)
        told = "a server of the tree" if target in states else "not in this tree"
        if target.startswith(GIVEN):
            told = "given from outside"
        if states.get(target) is False:
            told = "open: asks for no password"
        elif target == LOOPBACK:
            told = "each container or machine for itself"
        kind = "redis open" if states.get(target) is False else "redis"
        yield (
            f'<rect class="{kind}" x="{RIGHT}" y="{y}" width="{BOX}" height="{HEIGHT}" rx="20"/>'
            f"{_text(RIGHT + 20, y + 17, target)}{_text(RIGHT + 20, y + 33, told, 'small')}"
        )


def _place(drawn: Map, targets: list[str], target: str) -> int:
    """The top of a target's box: they are spread over the height that the services take."""
    step = max(ROW, ROW * len(drawn.subjects) / len(targets))
    return round(TOP + step * targets.index(target) + (step - ROW) / 2)


def _middle(number: int) -> int:
    return TOP + ROW * number + HEIGHT // 2


def _text(x: int, y: int, text: str, kind: str = "") -> str:
    shown = text if len(text) <= LONGEST else f"…{text[1 - LONGEST :]}"
    return f'<text x="{x}" y="{y}"{f" class={kind!r}" if kind else ""}>{_clean(shown)}</text>'


def _clean(text: str) -> str:
    return html.escape(plain(text))
