"""Where this process runs, and what says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mooring.errors import ConfigError

OVERRIDE_VARIABLE = "MOORING_ENVIRONMENT"

_SERVICE_HOST = "KUBERNETES_SERVICE_HOST"
_SERVICE_ACCOUNT = "var/run/secrets/kubernetes.io/serviceaccount/token"
_CONTAINER_MARK = ".dockerenv"
ENVIRONMENT_VARIABLES = (OVERRIDE_VARIABLE, _SERVICE_HOST, "CI")
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
    return Environment(EnvironmentKind.LOCAL, ("nothing tells of Kubernetes, Compose or CI",))


def _named(chosen: str) -> EnvironmentKind:
    try:
        return EnvironmentKind(chosen.lower())
    except ValueError:
        known = ", ".join(kind.value for kind in EnvironmentKind)
        raise ConfigError(f"{OVERRIDE_VARIABLE} is {chosen!r}; it must be one of {known}, or unset.") from None


def _signs(environ: Mapping[str, str], root: Path) -> list[tuple[EnvironmentKind, tuple[str, ...]]]:
    variables = {name: f"{name} is set" for name in (_SERVICE_HOST, "CI")}
    variables = {name: told for name, told in variables.items() if environ.get(name, "").lower() not in _UNSET}
    files = {name: f"/{name} exists" for name in (_SERVICE_ACCOUNT, _CONTAINER_MARK) if (root / name).exists()}
    found = variables | files
    return [
        (EnvironmentKind.KUBERNETES, _known(found, _SERVICE_HOST, _SERVICE_ACCOUNT)),
        (EnvironmentKind.COMPOSE, _known(found, _CONTAINER_MARK)),
        (EnvironmentKind.CI, _known(found, "CI")),
    ]


def _known(found: Mapping[str, str], *names: str) -> tuple[str, ...]:
    return tuple(found[name] for name in names if name in found)
