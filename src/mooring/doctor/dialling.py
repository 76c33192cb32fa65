"""From an address to an open socket."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass

from mooring.doctor.diagnosis import Finding, Look, Outcome, failed, note, warning
from mooring.doctor.resolution import Address

__all__ = ["Line", "dial", "dial_socket"]

_CONNECTED = "connected"
_REFUSED = "refused"
_TIMEOUT = "timeout"
_UNREACHABLE = "unreachable"
_KINDS = {
    errno.ECONNREFUSED: _REFUSED,
    errno.ETIMEDOUT: _TIMEOUT,
    errno.EHOSTUNREACH: _UNREACHABLE,
    errno.ENETUNREACH: _UNREACHABLE,
    errno.EADDRNOTAVAIL: _UNREACHABLE,
    errno.EAFNOSUPPORT: _UNREACHABLE,
    errno.ECONNRESET: "reset",
    errno.EACCES: "not permitted",
    errno.EPERM: "not permitted",
}
_REMEDIES = {
    _REFUSED: "Nothing listens there. Check that the server runs, that the port is right, and that it listens on this"
    " interface (its `bind` setting, the Service's targetPort).",
    _TIMEOUT: "Packets are dropped on the way. Check the address, the NetworkPolicy, security group or firewall, and"
    " that the host is up.",
    _UNREACHABLE: "There is no route. Check the address, the network of this machine or pod, and VPN or peering.",
}
_OTHER = "Check firewalls and sidecars between here and the server."


@dataclass(frozen=True, slots=True)
class Line:
    """An open socket, and where it leads, so that the same place can be dialled again."""

    address: Address
    stream: socket.socket

    def again(self, timeout: float) -> socket.socket | None:
        """Another connection to the same place, or None."""
        return _dialled(self.address, timeout)[0]


def dial(addresses: Iterable[Address], port: int, timeout: float) -> tuple[Look, Line | None]:
    """Connect to every address, for `timeout` seconds each at most, and keep the first that answers."""
    kept: Line | None = None
    told: dict[str, str] = {}
    for address in addresses:
        stream, told[address.text] = _dialled(address, timeout)
        if stream is not None and kept is None:
            kept = Line(address, stream)
        elif stream is not None:
            stream.close()
    summary = ", ".join(f"{address} port {port}: {kind}" for address, kind in told.items())
    attempts = [f"{address} {kind}" for address, kind in told.items()]
    faults = {address: kind for address, kind in told.items() if kind != _CONNECTED}
    findings = tuple(_fault(address, port, kind, timeout, dead=kept is None) for address, kind in faults.items())
    return Look(summary, {"attempts": attempts}, findings, ends=kept is None), kept


def dial_socket(path: str, timeout: float) -> tuple[Look, Line | None]:
    """Connect to a Unix socket."""
    address = Address(socket.AF_UNIX, path)
    stream, kind = _dialled(address, timeout)
    if stream is not None:
        return Look(f"{path}: {kind}"), Line(address, stream)
    if not os.path.exists(path):  # noqa: PTH110  # unlike Path.exists, it raises for no path
        kind = "missing, or in a folder that this user may not enter"
    remedy = "Check the path, the volume that both containers share, the socket's owner and `unixsocketperm`."
    fault = failed(Outcome.TCP, "socket-unusable", f"The socket {path} is unusable: {kind}.", remedy)
    return Look(f"{path}: {kind}", findings=(fault,), ends=True), None


def _dialled(address: Address, timeout: float) -> tuple[socket.socket | None, str]:
    stream: socket.socket | None = None
    try:
        stream = socket.socket(address.family, socket.SOCK_STREAM)
        stream.settimeout(timeout)
        stream.connect(address.sockaddr)
    except BaseException as error:
        if stream is not None:
            stream.close()
        if isinstance(error, TimeoutError):
            return None, _TIMEOUT
        if isinstance(error, OSError):
            return None, _KINDS.get(error.errno or 0, (error.strerror or str(error)).lower())
        raise
    return stream, _CONNECTED


def _fault(address: str, port: int, kind: str, timeout: float, *, dead: bool) -> Finding:
    code = f"tcp-{kind.replace(' ', '-')}" if kind in {*_KINDS.values()} else "tcp-failed"
    took = f" after {timeout:g} s" if kind == _TIMEOUT else ""
    message = f"{address} port {port} does not accept a connection: {kind}{took}."
    if dead:
        return failed(Outcome.TCP, code, message, _REMEDIES.get(kind, _OTHER))
    if kind == _TIMEOUT:
        return warning(code, f"{message} Another address does, but clients lose time here first.", _REMEDIES[kind])
    return note(code, f"{message} Another address does.", "Nothing, unless clients are slow to connect.")
