"""What the settings ask of TLS, as contexts of three strictnesses."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Self

from mooring.errors import ConfigError

__all__ = ["Strictness", "Trust"]


class Strictness(IntEnum):
    """What of a certificate is checked."""

    NOTHING = 0
    CHAIN = 1
    CHAIN_AND_NAME = 2


@dataclass(frozen=True)
class Trust:
    """How far the settings trust a server, and what they show it. Holds a key's password, so it has no repr of it."""

    strictness: Strictness
    options: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.strictness.name}>"

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """Read redis-py's `ssl_...` arguments, secrets in clear. Raises ConfigError for one that cannot be used."""
        trust = cls(_strictness(options), options)
        trust.context(trust.strictness)
        return trust

    @property
    def presents_certificate(self) -> bool:
        """Whether the client shows a certificate of its own."""
        return bool(self.options.get("ssl_certfile"))

    def context(self, strictness: Strictness) -> ssl.SSLContext:
        """A context with these certificates that checks as strictly as told. Raises ConfigError as `of` does."""
        context = ssl.create_default_context()
        context.check_hostname = strictness is Strictness.CHAIN_AND_NAME
        context.verify_mode = ssl.CERT_NONE if strictness is Strictness.NOTHING else ssl.CERT_REQUIRED
        given = self.options
        authorities = [given.get(name) for name in ("ssl_ca_certs", "ssl_ca_path", "ssl_ca_data")]
        try:
            if any(authorities):
                context.load_verify_locations(*authorities)
            if self.presents_certificate:
                # Without a password, OpenSSL would ask for one on the terminal.
                password = given.get("ssl_password") or ""
                context.load_cert_chain(given["ssl_certfile"], given.get("ssl_keyfile"), password)
            if given.get("ssl_ciphers"):
                context.set_ciphers(given["ssl_ciphers"])
            if given.get("ssl_min_version"):
                context.minimum_version = given["ssl_min_version"]
        except (OSError, ValueError) as error:
            # An ssl.SSLError is an OSError. Neither repeats what was read.
            raise ConfigError(
                f"TLS cannot be set up from {', '.join(sorted(given))}: {getattr(error, 'reason', None) or error};"
                " expected are PEM files of CA certificates, of a certificate and of its key, and the key's password."
            ) from None
        return context


def _strictness(options: Mapping[str, Any]) -> Strictness:
    if options.get("ssl_cert_reqs") == "none":
        return Strictness.NOTHING
    return Strictness.CHAIN_AND_NAME if options.get("ssl_check_hostname") else Strictness.CHAIN
