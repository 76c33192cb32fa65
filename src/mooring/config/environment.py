"""Where this process runs, and what says so.

Compose tells a container nothing of itself. What can be seen from inside is Docker's mark, `/.dockerenv`, and Docker's
name server, 127.0.0.11, which containers have on a network of their own: Compose always makes one, while a container
that `docker run` starts is on the common network unless it is told otherwise. Both together are taken for Compose, the
mark alone for a local container.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mooring.errors import ConfigError

__all__ = ["ENVIRONMENT_VARIABLES", "OVERRIDE_VARIABLE", "Environment", "EnvironmentKind", "detect"]

OVERRIDE_VARIABLE = "MOORING_ENVIRONMENT"

_SERVICE_HOST = "KUBERNETES_SERVICE_HOST"
_SERVICE_ACCOUNT = "var/run/secrets/kubernetes.io/serviceaccount/token"
# In a container only where the Compose file passes it on.
_PROJECT = "COMPOSE_PROJECT_NAME"
_CI = "CI"
_CONTAINER_MARK = ".dockerenv"
_RESOLVER_FILE = "etc/resolv.conf"
_RESOLVER = "nameserver 127.0.0.11"
ENVIRONMENT_VARIABLES = (OVERRIDE_VARIABLE, _SERVICE_HOST, _PROJECT, _CI)
"""The variables that the answer depends on."""

_UNSET = frozenset({"", "0", "false", "no"})


class EnvironmentKind(StrEnum):
    """The kinds of place that Mooring tells apart."""

    KUBERNETES = "kubernetes"
    COMPOSE = "compose"
    CI = "ci"
    LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Environment:
    """One kind, with the evidence for it in words, strongest first."""

    kind: EnvironmentKind
    evidence: tuple[str, ...]


def detect(environ: Mapping[str, str], root: Path = Path("/")) -> Environment:
    """Tell the kind of environment from its variables and from marker files under `root`.

    `MOORING_ENVIRONMENT` overrides what is found. Raises `ConfigError` when it names no known kind.
    """
    chosen = environ.get(OVERRIDE_VARIABLE, "").strip()
    if chosen:
        return Environment(_named(chosen), (f"{OVERRIDE_VARIABLE} is set",))
    for kind, evidence in _signs(environ, root):
        if evidence:
            return Environment(kind, evidence)
    if (root / _CONTAINER_MARK).exists():
        return Environment(EnvironmentKind.LOCAL, (f"/{_CONTAINER_MARK} exists, but nothing tells of Compose",))
    return Environment(EnvironmentKind.LOCAL, ("nothing tells of Kubernetes, Compose or CI",))


def _named(chosen: str) -> EnvironmentKind:
    try:
        return EnvironmentKind(chosen.lower())
    except ValueError:
        known = ", ".join(kind.value for kind in EnvironmentKind)
        raise ConfigError(f"{OVERRIDE_VARIABLE} is {chosen!r}; it must be one of {known}, or unset.") from None


def _signs(environ: Mapping[str, str], root: Path) -> list[tuple[EnvironmentKind, tuple[str, ...]]]:
    told = {name: f"{name} is set" for name in ENVIRONMENT_VARIABLES if environ.get(name, "").lower() not in _UNSET}
    if (root / _SERVICE_ACCOUNT).exists():
        told[_SERVICE_ACCOUNT] = f"/{_SERVICE_ACCOUNT} exists"
    if not (root / _CONTAINER_MARK).exists():
        # Whoever runs Compose has it too, to choose the project's name.
        told.pop(_PROJECT, None)
    elif _RESOLVER in _content(root / _RESOLVER_FILE):
        told[_RESOLVER] = f"/{_CONTAINER_MARK} exists and /{_RESOLVER_FILE} has {_RESOLVER}"
    return [
        (EnvironmentKind.KUBERNETES, _known(told, _SERVICE_HOST, _SERVICE_ACCOUNT)),
        (EnvironmentKind.COMPOSE, _known(told, _PROJECT, _RESOLVER)),
        (EnvironmentKind.CI, _known(told, _CI)),
    ]


def _content(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _known(told: Mapping[str, str], *names: str) -> tuple[str, ...]:
    return tuple(told[name] for name in names if name in told)
