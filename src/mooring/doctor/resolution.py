"""From a name to addresses."""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
from dataclasses import dataclass
from typing import Any

from mooring.doctor.diagnosis import Finding, Look, Outcome, failed

__all__ = ["Address", "resolve"]

_ABSENT = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})

_Raw = list[tuple[Any, ...]] | OSError | UnicodeError


@dataclass(frozen=True, slots=True)
class Address:
    """One way to dial a host, as the resolver gave it."""

    family: socket.AddressFamily
    sockaddr: tuple[Any, ...] | str

    @property
    def text(self) -> str:
        """The bare address."""
        return self.sockaddr if isinstance(self.sockaddr, str) else str(self.sockaddr[0])


def resolve(host: str, port: int, timeout: float) -> tuple[Look, list[Address]]:
    """Look a name up, for `timeout` seconds at most. Without an address the look ends."""
    raw = _asked(host, port, timeout)
    if not isinstance(raw, list):
        return Look(f"{host} has no address", findings=(_fault(host, raw, timeout),), ends=True), []
    addresses = list(dict.fromkeys(Address(family, sockaddr) for family, _, _, _, sockaddr in raw))
    told = [address.text for address in addresses]
    summary = f"{host} is an address" if _is_address(host) else f"{host} is {', '.join(told)}"
    return Look(summary, {"addresses": told}), addresses


def _is_address(host: str) -> bool:
    """Whether a host is an IP address already."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _asked(host: str, port: int, timeout: float) -> _Raw | None:
    """Ask the system's resolver, which knows no deadline, in a thread that may be left behind; None is no answer."""
    answers: queue.SimpleQueue[_Raw] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=ask, name="mooring-doctor-dns", daemon=True).start()
    try:
        return answers.get(timeout=timeout)
    except queue.Empty:
        return None


def _fault(host: str, error: OSError | UnicodeError | None, timeout: float) -> Finding:
    if error is None:
        return failed(
            Outcome.DNS,
            "dns-timeout",
            f"The resolver did not answer for {host!r} in {timeout:g} s.",
            "Check that the name server of /etc/resolv.conf is reachable (in Kubernetes: kube-dns, and a NetworkPolicy"
            " that lets UDP and TCP port 53 out).",
        )
    if isinstance(error, UnicodeError):
        return failed(
            Outcome.DNS, "dns-malformed", f"{host!r} cannot be a host name.", "Check the host for stray characters."
        )
    if error.errno in _ABSENT:
        return failed(
            Outcome.DNS,
            "dns-not-found",
            f"No such name: {host!r} (NXDOMAIN, or a name without an address).",
            "Check the spelling and that the Service exists." + _namespace(host),
        )
    if error.errno == socket.EAI_AGAIN:
        return failed(
            Outcome.DNS,
            "dns-unavailable",
            f"The resolver could not answer for {host!r} (temporary failure, SERVFAIL).",
            "Check the name server of /etc/resolv.conf; try again with --wait." + _namespace(host),
        )
    return failed(
        Outcome.DNS,
        "dns-failed",
        f"The resolver failed for {host!r} ({error.strerror}).",
        "Check /etc/resolv.conf and the name server that it names.",
    )


def _namespace(host: str) -> str:
    if "." in host:
        return ""
    return f" A name without a dot is sought in the pod's own namespace; for another, write {host}.NAMESPACE.svc."
