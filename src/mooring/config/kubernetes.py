"""The address that Kubernetes tells every pod about a Service called `redis-master` or `redis`."""

from __future__ import annotations

from collections.abc import Mapping

from mooring.config.value import Text

__all__ = ["service_texts"]

# Bitnami's chart has a Service for the master beside one for the replicas.
_SERVICES = ("MASTER_SERVICE", "SERVICE")


def service_texts(prefix: str, environ: Mapping[str, str]) -> dict[str, Text]:
    """Find the first Service that has an address; `prefix` heads its variables as it heads Redis's own."""
    for service in _SERVICES:
        host, port = f"{prefix}{service}_HOST", f"{prefix}{service}_PORT"
        if environ.get(host, "").strip():
            found = {f"{prefix}HOST": Text(environ[host], host)}
            if environ.get(port, "").strip():
                found[f"{prefix}PORT"] = Text(environ[port], port)
            return found
    return {}
