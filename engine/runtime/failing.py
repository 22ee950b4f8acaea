"""A step of a run that failed: tried again, passed over, answered by other steps, or laid where a person sees it. Floor: 5."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from engine import said
from engine.errors import Conflict, NotFound, Problem, WrongUsage
from engine.facts import Actor
from engine.model.trigger import Trigger
from engine.runtime import course, launch
from engine.runtime.acts import Acting
from engine.runtime.run import StepFailed, Void
from engine.store import audit, jobs, runs


def reason_of(error: Exception, language: str = "zh") -> str:
    """What went wrong, in one line."""
    return "; ".join(problem.what(language) for problem in said.problems_of(error))


def give_up(
    context: Acting,
    job: jobs.Kept,
    lease: str,
    run: runs.Run,
    rule: Trigger | None,
    failure: StepFailed,
    again: dt.datetime | None,
) -> bool:
    """Write down a failed attempt; True when the run goes on at once (it passes the step over, or turns to other steps)."""
    connection, now, error = context.connection, context.now, failure.error
    problems = said.problems_of(error)
    reason = said.keep(problems)
    step = {"step": "", "where": str(rule.where) if rule else ""}
    if rule is not None and failure.path:
        at = course.step_at(rule, course.thaw(run.progress["frames"]))
        if at is not None:
            step = {"step": at.action, "where": str(at.where)}
    entry: dict[str, Any] = {**step, "failed": reason, "attempt": job.attempts + 1}
    if again is not None:
        entry["again"] = again
    runs.note(
        connection, run.id, failure.path, "failed", entry, now, entity=run.entity, record=run.record
    )  # fmt: skip
    if again is not None:
        _own(jobs.fail(connection, job.id, lease, reason, again, now))
        return False
    answer = rule.on_error if rule is not None and failure.path else "stop"
    progress = {key: value for key, value in run.progress.items() if key not in ("skip", "sending", "waiting")}
    if answer == "continue":
        jobs.fresh(connection, job.id)
        runs.keep(
            connection,
            run.id,
            {**run.progress, "skip": {"path": failure.path, "reason": reason_of(error, context.language)}},
        )
        return True
    if isinstance(answer, tuple) and run.progress["frames"][0][0] != course.ON_ERROR:
        jobs.fresh(connection, job.id)
        runs.keep(connection, run.id, {**progress, "frames": [course.Frame(course.ON_ERROR).json()]})
        return True
    about = {**run.about, "problems": [said.kept(each) for each in problems], "path": failure.path}
    runs.turn_into(connection, run.id, "failed", now, about)
    _own(jobs.fail(connection, job.id, lease, reason, None, now))
    if rule is not None and rule.mode == "queued":
        launch.next_in_line(context, run.trigger, run.entity, run.record)
    return False


def _own(held: bool) -> None:
    if not held:
        raise Void


def laid_aside(context: Acting, id: int, lease: str) -> None:
    """A job that took its process with it again and again: nobody begins it any more until a person says so."""
    connection = context.connection
    job = jobs.get(connection, id)
    assert job is not None
    problem = Problem("R108", parameters={"times": jobs.DEATHS})
    _own(jobs.fail(connection, id, lease, said.keep([problem]), None, context.now))
    run = runs.get(connection, job.job.run) if job.job.run is not None else None
    if run is not None:
        about = {**run.about, "problems": [said.kept(problem)]}
        runs.turn_into(connection, run.id, "quarantined", context.now, about)
        runs.note(connection, run.id, "", "quarantined", {"claims": job.claims}, context.now, kind="note")


def revive(
    context: Acting, actor: Actor, id: int, given: Mapping[str, Any] | None = None, current: bool = False
) -> None:
    """Let a run that lies dead go on where it stopped, with its old keys. ``given`` replaces parts of what it was to send;
    ``current`` lets it go on by the rule as it is written now. In the audit log with what was changed.

    Raises NotFound (R100), Conflict (R109: it is not dead, or not any more), WrongUsage (R110: nothing is to be sent there;
    R107: the rule has no such step any more).
    """
    connection = context.connection
    run = runs.get(connection, id)
    if run is None:
        raise NotFound(Problem("R100", parameters={"run": id}))
    job = jobs.of_run(connection, id)
    if job is None or not jobs.revive(connection, job.id, context.now):
        raise Conflict(Problem("R109", parameters={"run": id, "state": run.state}))
    progress = dict(run.progress)
    before: dict[str, Any] = {}
    if current:
        rule = context.manifest.triggers.get(run.trigger)
        if rule is None or course.step_at(rule, course.thaw(progress["frames"])) is None:
            raise WrongUsage(Problem("R107", parameters={"path": run.about.get("path", "")}))
        runs.point(connection, id, context.parts.revision)
        progress.pop("sending", None)
    if given:
        sending = progress.get("sending")
        if sending is None:
            raise WrongUsage(Problem("R110", parameters={"run": id}))
        made = list(sending["deliveries"])
        before = made[sending["next"]]
        made[sending["next"]] = {**before, **given}
        progress["sending"] = {**sending, "deliveries": made}
    runs.keep(connection, id, progress)
    about = {key: value for key, value in run.about.items() if key not in ("problems", "path")}
    runs.turn_into(connection, id, "waiting", None, about)
    changed = {key: before.get(key) for key in given or {}}
    audit.write(
        connection, context.now, actor, "retry", entity=run.entity, record=run.record,
        before=changed or None, after=dict(given or {}) or None,
        detail={"run": id, "trigger": run.trigger, "current": current},
    )  # fmt: skip
    runs.note(
        connection, id, "", "retried", {"by": actor.login, "changed": sorted(given or {})}, context.now, kind="note"
    )
    launch.tell(context, job.id)
