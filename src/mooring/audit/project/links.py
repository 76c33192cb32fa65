"""Links a workload with the code that it runs: by its command, its image, its Dockerfile or its name."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from mooring.audit.facts import Build, Confidence, Service, Workload
from mooring.audit.manifests.addresses import expanded, tokens
from mooring.audit.manifests.dockerfile import Image, image

__all__ = ["Link", "Linker"]

# Programs that name a module or a file among their arguments.
MODULE = re.compile(r"(?P<module>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?::[\w.()]+)?")
RUNNERS = frozenset(
    {"uvicorn", "gunicorn", "hypercorn", "daphne", "celery", "rq", "arq", "flask", "fastapi", "streamlit", "granian",
     "dramatiq", "huey_consumer", "faust", "taskiq", "waitress-serve", "uwsgi"}
)  # fmt: skip
FLAGS = frozenset({"-m", "-A", "--app", "-w", "--module"})
# Flags that are followed by a file which is not what runs.
CONFIGURES = frozenset({"-c", "--config"})
# Words of a name that do not tell one service from another.
NOISE = frozenset({"MCP", "SERVER", "SERVICE", "SVC", "DEPLOYMENT", "APP", "V"})
# Words that many services have in their names.
COMMON = frozenset(
    {"AGENT", "API", "WORKER", "BACKEND", "FRONTEND", "WEB", "CLIENT", "MANAGER", "MAIN", "CORE", "JOB", "PROXY", "BOT"}
)


@dataclass(frozen=True, slots=True)
class Link:
    """A workload and the files that it starts, with what shows it; `service` is their directory's, if it is one."""

    workload: Workload
    roots: tuple[str, ...]
    service: Service | None
    evidence: str
    confidence: Confidence


class Linker:
    """Finds the code of workloads among the Python files at `paths`; `peek` gives the text of a Dockerfile."""

    def __init__(
        self,
        paths: Sequence[str],
        services: Sequence[Service],
        workloads: Iterable[Workload],
        peek: Callable[[str], str | None],
    ) -> None:
        self._paths = paths
        self._services = services
        self._peek = peek
        self._by_name: dict[str, list[tuple[list[str], str]]] = {}
        for path in paths:
            parts = _parts(path)
            self._by_name.setdefault(parts[-1], []).append((parts, path))
        # What Compose builds under the name of an image, Kubernetes runs.
        self._builds = {_repository(w.image): w.build for w in workloads if w.image and w.build}

    def links(self, workload: Workload) -> list[Link]:
        """What a workload runs; several where copies of one service are equally near."""
        build = workload.build or self._builds.get(_repository(workload.image or ""))
        made = self._image(build) if build else None
        scopes = self._scopes(build, made)
        words = workload.command or (made.command if made else ())
        started, confidence = self._started(workload, words, scopes)
        if started:
            shown = "its command" if workload.command else "the command of its Dockerfile"
            return [self._link(workload, [path], f"{shown} names {path}", confidence) for path in started]
        told = [scope for scope in scopes if scope != "."]
        if told and build:
            roots = [path for path in self._paths if any(path.startswith(f"{scope}/") for scope in told)]
            if roots:
                shown = f"it is built from {', '.join(told)}"
                return [self._link(workload, self._entries(told) or roots, shown, Confidence.HIGH)]
        return self._named(workload)

    def _image(self, build: Build) -> Image | None:
        text = self._peek(build.dockerfile)
        return None if text is None else image(text, dict(build.arguments), build.target)

    def _scopes(self, build: Build | None, made: Image | None) -> list[str]:
        """The folders of the tree that are in the image."""
        if build is None:
            return []
        if made is None:
            return [build.context]
        copied = [posixpath.normpath(posixpath.join(build.context, source.lstrip("/"))) for source in made.copied]
        folders = [path for path in copied if any(p.startswith(f"{path}/") for p in self._paths) or path == "."]
        files = [posixpath.dirname(path) or "." for path in copied if path in self._paths]
        return list(dict.fromkeys([*folders, *files])) or [build.context]

    def _started(self, workload: Workload, words: Sequence[str], scopes: Sequence[str]) -> tuple[list[str], Confidence]:
        """The files that a command starts, as near as the scopes and the name of the workload tell.

        A bare name of a file that only happens to be there once in the tree is a guess.
        """
        own = _telling(workload)
        for parts in _named_files(words):
            tail, found = self._ending(parts)
            inside = [path for path in found if any(scope == "." or path.startswith(f"{scope}/") for scope in scopes)]
            exact = [path for path in inside if any(_parts(path) == [*_folders(scope), *parts] for scope in scopes)]
            near = exact or inside or found
            named = [path for path in near if _words(posixpath.basename(posixpath.dirname(path))) in own]
            if len(near) > 1:
                # A name that many files have tells nothing by itself; a longer path is meant, in each of its copies.
                near = named or (near if tail > 1 else [])
            if near:
                shallow = min(path.count("/") for path in near)
                sure = inside or named or tail > 1
                started = [path for path in near if inside or path.count("/") == shallow]
                return started, Confidence.HIGH if sure else Confidence.LOW
        return [], Confidence.LOW

    def _ending(self, parts: list[str]) -> tuple[int, list[str]]:
        """The files whose paths end in as many of `parts` as any does, and how many that are."""
        for start in range(len(parts)):
            tail = parts[start:]
            found = [path for own, path in self._by_name.get(tail[-1], ()) if own[-len(tail) :] == tail]
            if found:
                return len(tail), found
        return 0, []

    def _entries(self, folders: Iterable[str]) -> list[str]:
        return [s.entry for s in self._services if any(s.path == f or s.path.startswith(f"{f}/") for f in folders)]

    def _named(self, workload: Workload) -> list[Link]:
        """The services whose directory has the name of the workload, or of its image."""
        for words in _telling(workload):
            same = [s for s in self._services if s.path != "." and _words(s.name) == words]
            if same:
                shown = "its name or image is the name of {}"
                return [self._link(workload, [s.entry], shown.format(s.path), Confidence.HIGH) for s in same]
        for words in _telling(workload):
            longer = [s for s in self._services if words < _words(s.name) and not words <= COMMON]
            if longer and len({s.name for s in longer}) == 1:
                shown = "its name or image is part of the name of {}"
                return [self._link(workload, [s.entry], shown.format(s.path), Confidence.LOW) for s in longer]
        return []

    def _link(self, workload: Workload, roots: Sequence[str], evidence: str, confidence: Confidence) -> Link:
        folder = posixpath.dirname(roots[0])
        while folder and not any(service.path == folder for service in self._services):
            folder = posixpath.dirname(folder)
        service = next((service for service in self._services if service.path == (folder or ".")), None)
        return Link(workload, tuple(roots), service, evidence, confidence)


def _named_files(words: Sequence[str]) -> Iterator[list[str]]:
    """What a command names, as the parts of a path without its ending."""
    # A shell is given the whole as one word: `sh -c "python server.py"`.
    every = [part for word in words for part in re.split(r"[\s;&|]+", word) if part]
    for before, word in zip(["", *every], every, strict=False):
        if word.endswith(".py") and not word.startswith("-") and before not in CONFIGURES:
            yield _parts(posixpath.normpath(word).lstrip("/"))
    for index, word in enumerate(every):
        before = every[index - 1] if index else ""
        module = MODULE.fullmatch(word)
        flagged = before in FLAGS or before.rpartition("/")[2] in RUNNERS or ":" in word
        if module and flagged and word.rpartition("/")[2] not in RUNNERS:
            yield _plain(module["module"].split("."))


def _parts(path: str) -> list[str]:
    parts = _plain(path.removesuffix(".py").split("/"))
    return parts[:-1] if parts[-1] in ("__init__", "__main__") and len(parts) > 1 else parts


def _folders(scope: str) -> list[str]:
    return [] if scope == "." else _plain(scope.split("/"))


def _plain(parts: Iterable[str]) -> list[str]:
    """The parts of a path as a module would be called: folders with hyphens are mounted under underscores."""
    return [part.replace("-", "_") for part in parts]


def _repository(image_name: str) -> str:
    """The last part of an image's name, without what a variable gives."""
    name = expanded(image_name).partition("@")[0].rpartition("/")[2]
    return name.partition(":")[0].lower()


def _telling(workload: Workload) -> list[frozenset[str]]:
    """What names a workload: its own name, its container's, its image's, without words that all have."""
    names = [workload.name.partition("/")[0], workload.container, _repository(workload.image or "")]
    return [words for words in dict.fromkeys(map(_words, names)) if words]


def _words(name: str) -> frozenset[str]:
    return frozenset(word for word in tokens(name) if word not in NOISE and not word.isdigit())
