"""Where a run stands among its steps, as plain data: a stack of frames, moved one step at a time. Floor: 5.

Steps that only touch records are one step of the course, however many steps they hold. A ``branch`` or an ``each`` that holds a step
which reaches outside or waits is unfolded: its own steps become a frame of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.model.manifest import Manifest
from engine.model.terms import Step
from engine.model.trigger import Trigger
from engine.plugins.registry import Registry
from engine.plugins.slots import StepPlugin

#: The blocks a rule itself has.
DO, ON_ERROR = "do", "on_error"


def effect_of(step: Step, registry: Registry, manifest: Manifest) -> str:
    """none, internal, external or waits; a step that holds steps which reach outside or wait is ``unfolds``."""
    plugin = registry.get(StepPlugin, step.action)
    for block in plugin.blocks(step):
        if is_durable(step.params[block], registry, manifest):
            return "unfolds"
    return plugin.effect_of(step, manifest)


def is_durable(steps: Sequence[Step], registry: Registry, manifest: Manifest) -> bool:
    """True when one of the steps reaches outside or waits: then they outlive their turn."""
    return any(effect_of(step, registry, manifest) in ("external", "waits", "unfolds") for step in steps)


@dataclass(frozen=True, slots=True)
class Frame:
    """A place among steps: the step ``at`` of ``block`` (of the rule, or of the step the frame below stands at). In an ``each``
    ``turn`` counts the records of ``entity``; ``many`` is how many there are (-1: no ``each``)."""

    block: str = DO
    at: int = 0
    entity: str = ""
    turn: int = 0
    many: int = -1

    def json(self) -> list[Any]:
        """The frame as it is kept."""
        return [self.block, self.at, self.entity, self.turn, self.many]


Stack = tuple[Frame, ...]
START: Stack = (Frame(),)


def thaw(kept: Sequence[Sequence[Any]]) -> Stack:
    """The stack behind what was kept."""
    return tuple(Frame(*frame) for frame in kept)


def block_of(trigger: Trigger, stack: Stack) -> Sequence[Step]:
    """The steps the last frame stands in; empty where the rule has changed and has none there."""
    steps: Any = ()
    holder: Step | None = None
    for frame in stack:
        if holder is not None:
            steps = holder.params.get(frame.block, ())
        elif frame.block == ON_ERROR:
            steps = trigger.on_error if isinstance(trigger.on_error, tuple) else ()
        else:
            steps = trigger.do
        if not isinstance(steps, tuple):
            return ()
        holder = steps[frame.at] if frame.at < len(steps) else None
        if holder is None and frame is not stack[-1]:
            return ()
    return tuple(steps)


def step_at(trigger: Trigger, stack: Stack) -> Step | None:
    """The step to be done next; None where the frame's steps are over."""
    steps = block_of(trigger, stack)
    return steps[stack[-1].at] if stack[-1].at < len(steps) else None


def path_of(stack: Stack, records: Mapping[str, Sequence[int]]) -> str:
    """The step's place as text: ``0``, ``1.then.0``, ``2.do#37.1`` (for record 37). The same at every attempt."""
    parts: list[str] = []
    for depth, frame in enumerate(stack):
        if depth or frame.block != DO:
            about = f"#{records[path_of(stack[:depth], records)][frame.turn]}" if frame.many >= 0 else ""
            parts.append(f"{frame.block}{about}")
        parts.append(str(frame.at))
    return ".".join(parts)


def after(trigger: Trigger, stack: Stack) -> Stack:
    """The place of the next step; empty when the rule is over."""
    return settled(trigger, (*stack[:-1], replace(stack[-1], at=stack[-1].at + 1)))


def into(trigger: Trigger, stack: Stack, block: str, entity: str = "", many: int = -1) -> Stack:
    """The place of the first step of a block of the step it stands at; the step after it when there is nothing to do."""
    if not block or many == 0:
        return after(trigger, stack)
    return settled(trigger, (*stack, Frame(block, 0, entity, 0, many)))


def settled(trigger: Trigger, stack: Stack) -> Stack:
    """The stack without frames that are over; an ``each`` goes on with its next record."""
    while stack:
        top = stack[-1]
        if top.at < len(block_of(trigger, stack)):
            return stack
        if top.many >= 0 and top.turn + 1 < top.many:
            stack = (*stack[:-1], replace(top, at=0, turn=top.turn + 1))
            continue
        stack = stack[:-1]
        if stack:
            stack = (*stack[:-1], replace(stack[-1], at=stack[-1].at + 1))
    return ()
