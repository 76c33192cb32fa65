"""What a server tells about itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mooring.doctor.wire import Refusal, Wire

__all__ = ["Knowledge", "fields", "learn"]

_SETTINGS = ("maxclients", "protected-mode", "save")


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The fields of INFO (or of HELLO, where INFO is denied: `partial`), and a few settings, as far as it tells."""

    info: Mapping[str, str]
    config: Mapping[str, str] = field(default_factory=dict)
    partial: bool = False

    def number(self, name: str) -> int | None:
        """A field, else a setting of that name, that is a whole number."""
        text = self.info.get(name) or self.config.get(name) or ""
        return int(text) if text.lstrip("-").isdecimal() else None

    @property
    def is_cluster(self) -> bool:
        """Whether the server is a node of a Cluster."""
        return self.info.get("cluster_enabled") == "1" or self.info.get("redis_mode") == "cluster"

    def replicas(self) -> Iterator[Mapping[str, str]]:
        """What a master tells of each of its replicas."""
        for index in range(self.number("connected_slaves") or 0):
            told = self.info.get(f"slave{index}", "")
            yield dict(pair.split("=", 1) for pair in told.split(",") if "=" in pair)


def learn(wire: Wire) -> Knowledge:
    """Ask for INFO and the settings. Raises WireError where there is no answer at all."""
    *settings, info = wire.ask_all([*(("CONFIG", "GET", name) for name in _SETTINGS), ("INFO",)])
    config: dict[str, str] = {}
    for told in settings:
        # Managed servers and careful ACLs refuse CONFIG.
        config |= _pairs(told)
    if isinstance(info, Refusal):
        return Knowledge(_greeting(wire), config, partial=True)
    return Knowledge(fields(str(info)), config)


def fields(text: str) -> dict[str, str]:
    """Read lines of `name:value`, as INFO and CLUSTER INFO have them."""
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line and not line.startswith("#"))


def _greeting(wire: Wire) -> dict[str, str]:
    """The few fields that HELLO has, which nobody is denied, under the names of INFO."""
    try:
        told = _pairs(wire.ask("HELLO", "2"))
    except Refusal:
        return {}
    names = {"server": "server_name", "version": "redis_version", "mode": "redis_mode", "role": "role"}
    known = {names[name]: value for name, value in told.items() if name in names}
    if known.get("role") == "replica":
        known["role"] = "slave"
    return known


def _pairs(flat: object) -> dict[str, str]:
    listed = [str(item) for item in flat] if isinstance(flat, list) else []
    return dict(zip(listed[::2], listed[1::2], strict=False))
