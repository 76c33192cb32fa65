"""Which token a request is served with: its own, or the server's where that is lent."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import SecretStr

from mooring.servers.failures import Unauthorized
from mooring.servers.settings import one_word
from mooring.servers.vendor import Vendor

__all__ = ["Tokens"]

_BEARER = "bearer "


class Tokens:
    """The tokens of one request.

    A request that brings a token of its own is served with what it brings and nothing else: the server's tokens are
    lent only to requests that bring none, and only where the server `lends`. Raises `Unauthorized` for a request whose
    token could not be sent on.
    """

    def __init__(
        self, vendor: Vendor, own: Mapping[str, SecretStr], lends: bool, headers: Mapping[str, str] | None
    ) -> None:
        self._vendor = vendor
        brought = _brought(vendor, headers or {})
        self._held = brought or (own if lends else {})
        self._withheld = bool(own) and not brought and not lends

    def of(self, kind: str) -> SecretStr:
        """Return the token of a kind. Raises `Unauthorized`, telling how to give one, if there is none."""
        if kind in self._held:
            return self._held[kind]
        if "default" in self._held and self._vendor.covers(kind, self._held["default"]):
            return self._held["default"]
        variable, header = self._vendor.tokens[kind].variable, self._vendor.tokens[kind].header
        how = f"{header}: Bearer TOKEN" if header == "authorization" else f"{header}: TOKEN"
        if self._withheld:
            raise Unauthorized(
                f"the request brings no {self._vendor.name} token: send the header {how}"
                " (the server lends its own only with MOORING_SHARED_TOKEN=true)"
            )
        needed = "" if kind == "default" else f" {kind}"
        raise Unauthorized(
            f"this needs a {self._vendor.name}{needed} token: send the header {how}, or start with {variable}"
        )

    def first(self) -> SecretStr:
        """Return the plain token, or the only other one. Raises `Unauthorized` if there is none."""
        return next(iter(self._held.values())) if self._held else self.of("default")

    def __repr__(self) -> str:
        return f"<Tokens of {self._vendor.name}: {', '.join(self._held) or 'none'}>"


def _brought(vendor: Vendor, headers: Mapping[str, str]) -> dict[str, SecretStr]:
    brought = {}
    for kind, source in vendor.tokens.items():
        text = headers.get(source.header, "").strip()
        if source.header == "authorization":
            text = text[len(_BEARER) :].strip() if text.lower().startswith(_BEARER) else ""
        if text and not one_word(text):
            raise Unauthorized(f"the {vendor.name} token in the header {source.header} is not one word of ASCII")
        if text:
            brought[kind] = SecretStr(text)
    return brought
