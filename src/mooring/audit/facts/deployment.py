"""What the manifests of a tree say: who runs, with which variables, what answers to which name, what is given away."""

from __future__ import annotations

from dataclasses import dataclass, field

from mooring.audit.facts.words import Place, Span

__all__ = ["Address", "Build", "Deployment", "EnvVar", "HostName", "Password", "Server", "Text", "Workload"]


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar of a manifest and where it stands. It may hold a secret."""

    value: str = field(repr=False)
    place: Place


@dataclass(frozen=True, slots=True)
class EnvVar:
    """One variable that a manifest sets: a plain value, or a reference (`source`: `kind/name/key`).

    `path` and `span` are where its container says so; `at` is where the value itself, or the reference, is written: in
    a ConfigMap of another file, say.
    """

    name: str
    # A manifest may hold a password in plain text.
    value: str | None = field(repr=False)
    source: str | None
    path: str
    span: Span
    at: Place | None = None


@dataclass(frozen=True, slots=True)
class Build:
    """What an image is built from: a folder and a Dockerfile, both relative to the root, and its arguments."""

    context: str
    dockerfile: str
    arguments: tuple[tuple[str, str], ...] = ()
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Workload:
    """A container that a manifest runs: its name there, its command line and its environment.

    `kind` is what Kubernetes calls it, or `compose`, `render`, `procfile`. `words` are those of `command` with their
    places; where `replaces` is true they take the place of the image's own entry point. `configurations` are the
    files, ConfigMaps and Secrets (`kind/name`) that are mounted; `partial` says that it draws variables from something
    that is not in the tree.
    """

    name: str
    path: str
    span: Span
    image: str | None
    # Its words may hold a password.
    command: tuple[str, ...] = field(repr=False)
    environment: tuple[EnvVar, ...]
    kind: str = ""
    namespace: str | None = None
    container: str = ""
    image_at: Place | None = None
    words: tuple[Text, ...] = ()
    replaces: bool = False
    build: Build | None = None
    configurations: tuple[str, ...] = ()
    partial: bool = False


@dataclass(frozen=True, slots=True)
class HostName:
    """A name that answers in the network of a manifest: a Service, or a service of Compose.

    `pattern` may hold `*` for what a template leaves open; `namespace` is None where nothing tells it. A name that
    is all open (`*`) counts only below `folder`.
    """

    pattern: str
    namespace: str | None
    place: Place
    composed: bool = False
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a Redis in a manifest: its host, and the variable or key that is given it, if any."""

    host: str
    place: Place
    variable: str = ""
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class Password:
    """A password of Redis in plain text, in the value at `place` that `name` is given.

    It is `mild` where it is a default only, or stands in a Secret. `style` says how it can be taken out: `env` for the
    `value` of a container's variable, `compose` where Compose puts in variables, else empty.
    """

    name: str
    secret: str = field(repr=False)
    place: Place
    mild: bool = False
    style: str = ""


@dataclass(frozen=True, slots=True)
class Server:
    """A Redis server that a manifest runs: at `image`; `closed` is None where what closes it is not in the tree."""

    name: str
    image: Text
    closed: bool | None
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class Deployment:
    """All that the manifests of a tree say."""

    workloads: tuple[Workload, ...] = ()
    names: tuple[HostName, ...] = ()
    addresses: tuple[Address, ...] = ()
    passwords: tuple[Password, ...] = ()
    servers: tuple[Server, ...] = ()
    # The keys that Secrets of the tree hold, by kind and name.
    secrets: tuple[tuple[str, str], ...] = ()
