"""The picture in the README: what `mooring audit` writes on a terminal, as an SVG that needs no network."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

__all__ = ["COMMAND", "PICTURE", "picture", "screen"]

PROJECT = Path(__file__).resolve().parent.parent
PICTURE = PROJECT / "docs" / "pictures" / "audit.svg"
COMMAND = ("audit", "examples/fleet/servers/inventory")
COLUMNS = 90
# rich's own drawing loads a font from the network.
DRAWING = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<title>mooring audit</title>
<style>
.{unique_id}-matrix {{ font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: {char_height}px;
line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def screen() -> str:
    """What the command writes on a terminal, colours included."""
    ours, theirs = pty.openpty()
    environ = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | {"TERM": "xterm"}
    command = [sys.executable, "-m", "mooring", *COMMAND]
    with subprocess.Popen(command, cwd=PROJECT, env=environ, stdout=theirs, stdin=subprocess.DEVNULL) as process:
        os.close(theirs)
        told = b"".join(_chunks(ours))
        os.close(ours)
    if process.returncode != 1:
        sys.exit(f"mooring {' '.join(COMMAND)} ended with {process.returncode}, not 1")
    return told.decode().replace("\r\n", "\n")


def picture() -> str:
    """The screen as an SVG."""
    console = Console(width=COLUMNS, record=True, file=io.StringIO(), color_system="truecolor", force_terminal=True)
    console.print(Text(f"$ mooring {' '.join(COMMAND)}\n"))
    console.print(Text.from_ansi(screen()), soft_wrap=False)
    return console.export_svg(title="mooring audit", theme=MONOKAI, code_format=DRAWING, unique_id="audit")


def _chunks(terminal: int) -> list[bytes]:
    """All that comes, until the other side is closed, which Linux tells as an error."""
    chunks: list[bytes] = []
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            return chunks
        if not chunk:
            return chunks
        chunks.append(chunk)
