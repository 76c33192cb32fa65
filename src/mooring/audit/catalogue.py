"""Finds the rules by walking `rules/`: a new rule is a new file there and nothing else."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from mooring.audit import rules
from mooring.audit.options import Options
from mooring.audit.rule import Rule
from mooring.errors import UsageError

__all__ = ["catalogue", "chosen"]


@cache
def catalogue() -> tuple[Rule, ...]:
    """Every rule, in the order of the codes."""
    found = []
    for info in pkgutil.iter_modules(rules.__path__, f"{rules.__name__}."):
        module = importlib.import_module(info.name)
        found += [value.rule for value in vars(module).values() if isinstance(getattr(value, "rule", None), Rule)]
    return tuple(sorted(found, key=lambda rule: rule.code))


def chosen(options: Options) -> list[Rule]:
    """The rules that the options ask for. Raises `UsageError` where one of their codes is no rule's."""
    known = [rule.code for rule in catalogue()]
    ignored = [code for codes in options.per_file_ignores.values() for code in codes]
    for code in (*options.select, *options.ignore, *options.severity, *ignored):
        if not code or not any(one.startswith(code) for one in known):
            raise UsageError(f"no rule is called {code!r}; there are {', '.join(known)}")
    select = options.select or ("",)
    return [r for r in catalogue() if r.code.startswith(select) and not r.code.startswith(options.ignore)]
