"""What is known of a tree: plain data that the readers fill in and the rules read.

Two storeys. A `Module` is what one file says by itself (scopes, bindings, calls, as symbolic values), so that it can be
cached by content. A `Site`, `Command` or `Service` is what those say together, once `mooring.audit.project` has linked
the modules.
"""

from __future__ import annotations

from mooring.audit.facts.module import Assignment, Binding, Import, Module, Parameter, Scope, Unreadable
from mooring.audit.facts.tree import Command, Endpoint, EnvVar, Service, Site, Workload
from mooring.audit.facts.values import (
    Argument,
    Attribute,
    Awaited,
    Call,
    Choice,
    Constant,
    Imported,
    Item,
    Joined,
    Local,
    Mapping,
    Name,
    Opaque,
    Sequence,
    Value,
)
from mooring.audit.facts.words import Confidence, Provenance, ScopeKind, Severity, Span, Use

__all__ = [
    "Argument",
    "Assignment",
    "Attribute",
    "Awaited",
    "Binding",
    "Call",
    "Choice",
    "Command",
    "Confidence",
    "Constant",
    "Endpoint",
    "EnvVar",
    "Import",
    "Imported",
    "Item",
    "Joined",
    "Local",
    "Mapping",
    "Module",
    "Name",
    "Opaque",
    "Parameter",
    "Provenance",
    "Scope",
    "ScopeKind",
    "Sequence",
    "Service",
    "Severity",
    "Site",
    "Span",
    "Unreadable",
    "Use",
    "Value",
    "Workload",
]
