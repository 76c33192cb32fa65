"""Dockerfiles → which folders an image holds, and what it runs."""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

__all__ = ["Image", "image"]

INSTRUCTION = re.compile(r"[ \t]*(?P<name>[A-Za-z]+)[ \t]+(?P<rest>.*)", re.DOTALL)
CONTINUED = re.compile(r"\\[ \t]*\r?\n")
VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)(?::?-(?P<default>[^{}]*))?\}|(?P<plain>\w+))")


@dataclass(frozen=True, slots=True)
class Image:
    """The last stage of a Dockerfile, or the one asked for: what it copies from the context, and what it runs."""

    base: str
    copied: tuple[str, ...]
    command: tuple[str, ...]
    workdir: str = "/"


def image(text: str, arguments: Mapping[str, str], target: str | None = None) -> Image:
    """What the image is that `text` builds with `arguments`, up to the stage `target` if one is asked for."""
    stages: dict[str, Image] = {}
    given = dict(arguments)
    stage, last = "", Image("", (), ())
    entry: tuple[str, ...] = ()
    for name, rest in _instructions(text):
        told = _filled(rest, given)
        if name == "FROM":
            stages[stage] = last
            if target is not None and stage == target.lower():
                return last
            base, stage = _from(told)
            last, entry = stages.get(base.lower(), Image(base, (), ())), ()
        elif name == "ARG":
            key, _, value = told.partition("=")
            given.setdefault(key.strip(), value.strip())
        else:
            entry = _words(told) if name == "ENTRYPOINT" else entry
            last = _next(last, name, told, entry)
    return last


def _from(told: str) -> tuple[str, str]:
    """The image that a stage begins with, and the stage's name if it has one."""
    words = [word for word in told.split() if not word.startswith("--")]
    named = len(words) > 2 and words[1].lower() == "as"
    return words[0] if words else "", words[2].lower() if named else ""


def _next(last: Image, name: str, told: str, entry: tuple[str, ...]) -> Image:
    match name:
        case "WORKDIR":
            return replace(last, workdir=posixpath.join(last.workdir, told.strip()))
        case "COPY" | "ADD" if "--from" not in told:
            return replace(last, copied=(*last.copied, *_sources(told)))
        case "ENTRYPOINT":
            return replace(last, command=entry)
        case "CMD":
            return replace(last, command=(*entry, *_words(told)))
    return last


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in CONTINUED.sub(" ", lines).splitlines():
        match = INSTRUCTION.match(line)
        if match:
            yield match["name"].upper(), match["rest"]


def _filled(text: str, given: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda m: given.get(m["braced"] or m["plain"], m["default"] or m[0]), text)


def _sources(told: str) -> list[str]:
    if told.lstrip().startswith("["):
        words = list(_words(told))
    else:
        words = [word for word in told.split() if not word.startswith("--")]
    return [posixpath.normpath(word) for word in words[:-1]]


def _words(told: str) -> tuple[str, ...]:
    try:
        listed = json.loads(told) if told.lstrip().startswith("[") else shlex.split(told)
    except ValueError:  # not JSON, or an unbalanced quote
        return (told,)
    return tuple(map(str, listed))
