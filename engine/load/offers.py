"""What a step asks of a connection, held against what its connector can do. Floor: 5."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from engine.errors import Problem, nearest
from engine.load.document import Draft
from engine.load.read import scalar
from engine.plugins.registry import Registry
from engine.plugins.slots import Connector
from engine.source.node import Node

#: Kinds whose documents hold steps.
WITH_STEPS = ("trigger", "sla", "state_machine")
#: Step -> (the parameter that names connections, what the connector must offer, how it is told).
ASKS: Mapping[str, tuple[str, str, str]] = {
    "call": ("connection", "call", "call"),
    "send": ("via", "send", "send"),
    "notify": ("via", "tell", "notify"),
}


def offers(drafts: Iterable[Draft], registry: Registry) -> Iterator[Problem]:
    """R104 where a connector cannot do what a step asks of it, R171 for an operation it does not know and R172 for what the
    operation still needs, each at its place. Connections and connectors that are not there are told elsewhere."""
    drafts = list(drafts)
    known: dict[str, Connector] = {}
    for draft in drafts:
        if draft.kind == "connection":
            found = registry.find(Connector, scalar(draft.node.get("connector")))
            if found is not None:
                known[draft.name] = found
    for draft in drafts:
        if draft.kind in WITH_STEPS:
            yield from _below(draft.node, known)


def _below(node: Node, known: Mapping[str, Connector]) -> Iterator[Problem]:
    inner = node.value
    if isinstance(inner, list):
        for each in inner:
            yield from _below(each, known)
    elif isinstance(inner, dict):
        for key, each in inner.items():
            if key in ASKS and isinstance(each.value, dict):
                yield from _asked(key, each, known)
            yield from _below(each, known)


def _asked(step: str, node: Node, known: Mapping[str, Connector]) -> Iterator[Problem]:
    parameter, offer, what = ASKS[step]
    named = node.get(parameter)
    if named is None:
        return
    for each in named.value if isinstance(named.value, list) else [named]:
        connector = known.get(scalar(each))
        if connector is None:
            continue
        if offer not in connector.offers:
            able = [name for name, other in known.items() if offer in other.offers]
            near = nearest(scalar(each), able) or (able[0] if len(able) == 1 else None)
            yield Problem("R104", each.where, parameters={"connector": connector.name, "what": what}, suggestion=near)
        elif step == "call":
            yield from _operation(node, connector)


def _operation(node: Node, connector: Connector) -> Iterator[Problem]:
    named = node.get("operation")
    name = scalar(named)
    found = connector.operations.get(name)
    if found is None:
        if connector.operations or named is not None:
            listed = ", ".join(connector.operations) or "-"
            about = {"connector": connector.name, "operation": name or "-", "known": listed}
            where = named.where if named is not None else node.where
            yield Problem("R171", where, parameters=about, suggestion=nearest(name, connector.operations))
        return
    given = node.get("json")
    if given is not None and not isinstance(given.value, dict):
        return
    written = given.value if given is not None and isinstance(given.value, dict) else {}
    missing = [each for each in found.params.get("required", ()) if each not in written]
    if missing:
        where = given.where if given is not None else node.where
        yield Problem("R172", where, parameters={"operation": name, "missing": ", ".join(missing)})
