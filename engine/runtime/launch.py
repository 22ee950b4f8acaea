"""A rule that reaches outside or waits leaves its turn: a run and a job in the same commit, carried on after it. Floor: 5."""

from __future__ import annotations

from engine.facts import Event, Job
from engine.runtime import approval, course, log
from engine.runtime.acts import Acting
from engine.runtime.frozen import freeze_event
from engine.runtime.plans import TriggerPlan
from engine.store import approvals, jobs, runs
from engine.store.approvals import Request
from engine.store.connection import Connection


def launch(context: Acting, plan: TriggerPlan, event: Event, chain: tuple[str, ...]) -> int | None:
    """The id of the new run, whose condition held; None where the rule's mode lets none start beside the one that runs."""
    rule, connection = plan.trigger, context.connection
    held = False
    if rule.mode != "parallel":
        runs.alone(connection, rule.name, event.entity, event.record)
        before = runs.live(connection, rule.name, event.entity, event.record)
        if before and rule.mode == "single":
            log.run(context, plan, event, "skipped", {"because_of": before[-1][0]})
            return None
        if rule.mode == "restart":
            for id, _ in before:
                cancel(context, id, "restart")
        held = bool(before) and rule.mode == "queued"
    progress = {
        "event": freeze_event(event),
        "frames": [frame.json() for frame in course.START],
        "results": {},
        "chain": list(chain),
    }
    id = runs.start(
        connection,
        rule.name,
        event.entity,
        event.record,
        event.name,
        context.now,
        state="queued" if held else "waiting",
        revision=context.parts.revision or None,
        user=context.user,
        about={"hop": event.hop, "where": str(rule.where)},
        progress=progress,
    )
    job = jobs.put(
        connection, Job("run", {}, f"run:{id}", context.now, event.entity, event.record, id), context.now, held=held
    )
    if not held:
        tell(context, job)
    return id


def tell(context: Acting, job: int) -> None:
    """Let the executor know of a job once it is durable."""
    send = context.parts.send
    context.connection.after_commit(lambda: send(job))


def cancel(context: Acting, run: int, reason: str) -> bool:
    """A run ends here; a worker that is in the middle of it finds its lease gone, and what it brings is void. False when it is
    over already, or has ended in this moment."""
    connection = context.connection
    found = runs.get(connection, run)
    if found is None or found.state not in runs.LIVE:
        return False
    if not jobs.cancel(connection, [run], context.now):
        return False
    for asked in questions(context, found):
        approval.overtaken(context, asked)
    runs.turn_into(connection, run, "cancelled", context.now, {**found.about, "reason": reason})
    runs.note(connection, run, "", "cancelled", {"reason": reason}, context.now, kind="note")
    return True


def questions(context: Acting, run: runs.Run) -> list[Request]:
    """The open approvals a run waits for."""
    waiting = run.progress.get("waiting")
    if waiting is None:
        return []
    return approvals.of_step(context.connection, run.trigger, waiting["since"], run.entity, run.record)


def next_in_line(context: Acting, trigger: str, entity: str | None, record: int | None) -> None:
    """The oldest run that waited for this one to end goes on."""
    connection = context.connection
    runs.alone(connection, trigger, entity, record)
    for id, state in runs.live(connection, trigger, entity, record):
        if state == "queued":
            runs.turn_into(connection, id, "waiting", None)
            job = jobs.let_go(connection, id, context.now)
            if job is not None:
                tell(context, job)
            return


def wake(context: Acting) -> None:
    """Runs that wait for a change of a record this turn touched look again, once it is committed."""
    watched, earlier = context.parts.watched, context.parts.earlier
    if earlier:
        watched |= earlier
    if not watched:
        return
    connection: Connection = context.connection
    touched = {(e.entity, e.record) for e in context.ring.happened if e.entity in watched and e.record is not None}
    for entity, record in sorted(touched, key=str):
        for job in jobs.wake(connection, str(entity), int(record or 0), "change", context.now):
            tell(context, job)
