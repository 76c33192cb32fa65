"""The proof: every server of a fleet, run and measured under the same load before and after the fix.

scenarios → samples → comparison. Nothing here knows how a fleet is found or fixed: it is handed candidates.
"""

from __future__ import annotations

from mooring.prove.compare import Comparison, Figure, Verdict
from mooring.prove.copies import copy_tree
from mooring.prove.environment import Address
from mooring.prove.machine import Machine
from mooring.prove.measure import Watcher
from mooring.prove.record import Proof, Subject, dump
from mooring.prove.samples import Contact, Measurement, Outcome, Sample, State, Tally
from mooring.prove.scenarios import Load, Scenario, Side
from mooring.prove.trial import Candidate, Lane, prove

__all__ = [
    "Address",
    "Candidate",
    "Comparison",
    "Contact",
    "Figure",
    "Lane",
    "Load",
    "Machine",
    "Measurement",
    "Outcome",
    "Proof",
    "Sample",
    "Scenario",
    "Side",
    "State",
    "Subject",
    "Tally",
    "Verdict",
    "Watcher",
    "copy_tree",
    "dump",
    "prove",
]
