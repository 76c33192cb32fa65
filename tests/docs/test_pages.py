"""What is made from the code is what the code says, and no link of a page leads nowhere."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path
from xml.etree import ElementTree

import click
import pytest
from scripts.generate_docs import PAGES as GENERATED
from scripts.picture import PICTURE, screen
from scripts.reference import PUBLIC, WIDTH, aliases, members, public_things
from tests.docs.pages import NAMES, PROJECT, read

from mooring.cli import group

LINK = re.compile(r"\[[^\]]*\]\((?!https?:)([^)#\s]*)(?:#([\w-]+))?\)")
LINES = 24
"""Of one screen."""


def headings(text: str) -> set[str]:
    """The anchors of a page, as GitHub makes them of its headings."""
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", [*NAMES, "docs/reference/python.md", "docs/rules.md"])
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    for path, anchor in LINK.findall(read(page)):
        target = ((PROJECT / page).parent / path).resolve() if path else PROJECT / page
        assert target.exists(), f"{page}: {path}"
        if anchor:
            assert anchor in headings(target.read_text()), f"{page}: {path}#{anchor}"


def test_every_guide_is_in_the_list() -> None:
    told = read("docs/README.md")
    guides = {page.name for page in (PROJECT / "docs" / "guides").glob("*.md")}
    assert [name for name in sorted(guides) if f"guides/{name}" not in told] == []


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


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_is_documented(module: str) -> None:
    page = read("docs/reference/python.md")
    assert importlib.import_module(module).__doc__
    silent = []
    for name, value in public_things(module):
        assert f"### {name}\n" in page
        owned = [(f"{name}.{member}", thing) for member, thing in members(value)] if inspect.isclass(value) else []
        for title, thing in [(name, value), *owned]:
            written = getattr(thing, "__doc__", None) or ""
            # `dataclass` writes a signature where nobody has written a sentence.
            if not written or written.startswith(f"{name}("):
                silent.append(title)
    assert silent == []
    assert [alias.name for alias in aliases(module) if not alias.told] == []


@pytest.mark.parametrize("name", ["", *group.list_commands(click.Context(group))])
def test_the_help_of_a_command_fits_a_screen(name: str) -> None:
    context = click.Context(group, info_name="mooring", terminal_width=WIDTH, **group.context_settings)
    command = group.get_command(context, name) if name else group
    assert command is not None
    told = command.get_help(click.Context(command, parent=context, info_name=name) if name else context)
    assert len(told.splitlines()) <= LINES, told
