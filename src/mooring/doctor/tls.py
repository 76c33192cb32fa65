"""From an open socket to an encrypted one, and what is wrong with the server's certificate."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime

from mooring.doctor.certificate import Certificate, anchored
from mooring.doctor.diagnosis import Fact, Finding, Look
from mooring.doctor.dialling import Line
from mooring.doctor.losses import lost
from mooring.doctor.tls_faults import (
    NAME_FAULTS,
    certificate_fault,
    expiring,
    handshake_fault,
    overlooked,
    plaintext,
    unchecked,
)
from mooring.doctor.trust import Strictness, Trust
from mooring.doctor.wire import Refusal, Silence, Wire, WireError

__all__ = ["secure", "speaks_tls"]

_SOON = 30
"""Days before its end in which a certificate should have been renewed."""


@dataclass(frozen=True, slots=True)
class _Peer:
    """Whom to shake hands with."""

    line: Line
    name: str
    timeout: float

    def handshake(self, stream: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket:
        """Encrypt a socket, which is closed if that fails."""
        stream.settimeout(self.timeout)
        try:
            return context.wrap_socket(stream, server_hostname=self.name)
        except BaseException:
            stream.close()
            raise

    def again(self, context: ssl.SSLContext) -> ssl.SSLSocket | None:
        """Dial and shake hands once more, None if that does not work."""
        stream = self.line.again(self.timeout)
        if stream is None:
            return None
        try:
            return self.handshake(stream, context)
        except (OSError, ValueError):
            return None


def secure(line: Line, name: str, trust: Trust, timeout: float) -> tuple[Look, ssl.SSLSocket | None]:
    """Shake hands, first as strictly as can be, then as the settings ask, so that laxness shows too."""
    peer = _Peer(line, name, timeout)
    findings: list[Finding] = []
    strictness = Strictness.CHAIN_AND_NAME
    stream: socket.socket | None = line.stream
    while stream is not None:
        try:
            encrypted = peer.handshake(stream, trust.context(strictness))
        except ssl.SSLCertVerificationError as error:
            strictness = Strictness.CHAIN if error.verify_code in NAME_FAULTS else Strictness.NOTHING
            fault = certificate_fault(error.verify_code, error.verify_message, name)
            if strictness < trust.strictness:
                return _untrusted(peer, trust, [*findings, fault]), None
            findings.append(overlooked(fault))
            stream = peer.line.again(timeout)
        except (OSError, ValueError) as error:
            return _broken(peer, error), None
        else:
            return _accepted(peer, encrypted, trust, findings), encrypted
    return _broken(peer, ConnectionResetError()), None


def speaks_tls(line: Line, name: str, timeout: float) -> bool:
    """Whether the server answers a TLS handshake, if only to refuse it."""
    context = Trust(Strictness.NOTHING, {}).context(Strictness.NOTHING)
    stream = line.again(timeout)
    if stream is None:
        return False
    try:
        _Peer(line, name, timeout).handshake(stream, context).close()
    except ssl.SSLError as error:
        return "ALERT" in (error.reason or "")
    except (OSError, ValueError):
        return False
    return True


def _speaks_plain(peer: _Peer) -> bool:
    stream = peer.line.again(peer.timeout)
    if stream is None:
        return False
    with Wire(stream) as wire:
        wire.allow(peer.timeout)
        try:
            wire.ask("PING")
        except Refusal:
            return True
        except WireError:
            return False
    return True


def _broken(peer: _Peer, error: Exception) -> Look:
    if _speaks_plain(peer):
        fault = plaintext()
    elif isinstance(error, TimeoutError):
        fault = lost(Silence(), peer.timeout)
    else:
        fault = handshake_fault(error)
    return Look("no handshake", findings=(fault,), ends=True)


def _untrusted(peer: _Peer, trust: Trust, findings: list[Finding]) -> Look:
    """Look at the certificate that was refused."""
    encrypted = peer.again(trust.context(Strictness.NOTHING))
    certificate = encrypted and _shown(peer, encrypted)
    if encrypted:
        encrypted.close()
    facts: dict[str, Fact] = {"verified": False}
    summary = "certificate refused"
    if certificate:
        facts |= certificate.facts(datetime.now(UTC))
        summary = f"{summary}: {certificate.portrait(datetime.now(UTC))}"
    return Look(summary, facts, tuple(findings), ends=True)


def _accepted(peer: _Peer, encrypted: ssl.SSLSocket, trust: Trust, findings: list[Finding]) -> Look:
    protocol = encrypted.version() or "unknown protocol"
    certificate = _shown(peer, encrypted)
    facts: dict[str, Fact] = {"protocol": protocol, "verified": not findings}
    if not findings:
        findings += unchecked(trust.strictness)
    if certificate is None:
        return Look(protocol, facts, tuple(findings))
    now = datetime.now(UTC)
    left = certificate.days_left(now)
    if 0 <= left < _SOON:
        findings.append(expiring(left))
    return Look(f"{protocol}, {certificate.portrait(now)}", facts | certificate.facts(now), tuple(findings))


def _shown(peer: _Peer, encrypted: ssl.SSLSocket) -> Certificate | None:
    """The server's certificate; one that was not verified takes another handshake to be decoded."""
    decoded = encrypted.getpeercert()
    raw = encrypted.getpeercert(binary_form=True)
    if not decoded and raw:
        other = peer.again(anchored(raw))
        if other is not None:
            with other:
                decoded = other.getpeercert()
    return Certificate.of(decoded) if decoded else None
