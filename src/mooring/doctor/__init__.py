"""What keeps a service from its Redis: every step from the settings to the state of the server, with remedies."""

from __future__ import annotations

from mooring.doctor.diagnosis import Diagnosis, Finding, Look, Outcome, Severity, Step
from mooring.doctor.probes import Scale, examine
from mooring.doctor.target import Target

__all__ = ["Diagnosis", "Finding", "Look", "Outcome", "Scale", "Severity", "Step", "Target", "examine"]
