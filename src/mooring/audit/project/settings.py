"""Libraries that are configured with the address of a Redis: the value is a site of family 1.

The list is closed (the contract's): Celery, RQ, Flask-Caching, Django's caches, channels_redis, limits and slowapi,
LangChain.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from mooring.audit.facts import (
    Assignment,
    Attribute,
    Call,
    Constant,
    Endpoint,
    Item,
    Mapping,
    Module,
    Name,
    Opaque,
    Provenance,
    ScopeKind,
    Sequence,
    Site,
    Span,
    Value,
)
from mooring.audit.project.classes import is_settings
from mooring.audit.project.meanings import Context, Definition, Evaluates, External, Formed, Known, Made, Meanings
from mooring.audit.project.nodes import nodes_origin
from mooring.audit.project.provenance import classify, described, known_text, origin, url_endpoint, url_origin

__all__ = ["find_settings"]

SCHEMES = ("redis://", "rediss://", "unix://", "redis+", "sentinel://", "valkey://", "async+redis")
# Callables that take the address as a keyword, by the dotted name they are reached by.
KEYWORDS = {
    "celery.Celery": ("broker", "backend"),
    "celery.app.Celery": ("broker", "backend"),
    "celery.app.base.Celery": ("broker", "backend"),
    "slowapi.Limiter": ("storage_uri",),
    "slowapi.extension.Limiter": ("storage_uri",),
}
ADDRESSES = frozenset({"broker", "backend", "storage_uri", "redis_url"})
POSITIONAL = {"limits.storage.storage_from_string": "storage"}
CELERY_KEYS = frozenset({"broker_url", "result_backend"})
URL_NAMES = frozenset(
    {"CELERY_BROKER_URL", "CELERY_RESULT_BACKEND", "BROKER_URL", "CELERY_BROKER", "CELERY_BACKEND", "CACHE_REDIS_URL",
     "RQ_REDIS_URL"}
)  # fmt: skip
HOST_NAMES = frozenset({"CACHE_REDIS_HOST", "RQ_REDIS_HOST"})
CONFIG_OWNERS = frozenset({"config", "conf"})


@dataclass(frozen=True, slots=True)
class Setting:
    """One value that configures a library; `kind` says whether it is a URL, a host or a list of hosts."""

    name: str
    value: Value
    span: Span
    context: Context
    kind: str = "url"


def find_settings(evaluator: Evaluates, module: Module) -> Iterator[Site]:
    """The configured addresses in one module, at most one a line."""
    lines: set[int] = set()
    for setting in [*_called(evaluator, module), *_assigned(evaluator, module)]:
        if setting.span.line not in lines:
            site = _site(evaluator, module, setting)
            if site is not None:
                lines.add(setting.span.line)
                yield site


def _called(evaluator: Evaluates, module: Module) -> Iterator[Setting]:
    limits = any(found.module.partition(".")[0] == "limits" for found in module.imports)
    for call in module.calls:
        context = Context(module, call.scope)
        # Few calls are given such a keyword, and only those need to be followed.
        if limits or any(argument.keyword in ADDRESSES for argument in call.arguments):
            for meaning in evaluator.meanings(call.func, context):
                if isinstance(meaning, External | Made):
                    yield from _keywords(call, meaning.name, context)
        if isinstance(call.func, Attribute) and call.func.name in ("update", "from_mapping"):
            yield from _updated(call, call.func, context)
        config = call.argument("config")
        if config is not None and isinstance(config.value, Mapping):
            yield from _entries(config.value, context)


def _keywords(call: Call, dotted: str, context: Context) -> Iterator[Setting]:
    names = ("redis_url",) if dotted.startswith("langchain") else KEYWORDS.get(dotted, ())
    for argument in call.arguments:
        if argument.keyword in names or (argument.keyword is None and dotted in POSITIONAL):
            yield Setting(f"{dotted} {argument.keyword or ''}".strip(), argument.value, argument.value_span, context)


def _updated(call: Call, func: Attribute, context: Context) -> Iterator[Setting]:
    """`app.conf.update(broker_url=…)`, `app.config.from_mapping({"CACHE_REDIS_URL": …})`."""
    if not (isinstance(func.base, Attribute) and func.base.name in CONFIG_OWNERS):
        return
    for argument in call.arguments:
        if argument.keyword is None and isinstance(argument.value, Mapping):
            yield from _entries(argument.value, context)
        elif argument.keyword in CELERY_KEYS | URL_NAMES | HOST_NAMES:
            yield _named(str(argument.keyword), argument.value, argument.value_span, context)


def _entries(mapping: Mapping, context: Context) -> Iterator[Setting]:
    for name, value, span in _literal_entries(mapping):
        if name in CELERY_KEYS | URL_NAMES | HOST_NAMES:
            yield _named(name, value, span, context)


def _literal_entries(mapping: Mapping) -> Iterator[tuple[str, Value, Span]]:
    """The entries whose keys are literal text."""
    for (key, value), span in zip(mapping.items, mapping.spans, strict=False):
        if isinstance(key, Constant) and isinstance(key.value, str):
            yield key.value, value, span


def _named(name: str, value: Value, span: Span, context: Context) -> Setting:
    return Setting(name, value, span, context, "host" if name in HOST_NAMES else "url")


def _assigned(evaluator: Evaluates, module: Module) -> Iterator[Setting]:
    celery_module = "celeryconfig" in posixpath.basename(module.path).replace("_", "")
    for assignment in module.assignments:
        context = Context(module, assignment.scope)
        match assignment.target:
            case Name(id=name) if not _is_field(evaluator, module, assignment):
                yield from _setting(evaluator, name, assignment, context, celery=celery_module)
            case Attribute(base=Name(id="conf"), name=name) if name in CELERY_KEYS:
                yield _named(name, assignment.value, assignment.span, context)
            case Item(base=Name(id=owner), key=Constant(value=str(key))) if owner in CONFIG_OWNERS:
                if key in URL_NAMES | HOST_NAMES | CELERY_KEYS:
                    yield _named(key, assignment.value, assignment.span, context)


def _setting(
    evaluator: Evaluates, name: str, assignment: Assignment, context: Context, *, celery: bool
) -> Iterator[Setting]:
    if name in URL_NAMES | HOST_NAMES or (celery and name in CELERY_KEYS):
        yield _named(name, assignment.value, assignment.span, context)
    elif name in ("CACHES", "CHANNEL_LAYERS", "RQ_QUEUES") and isinstance(assignment.value, Mapping):
        for _, alias in assignment.value.items:
            if isinstance(alias, Mapping):
                yield from _django(evaluator, name, alias, context)


def _django(evaluator: Evaluates, name: str, alias: Mapping, context: Context) -> Iterator[Setting]:
    entries = {key: (value, span) for key, value, span in _literal_entries(alias)}
    if name == "RQ_QUEUES":
        for key, kind in (("URL", "url"), ("HOST", "host")):
            if key in entries:
                yield Setting(f"RQ_QUEUES {key}", *entries[key], context, kind)
        return
    backend = entries.get("BACKEND")
    back_end = str(described(evaluator.meanings(backend[0], context))) if backend else ""
    if "redis" not in back_end.lower():
        return
    if name == "CACHES" and "LOCATION" in entries:
        yield Setting("CACHES LOCATION", *entries["LOCATION"], context)
    config = entries.get("CONFIG")
    if name == "CHANNEL_LAYERS" and config and isinstance(config[0], Mapping):
        for key, value, span in _literal_entries(config[0]):
            if key == "hosts":
                yield Setting("CHANNEL_LAYERS hosts", value, span, context, "hosts")


def _is_field(evaluator: Evaluates, module: Module, assignment: Assignment) -> bool:
    """Whether an assignment is a field of a settings class: where the field is used tells what it configures."""
    scope = module.scopes[assignment.scope]
    return scope.kind == "class" and is_settings(evaluator, module, scope)


def _site(evaluator: Evaluates, module: Module, setting: Setting) -> Site | None:
    located = _located(evaluator, setting)
    if located is None:
        return None
    call = Call(Opaque(), (), setting.span, setting.span, setting.context.scope)
    return Site(module, call, setting.name, None, *located, ScopeKind.MODULE, credentials=True, setting=True)


def _located(evaluator: Evaluates, setting: Setting) -> tuple[Provenance, Endpoint] | None:
    """Where the value points, or None if what is known of it is no address of a Redis."""
    if setting.kind == "hosts":
        return classify(nodes_origin(evaluator, setting.value, setting.context)), Endpoint("its nodes", "nodes")
    meanings = evaluator.meanings(setting.value, setting.context)
    if isinstance(setting.value, Sequence):  # Django takes a list of locations
        meanings = tuple(m for item in setting.value.items for m in evaluator.meanings(item, setting.context))
    if setting.kind == "host":
        return classify(origin(meanings)), Endpoint(f"{described(meanings)}:6379", "host")
    if not _is_redis(meanings):
        return None
    return classify(url_origin(meanings)), url_endpoint(meanings)


def _is_redis(meanings: Meanings) -> bool:
    """Whether a URL is known to be a Redis address; one that is wholly from outside is taken for one."""
    texts = [known_text(m) for m in meanings if isinstance(m, Known | Formed) and m not in (Known(None), Known(""))]
    told = [text for text in texts if "://" in text or len(texts) == len(meanings)]
    return (
        all(text.startswith(SCHEMES) for text in told) if told else not any(isinstance(m, Definition) for m in meanings)
    )
