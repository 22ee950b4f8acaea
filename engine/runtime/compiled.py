"""A manifest made ready to run: every expression compiled, every list a write needs already in order. Floor: 5.

Built once for a published manifest and shared by all its turns, so that saving a record searches for nothing.
An entity's plan is made when it is first needed; ``prepare`` makes them all, which is what a publish does.
"""

from __future__ import annotations

import ast
import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from engine.errors import Where
from engine.expression.evaluate import Environment, compile_expression
from engine.expression.parse import Condition, Expression
from engine.expression.types import Scope, Type, record_of
from engine.facts import Event
from engine.model.assignment import Assignment
from engine.model.entity import SYSTEM_FIELDS, Duplicates, Entity, Field
from engine.model.manifest import Manifest
from engine.model.pack import Parameter
from engine.model.sla import EventPattern, Sla
from engine.model.terms import Duration, Template
from engine.model.trigger import Trigger
from engine.plugins.registry import Registry
from engine.plugins.scopes import candidate_names, entity_types, record_scope, rule_names
from engine.plugins.slots import EventPlugin, FieldType
from engine.runtime import calendar, decision, machine
from engine.runtime.calendar import WorkTime
from engine.runtime.decision import Table
from engine.runtime.machine import MachinePlan

Call = Callable[[Environment], Any]
#: Field types whose value the engine alone decides; they are never typed in.
UNWRITABLE = frozenset({"backlink", "sequence"})


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """A field with its type at hand. ``writable`` is False for what the engine fills; ``links_to`` names the entity
    of a link; ``low`` and ``high`` are the bounds that are expressions (the field type knows the fixed ones)."""

    field: Field
    type: FieldType
    writable: bool
    links_to: str | None
    low: Call | None
    high: Call | None
    bounded: bool
    visible: Call | None
    required_if: Call | None
    read_only_if: Call | None


@dataclass(frozen=True, slots=True)
class Fill:
    """A value the engine fills in: a default (only where empty) or a computed value (always).

    ``inputs`` are the record's own fields it reads; ``far`` tells that it reads beyond them (a link, a backlink, the
    clock), so that every save of the record computes it again.
    """

    name: str
    call: Call
    computed: bool
    inputs: frozenset[str]
    far: bool
    where: Where
    constant: bool = False


@dataclass(frozen=True, slots=True)
class TriggerPlan:
    """A trigger with its event plugin and its condition at hand; ``parts`` are the condition's parts, for the trace."""

    trigger: Trigger
    event: EventPlugin | None
    condition: Call | None

    def fires(self, event: Any) -> bool:
        """True when the event is the one it waits for."""
        return self.event is None or self.event.fires(self.trigger.when.params, event)


@dataclass(frozen=True, slots=True)
class PatternPlan:
    """What starts or stops a promise: an event (None for any) and a condition."""

    event: str | None
    plugin: EventPlugin | None
    params: Mapping[str, Any]
    condition: Call | None

    def matches(self, event: Event, environment: Callable[[], Environment]) -> bool:
        """True when the event is the one, and the condition holds on the record now."""
        if self.event is not None and event.name != self.event:
            return False
        if self.plugin is not None and not self.plugin.fires(self.params, event):
            return False
        return self.condition is None or bool(self.condition(environment()))


@dataclass(frozen=True, slots=True)
class SlaPlan:
    """A promise with its conditions compiled. ``timer`` is the name of its timers; ``target`` a span or a call."""

    sla: Sla
    timer: str
    start: PatternPlan
    stop: PatternPlan
    pause: Call | None
    where: Call | None
    target: dt.timedelta | Call


@dataclass(frozen=True, slots=True)
class CounterPlan:
    """How much each person holds, as one or more assignments count it. ``reads`` are the fields that decide whether a
    record is open; ``opens`` and ``daily`` tell which of the two numbers anybody looks at."""

    name: str
    field: str
    is_open: Call | None
    reads: frozenset[str]
    opens: bool
    daily: bool


@dataclass(frozen=True, slots=True)
class AssignmentPlan:
    """An assignment with its expressions compiled in a candidate's scope."""

    where: Call | None
    open: int | Call | None
    per_day: int | Call | None
    factors: Mapping[str, Call]


@dataclass(frozen=True, slots=True)
class IdlePlan:
    """A trigger that waits for a record to stand still: ``since`` a date-time field, for ``span``."""

    trigger: str
    since: str
    span: dt.timedelta
    condition: Call | None


@dataclass(frozen=True, slots=True)
class EntityPlan:
    """Everything a write of one entity needs, in the order it is needed."""

    entity: Entity
    name: str
    fields: Mapping[str, FieldPlan]
    writable: frozenset[str]
    constants: Mapping[str, Any]
    fills: tuple[Fill, ...]
    required: tuple[FieldPlan, ...]
    conditional: tuple[FieldPlan, ...]
    checked: tuple[FieldPlan, ...]
    linked: tuple[FieldPlan, ...]
    unique: tuple[tuple[str, ...], ...]
    duplicates: tuple[tuple[Duplicates, Call | None], ...]
    machines: tuple[MachinePlan, ...]
    machine_of: Mapping[str, MachinePlan]
    owners: frozenset[str]
    blank: Mapping[str, Any]
    stored: frozenset[str]
    numbered: tuple[str, ...]
    title: Callable[[Mapping[str, Any]], str] | None
    idle: tuple[IdlePlan, ...]
    counted: tuple[CounterPlan, ...]
    slas: tuple[SlaPlan, ...]
    automatic: bool
    itself: str | None
    shown: tuple[str, ...]
    keyed: tuple[str, ...]


class Compiled:
    """The compiled side of one manifest."""

    def __init__(self, manifest: Manifest, registry: Registry) -> None:
        self.manifest = manifest
        self.registry = registry
        self.zone = ZoneInfo(manifest.site.timezone)
        self.functions: Any = registry.plugins.get("function", {})
        self.always = calendar.always(self.zone)
        self._types: Mapping[str, Mapping[str, Type]] | None = None
        self._scopes: dict[tuple[str | None, str, tuple[str, ...]], Scope] = {}
        self._calls: dict[tuple[str | None, str, tuple[str, ...], Any], Call] = {}
        self._targets: dict[tuple[str | None, tuple[str, ...], Expression], str | None] = {}
        self._templates: dict[str, Callable[[Mapping[str, Any]], str]] = {}
        self._plans: dict[str, EntityPlan] = {}
        self._tables: dict[str, Table] = {}
        self._assignments: dict[str, AssignmentPlan] = {}
        self._calendars: dict[str, WorkTime] = {}
        self._triggers: dict[tuple[str, str | None], tuple[TriggerPlan, ...]] = {}
        self._parameters: dict[dt.date, Mapping[str, Any]] = {}

    def prepare(self) -> None:
        """Make every plan now; raises InvalidDocument with the first thing that cannot run."""
        for name in self.manifest.entities:
            self.plan(name)
        for name in self.manifest.decisions:
            self.table(name)
        for name in self.manifest.calendars:
            self.calendar(name)

    def plan(self, entity: str) -> EntityPlan:
        """The plan of an entity; KeyError when there is none of that name."""
        plan = self._plans.get(entity)
        if plan is None:
            plan = self._plans[entity] = build_plan(self, self.manifest.entities[entity])
        return plan

    def table(self, name: str) -> Table:
        """The decision table of that name; KeyError when there is none."""
        table = self._tables.get(name)
        if table is None:
            document = self.manifest.decisions[name]
            table = decision.build(document, lambda expression: self.call(expression, document.entity))
            self._tables[name] = table
        return table

    def assignment(self, name: str) -> AssignmentPlan:
        """The assignment of that name, ready; KeyError when there is none."""
        found = self._assignments.get(name)
        if found is None:
            found = self._assignments[name] = self._assignment(self.manifest.assignments[name])
        return found

    def _assignment(self, rule: Assignment) -> AssignmentPlan:
        def limit(term: int | Expression | None) -> int | Call | None:
            return self.call(term, rule.entity, "candidate") if isinstance(term, Expression) else term

        where = rule.candidates.where_
        return AssignmentPlan(
            where=self.call(where, rule.entity, "candidate") if where is not None else None,
            open=limit(rule.limits.open) if rule.limits else None,
            per_day=limit(rule.limits.per_day) if rule.limits else None,
            factors={name: self.call(each.value, rule.entity, "candidate") for name, each in rule.score.items()},
        )

    def calendar(self, name: str) -> WorkTime:
        """The calendar of that name; ``always`` and the empty name count every minute."""
        if name in ("", "always") and name not in self.manifest.calendars:
            return self.always
        found = self._calendars.get(name)
        if found is None:
            found = calendar.build(self.manifest.calendars[name], self.manifest.site.timezone)
            self._calendars[name] = found
        return found

    def scope(self, entity: str | None, kind: str = "record", outer: tuple[str, ...] = ()) -> Scope:
        """What an expression may name there. ``kind``: record, rule (adds ``old`` and ``event``) or candidate (of an
        assignment of that entity); ``outer`` are entities whose record can be named from outside an ``each``."""
        scope = self._scopes.get((entity, kind, outer))
        if scope is None:
            if self._types is None:
                self._types = entity_types(self.manifest, self.registry)
            extra: dict[str, Type] = {name: record_of(name) for name in outer}
            if kind == "rule":
                extra = {**extra, **rule_names(entity)}
            elif kind == "candidate" and entity is not None:
                extra = dict(candidate_names(entity))
            about = "user" if kind == "candidate" else entity
            scope = record_scope(self.manifest, self.registry, about, extra, self._types)
            self._scopes[entity, kind, outer] = scope
        return scope

    def call(
        self, expression: Expression | Condition, entity: str | None, kind: str = "record", outer: tuple[str, ...] = ()
    ) -> Call:
        """The expression as a function of an Environment, compiled once per scope."""
        key = (entity, kind, outer, expression)
        call = self._calls.get(key)
        if call is None:
            call = self._calls[key] = compile_expression(expression, self.scope(entity, kind, outer), self.functions)
        return call

    def entity_of(self, expression: Expression, entity: str | None, outer: tuple[str, ...] = ()) -> str | None:
        """The entity of the record an expression of a rule gives, or None when it gives no record."""
        key = (entity, outer, expression)
        if key not in self._targets:
            from engine.expression.types import check

            self._targets[key] = check(expression, self.scope(entity, "rule", outer), self.functions)[0].entity
        return self._targets[key]

    def template(self, template: Template) -> Callable[[Mapping[str, Any]], str]:
        """The template as a function of the names it is rendered with, compiled once."""
        found = self._templates.get(template.text)
        if found is None:
            from engine.expression.template import compile_template

            found = self._templates[template.text] = compile_template(template).render
        return found

    def triggers(self, event: str, entity: str | None) -> tuple[TriggerPlan, ...]:
        """The triggers that wait for an event of that name on that entity, in the order of the files."""
        key = (event, entity)
        found = self._triggers.get(key)
        if found is None:
            found = self._triggers[key] = tuple(self._triggers_for(event, entity))
        return found

    def _triggers_for(self, event: str, entity: str | None) -> Iterator[TriggerPlan]:
        for trigger in self.manifest.triggers.values():
            if trigger.when.event == event and trigger.enabled and trigger.when.entity in (None, entity):
                condition = self.call(trigger.if_, entity, "rule") if trigger.if_ else None
                yield TriggerPlan(trigger, self.registry.find(EventPlugin, event), condition)

    def parameters(self, day: dt.date) -> Mapping[str, Any]:
        """Every parameter's value on that day of the site, as Python values."""
        found = self._parameters.get(day)
        if found is None:
            if len(self._parameters) > 400:
                self._parameters.clear()
            found = {name: self._parameter(each, day) for name, each in self.manifest.parameters.items()}
            self._parameters[day] = found
        return found

    def _parameter(self, parameter: Parameter, day: dt.date) -> Any:
        value, text = parameter.default, day.isoformat()
        for season in parameter.seasons:
            if (season.from_ or "") <= text and (not season.to or text <= season.to):
                value = season.value
        return self.parameter_value(parameter, value)

    def parameter_value(self, parameter: Parameter, value: Any) -> Any:
        """What a parameter's value means in an expression: a duration as timedelta, the rest as its type has it."""
        if isinstance(value, Duration):
            return value.delta
        plugin = self.registry.find(FieldType, parameter.type)
        if plugin is None or value is None:
            return value
        return plugin.clean(Field(name=parameter.name, type=parameter.type, choices=parameter.choices), value)


def build_plan(compiled: Compiled, entity: Entity) -> EntityPlan:
    """The plan of one entity."""
    machines = tuple(
        machine.build(each, lambda term: compiled.call(term, entity.name))
        for each in compiled.manifest.machines_of(entity.name)
    )
    states = {each.field: each for each in machines}
    fields = {name: _field_plan(compiled, entity, each, states) for name, each in entity.fields.items()}
    plans = tuple(fields.values())
    constants, fills = _fills(compiled, entity, fields)
    owners = {each.field for each in compiled.manifest.assignments.values() if each.entity == entity.name}
    if "owner" in fields and fields["owner"].field.type == "user":
        owners.add("owner")
    unique = [(name,) for name, each in entity.fields.items() if each.unique]
    return EntityPlan(
        entity=entity,
        name=entity.name,
        fields=fields,
        writable=frozenset(name for name, plan in fields.items() if plan.writable),
        constants=constants,
        fills=fills,
        required=tuple(plan for plan in plans if plan.field.required and plan.writable),
        conditional=tuple(plan for plan in plans if plan.required_if or plan.visible or plan.read_only_if),
        checked=tuple(plan for plan in plans if plan.bounded),
        linked=tuple(plan for plan in plans if plan.links_to),
        unique=tuple(dict.fromkeys([*unique, *entity.unique])),
        duplicates=tuple(
            (rule, compiled.call(rule.where_, entity.name) if rule.where_ else None)
            for rule in entity.duplicates.values()
        ),
        machines=machines,
        machine_of=states,
        owners=frozenset(owners),
        blank=dict.fromkeys([*fields, *SYSTEM_FIELDS]),
        stored=frozenset(name for name, plan in fields.items() if plan.field.type != "backlink"),
        numbered=tuple(name for name, plan in fields.items() if plan.field.type == "sequence"),
        title=_title(compiled, entity.title) if entity.title else None,
        idle=tuple(_idles(compiled, entity)),
        counted=tuple(_counted(compiled, entity, machines)),
        slas=tuple(_slas(compiled, entity)),
        automatic=any(each.automatic for each in machines),
        itself=next((name for name, plan in fields.items() if plan.links_to == entity.name), None),
        shown=tuple(name for name, plan in fields.items() if plan.field.type != "backlink"),
        keyed=tuple(
            name
            for name in fields
            if any(name in rule.match and "exact" not in rule.match.values() for rule in entity.duplicates.values())
        ),
    )


def _title(compiled: Compiled, template: Template) -> Callable[[Mapping[str, Any]], str]:
    # Most turns never show a title: the template is compiled when one does.
    return lambda names: compiled.template(template)(names)


def _idles(compiled: Compiled, entity: Entity) -> Iterator[IdlePlan]:
    for trigger in compiled.manifest.triggers.values():
        if trigger.when.event == "idle" and trigger.when.entity == entity.name and trigger.enabled:
            params = trigger.when.params
            where = params.get("where")
            condition = compiled.call(where, entity.name) if isinstance(where, Expression | Condition) else None
            yield IdlePlan(trigger.name, str(params["since"]), params["for"].delta, condition)


def _slas(compiled: Compiled, entity: Entity) -> Iterator[SlaPlan]:
    def call(term: Expression | Condition | None) -> Call | None:
        return compiled.call(term, entity.name, "rule") if term is not None else None

    def pattern(one: EventPattern) -> PatternPlan:
        plugin = compiled.registry.find(EventPlugin, one.event) if one.event else None
        return PatternPlan(one.event, plugin, one.params, call(one.if_))

    for sla in compiled.manifest.slas.values():
        if sla.entity != entity.name:
            continue
        target = sla.target.delta if isinstance(sla.target, Duration) else compiled.call(sla.target, entity.name)
        yield SlaPlan(
            sla=sla,
            timer=f"sla:{sla.name}",
            start=pattern(sla.start),
            stop=pattern(sla.stop),
            pause=call(sla.pause.if_) if sla.pause else None,
            where=call(sla.where_),
            target=target,
        )


def _counted(compiled: Compiled, entity: Entity, machines: tuple[MachinePlan, ...]) -> Iterator[CounterPlan]:
    """The counters over an entity; assignments that mean the same by "open" share one."""
    found: dict[str, CounterPlan] = {}
    for assignment in compiled.manifest.assignments.values():
        if assignment.entity != entity.name:
            continue
        name = counter_name(assignment, machines)
        opens, daily = _looked_at(assignment, entity)
        known = found.get(name)
        reads_fields = {machine.field for machine in machines}
        call = None
        if assignment.open_if is not None:
            reads_fields, far = reads(compiled, assignment.open_if, entity)
            reads_fields = reads_fields | (set(entity.fields) if far else set())
            call = compiled.call(assignment.open_if, entity.name)
        found[name] = CounterPlan(
            name=name,
            field=assignment.field,
            is_open=call,
            reads=frozenset(reads_fields | {assignment.field}),
            opens=opens or bool(known and known.opens),
            daily=daily or bool(known and known.daily),
        )
    yield from (each for each in found.values() if each.opens or each.daily)


def counter_name(assignment: Assignment, machines: tuple[MachinePlan, ...]) -> str:
    """The counter's name: another one as soon as "open" means something else, so that it is counted afresh."""
    finals = ";".join(f"{each.field}:{','.join(sorted(each.finals))}" for each in machines)
    meaning = "|".join(each.text for each in expressions_in(assignment.open_if)) if assignment.open_if else finals
    joined = "any" if assignment.open_if is not None and assignment.open_if.any else "all"
    digest = hashlib.sha256(f"{assignment.field}|{joined}|{meaning}".encode()).hexdigest()[:16]
    return f"{assignment.entity}.{assignment.field}.{digest}"


def _looked_at(assignment: Assignment, entity: Entity) -> tuple[bool, bool]:
    """Whether an assignment looks at what a person holds, and at what they were given today."""
    limits, ties = assignment.limits, assignment.strategy in ("least_loaded", "best_score")
    terms: list[Expression | Condition] = [each.value for each in assignment.score.values()]
    if assignment.candidates.where_ is not None:
        terms.append(assignment.candidates.where_)
    names = {
        node.id
        for term in terms
        for expression in expressions_in(term)
        for node in ast.walk(expression.tree)
        if isinstance(node, ast.Name)
    }
    opens = ties or bool(limits and limits.open is not None) or bool(names & {"open_count", f"open_{entity.name}s"})
    daily = assignment.strategy == "least_loaded" or bool(limits and limits.per_day is not None)
    return opens, daily or "today_count" in names


def _field_plan(compiled: Compiled, entity: Entity, field: Field, states: Mapping[str, MachinePlan]) -> FieldPlan:
    plugin = compiled.registry.get(FieldType, field.type)
    if field.type == "datetime" and "timezone" not in field.options:
        # What is typed without a zone means the site's own time.
        field = replace(field, options={**field.options, "timezone": compiled.manifest.site.timezone})

    def call(term: Any) -> Call | None:
        return compiled.call(term, entity.name) if isinstance(term, Expression | Condition) else None

    low, high = call(field.min), call(field.max)
    target = field.to if field.type == "link" else field.type if field.type in ("user", "team") else None
    return FieldPlan(
        field=field,
        type=plugin,
        writable=field.value is None and field.type not in UNWRITABLE and field.name not in states,
        links_to=target,
        low=low,
        high=high,
        bounded=bool(low or high),
        visible=call(field.visible_if),
        required_if=call(field.required_if),
        read_only_if=call(field.read_only_if),
    )


def _fills(
    compiled: Compiled, entity: Entity, fields: Mapping[str, FieldPlan]
) -> tuple[Mapping[str, Any], tuple[Fill, ...]]:
    """Literal defaults by name, and everything that is computed, each after what it reads."""
    constants: dict[str, Any] = {}
    fills: dict[str, Fill] = {}
    for name, plan in fields.items():
        term = plan.field.value if plan.field.value is not None else plan.field.default
        if term is None:
            continue
        if isinstance(term, Expression):
            inputs, far = reads(compiled, term, entity)
            call = compiled.call(term, entity.name)
        elif isinstance(term, Mapping) and set(term) == {"decide"}:
            inputs, far = _decision_reads(compiled, str(term["decide"]), entity)
            call = compiled.table(str(term["decide"])).decide
        else:
            constants[name] = plan.type.clean(plan.field, term)
            continue
        fills[name] = Fill(name, call, plan.field.value is not None, frozenset(inputs), far, plan.field.where)
    return constants, tuple(_in_order(fills))


def _in_order(fills: Mapping[str, Fill]) -> Iterator[Fill]:
    """Each fill after those it reads. Circles are refused when the site is loaded; here they keep the file's order."""
    done: set[str] = set()

    def visit(fill: Fill, path: frozenset[str]) -> Iterator[Fill]:
        if fill.name in done or fill.name in path:
            return
        for name in sorted(fill.inputs):
            if name in fills:
                yield from visit(fills[name], path | {fill.name})
        if fill.name not in done:
            done.add(fill.name)
            yield fill

    for fill in fills.values():
        yield from visit(fill, frozenset())


def expressions_in(term: Expression | Condition) -> Iterator[Expression]:
    """Every expression in a condition, in order."""
    if isinstance(term, Expression):
        yield term
    else:
        for part in term.parts:
            yield from expressions_in(part)


def reads(compiled: Compiled, term: Expression | Condition, entity: Entity) -> tuple[set[str], bool]:
    """The record's own fields an expression reads, and whether it reads beyond them."""
    inputs: set[str] = set()
    far = False
    for expression in expressions_in(term):
        for node in ast.walk(expression.tree):
            if isinstance(node, ast.Name) and node.id in entity.fields:
                inputs.add(node.id)
                far = far or entity.fields[node.id].type == "backlink"
            elif isinstance(node, ast.Attribute):
                own = isinstance(node.value, ast.Name) and node.value.id == entity.name
                inputs |= {node.attr} if own and node.attr in entity.fields else set()
                far = far or not own
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                more, beyond = _call_reads(compiled, node, entity)
                inputs.update(more)
                far = far or beyond
    return inputs, far


def _call_reads(compiled: Compiled, node: ast.Call, entity: Entity) -> tuple[Iterable[str], bool]:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name == "decide" and node.args and isinstance(node.args[0], ast.Constant):
        return _decision_reads(compiled, str(node.args[0].value), entity)
    needs = getattr(compiled.functions.get(name), "needs", ())
    return (), bool(needs)


def _decision_reads(compiled: Compiled, name: str, entity: Entity) -> tuple[set[str], bool]:
    inputs: set[str] = set()
    far = False
    document = compiled.manifest.decisions.get(name)
    for expression in document.inputs.values() if document else ():
        more, beyond = reads(compiled, expression, entity)
        inputs |= more
        far = far or beyond
    return inputs, far
