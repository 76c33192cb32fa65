"""Targets in words: what was wanted, and the figure that answers it. Pure."""

from __future__ import annotations

from mooring.prove import Aim, Answered

__all__ = ["figure_of", "name_of"]

_NAMES = {
    Aim.HIT: "a hit in under {0:g} ms",
    Aim.MISS: "a miss in under {0:g} ms",
    Aim.FAILURES: "failures under {0:g} %",
    Aim.CONNECTIONS: "connections opened {0:+g} %",
    Aim.RESPONSE: "response time {0:+g} %",
}


def name_of(answered: Answered) -> str:
    """What was wanted: `a hit in under 10 ms`."""
    return _NAMES[answered.target.aim].format(answered.target.limit)


def figure_of(answered: Answered) -> str:
    """What was found, with its unit: `3.1 ms`, `0.02 %`, `-71 %`."""
    if answered.value is None:
        return "no figure"
    if answered.target.aim in {Aim.HIT, Aim.MISS}:
        return f"{answered.value:.3g} ms"
    return f"{answered.value:.2g} %" if answered.target.aim is Aim.FAILURES else f"{answered.value:+.0f} %"
