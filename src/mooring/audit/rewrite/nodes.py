"""The servers by which a Sentinel or a Cluster is found, where the code names every one of them."""

from __future__ import annotations

from collections.abc import Iterable

from mooring.audit.facts import Mapping, Sequence, Value
from mooring.audit.project.arguments import Arguments
from mooring.audit.project.meanings import Context, Evaluates, Known, Made, Structure

__all__ = ["Node", "known_nodes", "known_value", "written"]

Node = tuple[str, int]


def known_nodes(arguments: Arguments, keyword: str, position: int) -> tuple[Node, ...] | None:
    """The servers in that argument of a constructor; None where the code leaves one of them open."""
    entry = arguments.get(keyword, position)
    return _nodes(arguments.evaluator, entry.value, entry.context) if entry else None


def known_value(evaluator: Evaluates, value: Value, context: Context) -> object:
    """The literal that a value stands for; None where it is not known to be a single one."""
    found = evaluator.meanings(value, context)
    return found[0].value if len(found) == 1 and isinstance(found[0], Known) else None


def written(nodes: Iterable[Node]) -> str:
    """Servers as a URL of Mooring's names them: `a:26379,b:26379`."""
    return ",".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in nodes)


def _nodes(evaluator: Evaluates, value: Value, context: Context) -> tuple[Node, ...] | None:
    meanings = evaluator.meanings(value, context)
    if len(meanings) != 1 or not isinstance(meanings[0], Structure):
        return None
    display, inner = meanings[0].value, meanings[0].context
    if not isinstance(display, Sequence):
        return None
    nodes = [_node(evaluator, item, inner) for item in display.items]
    known = tuple(node for node in nodes if node is not None)
    return known if known and len(known) == len(nodes) else None


def _node(evaluator: Evaluates, value: Value, context: Context) -> Node | None:
    """One server: a pair, a mapping of `host` and `port`, or `ClusterNode(host, port)`."""
    meanings = evaluator.meanings(value, context)
    match meanings:
        case (Structure(value=Sequence(items=(host, port)), context=inner),):
            return _pair(evaluator, host, port, inner)
        case (Structure(value=Mapping(items=items), context=inner),):
            told = {known_value(evaluator, key, inner): item for key, item in items if key is not None}
            return _pair(evaluator, told.get("host"), told.get("port"), inner) if len(told) == len(items) else None
        case (Made(name=name, call=call, context=inner),) if name.endswith(".ClusterNode"):
            made = [call.argument("host", 0), call.argument("port", 1)]
            values = [argument.value if argument else None for argument in made]
            return _pair(evaluator, values[0], values[1], inner)
    return None


def _pair(evaluator: Evaluates, host: Value | None, port: Value | None, context: Context) -> Node | None:
    if host is None or port is None:
        return None
    name, number = known_value(evaluator, host, context), known_value(evaluator, port, context)
    if isinstance(number, str) and number.isdigit():
        number = int(number)
    # Whatever else stands in a host would be read as another part of the URL.
    named = isinstance(name, str) and name != "" and not set(name) & set(" /@?#,[]%")
    if not isinstance(name, str) or not named or not isinstance(number, int) or isinstance(number, bool):
        return None
    return name, number
