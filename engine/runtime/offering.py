"""What may be done next with a record, what each step still needs, and what goes by itself. Floor: 5."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.errors import Problem
from engine.expression.evaluate import Environment
from engine.facts import Record
from engine.runtime import approval, evidence, form, state_machine
from engine.runtime.access import access_of
from engine.runtime.context import Context
from engine.runtime.machine import MachinePlan, TransitionPlan
from engine.runtime.plans import EntityPlan
from engine.store import approvals


@dataclass(frozen=True, slots=True)
class Offer:
    """A transition a person may take from here, and what is still missing for it."""

    name: str
    machine: str
    label: str
    to: str
    to_label: str
    form: str | None
    allowed: bool
    missing: tuple[Problem, ...] = ()
    fields: tuple[str, ...] = ()
    reasons: tuple[Problem, ...] = field(default=())
    approval: str = ""
    """Empty, ``needed`` (somebody must agree first) or ``open`` (they are being asked)."""


def offered(context: Context, entity_name: str, record_id: int) -> list[Offer]:
    """The transitions that start from where the record stands, in the file's order, each with what it still needs."""
    plan = context.plan(entity_name)
    record = context.need(entity_name, record_id)
    values = context.plain(record)
    environment = context.environment(plan.name, values)
    access = access_of(context, entity_name)
    changeable = context.actor.is_system or access.may("update", values)
    offers: list[Offer] = []
    asked = _asked(context, plan, record)
    for machine in plan.machines:
        for chosen in machine.transitions.values():
            if record.values[machine.field] not in chosen.sources or chosen.transition.auto:
                continue
            reasons = state_machine.closed(context, plan, chosen, values)
            one = chosen.transition
            lacking = state_machine.missing(context, plan, chosen, values, environment, [])
            wanted = approval.needed(context, one.approve, plan.name, values)
            if wanted and one.approve is not None:
                lacking += evidence.gather(context, plan, one.approve.evidence, record.id, values)[0]
            waits = f"{machine.name}.{one.name}" in asked
            target = machine.definition.states.get(one.to)
            offers.append(
                Offer(
                    name=one.name,
                    machine=machine.name,
                    label=one.label.text(context.language) or one.name,
                    to=one.to,
                    to_label=(target.label.text(context.language) if target else "") or one.to,
                    form=one.form,
                    allowed=changeable and not reasons and not waits,
                    missing=tuple(state_machine.once(lacking)),
                    fields=_to_fill(context, plan, chosen, lacking),
                    reasons=tuple(reasons),
                    approval="open" if waits else "needed" if wanted else "",
                )
            )
    return offers


def _asked(context: Context, plan: EntityPlan, record: Record) -> frozenset[str]:
    """The transitions somebody is being asked about, as ``machine.transition``."""
    if not any(each.transition.approve for machine in plan.machines for each in machine.transitions.values()):
        return frozenset()
    waiting = approvals.of_record(context.connection, plan.name, record.id, "open")
    return frozenset(each.name for each in waiting if each.kind == "transition")


def _to_fill(context: Context, plan: EntityPlan, chosen: TransitionPlan, lacking: list[Problem]) -> tuple[str, ...]:
    names = [problem.field for problem in lacking if problem.field in plan.fields]
    if chosen.transition.form:
        names = [*form.fields_of(form.of(context, plan, chosen.transition.form)), *names]
    return tuple(dict.fromkeys(names))


def automatic(context: Context, plan: EntityPlan, record: Record) -> str | None:
    """The first ``auto`` transition the record is ready for, as ``machine.transition``, or None."""
    environment: Environment | None = None
    for machine in plan.machines:
        for chosen in machine.automatic:
            if record.values[machine.field] not in chosen.sources:
                continue
            if chosen.transition.approve is not None and _tried(context, record, machine, chosen):
                continue
            values = context.plain(record)
            environment = environment or context.environment(plan.name, values)
            if not state_machine.closed(context, plan, chosen, values) and not state_machine.missing(
                context, plan, chosen, values, environment, []
            ):
                return f"{machine.name}.{chosen.transition.name}"
    return None


def _tried(context: Context, record: Record, machine: MachinePlan, chosen: TransitionPlan) -> bool:
    """Whether this was asked for already: what goes by itself asks once, not after every save."""
    name = f"{machine.name}.{chosen.transition.name}"
    return any(each.name == name for each in approvals.of_record(context.connection, record.entity, record.id))
