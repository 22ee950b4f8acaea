"""One turn of a durable run: everything up to the next thing outside, or the next wait, in one transaction. Floor: 5.

Records are touched and the place the run has reached is kept in the same commit, so each of those steps happens exactly once.
An outside step is made ready here and done between two turns; its result arrives with the next one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import NotFound, Problem
from engine.facts import Event, Record
from engine.model.terms import Step
from engine.model.trigger import Trigger
from engine.plugins.slots import OutsideStep, StepPlugin, WaitingStep
from engine.runtime import course, launch
from engine.runtime.acts import Acting, Stop
from engine.runtime.frozen import freeze, thaw, thaw_event
from engine.runtime.trigger import actor_of
from engine.store import jobs, runs
from engine.store.encode import instant, micros

#: A condition that is waited for is looked at this often, even when nobody changed the record: time alone may fulfil it.
RECHECK = dt.timedelta(hours=1)
#: Later than this is told.
LATE = dt.timedelta(minutes=1)


class Void(Exception):
    """The lease is another's by now: what this worker brings does not count."""


class Errand(Exception):
    """The job is no run of a rule but something else to be done outside."""

    def __init__(self, job: jobs.Kept) -> None:
        super().__init__(job.job.kind)
        self.job = job


class StepFailed(Exception):
    """A step of a run failed: at which place, and why."""

    def __init__(self, path: str, error: Exception) -> None:
        super().__init__(path)
        self.path = path
        self.error = error


@dataclass(frozen=True, slots=True)
class Sending:
    """What is to be done outside next: one delivery of the step at ``path``, under ``key`` at every attempt."""

    path: str
    plugin: OutsideStep
    delivery: Mapping[str, Any]
    key: str
    number: int


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came of a delivery, and how long it took."""

    path: str
    number: int
    result: Any
    seconds: float


def key_of(run: int, progress: Mapping[str, Any], path: str) -> str:
    """Under which key the step at ``path`` of a run is known outside: the same at every attempt, and another one than any step
    had before the run went on by other steps (``mark``); only what it had begun then keeps its key."""
    begun = progress.get("begun")
    if begun is not None and begun["path"] == path:
        return str(begun["key"])
    mark = progress.get("mark")
    return f"run:{run}@{mark}:{path}" if mark else f"run:{run}:{path}"


class Going:
    """A run for the length of one turn."""

    def __init__(self, context: Acting, job: jobs.Kept, lease: str, run: runs.Run, rule: Trigger) -> None:
        self.job, self.lease, self.run, self.rule = job, lease, run, rule
        progress = run.progress
        context.ring.chain = tuple(progress.get("chain", ()))
        self.event: Event = thaw_event(context, progress["event"])
        self.context = context.derive(actor_of(context, rule.run_as, self.event), f"trigger:{rule.name}")
        self.stack = course.thaw(progress["frames"])
        self.results: dict[str, Any] = thaw(progress.get("results", {}))
        self.context.results = self.results
        self.waiting: Mapping[str, Any] | None = progress.get("waiting")
        self.sending: dict[str, Any] | None = progress.get("sending")
        self.skip: Mapping[str, Any] | None = progress.get("skip")
        self._many: dict[str, Sequence[int]] = {}
        self._load_many()

    # --- the way

    def walk(self, arrived: Arrived | None) -> Sending | None:
        """Go on until the run is over, waits, or has something to send. Raises StepFailed."""
        reason = self._pointless()
        if reason:
            launch.cancel(self.context.as_system(), self.run.id, reason)
            self._next()
            return None
        if arrived is not None:
            self._arrive(arrived)
        while self.stack:
            path = self.path
            try:
                stays, sending = self._step(path)
            except Stop:
                break
            except Exception as error:
                raise StepFailed(path, error) from error
            if stays:
                self._keep()
                return sending
        self.finish()
        return None

    def _step(self, path: str) -> tuple[bool, Sending | None]:
        """Do the step it stands at; (True, what to send) when the turn ends here."""
        step = course.step_at(self.rule, self.stack)
        if step is None:
            raise NotFound(Problem("R107", self.rule.where, parameters={"path": path}))
        if self.skip is not None and self.skip["path"] == path:
            self._name(step, {"error": self.skip["reason"], "result": None})
            self.skip = self.sending = None
            return self._past()
        effect = course.effect_of(step, self.context.registry, self.context.manifest)
        acting, event, each = self._standing()
        if effect in ("none", "internal"):
            return self._plain(step, path, acting, event, each)
        acting.each = each
        begun = self.waiting is not None or self.sending is not None
        if not begun and step.if_ is not None and not acting.holds(step.if_, event):
            self._note(path, "skipped", step, {"skipped": True})
            return self._past()
        plugin = self.context.registry.get(StepPlugin, step.action)
        if effect == "unfolds":
            return self._unfold(step, path, plugin, acting, event)
        if isinstance(plugin, WaitingStep):
            return self._wait(step, path, plugin, acting, event)
        assert isinstance(plugin, OutsideStep), step.action
        return self._ready(step, path, plugin, acting, event)

    def _plain(self, step: Step, path: str, acting: Acting, event: Event, each: Any) -> tuple[bool, None]:
        trace: list[Mapping[str, Any]] = []
        acting.inside(trace)
        try:
            acting.run((step,), event, each)
        finally:
            for number, entry in enumerate(trace):
                result = "skipped" if entry.get("skipped") else "failed" if "failed" in entry else "done"
                self._write(path if not number else f"{path}+{number}", result, entry)
        if trace and "result" in trace[0]:
            self._name(step, {"result": trace[0]["result"]})
        return self._past()

    def _unfold(self, step: Step, path: str, plugin: StepPlugin, acting: Acting, event: Event) -> tuple[bool, None]:
        found = plugin.unfold(acting, step, event)
        about = found.result if found.result is not None else {}
        self._note(path, "done", step, {"result": about})
        self._name(step, {"result": about})
        if found.of is None:
            self.stack = course.into(self.rule, self.stack, found.block)
        else:
            ids = list(found.of)
            self._many[path] = ids
            runs.note(self.context.connection, self.run.id, path, "done", ids, self.context.now, kind="many")  # type: ignore[arg-type]
            self.stack = course.into(self.rule, self.stack, found.block, found.entity, len(ids))
        return False, None

    def _wait(self, step: Step, path: str, plugin: WaitingStep, acting: Acting, event: Event) -> tuple[bool, None]:
        now = self.context.now
        first = self.waiting is None or self.waiting["path"] != path
        since = now if first or self.waiting is None else instant(self.waiting["since"])
        found = plugin.look(acting, step, event, since)
        if found.over:
            entry: dict[str, Any] = {"result": found.result, "since": since}
            late = now - self.job.job.due
            if not first and late > LATE:
                entry["late"] = late.total_seconds()
            self.waiting = None
            self._note(path, "done", step, entry)
            self._name(step, {"result": found.result})
            return self._past()
        self.waiting = {"path": path, "since": micros(since), "due": micros(found.due) if found.due else None}
        if first:
            self._note(path, "waiting", step, {"until": found.due} if found.due else {})
        woken = found.wakes or found.due is None
        due = min([each for each in (found.due, now + RECHECK if woken else None) if each is not None])
        wakes = "change" if woken or self.rule.cancel_if is not None else None
        self._own(jobs.release(self.context.connection, self.job.id, self.lease, due, wakes))
        return True, None

    def _ready(
        self, step: Step, path: str, plugin: OutsideStep, acting: Acting, event: Event
    ) -> tuple[bool, Sending | None]:
        if self.sending is None or self.sending["path"] != path:
            made = [dict(each) for each in plugin.prepare(acting, step, event)]
            if not made:
                self._note(path, "done", step, {"result": []})
                self._name(step, {"result": []})
                return self._past()
            self.sending = {"path": path, "deliveries": made, "next": 0, "results": []}
        return True, self._next_delivery(plugin)

    def _next_delivery(self, plugin: OutsideStep) -> Sending:
        assert self.sending is not None
        number, made = self.sending["next"], self.sending["deliveries"]
        key = key_of(self.run.id, self.run.progress, self.sending["path"]) + (f":{number}" if len(made) > 1 else "")
        return Sending(self.sending["path"], plugin, made[number], key, number)

    def _arrive(self, arrived: Arrived) -> None:
        """Keep what came of a delivery; the step is over when it was the last."""
        sending = self.sending
        if sending is None or (sending["path"], sending["next"]) != (arrived.path, arrived.number):
            raise Void
        step = course.step_at(self.rule, self.stack)
        if step is None:
            raise StepFailed(
                arrived.path, NotFound(Problem("R107", self.rule.where, parameters={"path": arrived.path}))
            )
        sending["results"].append(arrived.result)
        sending["next"] += 1
        if self.job.attempts:
            jobs.fresh(self.context.connection, self.job.id)
        more = {"result": arrived.result, "ms": round(arrived.seconds * 1000, 1), "attempt": self.job.attempts + 1}
        self._note(arrived.path, "sent", step, more)
        if sending["next"] < len(sending["deliveries"]):
            return
        whole = sending["results"]
        self._settle(step, arrived.path, whole)
        self.sending = None
        self._name(step, {"result": whole[0] if len(sending["deliveries"]) == 1 else whole})
        self._past()

    def _settle(self, step: Step, path: str, results: Sequence[Any]) -> None:
        plugin = self.context.registry.get(StepPlugin, step.action)
        acting, event, _ = self._standing()
        try:
            if isinstance(plugin, OutsideStep):
                plugin.settle(acting, step, event, results)
        except Exception as error:
            raise StepFailed(path, error) from error

    def receive(self, arrived: Arrived) -> None:
        """Keep what came of a delivery, and go no further."""
        self._arrive(arrived)
        self._keep()

    # --- small things

    @property
    def path(self) -> str:
        """Where it stands, as text."""
        return course.path_of(self.stack, self._many)

    def _past(self) -> tuple[bool, None]:
        self.stack = course.after(self.rule, self.stack)
        return False, None

    def _name(self, step: Step, about: Mapping[str, Any]) -> None:
        if step.id:
            self.results[step.id] = dict(about)
            self.context.ring.scene = None

    def _load_many(self) -> None:
        for depth, frame in enumerate(self.stack):
            if frame.many >= 0:
                path = course.path_of(self.stack[:depth], self._many)
                self._many[path] = runs.many(self.context.connection, self.run.id, path)

    def _standing(self) -> tuple[Acting, Event, Any]:
        """Where the step's expressions look: inside every ``each`` around it."""
        acting, event, each = self.context, self.event, None
        for depth, frame in enumerate(self.stack):
            if frame.many < 0:
                continue
            each = self._many[course.path_of(self.stack[:depth], self._many)][frame.turn]
            inner = acting.around(event)
            inner.results = self.results
            event = inner.about(Record(frame.entity, each, 0, {}), event)
            acting = inner
        return acting, event, each

    def _pointless(self) -> str:
        """Why the run has nothing to do any more; empty while it has."""
        event, context = self.event, self.context
        if event.record is not None and event.name != "deleted" and context.record(event) is None:
            return "deleted"
        if self.rule.cancel_if is not None and context.holds(self.rule.cancel_if, event):
            return "cancel_if"
        return ""

    def _note(self, path: str, result: str, step: Step, more: Mapping[str, Any]) -> None:
        entry: dict[str, Any] = {"step": step.action, "where": str(step.where)}
        if step.id:
            entry["id"] = step.id
        self._write(path, result, {**entry, **more})

    def _write(self, path: str, result: str, entry: Mapping[str, Any]) -> None:
        event = self.event
        runs.note(
            self.context.connection, self.run.id, path, result, entry, self.context.now,
            entity=event.entity, record=event.record,
        )  # fmt: skip

    def _own(self, held: bool) -> None:
        if not held:
            raise Void

    def progress(self) -> dict[str, Any]:
        """Where it stands, to be kept."""
        kept: dict[str, Any] = {
            **self.run.progress,
            "frames": [frame.json() for frame in self.stack],
            "results": freeze(self.results),
        }
        for name, value in (("waiting", self.waiting), ("sending", self.sending), ("skip", self.skip)):
            kept.pop(name, None)
            if value is not None:
                kept[name] = value
        return kept

    def _keep(self) -> None:
        runs.keep(self.context.connection, self.run.id, self.progress())

    def finish(self) -> None:
        """The run is over, and well."""
        connection = self.context.connection
        runs.end(connection, self.run.id, "done", self.context.now, self.progress())
        self._own(jobs.finish(connection, self.job.id, self.lease, self.context.now))
        self._next()

    def _next(self) -> None:
        if self.rule.mode == "queued":
            launch.next_in_line(self.context, self.rule.name, self.run.entity, self.run.record)
