"""For those who want no new dependency: `redis.Redis(host="h")` → `redis.Redis.from_url(os.environ["REDIS_URL"])`."""

from __future__ import annotations

from mooring.audit.edits import Edit, Fix, Safety
from mooring.audit.edits.imports import provide
from mooring.audit.edits.syntax import parse
from mooring.audit.facts import Provenance
from mooring.audit.rewrite.arguments import Action, edit_arguments
from mooring.audit.rewrite.call import CallSite
from mooring.audit.rewrite.given import Given
from mooring.audit.rewrite.quoting import fitted
from mooring.audit.rewrite.signature import ENDPOINT

__all__ = ["plain_rewrite"]

LITERAL = (Provenance.DEFAULT, Provenance.LITERAL)
# What the URL says from now on.
SAID = ENDPOINT | {"ssl", "password", "username"}


def plain_rewrite(found: CallSite) -> Fix | None:
    """The fix that makes a site of redis-py take its whole address from a variable.

    Unsafe: without that variable the program does not start, and a database in its URL outweighs the argument `db`.
    None where the address comes from elsewhere already, or out of an unpacked mapping.
    """
    site, layout = found.site, found.layout
    syntax = parse(found.source)
    unpacked = any(one.unpacked for one in found.given)
    hidden = any(found.hides_comment(one.index) for one in found.given if one.keyword in SAID)
    if syntax is None or site.provenance not in LITERAL or unpacked or hidden:
        return None
    variable = f"{found.name.upper()}_REDIS_URL" if found.name else "REDIS_URL"
    environ = provide(syntax, "os", "environ", found.first_use)
    url = f'{environ.expression}["{variable}"]'
    called = found.func if found.func.endswith("from_url") else f"{found.func}.from_url"
    actions = [Action() for _ in layout.slots]
    for one in found.given:
        actions[one.index] = _fate(one)
    if actions and actions[0].kind == "drop":
        actions[0] = Action("replace", url)
        inserted = None
    elif actions:
        inserted = Edit(site.path, layout.slots[0].start, layout.slots[0].start, f"{url}, ")
    else:
        inserted = Edit(site.path, layout.opening, layout.opening, url)
    edits = (
        Edit(site.path, *found.func_range, called),
        *environ.edits,
        *([inserted] if inserted else []),
        *(Edit(site.path, *replacement) for replacement in edit_arguments(layout, actions)),
    )
    title = f"Read {variable} from the environment, where it must be set"
    return Fix(title, tuple(fitted(syntax, edits)), Safety.UNSAFE)


def _fate(one: Given) -> Action:
    """What the URL says goes; what had no name gets one, because `from_url` has other places."""
    if one.keyword in SAID:
        return Action("drop")
    return Action("keyword", one.keyword) if one.written is None else Action()
