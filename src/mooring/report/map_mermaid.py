"""The map as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html), as GitHub and GitLab draw it."""

from __future__ import annotations

from mooring.report.characters import printable
from mooring.report.map import Map

__all__ = ["render"]

# Code is a thin line, a manifest a thick one; what disagrees is red, an open Redis too.
ARROWS = {"code": "-->", "manifest": "==>"}
RED = "#c0392b"


def render(drawn: Map) -> str:
    """The map as text that ends in a newline."""
    lines = ["flowchart LR"]
    targets = {target: f"r{number}" for number, target in enumerate(drawn.targets)}
    for number, subject in enumerate(drawn.subjects):
        lines.append(f'  s{number}["{_label(subject.name)}"]')
    lines += [f'  {mark}[("{_label(target)}")]' for target, mark in targets.items()]
    red: list[int] = []
    edges = 0
    for number, subject in enumerate(drawn.subjects):
        ways = dict.fromkeys((r.source, r.target, r.how.partition(" of ")[0], r.trouble) for r in subject.reaches)
        for source, target, how, trouble in ways:
            told = f"{how}: {trouble}" if trouble else how
            lines.append(f'  s{number} {ARROWS[source]}|"{_label(told)}"| {targets[target]}')
            red += [edges] if trouble else []
            edges += 1
    if red:
        lines.append(f"  linkStyle {','.join(map(str, red))} stroke:{RED},color:{RED}")
    open_ = dict.fromkeys(targets[server.name] for server in drawn.servers if server.closed is False)
    lines += [f"  style {mark} stroke:{RED},stroke-dasharray:4" for mark in open_]
    return "\n".join(lines) + "\n"


def _label(text: str) -> str:
    """Text between quotes, with Mermaid's own entities; a backquote would begin Markdown."""
    shown = printable(text).replace("`", "'").replace("#", "#35;")
    return shown.replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
