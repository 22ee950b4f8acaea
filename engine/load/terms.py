"""Every expression of a site with the scope it is read in and what it should give. Floor: 5."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from engine.errors import Where
from engine.expression.parse import Condition, Expression
from engine.model.assignment import Assignment
from engine.model.connection import Connection
from engine.model.dashboard import Dashboard
from engine.model.decision import Decision
from engine.model.entity import Entity
from engine.model.manifest import Manifest
from engine.model.metric import Metric
from engine.model.role import Role
from engine.model.scenario import Scenario
from engine.model.sla import Sla
from engine.model.state_machine import StateMachine
from engine.model.template import MessageTemplate, Table
from engine.model.terms import Document, Duration, Label, Step, Template, attributes
from engine.model.trigger import Trigger
from engine.model.view import View
from engine.plugins.registry import Registry

#: What holds no expression.
_PLAIN = (str, bool, int, float, type(None), Label, Duration)


class Place(NamedTuple):
    """Where an expression is read. ``scope``: record, rule (with ``old`` and ``event``) or candidate; ``outer`` are
    the entities whose records can be named from outside an ``each``; ``sql``: the database must compute it."""

    entity: str | None
    scope: str = "record"
    sql: bool = False
    outer: tuple[str, ...] = ()


class Term(NamedTuple):
    """One expression (or template), where it is read, and what it should give: condition, duration, number, datetime,
    moment (a date or a date-time), or nothing special."""

    term: Expression | Condition | Template
    place: Place
    gives: str = ""


class Written(NamedTuple):
    """Values a step writes on the record an expression leads to, on a new one of ``entity``, or on its own.

    ``known``: the names of the fields were already looked up where they stand.
    """

    values: Mapping[str, Any]
    place: Place
    where: Where
    record: Expression | None = None
    entity: str | None = None
    known: bool = True


class Terms:
    """Finds the expressions of documents. A step whose schema says ``x-scope: <parameter>`` is about the records of
    the entity that parameter names; what surrounds it can be named by its entity."""

    def __init__(self, manifest: Manifest, registry: Registry) -> None:
        self._manifest = manifest
        self._scoped: dict[str, str] = {
            name: plugin.params["x-scope"]
            for name, plugin in registry.plugins.get("step", {}).items()
            if "x-scope" in plugin.params
        }
        self._steps = {name: plugin.params for name, plugin in registry.plugins.get("step", {}).items()}

    def of(self, document: Document) -> Iterator[Term | Written]:
        """Every expression in one document. Those about what only comes at run time (what a connection brings, what a
        scenario plays with) are left out."""
        if isinstance(document, Connection | Scenario):
            return
        special = _SPECIAL.get(type(document))
        if special is not None:
            yield from special(self, document)
        else:
            yield from self.inside(document, Place(getattr(document, "entity", None)))

    def inside(self, value: Any, place: Place) -> Iterator[Term | Written]:
        """Every expression below a value, read at one place."""
        if isinstance(value, Expression | Condition | Template):
            yield Term(value, place, "condition" if isinstance(value, Condition) else "")
        elif isinstance(value, Step):
            yield from self._step(value, place._replace(scope="rule"))
        elif isinstance(value, Mapping):
            for inner in value.values():
                yield from self.inside(inner, place)
        elif isinstance(value, tuple | list):
            for inner in value:
                yield from self.inside(inner, place)
        elif not isinstance(value, _PLAIN):
            for name in attributes(value.__class__):
                yield from self.inside(getattr(value, name), place)

    def _step(self, step: Step, place: Place) -> Iterator[Term | Written]:
        yield from self.inside(step.if_, place)
        yield from self._values(step, place)
        key = self._scoped.get(step.action)
        about = step.params.get(key) if key is not None else None
        if isinstance(about, str):
            outer = (*place.outer, place.entity) if place.entity else place.outer
            yield from self.inside(step.params, place._replace(entity=about, outer=outer))
        else:
            yield from self.inside(step.params, place)

    def _values(self, step: Step, place: Place) -> Iterator[Written]:
        """What a step writes, as its schema says: ``x-refers-keys`` on itself (``set``) or on a parameter (of a record of
        ``x-of``), ``x-keys-of`` on a parameter (of the record another one leads to)."""
        schema = self._steps.get(step.action, {})
        if schema.get("x-refers-keys") == "field":
            yield Written(step.params, place, step.where)
        about = step.params.get(schema.get("x-of", ""))
        for key, part in schema.get("properties", {}).items():
            values = step.params.get(key)
            if not isinstance(values, Mapping):
                continue
            if part.get("x-refers-keys") == "field" and isinstance(about, str):
                yield Written(values, place, step.where, entity=about)
            elif "x-keys-of" in part:
                record = step.params.get(part["x-keys-of"])
                leads = record if isinstance(record, Expression) else None
                yield Written(values, place, step.where, leads, known=False)

    def entity(self, document: Entity) -> Iterator[Term | Written]:
        """Of an entity: its title's, its fields' and its duplicate rules'."""
        yield from self.inside(document.title, Place(document.name))
        for field in document.fields.values():
            yield from self.inside(field, Place(document.name))
        yield from self.inside((document.duplicates, document.approve_create), Place(document.name))

    def template(self, document: MessageTemplate) -> Iterator[Term | Written]:
        """Of a template: it is filled in by a rule. A row of a table is about the record of the backlink it is made for."""
        place = Place(document.for_, "rule")
        for value in (
            document.subject,
            document.body,
            document.html,
            document.logo,
            document.header,
            document.footer,
            document.file,
        ):
            yield from self.inside(value, place)
        for block in document.blocks:
            parts = (block.heading, block.text, block.facts, block.image, block.link, block.caption, block.if_)
            yield from self.inside(parts, place)
            rows = block.table or block.bars
            entity = self._manifest.entities.get(document.for_)
            field = entity.fields.get(rows.of) if rows is not None and entity is not None else None
            if rows is None or field is None:
                continue
            inner = place._replace(entity=field.to or str(field.options.get("to")), outer=(document.for_,))
            if isinstance(rows, Table):
                yield from self.inside((rows.where_, rows.columns), inner)
                yield from self.inside(rows.total, place)
            else:
                yield from self.inside((rows.where_, rows.name), inner)
                yield Term(rows.value, inner, "number")

    def trigger(self, document: Trigger) -> Iterator[Term | Written]:
        """Of a trigger: about its event's entity."""
        place = Place(document.when.entity or document.when.params.get("each"), "rule")
        for value in (document.when.params, document.if_, document.do, document.cancel_if, document.on_error):
            yield from self.inside(value, place)

    def sla(self, document: Sla) -> Iterator[Term | Written]:
        """Of an SLA; what its escalations do is checked in the triggers they became."""
        place = Place(document.entity)
        if isinstance(document.target, Expression):
            yield Term(document.target, place, "duration")
        for value in (document.start, document.stop, document.pause, document.where_):
            yield from self.inside(value, place)

    def machine(self, document: StateMachine) -> Iterator[Term | Written]:
        """Of a state machine; what a transition does is checked in the trigger it became."""
        place = Place(document.entity)
        for transition in document.transitions.values():
            for value in (transition.if_, transition.require, transition.approve):
                yield from self.inside(value, place)

    def assignment(self, document: Assignment) -> Iterator[Term | Written]:
        """Of an assignment: bare names are the candidate's where one is judged."""
        place = Place(document.entity, "candidate")
        yield from self.inside(document.candidates, place)
        for factor in document.score.values():
            yield Term(factor.value, place, "number")
        if document.limits is not None:
            for limit in (document.limits.open, document.limits.per_day):
                if isinstance(limit, Expression):
                    yield Term(limit, place, "number")
        for value in (document.table, document.backup, document.open_if):
            yield from self.inside(value, Place(document.entity))

    def decision(self, document: Decision) -> Iterator[Term | Written]:
        """Of a decision about an entity; one about none is read where it is asked."""
        if document.entity is not None:
            yield from self.inside(document.inputs, Place(document.entity))
            yield from self.inside(document.rows, Place(document.entity))

    def role(self, document: Role) -> Iterator[Term | Written]:
        """Of a role: each about the entity it gives rights to."""
        for entity, rights in document.can.items():
            if entity != "*":
                yield from self.inside(rights.create, Place(entity))
                for right in (rights.read, rights.update, rights.delete, rights.export):
                    yield from self.inside(right, Place(entity, sql=right is rights.read))

    def metric(self, document: Metric) -> Iterator[Term | Written]:
        """Of a metric: all of it is computed by the database. The ends of a duration are moments; a state's is a date-time, so
        the other end has to be one as well."""
        span = document.duration
        ends = (span.from_.at, span.to.at) if span is not None else ()
        gives = "moment" if all(ends) else "datetime"
        for term in self.inside(document, Place(document.entity, sql=True)):
            is_end = isinstance(term, Term) and any(term.term is end for end in ends)
            yield term._replace(gives=gives) if is_end and isinstance(term, Term) else term

    def view(self, document: View) -> Iterator[Term | Written]:
        """Of a view: what filters is computed by the database, what a column shows is not."""
        yield from self.inside(document.where_, Place(document.entity, sql=True))
        yield from self.inside(document.columns, Place(document.entity))

    def dashboard(self, document: Dashboard) -> Iterator[Term | Written]:
        """Of a dashboard: each tile about the entity of what it shows."""
        for tile in document.tiles.values():
            about: Any = (
                self._manifest.metrics.get(tile.metric or "")
                or self._manifest.views.get(tile.view or "")
                or self._manifest.state_machines.get(tile.heatmap or tile.funnel or "")
            )
            if about is not None:
                yield from self.inside((tile.by, tile.rows, tile.where_), Place(about.entity, sql=True))


_SPECIAL: Mapping[type, Any] = {
    Entity: Terms.entity,
    MessageTemplate: Terms.template,
    Trigger: Terms.trigger,
    Sla: Terms.sla,
    StateMachine: Terms.machine,
    Assignment: Terms.assignment,
    Decision: Terms.decision,
    Role: Terms.role,
    Metric: Terms.metric,
    View: Terms.view,
    Dashboard: Terms.dashboard,
}
