"""What is made from the code is what the code says, and no link of a page leads nowhere."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import click
import pytest
from scripts.generate_docs import PAGES as GENERATED
from scripts.picture import PICTURE, screen
from scripts.reference import PUBLIC, aliases, handed_out, members, public_things
from scripts.signatures import WIDTH
from tests.docs.pages import NAMES, PROJECT, read

from mooring.cli import group

LINK = re.compile(r"\[[^\]]*\]\((?!https?:)([^)#\s]*)(?:#([\w-]+))?\)")
FURTHER = (
    "docs/reference/python.md",
    "docs/rules.md",
    "CHANGELOG.md",
    "examples/fleet/README.md",
    "examples/mcp/README.md",
)
"""Pages without commands to run, or whose commands others run."""
REFERRED = re.compile(r"\b(?:as|those of|what|is) `[\w.]+`|^What `\w+` is|^Do the same|^Do what `", re.IGNORECASE)
"""Another docstring tells the rest."""
LINES = 24
"""Of one screen."""


def headings(text: str) -> set[str]:
    """The anchors of a page, as GitHub makes them of its headings."""
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", [*NAMES, *FURTHER])
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    for path, anchor in LINK.findall(read(page)):
        target = ((PROJECT / page).parent / path).resolve() if path else PROJECT / page
        assert target.exists(), f"{page}: {path}"
        if anchor:
            assert anchor in headings(target.read_text()), f"{page}: {path}#{anchor}"


def test_every_page_is_in_the_list() -> None:
    told = read("docs/README.md")
    docs = PROJECT / "docs"
    pages = {page.relative_to(docs).as_posix() for page in docs.rglob("*.md")} - {"README.md"}
    assert [name for name in sorted(pages) if f"({name})" not in told] == []


@pytest.mark.parametrize("page", GENERATED, ids=lambda page: page.name)
def test_a_generated_page_is_what_the_code_says(page: Path) -> None:
    assert page.read_text() == GENERATED[page](), "run `make docs`"


def test_the_picture_shows_what_the_audit_writes() -> None:
    svg = ElementTree.fromstring(PICTURE.read_text())
    shown = "".join(text for text in svg.itertext())
    assert "https:" not in shown
    assert bare(re.sub(r"\x1b\[\d*m", "", screen())) in bare(shown)


def bare(text: str) -> str:
    """A text without its spaces and line ends, which a picture makes in its own way."""
    return re.sub(r"\s", "", text)


def owned(things: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any, str]]:
    """Classes and functions, and methods and properties of the classes: each with the docstring of its class."""
    for name, value in things:
        yield name, value, ""
        if inspect.isclass(value):
            yield from ((f"{name}.{member}", thing, value.__doc__ or "") for member, thing in members(value))


def public() -> Iterator[tuple[str, Any, str]]:
    """Everything that users import or are given."""
    for module in PUBLIC:
        yield from owned(public_things(module))
    yield from owned(handed_out())


@pytest.mark.parametrize("module", PUBLIC)
def test_a_public_module_is_documented(module: str) -> None:
    page = read("docs/reference/python.md")
    assert importlib.import_module(module).__doc__
    assert [name for name, _ in public_things(module) if f"### {name}\n" not in page] == []
    assert [alias.name for alias in aliases(module) if not alias.told] == []


def test_every_public_name_is_documented() -> None:
    written = {name: getattr(thing, "__doc__", None) or "" for name, thing, _ in public()}
    # `dataclass` writes a signature where nobody has written a sentence.
    assert [name for name, told in written.items() if not told or told.startswith(f"{name}(")] == []


def test_every_number_that_has_a_default_is_told_of() -> None:
    untold = []
    for name, thing, of_class in public():
        told = f"{of_class}\n{thing.__doc__}"
        not_made = inspect.isclass(thing) and issubclass(thing, (Exception, Enum))
        if not_made or isinstance(thing, property) or REFERRED.search(thing.__doc__ or ""):
            continue
        function = getattr(thing, "__func__", thing)
        untold += [
            f"{name}({argument.name})"
            for argument in inspect.signature(function).parameters.values()
            if type(argument.default) in {int, float} and f"`{argument.name}`" not in told
        ]
    assert untold == []


@pytest.mark.parametrize("name", ["", *group.list_commands(click.Context(group))])
def test_the_help_of_a_command_fits_a_screen(name: str) -> None:
    context = click.Context(group, info_name="mooring", terminal_width=WIDTH, **group.context_settings)
    command = group.get_command(context, name) if name else group
    assert command is not None
    told = command.get_help(click.Context(command, parent=context, info_name=name) if name else context)
    assert len(told.splitlines()) <= LINES, told
