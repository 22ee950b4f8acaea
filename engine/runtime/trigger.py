"""A trigger at work: its condition, its steps one by one, its trace; what fails takes only itself back. Floor: 5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine import said
from engine.errors import FlowloomError, Problem
from engine.facts import SYSTEM, Actor, Event
from engine.runtime import circles, launch, log
from engine.runtime.acts import Acting
from engine.runtime.plans import TriggerPlan
from engine.runtime.ring import HOPS
from engine.runtime.state_machine import TransitionRefused


def start(context: Acting, plan: TriggerPlan, event: Event) -> bool:
    """Run the trigger for an event it waits for; True when its condition held. Never raises for what its steps do:
    that is taken back, recorded as a failed run, and the turn goes on. ``context`` has all rights. One whose steps reach
    outside or wait is only written down here: it leaves the turn with its commit."""
    trigger, ring = plan.trigger, context.ring
    actor = actor_of(context, trigger.run_as, event)
    if plan.condition is not None:
        looking = context if actor.is_system else context.derive(actor, f"trigger:{trigger.name}")
        try:
            if not plan.condition(looking.scene(event)):
                return False
        except FlowloomError as error:
            _failed(context, plan, event, error, [])
            return False
    if trigger.name in context.parts.paused:
        log.run(context, plan, event, "skipped", {"paused": True})
        return False
    chain = ring.chain
    about = (trigger.name, event.entity, event.record)
    times = ring.runs[about] = ring.runs.get(about, 0) + 1
    if len(chain) >= HOPS or times > HOPS:
        _stopped(context, plan, event, chain, times)
        return False
    acting = context.derive(actor, f"trigger:{trigger.name}")
    if plan.durable:
        return launch.launch(acting, plan, event, (*chain, trigger.name)) is not None
    mark = ring.mark()
    ring.chain = (*chain, trigger.name)
    trace: list[Mapping[str, Any]] = []
    try:
        with context.connection.savepoint():
            acting.inside(trace).run_out(trigger.do, event)
    except Exception as error:
        # One rule that fails must not cost anybody else their work: the turn goes on without it.
        ring.take_back(mark)
        if isinstance(error, TransitionRefused):
            ring.refusals.append(error.event)
        _failed(context, plan, event, error, trace)
    else:
        log.run(context, plan, event, "done", {"steps": trace})
    finally:
        ring.chain = chain
    return True


def _stopped(context: Acting, plan: TriggerPlan, event: Event, chain: tuple[str, ...], times: int) -> None:
    """Rules go in a circle: the chain ends here, and is shown once for each rule and record. Those that lead back to
    themselves are paused."""
    if len(chain) < HOPS and times > HOPS + 1:
        return
    trigger = plan.trigger
    shown = " → ".join([*chain, trigger.name])
    problem = Problem("R081", trigger.where, parameters={"chain": shown, "hops": HOPS})
    context.ring.warnings.append(problem)
    log.run(context, plan, event, "stopped", {"chain": [*chain, trigger.name], "problem": said.kept(problem)})
    circles.pause(context, (*chain, trigger.name), event)


def actor_of(context: Acting, run_as: str, event: Event) -> Actor:
    """Whose rights a rule has: ``system`` all, ``actor`` those of whoever caused the event, ``owner`` those of whoever
    published the rules."""
    if run_as == "system":
        return SYSTEM
    return event.actor if run_as == "actor" else context.parts.publisher


def _failed(
    context: Acting, plan: TriggerPlan, event: Event, error: Exception, trace: Sequence[Mapping[str, Any]]
) -> None:
    problems = said.problems_of(error)
    label = plan.trigger.label.text(context.language) or plan.trigger.name
    reason = "; ".join(problem.what(context.language) for problem in problems)
    context.ring.warnings.append(Problem("R082", plan.trigger.where, parameters={"trigger": label, "reason": reason}))
    log.run(context, plan, event, "failed", {"steps": trace, "problems": [said.kept(each) for each in problems]})
