"""Lists of nodes, as Sentinel and Cluster take them: tuples, dicts, `ClusterNode(host, port)`."""

from __future__ import annotations

from mooring.audit.facts import Mapping, Sequence, Value
from mooring.audit.project.meanings import Context, Evaluates, Known, Made, Meaning, Structure
from mooring.audit.project.provenance import Origin, origin

__all__ = ["nodes_origin"]


def nodes_origin(evaluator: Evaluates, value: Value, context: Context) -> Origin:
    """The origins of the hosts in a list of nodes."""
    found = Origin.NONE
    for meaning in evaluator.meanings(value, context):
        found |= _origin(evaluator, meaning)
    return found


def _origin(evaluator: Evaluates, meaning: Meaning) -> Origin:
    match meaning:
        case Structure(value=Sequence(items=items), context=context):
            return _sequence(evaluator, items, context)
        case Structure(value=Mapping(items=entries), context=context):
            hosts = [v for k, v in entries if k is not None and Known("host") in evaluator.meanings(k, context)]
            return origin(evaluator.meanings(hosts[0], context)) if hosts else Origin.UNKNOWN
        case Made(call=call, context=context):
            argument = call.argument("host", 0) or call.argument("addresses")
            return nodes_origin(evaluator, argument.value, context) if argument else Origin.UNKNOWN
    return origin((meaning,))


def _sequence(evaluator: Evaluates, items: tuple[Value, ...], context: Context) -> Origin:
    if len(items) == 2 and not _holds_nodes(evaluator, items[1], context):
        return origin(evaluator.meanings(items[0], context))  # one (host, port)
    found = Origin.NONE
    for item in items:
        found |= nodes_origin(evaluator, item, context)
    return found


def _holds_nodes(evaluator: Evaluates, value: Value, context: Context) -> bool:
    return any(isinstance(meaning, Structure | Made) for meaning in evaluator.meanings(value, context))
