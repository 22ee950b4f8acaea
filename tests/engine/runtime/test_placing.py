"""Where a run goes on when its rule's steps change under it."""

from __future__ import annotations

from typing import Any

import pytest

from engine.model.terms import Step
from engine.model.trigger import Trigger, When
from engine.runtime.course import ON_ERROR, Frame
from engine.runtime.placing import place


def step(text: str, **params: Any) -> Step:
    """``wait 2h``: what is done, and how; ``call#erp`` has an id."""
    action, _, how = text.partition(" ")
    action, _, id = action.partition("#")
    return Step(action, {"how": how, **params}, id)


def rule(*texts: str | Step, **more: Any) -> Trigger:
    steps = tuple(one if isinstance(one, Step) else step(one) for one in texts)
    return Trigger(name="order", when=When(event="created"), do=steps, **more)


OLD = rule("call a", "wait 2h", "call b")


@pytest.mark.parametrize(
    ("new", "at", "begun", "expected"),
    [
        (rule("call a", "wait 5h", "call b"), 1, True, 1),
        (rule("call a", "call c", "wait 2h", "call b"), 1, True, 2),
        # Not begun yet: what was put before it is done first.
        (rule("call a", "wait 2h", "set x", "call b"), 2, False, 2),
        # The wait is gone: it goes on after the last thing it did.
        (rule("call a", "set x", "call b"), 1, True, 1),
        (rule("call a", "wait 2h"), 2, False, None),
        (rule("wait 2h", "call a", "call b"), 1, True, 2),
    ],
)
def test_a_run_goes_on_with_what_it_began_or_after_what_it_did(
    new: Trigger, at: int, begun: bool, expected: Any
) -> None:
    found = place(OLD, new, (Frame(at=at),), begun=begun)
    assert found is not None
    assert (found.stack[0].at if found.stack else None) == expected


def test_a_step_is_known_by_its_id_wherever_it_is_moved_and_however_it_is_written() -> None:
    old, new = rule("wait 1h", "call#erp a", "set x"), rule("wait 1h", "set y", "set x", "call#erp b")
    found = place(old, new, (Frame(at=1),), begun=True)
    assert found is not None and (found.stack[0].at, found.begun, found.alike) == (3, True, False)


def test_what_was_done_behind_what_was_not_cannot_be_told_apart() -> None:
    old, new = rule("call#a 1", "wait#b 1h"), rule("wait#b 1h", "call#a 1")
    assert place(old, new, (Frame(at=1),), begun=True) is None


def test_inside_a_branch_it_stays_inside_while_the_branch_is_the_same() -> None:
    inner = (step("wait 1h"), step("call a"))
    old = rule("set x", step("branch", **{"if": "a", "then": inner}))
    stack = (Frame(at=1), Frame("then", 1))
    moved = rule("set x", "set y", step("branch", **{"if": "a", "then": (*inner, step("call b"))}))
    found = place(old, moved, stack, begun=True)
    assert found is not None and [(frame.block, frame.at) for frame in found.stack] == [("do", 2), ("then", 1)]
    asked = rule("set x", step("branch", **{"if": "b", "then": inner}))
    assert place(old, asked, stack, begun=True) is None
    assert place(old, rule("set x"), stack, begun=True) is None


def test_among_the_steps_after_an_error_it_goes_on_only_where_there_are_some() -> None:
    old = rule("call a", on_error=(step("wait 1h"), step("set x")))
    assert place(old, rule("call a"), (Frame(ON_ERROR),), begun=True) is None
    found = place(old, rule("call a", on_error=(step("wait 2h"),)), (Frame(ON_ERROR),), begun=True)
    assert found is not None and found.stack[0].block == ON_ERROR
