"""The machine and the versions that a measurement was made with."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

__all__ = ["Machine", "describe"]

_PACKAGES = ("mooring", "redis", "hiredis", "mcp", "anyio")


@dataclass(frozen=True, slots=True)
class Machine:
    """What the figures depend on. `memory` is in bytes; `load` is that of the minute before the measurement."""

    system: str
    processor: str
    cores: int
    memory: int | None
    load: float | None
    python: str
    redis_server: str
    packages: tuple[tuple[str, str], ...]


def describe(redis_server: str) -> Machine:
    """Describe this machine; `redis_server` is the version that the private Redis told."""
    return Machine(
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        processor=_processor(),
        cores=_cores(),
        memory=_memory(),
        load=round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        python=f"{platform.python_implementation()} {platform.python_version()}",
        redis_server=redis_server,
        packages=tuple((name, version) for name in _PACKAGES if (version := _version(name))),
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model")))
    return next(names, "") or platform.processor() or "unknown"


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return None


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
