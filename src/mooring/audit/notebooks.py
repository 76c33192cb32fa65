"""Notebooks: the code of their cells as one Python file.

Each line of code stands on the line of the `.ipynb` that holds it, so that a finding opens where an editor finds it;
all other lines are empty. Where the JSON does not give each line of code a line of its own (it was written without line
breaks), the lines of code are counted through instead. JSON is read as YAML, which it is, because YAML's nodes know
where they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mooring.audit.files import SourceFile, Undecodable
from mooring.audit.manifests.tree import Broken, Node, documents, get, items, scalar

__all__ = ["SUFFIX", "read_notebook"]

SUFFIX = ".ipynb"
# What IPython takes for its own and Python does not: `%matplotlib`, `!pip install`, `files = !ls`, `name?`.
MAGIC = re.compile(r"[ \t]*(?:[%!?]|[\w.]+\?{1,2}[ \t]*$|[\w, \t]+=[ \t]*[%!])")
INDENT = re.compile(r"[ \t]*")
# Cell magics whose cell is Python all the same.
PYTHON_CELLS = ("%%time", "%%capture", "%%prun")
# Half a character outside the basic plane, which JSON may escape so and YAML may not.
SURROGATE = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One line of code, and the line and column (from 1) of the file that hold it."""

    text: str
    line: int
    column: int


def read_notebook(root: Path, path: str, data: bytes) -> SourceFile:
    """The code of the notebook at `path` under `root`. Raises `Undecodable` where it is no notebook."""
    try:
        found = documents(SURROGATE.sub(r"\\u003f", data.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        raise Undecodable(f"not utf-8: byte {error.start} is {data[error.start]:#04x}") from error
    except Broken as error:
        raise Undecodable(f"no notebook: {error.reason.removeprefix('not YAML: ')}") from error
    document = found[0] if len(found) == 1 else None
    cells = [*_cells(document), *(cell for sheet in items(get(document, "worksheets")) for cell in _cells(sheet))]
    if not cells and get(document, "nbformat") is None:
        raise Undecodable("no notebook: it has neither cells nor a format")
    lines = [line for cell in cells for line in _lines(cell)] if _is_about_python(document) else []
    return _source(root, path, lines)


def _source(root: Path, path: str, lines: list[CodeLine]) -> SourceFile:
    placed = {one.line: one for one in lines}
    if len(placed) < len(lines):
        return SourceFile(path, root / path, "\n".join(one.text for one in lines), editable=False)
    text = "\n".join(placed[number].text if number in placed else "" for number in range(1, max(placed, default=0) + 1))
    shifts = {number: one.column - 1 for number, one in placed.items()}
    return SourceFile(path, root / path, text, shifts=shifts, editable=False)


def _is_about_python(document: Node | None) -> bool:
    told = get(document, "metadata", "language_info", "name") or get(document, "metadata", "kernelspec", "language")
    language = scalar(told)
    return language is None or language.lower().startswith(("python", "ipython"))


def _cells(sheet: Node | None) -> Iterator[Node]:
    """The source of each code cell; format 3 keeps cells in worksheets and calls their code input."""
    for cell in items(get(sheet, "cells")):
        source = get(cell, "source") or get(cell, "input")
        if scalar(get(cell, "cell_type")) == "code" and source is not None:
            yield source


def _lines(cell: Node) -> Iterator[CodeLine]:
    """The lines of a cell, unless its magic says that they are no Python."""
    parts = list(items(cell)) or [cell]
    first = scalar(parts[0]) or ""
    if first.startswith("%%") and not first.startswith(PYTHON_CELLS):
        return
    for part in parts:
        for text in (scalar(part) or "").splitlines() or [""]:
            # Behind the quotation mark that opens the string.
            yield CodeLine(_python(text), part.start_mark.line + 1, part.start_mark.column + 2)


def _python(text: str) -> str:
    """A line of code without what only IPython understands."""
    if not MAGIC.match(text):
        return text
    indent = INDENT.match(text)
    return f"{indent.group() if indent else ''}pass"
