"""A manifest made ready to run: every expression compiled, every list a write needs already in order. Floor: 5.

Built once for a published manifest and shared by all its turns, so that saving a record searches for nothing.
An entity's plan is made when it is first needed; ``prepare`` makes them all, which is what a publish does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from engine.expression.evaluate import compile_expression
from engine.expression.parse import Condition, Expression
from engine.expression.template import compile_template
from engine.expression.types import Scope, Type, record_of
from engine.model.assignment import Assignment
from engine.model.entity import Field
from engine.model.manifest import Manifest
from engine.model.pack import Parameter
from engine.model.terms import Duration, Step, Template
from engine.plugins.registry import Registry
from engine.plugins.scopes import candidate_names, entity_types, record_scope, rule_names
from engine.plugins.slots import EventPlugin, FieldType, StepPlugin, Strategy
from engine.runtime import calendar, course, decision
from engine.runtime.calendar import WorkTime
from engine.runtime.decision import Table
from engine.runtime.planning import build_plan, counter_name
from engine.runtime.plans import AssignmentPlan, Call, EntityPlan, TriggerPlan

#: Field types that stand in a title as they are stored.
PLAIN = frozenset({"text", "long_text", "phone", "email", "url", "uscc", "sequence", "integer"})


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
        self._known: dict[tuple[int, str | None, str, tuple[str, ...]], tuple[Expression | Condition, Call]] = {}
        self._steps: dict[int, tuple[Step, StepPlugin, str]] = {}
        self._targets: dict[tuple[str | None, tuple[str, ...], Expression], str | None] = {}
        self._templates: dict[tuple[str, str], Callable[..., str]] = {}
        self._plans: dict[str, EntityPlan] = {}
        self._backlinks: dict[tuple[str, str], tuple[str, str]] = {}
        self._alone: dict[str, bool] = {}
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

    def backlink(self, entity: str, name: str) -> tuple[str, str]:
        """(entity, field) that a backlink field leads back from; KeyError when there is no such field."""
        found = self._backlinks.get((entity, name))
        if found is None:
            field = self.manifest.entities[entity].fields[name]
            found = field.to or field.options.get("to", ""), field.via or field.options.get("via", "")
            self._backlinks[entity, name] = found
        return found

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

        where, plan = rule.candidates.where_, self.plan(rule.entity)
        counted = counter_name(rule, plan.machines)
        return AssignmentPlan(
            where=self.call(where, rule.entity, "candidate") if where is not None else None,
            open=limit(rule.limits.open) if rule.limits else None,
            per_day=limit(rule.limits.per_day) if rule.limits else None,
            factors={name: self.call(each.value, rule.entity, "candidate") for name, each in rule.score.items()},
            counter=next((one for one in plan.counted if one.name == counted), None),
            counted=f"open_{rule.entity}s",
            strategy=self.registry.get(Strategy, rule.strategy),
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
        # The same text means the same function, but to compare the texts of a condition takes longer than most conditions
        # do: what was asked for before is known by being the same object.
        place = (id(expression), entity, kind, outer)
        known = self._known.get(place)
        if known is not None and known[0] is expression:
            return known[1]
        key = (entity, kind, outer, expression)
        call = self._calls.get(key)
        if call is None:
            call = self._calls[key] = compile_expression(expression, self.scope(entity, kind, outer), self.functions)
        self._known[place] = (expression, call)
        return call

    def step(self, step: Step) -> tuple[Step, StepPlugin, str]:
        """The step, what carries it out, and where it is written. KeyError for an action nobody knows."""
        known = self._steps.get(id(step))
        if known is None or known[0] is not step:
            known = self._steps[id(step)] = (step, self.registry.get(StepPlugin, step.action), str(step.where))
        return known

    def entity_of(self, expression: Expression, entity: str | None, outer: tuple[str, ...] = ()) -> str | None:
        """The entity of the record an expression of a rule gives, or None when it gives no record."""
        key = (entity, outer, expression)
        if key not in self._targets:
            from engine.expression.types import check

            self._targets[key] = check(expression, self.scope(entity, "rule", outer), self.functions)[0].entity
        return self._targets[key]

    def titled_alone(self, entity: str) -> bool:
        """True when a record's title needs nothing but its own fields: no link, no clock, no parameter."""
        known = self._alone.get(entity)
        if known is None:
            title, own = self.manifest.entities[entity].title, self.manifest.entities[entity].fields
            known = self._alone[entity] = title is None or (
                # A filter may look at the clock.
                "|" not in title.text
                and all(
                    len(path) == 1 and path[0] in own and own[path[0]].type in PLAIN
                    for path in compile_template(title).paths
                )
            )
        return known

    def template(self, template: Template) -> Callable[..., str]:
        """The template as a function of the names it is rendered with, compiled once."""
        key = (template.text, template.escape)
        found = self._templates.get(key)
        if found is None:
            made = compile_template(template, template.escape).render
            currency = self.manifest.site.currency
            found = self._templates[key] = partial(made, timezone=self.zone, currency=currency)
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
                durable = course.is_durable(trigger.do, self.registry, self.manifest)
                yield TriggerPlan(trigger, self.registry.find(EventPlugin, event), condition, durable)

    def watched(self) -> frozenset[str]:
        """The entities whose records a run may wait for: a change of one wakes it."""
        return frozenset(
            str(each.when.entity or each.when.params.get("each"))
            for each in self.manifest.triggers.values()
            if (each.when.entity or each.when.params.get("each"))
            and course.is_durable(each.do, self.registry, self.manifest)
        )

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
