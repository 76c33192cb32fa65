"""What a server's certificate says, also when nobody would trust it."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from mooring.doctor.diagnosis import Fact

__all__ = ["Certificate", "anchored"]

_NO_CHECK_TIME = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which Python does not name."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """The certificate that the server showed for itself."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime

    @classmethod
    def of(cls, decoded: Mapping[str, Any]) -> Self:
        """Read what `SSLSocket.getpeercert()` gives."""
        return cls(
            _name(decoded.get("subject", ())),
            _name(decoded.get("issuer", ())),
            tuple(text for _, text in decoded.get("subjectAltName", ())),
            _moment(decoded["notBefore"]),
            _moment(decoded["notAfter"]),
        )

    def days_left(self, now: datetime) -> int:
        """Days until it expires, rounded down: below 0 once it has."""
        return (self.not_after - now).days

    def portrait(self, now: datetime) -> str:
        """Whose it is, who vouches for it and for how long, in one line."""
        left = self.days_left(now)
        until = f"{left} days left" if left >= 0 else f"expired on {self.not_after:%Y-%m-%d}"
        issuer = "itself" if self.issuer == self.subject else self.issuer
        return f"certificate for {', '.join(self.names) or self.subject} by {issuer}, {until}"

    def facts(self, now: datetime) -> dict[str, Fact]:
        """The same for programs."""
        return {
            "subject": self.subject,
            "issuer": self.issuer,
            "names": list(self.names),
            "not_before": self.not_before.isoformat(),
            "not_after": self.not_after.isoformat(),
            "days_left": self.days_left(now),
        }


def anchored(certificate: bytes) -> ssl.SSLContext:
    """A context that trusts this one certificate, expired or not, under whatever name.

    Python decodes only a certificate that it has verified; with this context it has.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(cadata=certificate)
    context.verify_flags = ssl.VerifyFlags(context.verify_flags | ssl.VERIFY_X509_PARTIAL_CHAIN | _NO_CHECK_TIME)
    return context


def _name(pairs: tuple[tuple[tuple[str, str], ...], ...]) -> str:
    return ", ".join(f"{key}={value}" for group in pairs for key, value in group)


def _moment(text: str) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)
