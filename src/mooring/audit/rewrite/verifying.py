"""Lets a site, or a call of the factory, verify the server's certificate and name."""

from __future__ import annotations

import re

from mooring.audit.edits import Edit, Fix, Safety
from mooring.audit.edits.syntax import parse
from mooring.audit.facts import Site
from mooring.audit.project import Project
from mooring.audit.project.arguments import Arguments
from mooring.audit.project.factories import FactoryCall
from mooring.audit.project.meanings import External, Known
from mooring.audit.rewrite.given import code_of
from mooring.audit.rewrite.keywords import Keywords
from mooring.audit.rewrite.options import own_call, put

__all__ = ["factory_verification", "is_unverified", "verification_rewrite"]

# What `ssl_cert_reqs` may be where nothing is verified; `ssl.CERT_NONE` is 0, and redis-py also takes the word.
UNVERIFIED = (Known(None), Known("none"), Known(0), External("ssl.CERT_NONE"), External("ssl.VerifyMode.CERT_NONE"))
# From this release on redis-py compares host names where it is told nothing.
COMPARES_NAMES = (6,)
URL_OPTION = re.compile(r"([?&])(?:ssl_cert_reqs=none|ssl_check_hostname=false)(&?)", re.IGNORECASE)
TITLE = "Verify the server's certificate and name"


def is_unverified(arguments: Arguments) -> bool:
    """Whether the check of the certificate, or of the host name, is or may be turned off by an argument."""
    checks = arguments.meanings("ssl_cert_reqs", none=True)
    return any(check in UNVERIFIED for check in checks) or Known(False) in arguments.meanings("ssl_check_hostname")


def verification_rewrite(site: Site, project: Project) -> Fix | None:
    """The fix that lets a site verify the server's certificate and name.

    Unsafe: a server with a certificate of its own making is refused. Display-only where the options stand in a URL.
    None where they are not given by keyword.
    """
    call, arguments = own_call(site, project), project.arguments(site)
    if call is None:
        return None
    dropped = _turned_off(arguments)
    edits: tuple[Edit, ...] | None = ()
    if "ssl_check_hostname" in dropped:
        release = project.releases.of(site.path, "redis")
        if release is None or release.version < COMPARES_NAMES:
            dropped.remove("ssl_check_hostname")
            edits = put(call, site, project, "ssl_check_hostname", "True")
    removed = _without(call, dropped)
    if edits is None or removed is None:
        return None
    return Fix(TITLE, (*edits, *removed), Safety.UNSAFE) if edits or removed else _verified_url(site, project)


def factory_verification(found: FactoryCall, project: Project) -> Fix | None:
    """The same for a call of the factory, which verifies both unless it is told not to."""
    source = project.source(found.module.path)
    if parse(source) is None:
        return None
    removed = _without(Keywords(source, found.call), _turned_off(found.arguments))
    return Fix(TITLE, removed, Safety.UNSAFE) if removed else None


def _turned_off(arguments: Arguments) -> set[str]:
    """The options that do nothing but turn a check off."""
    checks = arguments.meanings("ssl_cert_reqs", none=True)
    off = {"ssl_cert_reqs"} if checks and all(check in UNVERIFIED for check in checks) else set[str]()
    return off | ({"ssl_check_hostname"} if arguments.meanings("ssl_check_hostname") == (Known(False),) else set())


def _without(call: Keywords, options: set[str]) -> tuple[Edit, ...] | None:
    """The edits that take options out of a call; None where they are not given there by keyword."""
    return call.drop(options) if options <= {argument.keyword for argument in call.arguments} else None


def _verified_url(site: Site, project: Project) -> Fix | None:
    """The suggestion to take the options out of the URL in the call."""
    source = project.source(site.path)
    for argument in site.call.arguments:
        code = code_of(source, argument.value_span)
        start = source.offset(argument.value_span.line, argument.value_span.column)
        edits = tuple(
            Edit(site.path, start + found.start(), start + found.end(), found[1] if found[2] else "")
            for found in URL_OPTION.finditer(code)
        )
        if edits:
            return Fix(f"{TITLE}: leave it to the URL's default", edits, Safety.DISPLAY)
    return None
