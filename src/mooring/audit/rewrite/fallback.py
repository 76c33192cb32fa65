"""Settings that are read with a literal fallback: the literal steps back behind the factory's settings, or goes."""

from __future__ import annotations

import ast

from mooring.audit.edits import Edit, Fix, Safety
from mooring.audit.facts import Site, Span
from mooring.audit.project import Project
from mooring.audit.rewrite.factory import factory_rewrite
from mooring.audit.rewrite.given import code_of

__all__ = ["fallback_rewrite", "password_rewrite"]

# Where a constructor is told its address.
ADDRESS = (None, "host", "url")
INSTEAD = "Use the factory, and set the variables that it reads (REDIS_URL, or REDIS_HOST and its like)"


def fallback_rewrite(site: Site, project: Project) -> Fix | None:
    """The fix for an address with a literal fallback.

    Where the address is `REDIS_URL`, which the factory reads itself, the fix is the factory's, with the literal as what
    applies last. For another variable there are only suggestions: to read it without the fallback, or to set those that
    the factory reads in its place.
    """
    if site.setting:
        return None
    found = factory_rewrite(site, project)
    if found is not None and any("default_url=" in edit.text for edit in found.edits):
        return found
    spans = [argument.value_span for argument in site.call.arguments if argument.keyword in ADDRESS]
    strict = next((fix for span in spans if (fix := _without_fallback(site, span, project))), None)
    return strict or (Fix(INSTEAD, (), Safety.DISPLAY) if found is not None else None)


def password_rewrite(site: Site, project: Project) -> Fix | None:
    """The fix for a password in the code: the factory reads it from the environment.

    One that is only a fallback for a variable stays there as far as the factory is concerned; the suggestion is to read
    the variable without it.
    """
    if site.setting or site.literal_password is None:
        return None
    found = factory_rewrite(site, project)
    if found is not None and found.safety is not Safety.SAFE:
        return found
    return _without_fallback(site, site.literal_password, project)


def _without_fallback(site: Site, span: Span, project: Project) -> Fix | None:
    """The suggestion to let a missing variable fail, where one is read with a fallback at `span` and nothing else."""
    source = project.source(site.path)
    if not source.editable or span.end_line > len(source.starts):
        return None
    code = code_of(source, span)
    try:
        read = ast.parse(f"({code})", mode="eval").body
    except SyntaxError:
        return None
    match read:
        case ast.BoolOp(op=ast.Or(), values=[variable, ast.Constant()]):
            read = variable
    match read:
        case ast.Call(func=ast.Attribute(value=module, attr="getenv"), args=[ast.Constant(value=str(name)), *_]):
            environment = f"{ast.unparse(module)}.environ"
        case ast.Call(
            func=ast.Attribute(value=ast.Attribute(attr="environ") as mapping, attr="get"),
            args=[ast.Constant(value=str(name)), *_],
        ):
            environment = ast.unparse(mapping)
        case _:
            return None
    start = source.offset(span.line, span.column)
    edit = Edit(site.path, start, start + len(code), f'{environment}["{name}"]')
    return Fix(f"Read {name} without a fallback, so that it is missed where it is not set", (edit,), Safety.DISPLAY)
