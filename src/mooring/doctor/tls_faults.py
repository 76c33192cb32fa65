"""What goes wrong with TLS, in words. Pure."""

from __future__ import annotations

import ssl
from dataclasses import replace

from mooring.doctor.diagnosis import Finding, Outcome, failed, note, warning
from mooring.doctor.trust import Strictness

__all__ = [
    "NAME_FAULTS",
    "alert_fault",
    "certificate_fault",
    "expiring",
    "handshake_fault",
    "overlooked",
    "plaintext",
    "unasked",
    "unchecked",
]

NAME_FAULTS = frozenset({62, 64})
"""OpenSSL's verify codes for a wrong host name and a wrong address."""

_OWN_CA = "Give the CA that signed it as ssl_ca_certs, or have it signed by one that is trusted."
_CERTIFICATE_FAULTS = {
    9: ("tls-not-yet-valid", "is not valid yet", "Check the clocks of both machines, and the certificate's notBefore."),
    10: ("tls-expired", "has expired", "Renew it, and see to it that it is renewed by itself (cert-manager)."),
    18: ("tls-self-signed", "is signed by itself, and nobody vouches for it", _OWN_CA),
    19: (
        "tls-wrong-ca",
        "comes with a chain that ends in a CA which is not trusted here",
        "Give that CA as ssl_ca_certs; if one is given, it is another one.",
    ),
    20: (
        "tls-wrong-ca",
        "is signed by a CA which is not trusted here, or the server leaves out an intermediate certificate",
        "Give the CA that signed it as ssl_ca_certs, and have the server send its whole chain.",
    ),
    62: (
        "tls-wrong-name",
        "is for other names",
        "Connect under a name that it bears, or have one issued that bears this name (subjectAltName).",
    ),
}
_CERTIFICATE_FAULTS[21] = _CERTIFICATE_FAULTS[20]
_CERTIFICATE_FAULTS[64] = _CERTIFICATE_FAULTS[62]


def certificate_fault(code: int, reason: str, name: str) -> Finding:
    """Why a certificate is refused, by OpenSSL's verify code."""
    known = _CERTIFICATE_FAULTS.get(code)
    if known is None:
        message = f"The certificate of {name} is refused: {reason}."
        return failed(Outcome.TLS, "tls-refused-certificate", message, "Have a certificate issued that verifies.")
    kind, fault, remedy = known
    return failed(Outcome.TLS, kind, f"The certificate of {name} {fault}.", remedy)


def overlooked(fault: Finding) -> Finding:
    """A fault that the settings do not look for."""
    message = f"{fault.message} The settings do not check it, so whoever stands in between can read the password."
    return replace(fault, outcome=Outcome.FINDINGS, message=message)


def unchecked(strictness: Strictness) -> list[Finding]:
    """What the settings leave unchecked about a certificate that is well."""
    if strictness is Strictness.NOTHING:
        message = "The settings do not check the certificate, though it is valid."
        return [warning("tls-unverified", message, "Leave ssl_cert_reqs out, or set it to required.")]
    if strictness is Strictness.CHAIN:
        message = "The settings do not check the certificate's name, though it is right."
        return [note("tls-unverified-name", message, "Set ssl_check_hostname to true (the default from redis-py 6).")]
    return []


def expiring(days: int) -> Finding:
    """A certificate whose end is near."""
    message = f"The certificate has {days} days left."
    return warning("tls-expires-soon", message, "Renew it, and see to it that it is renewed by itself (cert-manager).")


def plaintext() -> Finding:
    """TLS is asked of a server that has none."""
    return failed(
        Outcome.TLS,
        "tls-not-spoken",
        "The server speaks plain Redis on this port, not TLS.",
        "Use its TLS port (the server's `tls-port`), or redis:// in place of rediss:// where plaintext is meant.",
    )


def handshake_fault(error: Exception) -> Finding:
    """A handshake that failed before the certificate was looked at."""
    if isinstance(error, ssl.SSLError) and error.reason:
        return alert_fault(error.reason.lower().replace("_", " "))
    return failed(
        Outcome.TLS,
        "tls-closed",
        "The server closed the connection during the TLS handshake.",
        "Check that this port speaks TLS and, in the server's log, why it refuses.",
    )


def alert_fault(reason: str) -> Finding:
    """What the other side, or OpenSSL, says about the end of a TLS connection."""
    if "certificate required" in reason or "unknown ca" in reason or "bad certificate" in reason:
        return failed(
            Outcome.TLS,
            "tls-client-certificate",
            f"The server does not accept this client's certificate, or misses one ({reason}).",
            "Give ssl_certfile and ssl_keyfile, signed by the CA that the server trusts (its `tls-ca-cert-file`).",
        )
    if "protocol" in reason or "version" in reason:
        return failed(
            Outcome.TLS,
            "tls-protocol",
            f"Client and server share no version of TLS ({reason}).",
            "Let the server speak TLS 1.2 or 1.3 (its `tls-protocols`), or lower ssl_min_version knowingly.",
        )
    return failed(
        Outcome.TLS,
        "tls-handshake",
        f"The TLS connection failed: {reason}.",
        "Compare ciphers and versions of both sides; where the server asks for certificates, give ssl_certfile.",
    )


def unasked() -> Finding:
    """TLS is spoken, and the settings do not ask for it."""
    return failed(
        Outcome.TLS,
        "tls-not-asked",
        "The server speaks TLS on this port, and the settings do not.",
        "Use rediss:// in place of redis://, or REDIS_TLS=true.",
    )
