"""The arguments of a call that takes other ones than a client does, by the names of its parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mooring.audit.facts import Argument, Call, Site, Span
from mooring.audit.project import Project
from mooring.audit.project.meanings import Context
from mooring.audit.rewrite.given import code_of
from mooring.audit.rewrite.nodes import known_value
from mooring.audit.rewrite.signature import ENDPOINT, KEYWORDS, RENAMED

__all__ = ["TAKEN", "Parameters", "Untold"]

# What the factory takes, and hands to connections, beside the address.
TAKEN = KEYWORDS - ENDPOINT - {"connection_pool", "auto_close_connection_pool"}


class Untold(Exception):
    """Why a call cannot become one of the factory."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """The arguments of a call in the file of `site`, by the names of its parameters."""

    site: Site
    project: Project
    call: Call
    given: Mapping[str, Argument]

    @classmethod
    def read(cls, site: Site, project: Project, call: Call, positional: Sequence[str]) -> Parameters:
        """Read them; raises `Untold` where they cannot all be told."""
        given: dict[str, Argument] = {}
        order = iter(positional)
        for argument in sorted(call.arguments, key=lambda one: one.span):
            name = argument.keyword or next(order, None)
            if name is None or name in ("*", "**"):
                raise Untold(f"not all arguments in line {call.span.line} can be told")
            given[RENAMED.get(name, name)] = argument
        return cls(site, project, call, given)

    def value(self, name: str) -> object:
        """The literal that is given; None where there is none, or it is not known."""
        argument = self.given.get(name)
        return None if argument is None else self.known(argument)

    def known(self, argument: Argument) -> object:
        """The literal that an argument stands for, or None."""
        evaluator = self.project.arguments(self.site).evaluator
        return known_value(evaluator, argument.value, Context(self.site.module, self.call.scope))

    def is_none(self, name: str) -> bool:
        """Whether it is not given, or given as None."""
        argument = self.given.get(name)
        return argument is None or self.code(argument.value_span) == "None"

    def code(self, span: Span) -> str:
        """The code at a span."""
        return code_of(self.project.source(self.site.path), span)

    def is_secret(self, name: str) -> bool:
        """Whether a literal that must not stay in the code is given."""
        value = self.value(name)
        return isinstance(value, str) and value != ""
