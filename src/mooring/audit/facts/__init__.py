"""What is known of a tree: plain data that the readers fill in and the rules read.

Two storeys. A `Module` is what one file says by itself (scopes, bindings, calls, as symbolic values), so that it can be
cached by content. A `Site`, `Command` or `Service` is what those say together, once `mooring.audit.project` has linked
the modules. A `Deployment` is what the manifests say.
"""

from __future__ import annotations

from mooring.audit.facts.deployment import (
    Address,
    Build,
    Deployment,
    EnvVar,
    HostName,
    Password,
    Server,
    Text,
    Workload,
)
from mooring.audit.facts.module import Assignment, Binding, Import, Module, Parameter, Scope, Unreadable
from mooring.audit.facts.tree import Command, Endpoint, Service, Site
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
from mooring.audit.facts.words import Confidence, Place, Provenance, ScopeKind, Severity, Span, Use

__all__ = [
    "Address",
    "Argument",
    "Assignment",
    "Attribute",
    "Awaited",
    "Binding",
    "Build",
    "Call",
    "Choice",
    "Command",
    "Confidence",
    "Constant",
    "Deployment",
    "Endpoint",
    "EnvVar",
    "HostName",
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
    "Password",
    "Place",
    "Provenance",
    "Scope",
    "ScopeKind",
    "Sequence",
    "Server",
    "Service",
    "Severity",
    "Site",
    "Span",
    "Text",
    "Unreadable",
    "Use",
    "Value",
    "Workload",
]
