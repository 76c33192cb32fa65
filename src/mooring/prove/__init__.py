"""The proof: every server of a fleet, run and measured under the same load before and after the fix.

scenarios → samples → comparison. Nothing here knows how a fleet is found or fixed: it is handed candidates.
"""

from __future__ import annotations

from mooring.prove.compare import Comparison, Figure, Verdict
from mooring.prove.copies import copy_tree
from mooring.prove.environment import Address
from mooring.prove.machine import Machine
from mooring.prove.measure import Watcher
from mooring.prove.plan import Plan, Planned, read_plan
from mooring.prove.reading import load
from mooring.prove.record import Proof, Subject, dump
from mooring.prove.request import LOOKUP, Door, Request
from mooring.prove.samples import Contact, Measurement, Outcome, Sample, State, Tally
from mooring.prove.scenarios import FAULTS, Block, Load, Scenario, Side
from mooring.prove.targets import Aim, Answer, Answered, Target, read_target
from mooring.prove.trial import Candidate, Lane, prove

__all__ = [
    "FAULTS",
    "LOOKUP",
    "Address",
    "Aim",
    "Answer",
    "Answered",
    "Block",
    "Candidate",
    "Comparison",
    "Contact",
    "Door",
    "Figure",
    "Lane",
    "Load",
    "Machine",
    "Measurement",
    "Outcome",
    "Plan",
    "Planned",
    "Proof",
    "Request",
    "Sample",
    "Scenario",
    "Side",
    "State",
    "Subject",
    "Tally",
    "Target",
    "Verdict",
    "Watcher",
    "copy_tree",
    "dump",
    "load",
    "prove",
    "read_plan",
    "read_target",
]
