"""The runs that are not over when their rule is changed or goes away: found, and finished, changed or stopped. Floor: 5.

A run is pinned to the revision it began under: left alone it does the old steps to their end. ``change`` lets it go on by the new
ones where its place among them can be told and nobody is at work on it in this moment; else it finishes as it began.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.model.manifest import Manifest
from engine.model.terms import Label
from engine.model.trigger import Trigger
from engine.runtime import approval, course, launch, placing, undoing
from engine.runtime.acts import Acting
from engine.runtime.placing import Place
from engine.runtime.run import key_of
from engine.store import approvals, jobs, runs
from engine.store.connection import Connection

#: The rule as a revision wrote it; None where it cannot be read.
RuleOf = Callable[[int, str], "Trigger | None"]
KEEP, CHANGE, STOP = "keep", "change", "stop"
CHOICES = (KEEP, CHANGE, STOP)


@dataclass(frozen=True, slots=True)
class Aloft:
    """A run that is not over. ``standing``: waiting, queued, retrying, asking (for approval) or working; ``place`` where it
    would go on among the new steps, None where it cannot."""

    run: runs.Run
    standing: str
    old: Trigger
    place: Place | None


@dataclass(frozen=True, slots=True)
class Flight:
    """The runs of one rule that is changed, removed or switched off (``how``)."""

    trigger: str
    label: Label
    how: str
    runs: tuple[Aloft, ...]

    @property
    def movable(self) -> int:
        """How many can go on by the new steps."""
        return sum(one.place is not None for one in self.runs)

    @property
    def standing(self) -> Mapping[str, int]:
        """How many of them wait, queue, try again, ask for approval, or are at work."""
        return Counter(one.standing for one in self.runs)

    def title(self, language: str = "zh") -> str:
        """What people call the rule."""
        return self.label.text(language) or self.trigger

    @property
    def choices(self) -> tuple[str, ...]:
        """What can be chosen: without new steps nothing can go on by them."""
        return CHOICES if self.how == "changed" else (KEEP, STOP)


def find(
    connection: Connection, old: Manifest, new: Manifest, rule_of: RuleOf, without: frozenset[int] = frozenset()
) -> list[Flight]:
    """The runs in flight of every rule the new manifest changes, by rule; ``without`` are runs that are put back anyway."""
    found = []
    for name in runs.in_flight(connection):
        before, after = old.triggers.get(name), new.triggers.get(name)
        if before is None and after is None:
            continue
        if before is not None and after is not None and not placing.differs(before, after):
            continue
        how = "removed" if after is None else "changed" if after.enabled else "off"
        aloft = tuple(
            one
            for run, job, attempts in runs.flying(connection, name)
            if run.id not in without
            if (one := _aloft(run, job, attempts, rule_of, after if how == "changed" else None)) is not None
        )
        if aloft:
            known = after or before
            assert known is not None
            found.append(Flight(name, known.label, how, aloft))
    return found


def _aloft(run: runs.Run, job: str, attempts: int, rule_of: RuleOf, new: Trigger | None) -> Aloft | None:
    rule = rule_of(int(run.revision or 0), run.trigger)
    if rule is None or not run.progress.get("frames"):
        return None
    if new is not None and not placing.differs(rule, new):
        return None  # it does these steps already
    stack = course.thaw(run.progress["frames"])
    step = course.step_at(rule, stack)
    standing = "waiting"
    if run.state == "queued":
        standing = "queued"
    elif job == "running":
        standing = "working"
    elif attempts:
        standing = "retrying"
    elif step is not None and step.action == "approve":
        standing = "asking"
    place = _place(run, rule, new, stack) if new is not None and standing != "working" else None
    return Aloft(run, standing, rule, place)


def _place(run: runs.Run, old: Trigger, new: Trigger, stack: course.Stack) -> Place | None:
    progress = run.progress
    begun = "waiting" in progress or "sending" in progress
    found = placing.place(old, new, stack, begun=begun)
    sending = progress.get("sending")
    if found is not None and not found.alike and sending is not None and sending["next"]:
        return None  # half of its deliveries are out
    return found


def carry(context: Acting, flights: list[Flight], choose: Callable[[Flight], str], revision: int) -> Counter[str]:
    """Do with the runs what the publisher chose, each written down so that it can be taken back; how many were ``kept``,
    ``changed`` and ``stopped``. ``context`` has the new rules."""
    done: Counter[str] = Counter()
    for flight in flights:
        choice = choose(flight)
        for one in flight.runs:
            before = undoing.seen(context.connection, "run", one.run.id)
            if choice == STOP:
                for asked in launch.questions(context, one.run):
                    _overtake(context, asked, revision)
                if not launch.cancel(context, one.run.id, f"publish:{revision}"):
                    continue  # it was over a moment ago
                done["stopped"] += 1
            elif choice == CHANGE and one.place is not None and _change(context, one, one.place, revision):
                done["changed"] += 1
            else:
                done["kept"] += 1
                continue
            undoing.note(context, revision, "run", one.run.id, before)
    return done


def _overtake(context: Acting, asked: approvals.Request, revision: int) -> None:
    before = undoing.seen(context.connection, "approval", asked.id)
    approval.overtaken(context, asked)
    undoing.note(context, revision, "approval", asked.id, before)


def _change(context: Acting, one: Aloft, place: Place, revision: int) -> bool:
    """Let a run go on at its place among the new steps; False when somebody has taken it meanwhile."""
    connection, run = context.connection, one.run
    job = jobs.at_rest(connection, run.id)
    now = runs.get(connection, run.id)
    if job is None or now is None or now.progress != run.progress:
        return False
    old_path, new_path = _paths(context, one, place)
    progress: dict[str, Any] = {**run.progress, "frames": [frame.json() for frame in place.stack], "mark": revision}
    for name in ("waiting", "sending", "begun"):
        progress.pop(name, None)
    rule = context.manifest.triggers[run.trigger]
    step = course.step_at(rule, place.stack) if place.stack else None
    waiting, sending = run.progress.get("waiting"), run.progress.get("sending")
    if place.begun and waiting is not None:
        asks = step is not None and step.action == "approve"
        if place.alike or not asks:
            progress["waiting"] = {**waiting, "path": new_path}
        for asked in launch.questions(context, run):
            _ask_again(context, asked, f"{run.trigger}@{step.where}" if place.alike and step else None, revision)
    elif waiting is not None:
        for asked in launch.questions(context, run):
            _overtake(context, asked, revision)
    if place.begun and sending is not None:
        # It may be out already: under its old key whoever got it knows it again.
        progress["begun"] = {"path": new_path, "key": key_of(run.id, run.progress, old_path)}
        if place.alike:
            progress["sending"] = {**sending, "path": new_path}
    runs.put_back(connection, replace(run, revision=revision, progress=progress))
    held = job.state == "held"
    jobs.put_back(connection, job.id, job.state, job.job.due if held else context.now, 0, None)
    runs.note(connection, run.id, "", "changed_steps", {"revision": revision}, context.now, kind="note")
    if not held:
        launch.tell(context, job.id)
    return True


def _ask_again(context: Acting, asked: approvals.Request, name: str | None, revision: int) -> None:
    """The same question under the step's new place; another question is asked anew when the run gets there."""
    if name is None:
        _overtake(context, asked, revision)
        return
    before = undoing.seen(context.connection, "approval", asked.id)
    approvals.rename(context.connection, asked.id, name)
    undoing.note(context, revision, "approval", asked.id, before)


def _paths(context: Acting, one: Aloft, place: Place) -> tuple[str, str]:
    """The old and the new place as text; what an ``each`` is in the middle of is noted under its new place as well."""
    connection, stack = context.connection, course.thaw(one.run.progress["frames"])
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for depth, frame in enumerate(stack):
        if frame.many < 0:
            continue
        old = course.path_of(stack[:depth], before)
        before[old] = runs.many(connection, one.run.id, old)
        if depth < len(place.stack) and place.stack[depth].many >= 0:
            new = course.path_of(place.stack[:depth], after)
            after[new] = before[old]
            if new != old:
                runs.note(connection, one.run.id, new, "done", before[old], context.now, kind="many")
    return course.path_of(stack, before), course.path_of(place.stack, after) if place.stack else ""
