"""The plan of an entity, made once from its manifest. Floor: 5."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.expression.parse import Condition, Expression, functions_of, names_of
from engine.model.assignment import Assignment
from engine.model.entity import SYSTEM_FIELDS, Duplicates, Entity, Field
from engine.model.sla import EventPattern
from engine.model.terms import Duration, Template
from engine.plugins.slots import EventPlugin, FieldType
from engine.runtime import machine
from engine.runtime.inputs import decision_reads, expressions_in, reads
from engine.runtime.machine import MachinePlan
from engine.runtime.plans import (
    Call,
    CounterPlan,
    DuplicatePlan,
    EntityPlan,
    FieldPlan,
    Fill,
    IdlePlan,
    PatternPlan,
    SlaPlan,
)
from engine.store.tables import FILES

if TYPE_CHECKING:
    from engine.runtime.compiled import Compiled

#: What an expression gives for these fields, where they have no bounds, needs no cleaning.
EXACT: Mapping[str, type] = {"yes_no": bool, "number": float}
#: What these names mean to a rule is no field of the record.
RULE_NAMES = frozenset({"me", "param", "old", "event", "each", "steps"})
#: Field types whose value the engine alone decides; they are never typed in.
UNWRITABLE = frozenset({"backlink", "sequence"})


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
    slas = tuple(_slas(compiled, entity))
    unique = [(name,) for name, each in entity.fields.items() if each.unique]
    blank = dict.fromkeys([*fields, *SYSTEM_FIELDS])
    return EntityPlan(
        entity=entity,
        name=entity.name,
        fields=fields,
        writable=frozenset(name for name, plan in fields.items() if plan.writable),
        fills=fills,
        required=tuple(plan for plan in plans if plan.field.required and plan.writable),
        conditional=tuple(plan for plan in plans if plan.required_if or plan.visible or plan.read_only_if),
        checked=tuple(plan for plan in plans if plan.bounded),
        linked=tuple(plan for plan in plans if plan.links_to),
        filed=tuple(plan for plan in plans if plan.field.type in FILES),
        unique=tuple(dict.fromkeys([*unique, *entity.unique])),
        duplicates=tuple(_duplicates(compiled, entity, rule) for rule in entity.duplicates.values()),
        machines=machines,
        machine_of=states,
        owners=tuple(sorted(owners)),
        blank=blank,
        fresh={**blank, **constants, **{each.field: each.definition.initial for each in machines}},
        stored=frozenset(name for name, plan in fields.items() if plan.field.type != "backlink"),
        numbered=tuple(name for name, plan in fields.items() if plan.field.type == "sequence"),
        title=_title(compiled, entity.title) if entity.title else None,
        idle=tuple(_idles(compiled, entity)),
        counted=tuple(_counted(compiled, entity, machines)),
        slas=slas,
        heard=_heard(slas),
        lasting=frozenset(each.timer for each in slas if each.start.event is None),
        automatic=any(each.automatic for each in machines),
        itself=next((name for name, plan in fields.items() if plan.links_to == entity.name), None),
        shown=tuple(name for name, plan in fields.items() if plan.field.type != "backlink"),
        keyed=tuple(
            name
            for name in fields
            if any(
                name in rule.compare or (name in rule.match and "exact" not in rule.match.values())
                for rule in entity.duplicates.values()
            )
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


def _duplicates(compiled: Compiled, entity: Entity, rule: Duplicates) -> DuplicatePlan:
    exact = tuple(name for name, how in rule.match.items() if how == "exact")
    worded = rule.compare if rule.compare or exact else tuple(rule.match)
    return DuplicatePlan(rule, compiled.call(rule.where_, entity.name) if rule.where_ else None, exact, worded)


def _slas(compiled: Compiled, entity: Entity) -> Iterator[SlaPlan]:
    def call(term: Expression | Condition | None) -> Call | None:
        return compiled.call(term, entity.name, "rule") if term is not None else None

    def pattern(one: EventPattern) -> PatternPlan:
        plugin = compiled.registry.find(EventPlugin, one.event) if one.event else None
        near = one.if_ is not None and _near(compiled, one.if_, entity)
        return PatternPlan(one.event, plugin, one.params, call(one.if_), near)

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
            general=not isinstance(sla.target, Duration)
            and names_of(sla.target) <= {"param"}
            and not functions_of(sla.target),
        )


def _heard(slas: tuple[SlaPlan, ...]) -> Mapping[str, tuple[SlaPlan, ...]]:
    named = {each.start.event or "" for each in slas} | {each.stop.event or "" for each in slas} | {""}
    return {event: tuple(each for each in slas if each.hears(event)) for event in named}


def _near(compiled: Compiled, term: Expression | Condition, entity: Entity) -> bool:
    """True when it needs the record's own fields by their bare names and nothing else."""
    _, far = reads(compiled, term, entity)
    return not far and names_of(term) <= entity.fields.keys() - RULE_NAMES


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
        call, near = None, False
        if assignment.open_if is not None:
            reads_fields, far = reads(compiled, assignment.open_if, entity)
            near = not far and names_of(assignment.open_if) <= set(entity.fields)
            reads_fields = reads_fields | (set(entity.fields) if far else set())
            call = compiled.call(assignment.open_if, entity.name)
        found[name] = CounterPlan(
            name=name,
            field=assignment.field,
            is_open=call,
            near=near,
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
    names = frozenset().union(*map(names_of, terms))
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
            inputs, far = decision_reads(compiled, str(term["decide"]), entity)
            call = compiled.table(str(term["decide"])).decide
        else:
            constants[name] = plan.type.clean(plan.field, term)
            continue
        exact = EXACT.get(plan.field.type) if plan.field.min is None and plan.field.max is None else None
        computed = plan.field.value is not None
        fills[name] = Fill(
            name=name,
            call=call,
            computed=computed,
            inputs=frozenset(inputs),
            far=far,
            where=plan.field.where,
            field=plan.field,
            clean=plan.type.clean,
            exact=exact,
            empty=plan.type.clean(plan.field, None),
        )
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
