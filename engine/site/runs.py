"""The runs of rules: who may see and retry them, and the workers that carry them. Floor: 6."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine import said
from engine.errors import FlowloomError, NotFound, Problem, Unavailable
from engine.facts import SYSTEM, Actor
from engine.plugins.slots import Carrying, Executor
from engine.runtime import access as rights
from engine.runtime import circles, course, failing, launch, log, turn
from engine.runtime.acts import Acting
from engine.runtime.daily import Daily
from engine.runtime.outside import Outside
from engine.runtime.shelf import Shelf
from engine.runtime.worker import Worker, drain
from engine.site import reading, secret
from engine.site.earlier import Earlier
from engine.site.running import Running
from engine.store import jobs, runs

#: Seconds between two renewals of the leases in hand.
BEAT = 5.0
#: States in which a run waits for a person.
DEAD = ("failed", "quarantined")


class Runs:
    """The runs of one site; ``errands`` does what other kinds of jobs ask for. Nothing is carried before ``start``; without it everything waits in the database."""

    def __init__(self, running: Running, errands: Mapping[str, Callable[[jobs.Kept, str], Any]]) -> None:
        self._running, self._errands = running, errands
        self._secrets = secret.reader(running.folder)
        self._worker = Worker(
            running.database,
            lambda: running.parts,
            Earlier(running).rule,
            errand=lambda job, lease: self._errands[job.job.kind](job, lease),
            way=lambda parts: Outside(
                parts.manifest,
                parts.registry,
                self._secrets,
                Shelf(running.database, running.files, running.clock),
                Daily(running.database, running.clock, parts.zone),
            ),
        )
        self._executor: Executor | None = None
        self._stop = threading.Event()
        self._beat: threading.Thread | None = None

    # --- carrying

    def start(self, threads: int = 8, *, pages: bool = False) -> str:
        """Begin to carry runs with the executor of ``site.yaml``; its name. In a process with ``pages`` an executor that works
        apart only sends. Raises Unavailable (R122, R123)."""
        running, site = self._running, self._running.manifest.site
        executor = type(running.registry.get(Executor, site.executor))()
        executor.settle(Carrying(threads, self._broker(site.broker), site.name))
        executor.start(None if pages and executor.apart else self._worker.do, self._due)
        self._executor = executor
        running.send, running.working = executor.send, True
        self._stop.clear()
        self._beat = threading.Thread(target=self._renew, name="leases", daemon=True)
        self._beat.start()
        return executor.name

    def _broker(self, written: str | None) -> str:
        """The broker's address: ``FLOWLOOM_BROKER``, else ``broker:`` of site.yaml, where ``=secret.NAME`` is looked up."""
        chosen = os.environ.get("FLOWLOOM_BROKER") or written or ""
        if not chosen.startswith("=secret."):
            return chosen
        name = chosen.removeprefix("=secret.")
        found = self._secrets(name)
        if found is None:
            raise Unavailable(Problem("R123", parameters={"name": name}))
        return found

    def stop(self) -> None:
        """Return when what was begun is finished; what was only claimed is free for others."""
        if self._executor is None:
            return
        self._running.send, self._running.working = _nobody, False
        self._executor.stop()
        self._executor = None
        self._stop.set()
        if self._beat is not None:
            self._beat.join()
        self._worker.give_back()

    def work(self) -> int:
        """Carry all that is due in this thread; how many jobs."""
        return drain(self._worker)

    def _due(self, limit: int, claim: bool) -> Sequence[int]:
        return self._worker.due(limit, claim) if self._running.published else ()

    def _renew(self) -> None:
        import sys
        import traceback

        while not self._stop.wait(BEAT):
            try:
                self._worker.keep_leases()
            except Exception:  # told and tried again: a lease that is not renewed only means that another takes over
                traceback.print_exc(file=sys.stderr)

    # --- seeing

    def listed(
        self,
        actor: Actor,
        *,
        record: tuple[str, int] | None = None,
        state: str | None = None,
        trigger: str | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> list[dict[str, Any]]:
        """Runs, the latest first. ``state`` is one of a run's, or ``dead`` for all that wait for a person, or ``live``. Of a record
        its readers may see them; all runs those who may audit or configure. Raises Forbidden, NotFound."""
        with self._running.reading(actor) as context:
            whole = self._may(context, actor, record)
            states = {"dead": DEAD, "live": runs.LIVE}.get(state or "", (state,) if state else ())
            entity, number = record if record is not None else (None, None)
            found = runs.listed(
                context.connection,
                states=states,
                entity=entity,
                record=number,
                trigger=trigger,
                before=before,
                limit=limit,
            )
            return [self._shown(context, each, whole) for each in found]

    def read(self, actor: Actor, id: int) -> dict[str, Any]:
        """One run with its steps and what happened to it. Raises NotFound (R100), Forbidden."""
        with self._running.reading(actor) as context:
            found = runs.get(context.connection, id)
            if found is None:
                raise NotFound(Problem("R100", parameters={"run": id}))
            record = (found.entity, found.record) if found.entity and found.record else None
            whole = self._may(context, actor, record)
            shown = self._shown(context, found, whole)
            inline = found.about.get("steps") or []
            shown["steps"] = [_step(each, whole, actor.language) for each in runs.steps(context.connection, id)] or [
                {
                    "path": str(number),
                    "at": found.started_at.isoformat(),
                    "result": _result(entry),
                    **_entry(entry, whole, actor.language),
                }
                for number, entry in enumerate(inline)
            ]
            notes = runs.steps(context.connection, id, "note")
            shown["notes"] = [{"at": each.at.isoformat(), "kind": each.result, **each.about} for each in notes]
            if whole:
                sending = found.progress.get("sending")
                shown["input"] = sending["deliveries"][sending["next"]] if sending else None
            return shown

    def counts(self) -> dict[str, int]:
        """How many jobs there are by state; ``due``: those whose time has come."""
        with self._running.database.read() as connection:
            return jobs.counts(connection, self._running.clock.now())

    def _may(self, context: Acting, actor: Actor, record: tuple[str, int] | None) -> bool:
        """True for those who see all of a run; False for a reader of its record. Raises Forbidden, NotFound."""
        for permission in ("audit", "configure"):
            try:
                rights.check_permit(context.manifest, actor, permission)
                return True
            except FlowloomError as error:
                refusal = error
        if record is None:
            raise refusal
        reading.visible(context, *record)
        return False

    def _shown(self, context: Acting, run: runs.Run, whole: bool) -> dict[str, Any]:
        rule = context.manifest.triggers.get(run.trigger)
        job = jobs.of_run(context.connection, run.id) if run.progress else None
        problems = run.about.get("problems") or ([run.about["problem"]] if "problem" in run.about else [])
        waiting = run.state == "waiting" and job is not None and job.state == "waiting"
        step = (
            course.step_at(rule, course.thaw(run.progress["frames"])) if rule and run.progress.get("frames") else None
        )
        return {
            "id": run.id,
            "trigger": run.trigger,
            "label": (rule.label.text(context.language) if rule else "") or run.trigger,
            "entity": run.entity,
            "record": run.record,
            "event": run.event,
            "state": run.state,
            "at": run.started_at.isoformat(),
            "ended_at": run.ended_at.isoformat() if run.ended_at else None,
            "revision": run.revision,
            "where": run.about.get("where", ""),
            "reason": "; ".join(said.revived(each).what(context.language) for each in problems) if whole else "",
            "step": {"action": step.action, "where": str(step.where)} if step is not None else None,
            "due": job.job.due.isoformat() if waiting and job is not None else None,
            "attempts": job.attempts if job is not None else 0,
            "error": said.sentence(job.error, context.language) if job is not None and whole else None,
        }

    # --- acting

    def retry(
        self, actor: Actor, ids: Sequence[int], given: Mapping[str, Any] | None = None, *, current: bool = False
    ) -> list[int]:
        """Let dead runs go on, each in a turn of its own; those that do. ``given`` replaces parts of what was to be sent, ``current``
        takes the rule as it is written now. Raises Forbidden, and for a single one NotFound, Conflict, WrongUsage."""
        rights.check_permit(self._running.manifest, actor, "configure")
        done: list[int] = []
        for id in ids:
            try:
                turn.run(
                    self._running.parts, self._running.database, SYSTEM,
                    lambda context, id=id: failing.revive(context, actor, id, given, current),  # type: ignore[misc]
                    via="retry",
                )  # fmt: skip
                done.append(id)
            except FlowloomError:
                if len(ids) == 1:
                    raise
        return done

    def cancel(self, actor: Actor, id: int) -> None:
        """End a run that is not over. Raises Forbidden, NotFound (R100)."""
        rights.check_permit(self._running.manifest, actor, "configure")

        def work(context: Acting) -> None:
            found = runs.get(context.connection, id)
            if found is None:
                raise NotFound(Problem("R100", parameters={"run": id}))
            launch.cancel(context, id, f"user:{actor.login}")
            launch.next_in_line(context, found.trigger, found.entity, found.record)

        turn.run(self._running.parts, self._running.database, SYSTEM, work, via="cancel")

    def paused(self, actor: Actor) -> list[dict[str, Any]]:
        """The rules that were paused for going in a circle: ``trigger``, ``label``, ``at``, the ``chain`` that was stopped (as people
        read it: ``into``, ``round``), the record it was about and ``by`` whose doing. Raises Forbidden."""
        with self._running.reading(actor) as context:
            self._may(context, actor, None)
            return [
                {
                    **about,
                    **circles.round_of(context, about),
                    "trigger": name,
                    "label": circles.label(context, name),
                    "by": log.name_of(context, about["by"]) if about.get("by") else None,
                    "at": circles.since(about).isoformat(),
                }
                for name, about in circles.known(context.connection).items()
            ]

    def resume(self, actor: Actor, triggers: Sequence[str]) -> None:
        """Let paused rules run again. Raises Forbidden, NotFound (R125)."""
        running = self._running
        rights.check_permit(running.manifest, actor, "configure")
        now = running.clock.now()
        running.database.write(lambda connection: circles.resume(connection, triggers, actor, now))
        running.look_for_paused()


def _nobody(job: int) -> None:
    """Nobody carries jobs here."""


def _step(done: runs.Done, whole: bool, language: str) -> dict[str, Any]:
    return {"path": done.path, "at": done.at.isoformat(), "result": done.result, **_entry(done.about, whole, language)}


def _entry(entry: Mapping[str, Any], whole: bool, language: str) -> dict[str, Any]:
    """A step's entry; without its values for one who only reads the record."""
    kept = ("step", "where", "id", "ms", "attempt", "again", "late", "until")
    found: dict[str, Any] = {name: value for name, value in entry.items() if name in kept}
    if whole:
        found["value"] = entry.get("result")
        found["failed"] = said.sentence(entry.get("failed"), language)
    return {name: value for name, value in found.items() if value is not None}


def _result(entry: Mapping[str, Any]) -> str:
    return "skipped" if entry.get("skipped") else "failed" if entry.get("failed") else "done"
