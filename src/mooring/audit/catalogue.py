"""Finds the rules by walking `rules/`: a new rule is a new file there and nothing else."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from mooring.audit import rules
from mooring.audit.rule import Rule

__all__ = ["catalogue"]


@cache
def catalogue() -> tuple[Rule, ...]:
    """Every rule, in the order of the codes."""
    found = []
    for info in pkgutil.iter_modules(rules.__path__, f"{rules.__name__}."):
        module = importlib.import_module(info.name)
        found += [value.rule for value in vars(module).values() if isinstance(getattr(value, "rule", None), Rule)]
    return tuple(sorted(found, key=lambda rule: rule.code))
