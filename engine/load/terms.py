"""Every expression of a site with the scope it is read in and what it should give. Floor: 5."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from engine.expression.parse import Condition, Expression
from engine.model.assignment import Assignment
from engine.model.connection import Connection
from engine.model.dashboard import Dashboard
from engine.model.decision import Decision
from engine.model.entity import Entity
from engine.model.manifest import Manifest
from engine.model.metric import Metric
from engine.model.role import Role
from engine.model.state_machine import StateMachine
from engine.model.terms import Document, Step
from engine.model.trigger import Trigger
from engine.model.view import View


class Term(NamedTuple):
    """One expression. ``scope``: record, rule (with ``old``, ``event``), candidate. ``gives``: what it should give
    (condition, duration, number, user or nothing in particular). ``sql``: the database must compute it."""

    term: Expression | Condition
    entity: str | None
    scope: str = "record"
    gives: str = ""
    sql: bool = False


def terms_of(document: Document, manifest: Manifest) -> Iterator[Term]:
    """Every expression in one document; those nobody can check before they run (connections) are left out."""
    if isinstance(document, Connection):
        return
    special = _SPECIAL.get(type(document))
    if special is not None:
        yield from special(document, manifest)
    else:
        entity = getattr(document, "entity", None)
        yield from found_in(document, entity, "record")


def found_in(value: Any, entity: str | None, scope: str, sql: bool = False) -> Iterator[Term]:
    """Every expression below a value, all read in one scope; a step's ``each`` and ``create`` keep to it too."""
    if isinstance(value, (Expression, Condition)):
        yield Term(value, entity, scope, "condition" if isinstance(value, Condition) else "", sql)
    elif isinstance(value, Step):
        yield from found_in(value.if_, entity, "rule", sql)
        yield from found_in(value.params, entity, "rule", sql)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from found_in(inner, entity, scope, sql)
    elif isinstance(value, (tuple, list)):
        for inner in value:
            yield from found_in(inner, entity, scope, sql)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            if field.name not in ("where", "name"):
                yield from found_in(getattr(value, field.name), entity, scope, sql)


def _entity(document: Entity, _: Manifest) -> Iterator[Term]:
    for field in document.fields.values():
        yield from found_in(field, document.name, "record")
    yield from found_in(document.duplicates, document.name, "record")


def _trigger(document: Trigger, _: Manifest) -> Iterator[Term]:
    entity = document.when.entity or document.when.params.get("each")
    for value in (document.when.params, document.if_, document.do, document.cancel_if):
        yield from found_in(value, entity, "rule")


def _machine(document: StateMachine, _: Manifest) -> Iterator[Term]:
    for state in document.states.values():
        if isinstance(state.within, Expression):
            yield Term(state.within, document.entity, "record", "duration")
    for transition in document.transitions.values():
        # ``do`` is checked in the trigger it became.
        for value in (transition.if_, transition.require, transition.approve):
            yield from found_in(value, document.entity, "record")


def _assignment(document: Assignment, _: Manifest) -> Iterator[Term]:
    yield from found_in(document.candidates, document.entity, "candidate")
    yield from found_in(document.limits, document.entity, "candidate")
    for factor in document.score.values():
        yield Term(factor.value, document.entity, "candidate", "number")
    for value in (document.table, document.backup, document.open_if):
        yield from found_in(value, document.entity, "record")


def _decision(document: Decision, _: Manifest) -> Iterator[Term]:
    if document.entity is not None:
        yield from found_in(document.inputs, document.entity, "record")
        yield from found_in(document.rows, document.entity, "record")


def _role(document: Role, _: Manifest) -> Iterator[Term]:
    for entity, rights in document.can.items():
        if entity != "*":
            yield from found_in(rights, entity, "record", sql=True)


def _metric(document: Metric, _: Manifest) -> Iterator[Term]:
    yield from found_in(document, document.entity, "record", sql=True)


def _view(document: View, _: Manifest) -> Iterator[Term]:
    yield from found_in(document.where_, document.entity, "record", sql=True)
    yield from found_in(document.columns, document.entity, "record")


def _dashboard(document: Dashboard, manifest: Manifest) -> Iterator[Term]:
    for tile in document.tiles.values():
        about: Any = (
            manifest.metrics.get(tile.metric or "")
            or manifest.views.get(tile.view or "")
            or manifest.state_machines.get(tile.heatmap or tile.funnel or "")
        )
        if about is not None:
            yield from found_in((tile.by, tile.rows, tile.where_), about.entity, "record", sql=True)


def _nothing(document: Document, _: Manifest) -> Iterator[Term]:
    return iter(())


_SPECIAL: Mapping[type, Any] = {
    Entity: _entity,
    Trigger: _trigger,
    StateMachine: _machine,
    Assignment: _assignment,
    Decision: _decision,
    Role: _role,
    Metric: _metric,
    View: _view,
    Dashboard: _dashboard,
}
