"""Where a run that stands among a rule's old steps goes on among its new ones. Floor: 5.

Steps are paired block by block: by ``id``, then where they are written alike, then one of the same kind in the same place. What
a run has begun it goes on with; else it goes on after the last thing it did that is still among the steps.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any

from engine.model.diff import plain
from engine.model.terms import Step
from engine.model.trigger import Trigger
from engine.runtime import course
from engine.runtime.course import Frame, Stack


@dataclass(frozen=True, slots=True)
class Place:
    """Where to go on. ``alike``: the step is written as it was; ``begun``: it is one the run has begun."""

    stack: Stack
    alike: bool = False
    begun: bool = False


def differs(old: Trigger, new: Trigger) -> bool:
    """Whether a rule does anything else than before: what it is called and where it is written makes no difference."""
    return _rest(old) != _rest(new)


def _rest(rule: Trigger) -> dict[str, Any]:
    found: dict[str, Any] = plain(rule)
    return {key: value for key, value in found.items() if key not in ("label", "summary", "pack", "made_by")}


def _text(step: Step) -> str:
    return json.dumps(plain(step), sort_keys=True, default=str)


def partners(old: Sequence[Step], new: Sequence[Step]) -> dict[int, int]:
    """Old position -> new position of each step that is still there."""
    places = {step.id: at for at, step in enumerate(new) if step.id}
    found = {at: places[step.id] for at, step in enumerate(old) if step.id in places}
    matcher = SequenceMatcher(None, [_text(step) for step in old], [_text(step) for step in new], autojunk=False)
    for how, begin, end, other, last in matcher.get_opcodes():
        if how not in ("equal", "replace"):
            continue
        taken = set(found.values())
        for at in range(begin, end):
            if at in found:
                other = max(other, found[at] + 1)
                continue
            alike = (one for one in range(other, last) if one not in taken and _fits(old[at], new[one]))
            match = next(alike, None)
            if match is not None:
                found[at], other = match, match + 1
                taken.add(match)
    return found


def _fits(old: Step, new: Step) -> bool:
    return old.action == new.action and (not new.id or not old.id or old.id == new.id)


def place(old: Trigger, new: Trigger, stack: Stack, *, begun: bool) -> Place | None:
    """Where a run that stands at ``stack`` goes on; None where that cannot be told. ``begun``: it has begun that step."""
    found: list[Frame] = []
    for depth, frame in enumerate(stack):
        here = (*found, replace(frame, at=0))
        before, after = course.block_of(old, stack[: depth + 1]), course.block_of(new, here)
        pairs = partners(before, after)
        own = pairs.get(frame.at)
        done = [pairs[at] for at in range(frame.at) if at in pairs]
        if own is not None and any(one > own for one in done):
            return None  # the order is another one: what was done and what was not cannot be told apart
        if depth < len(stack) - 1:
            if own is None or not _holds(before[frame.at], after[own], stack[depth + 1].block):
                return None
            found.append(replace(frame, at=own))
            continue
        if not depth and frame.block == course.ON_ERROR and not after:
            return None
        if begun and own is not None and before[frame.at].action == after[own].action:
            alike = _text(before[frame.at]) == _text(after[own])
            return Place((*found, replace(frame, at=own)), alike, True)
        at = max(done) + 1 if done else 0
        return Place(course.settled(new, (*found, replace(frame, at=at))))
    return None


def _holds(old: Step, new: Step, block: str) -> bool:
    """Whether a step that others are inside of is still the same but for these."""
    if old.action != new.action or not isinstance(new.params.get(block), tuple):
        return False

    def rest(step: Step) -> dict[str, Any]:
        steps = {name for name, value in step.params.items() if isinstance(value, tuple) and _are_steps(value)}
        return {name: plain(value) for name, value in step.params.items() if name not in steps}

    return rest(old) == rest(new)


def _are_steps(value: tuple[Any, ...]) -> bool:
    return all(isinstance(each, Step) for each in value)
