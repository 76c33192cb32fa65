"""How often a site runs and how long its client lives."""

from __future__ import annotations

from mooring.audit.facts import (
    Attribute,
    Call,
    Constant,
    Module,
    Name,
    Provenance,
    Scope,
    ScopeKind,
    Sequence,
    Site,
    Use,
    Value,
)
from mooring.audit.files import is_test
from mooring.audit.project.evaluate import Evaluator
from mooring.audit.project.meanings import Context, Definition
from mooring.audit.python.calls import last_name

__all__ = ["Lifetimes"]

RUN_ONCE = frozenset({"__init__", "__new__", "__post_init__", "__init_subclass__", "__set_name__", "model_post_init"})
CACHES = frozenset({"cache", "lru_cache", "cached_property", "cached", "singleton", "alru_cache"})
# Decorators, and keywords of calls, that name what runs once when an application starts or stops.
STARTUP_DECORATORS = frozenset(
    {"on_event", "before_serving", "after_serving", "on_startup", "on_shutdown", "before_first_request", "lifespan",
     "listener", "before_server_start", "after_server_start", "before_server_stop", "after_server_stop",
     "main_process_start", "main_process_stop", "while_serving", "worker_process_init", "worker_init", "worker_ready",
     "beat_init", "celeryd_init", "worker_shutdown", "worker_process_shutdown"}
)  # fmt: skip
STARTUP_KEYWORDS = frozenset({"lifespan", "on_startup", "on_shutdown", "on_cleanup", "startup", "shutdown"})
STARTUP_NAMES = frozenset(
    {"lifespan", "startup", "on_startup", "startup_event", "on_start", "app_lifespan", "server_lifespan", "on_shutdown",
     "shutdown", "shutdown_event", "setup_hook", "post_init", "create_app"}
)  # fmt: skip
REGISTRATIONS = frozenset({"add_event_handler", "append", "register", "connect", "register_listener"})
STARTUP_WORDS = ("startup", "cleanup", "server_start", "process_start")
ESCAPES = frozenset({Use.STORED, Use.PASSED, Use.CAPTURED})
ONCE = frozenset(
    {ScopeKind.MODULE, ScopeKind.CLASS, ScopeKind.INIT, ScopeKind.MAIN, ScopeKind.LIFESPAN, ScopeKind.TEST}
)


class Lifetimes:
    """Judges sites by the scopes around them and by who calls those in the tree."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._callers: dict[int, list[tuple[Module, Call]]] | None = None
        self._started: set[int] = set()
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
        self._index()
        if decorators & STARTUP_DECORATORS or function.name in STARTUP_NAMES or id(function) in self._started:
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
        callers = self._index().get(id(function), [])
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

    def _index(self) -> dict[int, list[tuple[Module, Call]]]:
        """Who calls each function of the tree, and which functions are registered as start-up handlers."""
        if self._callers is None:
            self._callers = {}
            for module in list(self._evaluator.modules.loaded.values()):
                for call in module.calls:
                    context = Context(module, call.scope)
                    for meaning in self._evaluator.meanings(call.func, context):
                        if isinstance(meaning, Definition):
                            self._callers.setdefault(id(meaning.scope), []).append((module, call))
                    self._note_started(call, context)
        return self._callers

    def _note_started(self, call: Call, context: Context) -> None:
        registers = last_name(call.func) in REGISTRATIONS and any(
            word in str(part).lower() for part in _dotted(call) for word in STARTUP_WORDS
        )
        for argument in call.arguments:
            if argument.keyword in STARTUP_KEYWORDS or registers:
                for value in _elements(argument.value):
                    for meaning in self._evaluator.meanings(value, context):
                        if isinstance(meaning, Definition):
                            self._started.add(id(meaning.scope))


def _names(decorator: Value) -> list[str]:
    """The names in a decorator: `worker_init.connect(weak=False)` gives `connect` and `worker_init`."""
    value = decorator.func if isinstance(decorator, Call) else decorator
    names = [last_name(value)]
    while isinstance(value, Attribute):
        value = value.base
        names.append(last_name(value))
    return names


def _elements(value: Value) -> tuple[Value, ...]:
    return value.items if isinstance(value, Sequence) else (value,)


def _dotted(call: Call) -> list[str]:
    """The words of a registration: `app.on_startup.append(f)`, `app.add_event_handler("startup", f)`."""
    words = [str(a.value.value) for a in call.arguments if isinstance(a.value, Constant)]
    value: Value = call.func
    while isinstance(value, Attribute):
        words.append(value.name)
        value = value.base
    return words


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
        fate |= function.uses.get(name, set())
        for alias, bindings in function.bindings.items():
            same = any(isinstance(b.value, Name) and b.value.id == name for b in bindings)
            if same and alias not in seen:
                seen.add(alias)
                names.append(alias)
    return fate


def _is_cached(function: Scope) -> bool:
    return any(last_name(d.func if isinstance(d, Call) else d) in CACHES for d in function.decorators)
