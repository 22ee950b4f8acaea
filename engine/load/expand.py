"""What is written short becomes plain: a state's ``within`` an SLA, an escalation and a transition's ``do`` triggers. Floor: 5.

So that at run time only ``sla.py`` keeps clocks and only ``trigger.py`` runs steps. Each keeps the place it was written at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from engine.model.entity import Entity, Field
from engine.model.sla import EventPattern, Sla
from engine.model.state_machine import StateMachine
from engine.model.terms import Choice, Label
from engine.model.trigger import Trigger, When

#: What an amount is in when neither its field nor the site says.
CURRENCY = "CNY"


def machine_fields(entities: Mapping[str, Entity], machines: Iterable[StateMachine]) -> dict[str, Entity]:
    """The entities with the field every machine over them keeps its state in (made where it is missing)."""
    found = dict(entities)
    for machine in machines:
        entity = found.get(machine.entity)
        if entity is None or not machine.field:
            continue
        known = entity.fields.get(machine.field)
        if known is not None and known.type != "state":
            continue  # told as D034
        choices = tuple(Choice(state.name, state.label) for state in machine.states.values())
        options = {"machine": machine.name}
        if known is None:
            label = machine.label if machine.label != Label() else Label("状态", "State")
            known = Field(name=machine.field, type="state", label=label, where=machine.where)
        kept = replace(known, choices=choices, options={**known.options, **options}, index=True)
        found[machine.entity] = replace(entity, fields={**entity.fields, machine.field: kept})
    return found


def currencies(entities: Mapping[str, Entity], currency: str) -> dict[str, Entity]:
    """The entities with the site's currency in every amount that names none."""
    if currency == CURRENCY:
        return dict(entities)
    found = {}
    for name, entity in entities.items():
        amounts = {
            each.name: replace(each, options={**each.options, "currency": currency})
            for each in entity.fields.values()
            if each.type == "money" and not each.options.get("currency")
        }
        found[name] = replace(entity, fields={**entity.fields, **amounts}) if amounts else entity
    return found


def state_promises(machine: StateMachine) -> Iterator[Sla]:
    """An SLA named ``<machine>.<state>`` for every state with a ``within``: from entering it to leaving it."""
    for state in machine.states.values():
        if state.within is None:
            continue
        params = {"state": state.name, "machine": machine.name}
        yield Sla(
            name=f"{machine.name}.{state.name}",
            label=state.label,
            pack=machine.pack,
            where=state.where,
            entity=machine.entity,
            start=EventPattern(event="entered", params=params, where=state.where),
            stop=EventPattern(event="left", params=params, where=state.where),
            target=state.within,
            calendar=state.calendar,
            warn_at=state.warn_at,
        )


def escalations(sla: Sla) -> Iterator[Trigger]:
    """A trigger named ``<sla>.escalate.<i>`` for every escalation, on ``sla_breached`` at that step."""
    for index, escalation in enumerate(sla.escalate):
        step = f"escalate.{index}"
        yield Trigger(
            name=f"{sla.name}.{step}",
            label=sla.label,
            pack=sla.pack,
            where=escalation.where,
            when=When(
                event="sla_breached",
                entity=sla.entity,
                params={"sla": sla.name, "step": step},
                where=escalation.where,
            ),
            do=escalation.do,
            made_by=f"sla/{sla.name}",
        )


def transition_steps(machine: StateMachine) -> Iterator[Trigger]:
    """A trigger named ``<machine>.<transition>.do`` for every transition that does something."""
    for transition in machine.transitions.values():
        if transition.do:
            yield Trigger(
                name=f"{machine.name}.{transition.name}.do",
                label=transition.label,
                pack=machine.pack,
                where=transition.where,
                when=When(
                    event="transition",
                    entity=machine.entity,
                    params={"machine": machine.name, "transition": transition.name},
                    where=transition.where,
                ),
                do=transition.do,
                made_by=f"state_machine/{machine.name}",
            )
