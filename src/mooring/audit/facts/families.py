"""The families that rules come in, by the digit after `MR` in their codes."""

from __future__ import annotations

__all__ = ["FAMILIES"]

FAMILIES = {
    "1": "endpoint",
    "2": "credentials",
    "3": "pooling",
    "4": "asynchrony",
    "5": "resilience",
    "6": "deployment",
}
