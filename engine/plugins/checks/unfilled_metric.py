"""The check ``unfilled_metric``. Floor: 4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from engine.errors import Problem
from engine.model.entity import Entity
from engine.model.manifest import Manifest
from engine.model.metric import Metric
from engine.plugins.checks.walk import expressions, names, steps
from engine.plugins.slots import Check


class UnfilledMetric(Check):
    """A metric over a field that no form, rule, connection, default or formula ever fills."""

    name = "unfilled_metric"
    title: ClassVar[Mapping[str, str]] = {"zh": "指标用到没人填的字段", "en": "Metric over a field nobody fills"}

    def run(self, manifest: Manifest) -> Iterator[Problem]:
        """L009 for each metric and field; an entity without any form may be filled by hand everywhere."""
        asked = {form.entity for form in manifest.forms.values()}
        written = by_steps(manifest)
        known_of: dict[str, set[str]] = {}
        for metric in manifest.metrics.values():
            entity = manifest.entities.get(metric.entity)
            if entity is None or entity.name not in asked:
                continue
            known = known_of.setdefault(entity.name, set())
            if not known:
                known |= filled(manifest, entity) | written
            for name in sorted(reads(metric) & (entity.fields.keys() - known)):
                where = entity.fields[name].where
                yield Problem("L009", metric.where, parameters={"metric": metric.name, "field": name}, also=where)


def reads(metric: Metric) -> set[str]:
    """The bare names a metric uses."""
    found = {name for expression in expressions(metric) for name in names(expression)}
    return found | set(metric.fill_rate) | {metric.time.partition(".")[0]}


def filled(manifest: Manifest, entity: Entity) -> set[str]:
    """The fields of an entity something fills."""
    found = {
        name
        for name, field in entity.fields.items()
        if field.default is not None or field.value is not None or field.type in ("state", "sequence", "backlink")
    }
    for form in manifest.forms.values():
        if form.entity == entity.name:
            found |= {*form.fields, *form.fill, *form.ask_one_of}
            found |= {name for section in form.sections.values() for name in section.fields}
    for connection in manifest.connections.values():
        if connection.into == entity.name:
            found |= {*connection.map, *connection.set}
    for assignment in manifest.assignments.values():
        if assignment.entity == entity.name:
            found.add(assignment.field)
    return found


def by_steps(manifest: Manifest) -> set[str]:
    """The fields any step writes."""
    found: set[str] = set()
    for trigger in manifest.triggers.values():
        for step in steps(trigger.do):
            # Whose record a step writes is only known when it runs: any field of that name counts as filled.
            written = step.params if step.action == "set" else step.params.get("set")
            found |= set(written) if isinstance(written, Mapping) else set()
    return found
