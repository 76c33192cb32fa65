"""The tree that claims are about, as the checks see it: an audit, and all its files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from functools import cached_property

from pathspec import GitIgnoreSpec

from mooring.audit.claims.answers import Mend
from mooring.audit.claims.model import LIBRARIES, Claim
from mooring.audit.edits import Safety
from mooring.audit.engine import Audit
from mooring.audit.facts import Provenance, Service, Site, Span
from mooring.audit.files import SourceFile, Undecodable, is_test
from mooring.audit.notebooks import SUFFIX
from mooring.audit.project.services import with_services
from mooring.audit.rule import Finding

__all__ = ["Connection", "Credentials", "Ground"]

MENDS = {Safety.SAFE: Mend.SAFE, Safety.UNSAFE: Mend.UNSAFE, Safety.DISPLAY: Mend.NO}


class Credentials(Enum):
    """Whether a site is given any."""

    GIVEN = 1
    NONE = 2
    OPEN = 3  # its URL comes from outside and may carry some
    ELSEWHERE = 4  # it connects through a pool, which speaks for itself, or is the setting of another library


@dataclass(frozen=True, slots=True)
class Connection:
    """A site, as far as claims are about it; `library` is None for a setting of another library."""

    path: str
    span: Span
    constructor: str
    library: str | None
    endpoint: str
    credentials: Credentials

    @property
    def line(self) -> int:
        """The line that it begins on."""
        return self.span.line


@dataclass(frozen=True)
class Ground:
    """An audit, the paths of all files that were looked at, and whether tests count."""

    audit: Audit
    listing: Sequence[str]
    include_tests: bool = False

    @cached_property
    def connections(self) -> list[Connection]:
        """The sites of the audit, in order."""
        return sorted(map(_connection, self.audit.sites), key=lambda one: (one.path, one.span))

    @cached_property
    def homes(self) -> dict[str, Service | None]:
        """The service of each file."""
        return dict(with_services(self.audit.services, self.listing))

    @cached_property
    def by_place(self) -> dict[tuple[str, Span], list[Finding]]:
        """The findings by what they are about."""
        places: dict[tuple[str, Span], list[Finding]] = {}
        for finding in self.audit.findings:
            places.setdefault((finding.problem.path, finding.problem.span), []).append(finding)
        return places

    def place(self, claim: Claim) -> list[str]:
        """The files that a claim is about, those that do not count among them."""
        spec = GitIgnoreSpec.from_lines(claim.paths) if claim.paths else None
        return [
            path
            for path in self.listing
            if (spec is None or spec.match_file(path))
            and (not claim.services or any(_at_service(self.homes[path], pattern) for pattern in claim.services))
            and (claim.kind is None or _kind(self.homes[path]) == claim.kind)
        ]

    def unhit(self, claim: Claim, paths: Collection[str]) -> list[str]:
        """The patterns of a claim that match none of `paths`."""
        wanted = [pattern for pattern in claim.paths if not pattern.startswith("!")]
        homes = {self.homes[path] for path in paths}
        return [
            *(pattern for pattern in wanted if not any(map(GitIgnoreSpec.from_lines([pattern]).match_file, paths))),
            *(pattern for pattern in claim.services if not any(_at_service(home, pattern) for home in homes)),
        ]

    def is_audited(self, path: str) -> bool:
        """Whether a file is audited: tests are on request only."""
        return self.include_tests or not is_test(path)

    def is_python(self, path: str) -> bool:
        """Whether a file holds Python."""
        return path.endswith((".py", SUFFIX))

    def source(self, path: str) -> SourceFile | None:
        """The text of a file, if it has any."""
        try:
            return self.audit.source(path)
        except (OSError, Undecodable):
            return None

    def mend_at(self, path: str, span: Span) -> Mend | None:
        """The most that the fix offers for any finding of a place, since it rewrites it whole."""
        return _offered(self.by_place.get((path, span), ()))

    def mend_on(self, path: str, line: int) -> Mend | None:
        """The same for a line."""
        around = (f for (p, span), found in self.by_place.items() if p == path and _holds(span, line) for f in found)
        return _offered(around)


def _offered(findings: Iterable[Finding]) -> Mend | None:
    offers = {MENDS[f.problem.fix.safety] if f.problem.fix else Mend.NO for f in findings}
    return next((mend for mend in Mend if mend in offers), None)


def _at_service(service: Service | None, pattern: str) -> bool:
    return service is not None and (fnmatchcase(service.name, pattern) or fnmatchcase(service.path, pattern))


def _connection(site: Site) -> Connection:
    """All that claims know of a site is read here."""
    library = _library(site.constructor, asynchronous=site.asynchronous)
    url, known = site.endpoint.kind == "url", site.provenance is Provenance.LITERAL and site.endpoint.known
    if library is None or site.endpoint.kind == "pool":
        credentials = Credentials.ELSEWHERE
    elif site.credentials:
        credentials = Credentials.GIVEN
    elif (url and not known) or site.endpoint.kind == "unknown":
        credentials = Credentials.OPEN
    else:
        credentials = Credentials.NONE
    return Connection(site.path, site.call.span, site.constructor, library, site.endpoint.text, credentials)


def _library(constructor: str, *, asynchronous: bool | None) -> str | None:
    found = next((name for name in LIBRARIES if constructor.startswith(f"{name}.")), None)
    # Where the import is missing, only its neighbours tell the flavour, and the constructor has the plain name.
    return f"{found}.asyncio" if asynchronous and f"{found}.asyncio" in LIBRARIES else found


def _kind(service: Service | None) -> str | None:
    return None if service is None else service.kind


def _holds(span: Span, line: int) -> bool:
    return span.line <= line <= span.end_line
