"""What settings are read from, beside the arguments: the variables and files that this process can see."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from mooring.config import pulumi
from mooring.config.bindings import ROOT_VARIABLE, binding_directories
from mooring.config.dotenv import nearest_dotenv
from mooring.config.environment import ENVIRONMENT_VARIABLES, Environment, detect
from mooring.config.secrets import SYSTEMD_DIRECTORY, secret_directories
from mooring.config.variables import COMMON, prefixes

__all__ = ["Surroundings"]

_OTHER_VARIABLES = frozenset({*ENVIRONMENT_VARIABLES, *pulumi.VARIABLES, ROOT_VARIABLE, SYSTEMD_DIRECTORY})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The variables, the root of the file system, and the directory that `.env` is sought from."""

    environ: Mapping[str, str]
    root: Path
    directory: Path

    @classmethod
    def here(cls) -> Self:
        """Return this process's own."""
        try:
            directory = Path.cwd()
        except FileNotFoundError:
            directory = Path("/")
        return cls(os.environ, Path("/"), directory)

    @property
    def environment(self) -> Environment:
        """Where this process runs. Raises `ConfigError` when the override names no known place."""
        return detect(self.environ, self.root)

    def fingerprint(self, name: str) -> Hashable:
        """Tell by equality whether the settings of connection `name` would be read anew with the same result.

        Raises `ConfigError` for a name that cannot head a variable.
        """
        # By name first: os.environ decodes each value that it is asked for.
        names = [name for name in self.environ if COMMON in name or name in _OTHER_VARIABLES]
        variables = {name: self.environ.get(name, "") for name in names}
        files = (_state(path) for path in self._files(name, variables))
        return (frozenset(variables.items()), tuple(files), pulumi.revision(variables))

    def _files(self, name: str, variables: Mapping[str, str]) -> Iterator[str | Path]:
        for variable, value in variables.items():
            if variable.endswith("_FILE"):
                yield value
        for prefix in prefixes(name):
            for directory in secret_directories(prefix, variables, self.root):
                # A volume changes by exchanging a link in it, a plain directory by its files.
                yield directory.path
                yield from _within(directory.path)
        for binding in binding_directories(variables):
            yield binding
            yield from _within(binding)
        dotenv = nearest_dotenv(self.directory)
        if dotenv is not None:
            yield dotenv


def _within(directory: Path) -> list[str]:
    try:
        with os.scandir(directory) as entries:
            return sorted(entry.path for entry in entries)
    except OSError:
        return []


def _state(path: str | Path) -> tuple[str, int, int, int] | None:
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return None
    return str(path), status.st_ino, status.st_size, status.st_mtime_ns
