"""`redis.Redis(host="localhost", db=1)` becomes `create_redis_from_config(db=1)`, and one import is added."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from mooring.audit.edits import Edit, Fix, Safety
from mooring.audit.facts import Argument, Constant, Provenance, Site
from mooring.audit.project import Project
from mooring.audit.project.constructors import constructor
from mooring.audit.rewrite.arguments import Action, edit_arguments
from mooring.audit.rewrite.call import CallSite, read_site
from mooring.audit.rewrite.cluster import cluster_rewrite
from mooring.audit.rewrite.endpoint import Address, address_of
from mooring.audit.rewrite.given import Given, resolved
from mooring.audit.rewrite.offer import factory_for, graded
from mooring.audit.rewrite.plain import plain_rewrite
from mooring.audit.rewrite.sentinel import sentinel_rewrite
from mooring.audit.rewrite.signature import ENDPOINT

__all__ = ["factory_rewrite"]

SPECIAL = {"sentinel": sentinel_rewrite, "cluster": cluster_rewrite}
POOL_OF_CLIENT = ".connection_pool"
# Arguments that `default_url` can take the place of.
LOCATION = ENDPOINT | {"ssl"}
# Arguments that say nothing when they are None.
OPTIONAL = ENDPOINT | {"connection_pool", "db", "password", "username"}


@dataclass(frozen=True, slots=True)
class Plan:
    """One action per argument, in the order of the source, and what there is to say about them."""

    actions: tuple[Action, ...]
    safety: Safety = Safety.SAFE
    remark: str = ""


@lru_cache(maxsize=1)
def factory_rewrite(site: Site, project: Project) -> Fix | None:
    """The fix that lets a site read its address from the environment, through the pool that the process shares.

    Safe where the address is the default or known in full; unsafe for a pool, where a password or a database number
    leaves the code, and where a test patches the constructor; display-only where nothing tells whether the client is an
    asyncio one, or Python's own parser refuses the file. None for subclasses, and for arguments that the factory does
    not take. What a Sentinel or a Cluster becomes is told in `sentinel_rewrite` and `cluster_rewrite`; where the user
    wants plain redis-py, they stay, and the fix of others is `plain_rewrite`'s.
    """
    made = constructor(site.constructor)
    if made is not None and made.kind in SPECIAL:
        return None if project.target.plain else SPECIAL[made.kind](site, project)
    found = read_site(site, project)
    if found is None:
        return None
    if project.target.plain:
        return plain_rewrite(found)
    plan = _plan(found)
    if plan is None or any(found.hides_comment(i) for i, action in enumerate(plan.actions) if action.kind in _REMOVING):
        return None
    return _fix(found, plan, project)


def _fix(found: CallSite, plan: Plan, project: Project) -> Fix:
    site = found.site
    factory = factory_for(site, project, found.first_use)
    edits = (
        Edit(site.path, *found.func_range, factory.expression),
        *factory.edits,
        *(Edit(site.path, *replacement) for replacement in edit_arguments(found.layout, plan.actions)),
        *((Edit(site.path, found.end, found.end, POOL_OF_CLIENT),) if found.is_pool else ()),
    )
    suffix, safety = (POOL_OF_CLIENT, Safety.UNSAFE) if found.is_pool else ("", plan.safety)
    return graded(site, project, found.func, factory, edits, safety, plan.remark, suffix)


_REMOVING = ("drop", "replace")


def _plan(found: CallSite) -> Plan | None:
    site, arguments, given, name = found.site, found.arguments, found.given, found.name
    if site.provenance is Provenance.POOL:
        return None
    address = address_of(site, {one.keyword: one for one in given})
    if address is None:
        return None
    fates = [_fate(site, address, one) for one in given]
    added = _added(address)
    if name and added:
        added.insert(0, f'name="{name}"')
    secret = address.secret or any(_is_secret(site, one) for one in given)
    actions = tuple(_actions(arguments, given, fates, added))
    placed = not added or any(action.kind == "replace" for action in actions)
    if not placed:
        return None
    if secret:
        variable = f"{name.upper()}_REDIS_PASSWORD" if name and added else "REDIS_PASSWORD"
        remark = f" and set {variable}: the password leaves the code"
        return Plan(actions, Safety.UNSAFE, remark)
    if address.loses_database:
        return Plan(actions, Safety.UNSAFE, ": the whole URL, with its database, becomes the default")
    return Plan(actions)


def _fate(site: Site, address: Address, one: Given) -> str | None:
    """The keyword under which an argument goes on, or None if it goes."""
    value = resolved(site.module, site.call.scope, one.value)
    if one.keyword in address.options or _is_secret(site, one):
        return None
    if one.keyword in OPTIONAL and value == Constant(None):
        return None
    if address.kept:
        return one.keyword
    by_default = one.keyword == "db" and value in (Constant(0), Constant("0"))
    if one.keyword == "ssl" and site.endpoint.kind in ("default", "host"):
        # TLS is part of the address: `default_url` says rediss.
        by_default = value in (Constant(value=False), Constant(value=True))
    return None if one.keyword in ENDPOINT or by_default else one.keyword


def _is_secret(site: Site, one: Given) -> bool:
    value = resolved(site.module, site.call.scope, one.value)
    return one.keyword == "password" and isinstance(value, Constant) and value.value not in (None, "")


def _added(address: Address) -> list[str]:
    """The arguments that take the place of the address."""
    options = [f"{name}={code}" for name, code in address.options.items() if (name, code) != ("db", "0")]
    return [f"default_url={address.url}", *options] if address.url else options


def _actions(
    arguments: list[Argument], given: list[Given], fates: list[str | None], added: list[str]
) -> Iterator[Action]:
    for index, argument in enumerate(arguments):
        own = [(one, fate) for one, fate in zip(given, fates, strict=True) if one.index == index]
        here = added if any(one.keyword in LOCATION and fate is None for one, fate in own) else []
        if argument.keyword == "**":
            kept = all(fate == one.written for one, fate in own)
            texts = [*here, *(f"{fate}={one.code}" for one, fate in own if fate)]
            yield Action() if kept else Action("replace", ", ".join(texts)) if texts else Action("drop")
        else:
            one, fate = own[0]
            yield _direct(one, fate, here)
        if here:
            added = []


def _direct(one: Given, fate: str | None, added: list[str]) -> Action:
    if added:
        return Action("replace", ", ".join(added))
    if fate is None:
        return Action("drop")
    if fate == one.written:
        return Action()
    return Action("keyword", fate) if one.written is None else Action("replace", f"{fate}={one.code}")
