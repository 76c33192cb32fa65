"""What is wrong with a site as a whole: for the rules that say so, and for fixes that keep out of their way."""

from __future__ import annotations

from mooring.audit.facts import Provenance, Site

__all__ = ["falls_back", "is_hardcoded", "lacks_credentials"]


def is_hardcoded(site: Site) -> bool:
    """Whether its endpoint is a literal, or the library's own default."""
    return site.provenance in (Provenance.DEFAULT, Provenance.LITERAL)


def falls_back(site: Site) -> bool:
    """Whether its endpoint comes from outside with a literal in its place where that is missing."""
    return site.provenance is Provenance.FALLBACK


def lacks_credentials(site: Site) -> bool:
    """Whether it names its endpoint and gives nothing to authenticate with.

    By host or by default; a URL only if it is known in full: any other may carry a password.
    """
    if site.credentials:
        return False
    if site.endpoint.kind == "url":
        return site.provenance is Provenance.LITERAL and site.endpoint.known
    return site.endpoint.kind in ("host", "default")
