"""TLS settings, looked at before anything connects: the files that they name, and whether those belong together."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mooring.errors import ConfigError

__all__ = ["TLS_FILES", "VERIFY_MODES", "check_tls_files", "read_min_version", "read_verify_mode"]

TLS_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")

VERIFY_MODES: Mapping[str, ssl.VerifyMode] = {
    "none": ssl.CERT_NONE,
    "optional": ssl.CERT_OPTIONAL,
    "required": ssl.CERT_REQUIRED,
}
_WORDS = {
    **dict.fromkeys(("true", "yes", "on", "1"), "required"),
    **dict.fromkeys(("false", "no", "off", "0"), "none"),
}
_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def read_verify_mode(value: Any) -> str:
    """Read how a server's certificate is checked: redis-py's words, a `ssl.VerifyMode`, or yes and no.

    Raises `ValueError` for anything else. None means no check, as it does to redis-py.
    """
    if value is None:
        return "none"
    if isinstance(value, int) and not isinstance(value, bool):
        return next(word for word, mode in VERIFY_MODES.items() if mode == ssl.VerifyMode(value))
    word = str(value).strip().lower()
    word = _WORDS.get(word, word)
    if word not in VERIFY_MODES:
        raise ValueError("no way of checking a certificate")
    return word


def read_min_version(value: Any) -> ssl.TLSVersion | None:
    """Read the oldest version of TLS: 1.2, TLSv1.2, a `ssl.TLSVersion`. Raises `ValueError` for anything else."""
    if value is None or isinstance(value, ssl.TLSVersion):
        return value
    word = str(value).strip().lower().removeprefix("tls").removeprefix("v").replace("_", ".")
    if word not in _VERSIONS:
        raise ValueError("no version of TLS that is still in use")
    return _VERSIONS[word]


def check_tls_files(files: Mapping[str, str], password: str | None, origins: Mapping[str, str]) -> None:
    """Raise `ConfigError`, naming origin and file, for TLS files that cannot be read or do not belong together.

    `files` are the paths of those given, by the names of redis-py's arguments.
    """
    for key, path in files.items():
        _check_readable(path, _told(key, files, origins))
    # Bare, for the system's own certificates are slow to load and not what is looked at.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if "ssl_ca_certs" in files:
        try:
            context.load_verify_locations(cafile=files["ssl_ca_certs"])
        except ssl.SSLError:
            told = _told("ssl_ca_certs", files, origins)
            raise ConfigError(f"{told} holds no certificates; it must hold some in PEM.") from None
    if "ssl_certfile" in files:
        _check_pair(context, files, password, origins)
    elif "ssl_keyfile" in files:
        told = _told("ssl_keyfile", files, origins)
        raise ConfigError(f"{told} has no certificate beside it; name one with REDIS_TLS_CERT_FILE or ssl_certfile.")


def _check_readable(path: str, told: str) -> None:
    try:
        with Path(path).open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise ConfigError(f"{told} cannot be read: {error.strerror}; it must be a file in PEM.") from None
    if empty:
        raise ConfigError(f"{told} is empty; it must be a file in PEM.")


def _check_pair(
    context: ssl.SSLContext, files: Mapping[str, str], password: str | None, origins: Mapping[str, str]
) -> None:
    certificate, key = files["ssl_certfile"], files.get("ssl_keyfile")
    # OpenSSL would ask the terminal for a password that it is not given.
    given = password if password is not None else ""
    try:
        context.load_cert_chain(certificate, key, password=lambda: given)
    except ssl.SSLError as error:
        told = " and ".join(_told(name, files, origins) for name in ("ssl_certfile", "ssl_keyfile") if name in files)
        if error.reason == "KEY_VALUES_MISMATCH":
            raise ConfigError(f"{told} do not belong together; the key must be the certificate's.") from None
        raise ConfigError(
            f"{told} cannot be used; expected are a certificate and its key in PEM, the key bare or with its"
            " password in REDIS_TLS_KEY_PASSWORD (ssl_password)."
        ) from None


def _told(key: str, files: Mapping[str, str], origins: Mapping[str, str]) -> str:
    origin = origins.get(key, f"argument {key}")
    return origin if files[key] in origin else f"{origin} ({files[key]})"
