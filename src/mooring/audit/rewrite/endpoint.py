"""What becomes of a site's address: nothing where it is the environment's own default, else `default_url`."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from mooring.audit.facts import Constant, Provenance, Site
from mooring.audit.rewrite.given import Given
from mooring.audit.rewrite.signature import literal, text_of_option

__all__ = ["Address", "Part", "address_of", "is_local", "joined", "told_as"]

DEFAULT_PORT = 6379
VARIABLE = re.compile(r"\$(\w+)")
# What the factory reads for the connection that has no name, and for one that has.
URL = re.compile(r"(?:(?P<name>[A-Z][A-Z0-9_]*)_)?REDIS_URL")
LITERAL = (Provenance.DEFAULT, Provenance.LITERAL)


@dataclass(frozen=True, slots=True)
class Address:
    """How the factory is told a site's address.

    `url` is the code for `default_url`, empty where the default applies. `options` are the arguments that the URL held,
    by name; they outweigh those of the call, as redis-py has it. `kept` says that the arguments stay as they are.
    """

    url: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    kept: bool = False
    secret: bool = False
    loses_database: bool = False


def address_of(site: Site, given: Mapping[str, Given]) -> Address | None:
    """The address of a site; None where it is known to be literal but cannot be put into one URL."""
    endpoint = site.endpoint
    if "url" in given and told_as(site) is not None:
        # The factory reads that variable itself; the value, and with it the literal, steps back behind it.
        return Address(given["url"].code)
    if site.provenance not in LITERAL:
        return Address(kept=True)
    if "url" in given:
        url = given["url"]
        if endpoint.known and endpoint.kind == "url":
            return _from_endpoint(site)
        if endpoint.known and isinstance(url.value, Constant):
            return _from_socket_url(str(url.value.value))
        return None if site.literal_password else Address(url.code, loses_database=True)
    if endpoint.kind == "socket" and "unix_socket_path" in given:
        return joined("unix://", [_part(given["unix_socket_path"])])
    if endpoint.kind in ("default", "host"):
        return _from_host(site, given)
    return None


def told_as(site: Site) -> str | None:
    """The name of the connection whose variable is all that a site may be told by, but for a literal to fall back to.

    It is empty for `REDIS_URL`, or a settings field of that name, and `billing` for `BILLING_REDIS_URL`; None where
    anything else tells. What a caller or the command line gives must go on to outweigh the variable.
    """
    endpoint = site.endpoint
    if site.provenance is not Provenance.FALLBACK or endpoint.handed:
        return None
    variables = {name.upper() for name in VARIABLE.findall(endpoint.text)}
    found = URL.fullmatch(*variables) if len(variables) == 1 else None
    return (found["name"] or "").lower() if found else None


def is_local(host: str | None) -> bool:
    """Whether `host` means this machine, as the default does outside a cluster."""
    if host is None or host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _from_endpoint(site: Site) -> Address | None:
    endpoint = site.endpoint
    if endpoint.scheme not in ("redis", "rediss"):
        return None
    found = _options(endpoint.options, endpoint.db)
    if found is None:
        return None
    options, secret = found
    secret = secret or endpoint.userinfo
    port = endpoint.port or DEFAULT_PORT
    if endpoint.scheme == "redis" and is_local(endpoint.host) and port == DEFAULT_PORT:
        return Address("", options, secret=secret)
    host = _bracketed(endpoint.host or "localhost")
    return Address(literal(f"{endpoint.scheme}://{host}:{port}/0"), options, secret=secret)


def _from_socket_url(url: str) -> Address | None:
    parts = urlsplit(url)
    found = _options(parse_qsl(parts.query), None)
    if parts.scheme != "unix" or found is None:
        return None
    return Address(literal(f"unix://{parts.path}"), found[0], secret=found[1] or bool(parts.netloc))


def _options(pairs: Iterable[tuple[str, str]], db: int | None) -> tuple[dict[str, str], bool] | None:
    """The arguments in a URL's path and query, and whether a password was among them; None if one has no literal."""
    options = {} if db is None else {"db": str(db)}
    seen: set[str] = set()
    for name, text in pairs:
        if name in seen:
            continue  # redis-py takes the first
        seen.add(name)
        code = text_of_option(name, text)
        if code is None:
            return None
        options[name] = code
    return options, options.pop("password", None) is not None


def _from_host(site: Site, given: Mapping[str, Given]) -> Address | None:
    endpoint = site.endpoint
    if endpoint.kind == "host" and "host" not in given:
        return None  # it comes out of a mapping that is not known here
    if endpoint.port != DEFAULT_PORT and "port" not in given:
        return None
    host = Part(endpoint.host) if endpoint.host is not None else _part(given.get("host"), "localhost")
    port = Part(str(endpoint.port)) if endpoint.port is not None else _part(given.get("port"), str(DEFAULT_PORT))
    plain = endpoint.scheme == "redis"
    if plain and not host.code and not port.code and is_local(host.text) and port.text == str(DEFAULT_PORT):
        return Address()
    if not host.code:
        host = Part(_bracketed(host.text))
    return joined(f"{endpoint.scheme}://", [host, Part(":"), port, Part("/0")])


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a URL: its text, or the code that computes it."""

    text: str = ""
    code: str = ""


def _part(given: Given | None, default: str = "") -> Part:
    if given is None:
        return Part(default)
    if isinstance(given.value, Constant):
        return Part(str(given.value.value))
    return Part(code=given.code)


def joined(scheme: str, parts: list[Part]) -> Address | None:
    """One URL of parts that are known and parts that the code computes; None where no literal can hold them."""
    if not any(part.code for part in parts):
        return Address(literal(scheme + "".join(part.text for part in parts)))
    codes = "".join(part.code for part in parts)
    texts = "".join(part.text for part in parts)
    quote = "'" if '"' in codes else '"'
    # Before Python 3.12 an f-string takes neither its own quote nor a backslash inside its braces.
    if quote in codes + texts or any(character in codes + texts for character in "\\\r\n{}"):
        return None
    inner = "".join(f"{{{part.code}}}" if part.code else part.text for part in parts)
    return Address(f"f{quote}{scheme}{inner}{quote}")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
