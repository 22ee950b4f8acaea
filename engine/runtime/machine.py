"""A state machine made ready: one ``transitions`` machine a definition, which keeps no record. Floor: 5."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.expression.evaluate import Environment
from engine.expression.parse import Condition, Expression
from engine.model.state_machine import Requirement, StateMachine, Transition

if TYPE_CHECKING:
    from transitions import Machine

Call = Callable[[Environment], Any]


class Card:
    """The throw-away model one transition is carried out on: where it stands, and what decides whether it may move."""

    __slots__ = ("guard", "state")

    def __init__(self, state: str, guard: Callable[[], bool]) -> None:
        self.state = state
        self.guard = guard


@dataclass(frozen=True, slots=True)
class Demand:
    """A requirement with its check compiled."""

    requirement: Requirement
    check: Call | None


@dataclass(frozen=True, slots=True)
class TransitionPlan:
    """A transition with its conditions compiled. ``sources`` are the states it may start from."""

    transition: Transition
    sources: frozenset[str]
    condition: Call | None
    demands: tuple[Demand, ...]


@dataclass(frozen=True, slots=True)
class MachinePlan:
    """A state machine with its ``transitions`` machine; ``field`` holds the state."""

    definition: StateMachine
    name: str
    field: str
    machine: Machine
    transitions: Mapping[str, TransitionPlan]
    finals: frozenset[str]
    automatic: tuple[TransitionPlan, ...]

    def move(self, name: str, state: str, guard: Callable[[], bool]) -> str | None:
        """The state after the transition, or None when the guard said no.

        Raises ``transitions.MachineError`` when it does not start from ``state``.
        """
        card = Card(state, guard)
        return card.state if self.machine.events[name].trigger(card) else None


def build(definition: StateMachine, compile_call: Callable[[Expression | Condition], Call]) -> MachinePlan:
    """The machine ready to run. ``compile_call`` compiles in the scope of the machine's entity."""
    from transitions import Machine

    plans = {
        name: TransitionPlan(
            transition=each,
            sources=sources(definition, each),
            condition=compile_call(each.if_) if each.if_ else None,
            demands=tuple(Demand(one, compile_call(one.check) if one.check else None) for one in each.require),
        )
        for name, each in definition.transitions.items()
    }
    machine = Machine(
        model=None,
        states=list(definition.states),
        initial=definition.initial,
        auto_transitions=False,
        transitions=[
            {"trigger": name, "source": sorted(plan.sources), "dest": plan.transition.to, "conditions": _may}
            for name, plan in plans.items()
            if plan.sources
        ],
        send_event=True,
    )
    return MachinePlan(
        definition=definition,
        name=definition.name,
        field=definition.field,
        machine=machine,
        transitions=plans,
        finals=frozenset(name for name, state in definition.states.items() if state.final),
        automatic=tuple(plan for plan in plans.values() if plan.transition.auto),
    )


def sources(definition: StateMachine, transition: Transition) -> frozenset[str]:
    """The states a transition may start from. ``*`` means every one that is neither final nor its own target: what
    is finished is left only by a transition that names it."""
    if transition.from_ == ("*",):
        return frozenset(name for name, state in definition.states.items() if not state.final and name != transition.to)
    return frozenset(transition.from_)


def _may(event: Any) -> bool:
    return bool(event.model.guard())
