"""The pages of reference, as Markdown: what Python code may import, what commands take, what is set from outside.

All is taken from docstrings and `--help`, so that it is said in one place.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, is_dataclass
from types import ModuleType
from typing import Any

import click
from scripts.signatures import WIDTH, headed, signature

from mooring.cli import group

__all__ = [
    "PUBLIC",
    "Alias",
    "aliases",
    "commands_page",
    "handed_out",
    "members",
    "public_things",
    "python_page",
    "settings_page",
]

MADE = "<!-- Made from the code by `make docs`; edit {what} there. -->\n"
PUBLIC = (
    "mooring",
    "mooring.runtime.hooks",
    "mooring.cache",
    "mooring.cache.events",
    "mooring.integrations.asgi",
    "mooring.integrations.lifespan",
    "mooring.integrations.endpoint",
    "mooring.integrations.django",
    "mooring.embedded",
)
"""The modules whose names are kept from one release to the next."""
HANDED_OUT = (
    ("mooring.runtime.observing.health", "Health"),
    ("mooring.runtime.observing.monitor", "Monitor"),
    ("mooring.runtime.observing.monitor", "AsyncMonitor"),
    ("mooring.runtime.numbers", "PoolNumbers"),
    ("mooring.runtime.local_cache.cache", "CacheNumbers"),
)
"""What public functions return, and nobody has to import."""
SETTINGS = (
    ("The variables", "mooring.config.variables"),
    ("Where they are looked for", "mooring.config.sources"),
    ("Metrics, traces and logs", "mooring.runtime.observing.observation"),
    ("The MCP servers", "mooring.servers.settings"),
)
PROMPT = ">>> "
# Written in a docstring before an indented block, where Markdown wants a fence.
LITERAL = re.compile(r"(?:^:|(:)):\n\n((?: {4}.*\n|\n)+)", re.MULTILINE)


def python_page() -> str:
    """Everything public, module by module."""
    lines = [MADE.format(what="the docstrings"), "# Python reference\n"]
    lines.append("What can be imported from these modules changes only as the changelog tells; all else may change.\n")
    lines.append("".join(f"- [`{name}`](#{name.replace('.', '')})\n" for name in PUBLIC))
    told: set[str] = set()
    for name in PUBLIC:
        lines.append(f"## {name}\n")
        lines.append(_markdown(_documentation(importlib.import_module(name))))
        for thing, value in public_things(name):
            lines.extend(() if f"{value.__module__}.{thing}" in told else _thing(thing, value))
            told.add(f"{value.__module__}.{thing}")
        lines.extend(_alias_told(alias) for alias in aliases(name))
    lines.append("## What is handed out\n")
    lines.append("What functions above return, and nobody has to import.\n")
    for thing, value in handed_out():
        lines.extend(_thing(thing, value))
    return "\n".join(lines).rstrip() + "\n"


def commands_page() -> str:
    """What each command says of itself."""
    lines = [MADE.format(what="the commands"), "# Commands\n"]
    lines.append("What `mooring COMMAND --help` prints.\n")
    context = click.Context(group, info_name="mooring", terminal_width=WIDTH, **group.context_settings)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None:
            told = command.get_help(click.Context(command, parent=context, info_name=name))
            lines.append(f"## mooring {name}\n\n```text\n{told}\n```\n")
    return "\n".join(lines).rstrip() + "\n"


def settings_page() -> str:
    """Every variable, and the places where it is looked for."""
    lines = [MADE.format(what="the docstrings"), "# Settings\n"]
    for title, module in SETTINGS:
        lines.append(f"## {title}\n\n{_markdown(_documentation(importlib.import_module(module)))}")
    return "\n".join(lines).rstrip() + "\n"


def public_things(module: str) -> Iterator[tuple[str, Any]]:
    """The public classes and functions of a module, by name."""
    home = importlib.import_module(module)
    for name in home.__all__:
        value = getattr(home, name)
        if inspect.isclass(value) or inspect.isroutine(value):
            yield name, value


def handed_out() -> Iterator[tuple[str, type]]:
    """The classes of what public functions return, by name."""
    for module, name in HANDED_OUT:
        yield name, getattr(importlib.import_module(module), name)


@dataclass(frozen=True)
class Alias:
    """A public name that stands for a type, with what is written below it."""

    name: str
    value: str
    told: str


def aliases(module: str) -> Iterator[Alias]:
    """The public names of a module that are neither class nor function, read where they are written."""
    things = {name for name, _ in public_things(module)}
    home = importlib.import_module(module)
    origins = {
        name.name: statement.module
        for statement in ast.parse(inspect.getsource(home)).body
        if isinstance(statement, ast.ImportFrom) and statement.module
        for name in statement.names
    }
    for name in home.__all__:
        if name not in things and not name.startswith("__"):
            yield _alias(importlib.import_module(origins.get(name, module)), name)


def _alias(home: ModuleType, name: str) -> Alias:
    body = ast.parse(inspect.getsource(home)).body
    for statement, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(statement, ast.AnnAssign) and ast.unparse(statement.target) == name and statement.value:
            value = statement.value.value if isinstance(statement.value, ast.Constant) else ast.unparse(statement.value)
            told = after.value if isinstance(after, ast.Expr) else None
            text = told.value if isinstance(told, ast.Constant) and isinstance(told.value, str) else ""
            return Alias(name, str(value), inspect.cleandoc(text))
    raise LookupError(f"{home.__name__} does not say what {name} is")


def members(value: type) -> Iterator[tuple[str, Any]]:
    """The public methods and properties that a class has of its own, as they follow each other.

    What it shares with a twin by a private base is its own if that stands in the same module; elsewhere it is how the
    class works, and not for callers.
    """
    shared = [base for base in value.__mro__[1:] if base.__module__ == value.__module__ and base.__name__[0] == "_"]
    for home in (*shared, value):
        for name, thing in vars(home).items():
            told = inspect.isroutine(thing) or isinstance(thing, (property, classmethod, staticmethod))
            if told and not name.startswith("_"):
                yield name, thing


def _alias_told(alias: Alias) -> str:
    return f"### {alias.name}\n\n{_code(f'{alias.name} = {alias.value}')}\n{_markdown(alias.told)}"


def _thing(name: str, value: Any) -> Iterator[str]:
    """A class with its methods, or a function."""
    yield f"### {name}\n"
    if inspect.isclass(value):
        if _has_own_arguments(value):
            yield _code(f"class {name}{signature(value)}")
    else:
        yield _code(headed(name, value))
    yield _markdown(_documentation(value))
    if inspect.isclass(value):
        for member, thing in members(value):
            yield from _member(name, member, thing)


def _member(owner: str, name: str, thing: Any) -> Iterator[str]:
    yield f"#### {owner}.{name}\n"
    if isinstance(thing, property):
        yield _markdown(_documentation(thing))
        return
    function: Callable[..., Any] = thing.__func__ if isinstance(thing, (classmethod, staticmethod)) else thing
    kind = f"@{type(thing).__name__}\n" if isinstance(thing, (classmethod, staticmethod)) else ""
    yield _code(f"{kind}{headed(name, function)}")
    yield _markdown(_documentation(function))


def _has_own_arguments(value: type) -> bool:
    """Whether callers make it: not an error, which Mooring makes, nor a choice among names."""
    written = is_dataclass(value) or "__init__" in vars(value)
    return written and not issubclass(value, Exception)


def _documentation(value: Any) -> str:
    """A thing's own docstring; not what it inherits, nor what `dataclass` makes up."""
    return inspect.cleandoc(getattr(value, "__doc__", None) or "")


def _markdown(text: str) -> str:
    """A docstring with its examples in fences."""
    text = LITERAL.sub(_literal, f"{text}\n")
    paragraphs = text.strip().split("\n\n")
    return "\n\n".join(_fenced(paragraph) for paragraph in paragraphs) + "\n"


def _literal(found: re.Match[str]) -> str:
    lead = ":\n\n" if found[1] else ""
    return f"{lead}{_code(inspect.cleandoc(found[2]), 'text')}\n"


def _fenced(paragraph: str) -> str:
    return _code(paragraph, "pycon").rstrip() if paragraph.startswith(PROMPT) else paragraph


def _code(text: str, language: str = "python") -> str:
    return f"```{language}\n{text}\n```\n"
