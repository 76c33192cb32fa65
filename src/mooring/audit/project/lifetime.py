"""How often a site runs and how long its client lives."""

from __future__ import annotations

from mooring.audit.facts import (
    Attribute,
    Call,
    Module,
    Name,
    Provenance,
    Scope,
    ScopeKind,
    Site,
    Use,
    Value,
)
from mooring.audit.files import is_test
from mooring.audit.project.callers import Callers
from mooring.audit.project.evaluate import Evaluator
from mooring.audit.python.calls import last_name

__all__ = ["Lifetimes"]

RUN_ONCE = frozenset({"__init__", "__new__", "__post_init__", "__init_subclass__", "__set_name__", "model_post_init"})
CACHES = frozenset({"cache", "lru_cache", "cached_property", "cached", "singleton", "alru_cache"})
# Decorators that name what runs once when an application starts or stops.
STARTUP_DECORATORS = frozenset(
    {"on_event", "before_serving", "after_serving", "on_startup", "on_shutdown", "before_first_request", "lifespan",
     "listener", "before_server_start", "after_server_start", "before_server_stop", "after_server_stop",
     "main_process_start", "main_process_stop", "while_serving", "worker_process_init", "worker_init", "worker_ready",
     "beat_init", "celeryd_init", "worker_shutdown", "worker_process_shutdown"}
)  # fmt: skip
STARTUP_NAMES = frozenset(
    {"lifespan", "startup", "on_startup", "startup_event", "on_start", "app_lifespan", "server_lifespan", "on_shutdown",
     "shutdown", "shutdown_event", "setup_hook", "post_init", "create_app"}
)  # fmt: skip
ESCAPES = frozenset({Use.STORED, Use.PASSED, Use.CAPTURED})
ONCE = frozenset(
    {ScopeKind.MODULE, ScopeKind.CLASS, ScopeKind.INIT, ScopeKind.MAIN, ScopeKind.LIFESPAN, ScopeKind.TEST}
)


class Lifetimes:
    """Judges sites by the scopes around them and by who calls those in the tree."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._callers = Callers(evaluator)
        self._once: dict[int, bool] = {}

    def judge(self, site: Site) -> None:
        """Fill in the scope kind of a site, and whether it makes a client per call or per caller."""
        site.scope = self.scope_kind(site)
        function = _function(site.module, site.call.scope)
        if site.provenance is Provenance.POOL:
            return
        if function is None:
            site.per_call = site.call.in_loop and not _kept(site.call)
            return
        if self._runs_once(site.module, function):
            return
        fate = _fate(function, site.call)
        for client in _clients_of(site):
            fate |= _fate(function, client)
        if fate & ESCAPES:
            return
        if fate & {Use.RETURNED, Use.YIELDED}:
            site.uncached = function.kind == "function" and not _is_cached(function)
        else:
            site.per_call = True

    def scope_kind(self, site: Site) -> ScopeKind:
        """How often the code around a site runs."""
        return self._kind(site.module, site.call, _function(site.module, site.call.scope))

    def _kind(self, module: Module, call: Call, function: Scope | None) -> ScopeKind:
        if function is None:
            if call.in_loop:
                return ScopeKind.LOOP
            return ScopeKind.CLASS if module.scopes[call.scope].kind == "class" else ScopeKind.MODULE
        own = self._function_kind(module, function)
        if own in ONCE:
            return own
        return ScopeKind.LOOP if call.in_loop else own

    def _function_kind(self, module: Module, function: Scope) -> ScopeKind:
        if function.kind == "lambda":
            return ScopeKind.FUNCTION
        decorators = {name for decorator in function.decorators for name in _names(decorator)}
        if function.name in RUN_ONCE:
            return ScopeKind.INIT
        if function.name.startswith(("setUp", "test_")) or "fixture" in decorators or is_test(module.path):
            return ScopeKind.TEST
        if decorators & STARTUP_DECORATORS or function.name in STARTUP_NAMES or self._callers.starts(function):
            return ScopeKind.LIFESPAN
        if function.name == "ready" and module.scopes[function.parent or 0].kind == "class":  # Django's AppConfig
            return ScopeKind.LIFESPAN
        if function.name in ("main", "amain", "_main", "async_main", "main_async"):
            return ScopeKind.MAIN
        return ScopeKind.COROUTINE if function.asynchronous else ScopeKind.FUNCTION

    def _runs_once(self, module: Module, function: Scope, seen: frozenset[int] = frozenset()) -> bool:
        """Whether a function is exempt, or is called in the tree and only by what is."""
        if self._function_kind(module, function) in ONCE:
            return True
        if id(function) in self._once:
            return self._once[id(function)]
        if id(function) in seen:
            return True
        callers = self._callers.of(function)
        once = bool(callers)
        for caller_module, call in callers:
            outer = _function(caller_module, call.scope)
            if call.in_loop:
                once = False
            elif outer is not None and outer is not function:
                once = once and self._runs_once(caller_module, outer, seen | {id(function)})
        if not seen:
            self._once[id(function)] = once
        return once


def _names(decorator: Value) -> list[str]:
    """The names in a decorator: `worker_init.connect(weak=False)` gives `connect` and `worker_init`."""
    value = decorator.func if isinstance(decorator, Call) else decorator
    names = [last_name(value)]
    while isinstance(value, Attribute):
        value = value.base
        names.append(last_name(value))
    return names


def _function(module: Module, scope: int) -> Scope | None:
    """The innermost function around a scope."""
    return next((s for s in module.enclosing(scope) if s.kind in ("function", "lambda")), None)


def _kept(call: Call) -> bool:
    """Whether a module-level loop puts the client somewhere that lasts."""
    return bool(call.use in (Use.PASSED, Use.RETURNED) or (call.use is Use.STORED and not call.targets))


def _fate(function: Scope, call: Call) -> set[Use]:
    """All that happens to the client in the function that makes it, through other local names too."""
    fate = {call.use}
    names, seen = list(call.targets), set(call.targets)
    while names:
        name = names.pop()
        fate |= function.uses.get(name, frozenset())
        for alias, bindings in function.bindings.items():
            same = any(isinstance(b.value, Name) and b.value.id == name for b in bindings)
            if same and alias not in seen:
                seen.add(alias)
                names.append(alias)
    return fate


def _clients_of(site: Site) -> list[Call]:
    """The calls that make the clients of a Sentinel: what becomes of them becomes of its connections."""
    if not site.constructor.endswith("Sentinel"):
        return []
    return [
        call
        for call in site.module.calls
        if call.scope == site.call.scope
        and isinstance(call.func, Attribute)
        and call.func.name in ("master_for", "slave_for")
        and (
            call.func.base is site.call or (isinstance(call.func.base, Name) and call.func.base.id in site.call.targets)
        )
    ]


def _is_cached(function: Scope) -> bool:
    return any(last_name(d.func if isinstance(d, Call) else d) in CACHES for d in function.decorators)
