"""Scenarios: a test operations staff can read, played in virtual time on a database in memory. Floor: 5."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from engine import said
from engine.clock import UTC, VirtualClock
from engine.errors import FlowloomError, Problem
from engine.facts import SYSTEM, Actor, Event, Record
from engine.model.manifest import Manifest
from engine.model.scenario import Scenario, ScenarioStep
from engine.plugins.registry import Registry
from engine.plugins.slots import FieldType
from engine.runtime import ahead, connection, entity, expectation, rehearsal, scheduler, turn
from engine.runtime.acts import Acting
from engine.runtime.compiled import Compiled
from engine.runtime.context import Parts, values_of
from engine.runtime.outside import Rehearsal
from engine.runtime.worker import Worker, drain
from engine.store import tables
from engine.store.connection import Connection
from engine.store.database import Database
from engine.store.encode import from_text
from engine.store.records import Records

#: Keys of a step that are no field of a record.
WORDS = frozenset({"as", "on", "form", "create", "update", "delete", "transition"})


@dataclass(frozen=True, slots=True)
class Result:
    """How a scenario went: passed when it has no problems; each names file and line, what was expected and what was."""

    name: str
    problems: tuple[Problem, ...]
    steps: int
    seconds: float
    notes: tuple[str, ...] = ()
    """Rules that failed on the way, each with its reason: often the cause of what was not found."""

    @property
    def passed(self) -> bool:
        """True when everything expected happened."""
        return not self.problems


@dataclass
class Stage:
    """A scenario while it is played."""

    parts: Parts
    database: Database
    clock: VirtualClock
    handles: dict[str, tuple[str, int]] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    notified_after: int = 0
    outside: Rehearsal = field(default_factory=Rehearsal)
    """What would have left the process since the last thing that was done."""

    @property
    def worker(self) -> Worker:
        """Carries the runs of the story; nothing they send leaves the process."""
        return Worker(self.database, lambda: self.parts, way=lambda _: self.outside)

    def ask(self, work: Callable[[Acting], Any], actor: Actor = SYSTEM) -> Any:
        """A look at the database."""
        with self.database.read() as connection:
            return work(Acting(self.parts, connection, actor))

    def actor(self, login: str | None) -> Actor:
        """Who acts; the system where nobody is named. KeyError for a stranger."""
        if login is None:
            return SYSTEM
        record: Record = self.ask(lambda context: context.need("user", self.people[login]))
        language = str(record.values.get("language") or "zh")
        return Actor(record.id, login, tuple(record.values.get("roles") or ()), values_of(record), language=language)

    def resolved(self, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values with handles and logins as the ids of what they name, where a field is a link."""
        plan = self.parts.compiled.plan(name)
        found: dict[str, Any] = {}
        for key, value in values.items():
            planned = plan.fields.get(key)
            linked = planned is not None and (planned.links_to is not None or planned.field.type == "links")
            kept = planned is not None and planned.field.type in ("file", "image") and isinstance(value, str)
            found[key] = self.meant(value) if linked else self.files.get(value, value) if kept else value
        return found

    def meant(self, value: Any) -> Any:
        """The id behind a handle or a login; anything else as it is."""
        if isinstance(value, list | tuple):
            return tuple(self.meant(each) for each in value)
        if isinstance(value, str):
            if value in self.people:
                return self.people[value]
            if value in self.handles:
                return self.handles[value][1]
        return value

    def named(self, record: int | None) -> str:
        """The login of a user's id, for a message."""
        return next((login for login, number in self.people.items() if number == record), str(record))


def run(manifest: Manifest, registry: Registry, scenario: Scenario, compiled: Compiled | None = None) -> Result:
    """Play a scenario from the start on an empty database of its own. Never raises for what the scenario says.

    ``compiled`` shares one manifest's compiled side among many scenarios.
    """
    begun = time.perf_counter()
    problems: list[Problem] = []
    stage = None
    try:
        stage = _set_up(manifest, registry, scenario, compiled)
        for step in scenario.steps:
            problems += play(stage, step)
    except FlowloomError as error:
        problems += [_failed(problem, scenario.where) for problem in error.problems]
    except KeyError as error:
        problems.append(Problem("S005", scenario.where, parameters={"handle": error.args[0] if error.args else ""}))
    notes = _failed_runs(stage) if stage is not None else ()
    if stage is not None:
        stage.database.close()
    return Result(scenario.name, tuple(problems), len(scenario.steps), time.perf_counter() - begun, notes)


def _failed_runs(stage: Stage) -> tuple[str, ...]:
    text = "SELECT trigger, data FROM fl_runs WHERE state IN ('failed', 'stopped') ORDER BY id"
    found = []
    for name, data in stage.ask(lambda context: context.connection.execute(text)):
        about = from_text(data)
        reasons = [said.revived(each).what() for each in about.get("problems") or [about.get("problem") or {}]]
        found.append(f"{about.get('where', '')} {name}: {'; '.join(reasons)}".strip())
    return tuple(dict.fromkeys(found))


def _failed(problem: Problem, where: Any) -> Problem:
    return Problem("S004", where, parameters={"reason": f"{problem.code} {problem.what()}"})


def _set_up(manifest: Manifest, registry: Registry, scenario: Scenario, compiled: Compiled | None) -> Stage:
    ready = compiled or Compiled(manifest, registry)
    given = scenario.given
    start = dt.datetime.fromisoformat(str(given.clock))
    clock = VirtualClock(start.replace(tzinfo=ready.zone) if start.tzinfo is None else start)
    field_types: Any = registry.plugins[FieldType.slot]
    schema = tables.build(manifest, field_types)
    database = Database.open("sqlite://", clock)
    database.write(schema.create)
    overrides = {
        name: ready.parameter_value(manifest.parameters[name], value) if name in manifest.parameters else value
        for name, value in given.parameters.items()
    }
    parts = Parts(manifest, registry, schema, Records(schema), clock, parameters=overrides)
    vars(parts)["compiled"] = ready
    stage = Stage(parts, database, clock)
    _people(stage, given.users)
    rehearsal.files(stage, given.files)
    _records(stage, given.records)
    for login, values in given.users.items():
        links = {key: value for key, value in _person(login, values).items() if _is_link(stage, "user", key)}
        if links:
            _quietly(stage, partial(_tie, stage, login, links))
    rehearsal.clocks(stage, given.timers)
    _quietly(stage, scheduler.arm)
    stage.notified_after = expectation.last_notification(stage)
    return stage


def _tie(stage: Stage, login: str, links: Mapping[str, Any], context: Acting) -> None:
    context.update("user", stage.people[login], stage.resolved("user", links))


def _person(login: str, values: Mapping[str, Any]) -> dict[str, Any]:
    given = {"login": login, "name": login, **values}
    role = given.pop("role", None)
    if role is not None:
        given["roles"] = [role] if isinstance(role, str) else list(role)
    return given


def _is_link(stage: Stage, name: str, key: str) -> bool:
    planned = stage.parts.compiled.plan(name).fields.get(key)
    return planned is not None and planned.links_to is not None


def _people(stage: Stage, users: Mapping[str, Mapping[str, Any]]) -> None:
    for login, values in users.items():
        plain = {key: value for key, value in _person(login, values).items() if not _is_link(stage, "user", key)}
        record = _quietly(stage, partial(_user, plain))
        stage.people[login] = record.id
        stage.handles[login] = ("user", record.id)


def _user(values: Mapping[str, Any], context: Acting) -> Record:
    return context.create("user", values)


def _records(stage: Stage, records: Mapping[str, Mapping[str, Any]]) -> None:
    """The given records, each after those it names."""
    waiting = dict(records)
    while waiting:
        ready = [handle for handle, values in waiting.items() if not _names(values.values(), waiting)]
        for handle in ready or list(waiting)[:1]:
            _place(stage, handle, waiting.pop(handle))


def _names(values: Iterable[Any], waiting: Mapping[str, Any]) -> bool:
    return any(
        (isinstance(value, str) and value in waiting) or (isinstance(value, tuple | list) and _names(value, waiting))
        for value in values
    )


def _place(stage: Stage, handle: str, values: Mapping[str, Any]) -> None:
    """Put a record where the story begins: also straight into a state, and at a time of its own."""
    name = str(values["entity"])
    plan = stage.parts.compiled.plan(name)
    given = {key: value for key, value in values.items() if key not in ("entity", "created_at")}
    states = {key: str(given.pop(key)) for key in list(given) if key in plan.machine_of}
    made = values.get("created_at")
    now = _instant(stage, str(made)) if made is not None else None

    def work(context: Acting) -> Record:
        return entity.create(context, name, stage.resolved(name, given), states=states)

    stage.handles[handle] = (name, _quietly(stage, work, now).id)


def _instant(stage: Stage, text: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=stage.parts.zone)).astimezone(UTC)


def _quietly(stage: Stage, work: Callable[[Acting], Any], now: dt.datetime | None = None) -> Any:
    """Do something without the ring: the scene is set, nothing follows from it."""

    def inside(connection: Connection) -> Any:
        return work(Acting(stage.parts, connection, SYSTEM, now=now, via="given"))

    return stage.database.write(inside)


def play(stage: Stage, step: ScenarioStep) -> list[Problem]:
    """One line of the story, and what is wrong after it."""
    acts = step.create or step.update or step.delete or step.try_ or step.advance or step.receive or _word(step)
    refusal: FlowloomError | None = None
    if acts is not None:
        stage.events.clear()
        stage.notified_after = expectation.last_notification(stage)
        stage.outside.sent.clear()
        try:
            _act(stage, step)
            drain(stage.worker)
        except FlowloomError as error:
            refusal = error
    expected = dict(step.expect or {})
    problems = expectation.refusal(step, refusal, expected)
    for key, value in expected.items():
        problems += expectation.check(stage, step, key, value)
    return problems


def _word(step: ScenarioStep) -> tuple[str, Mapping[str, Any]] | None:
    """What somebody says to an approval."""
    for decision in ("approve", "reject", "withdraw"):
        said: Mapping[str, Any] | None = getattr(step, decision)
        if said is not None:
            return decision, said
    return None


def _act(stage: Stage, step: ScenarioStep) -> None:
    word = _word(step)
    if step.advance is not None:
        until = ahead.after(stage.clock.now(), step.advance, stage.parts.zone)
        scheduler.play(stage.parts, stage.database, stage.clock, until, stage.worker)
    elif step.create is not None:
        name, handle = next(iter(step.create.items()))
        _create(stage, step, str(name), str(handle), dict(list(step.create.items())[1:]))
    elif step.update is not None:
        _change(stage, step, str(step.update["on"]), step.update)
    elif step.delete is not None:
        _delete(stage, step, str(step.delete["on"]), step.delete)
    elif step.try_ is not None:
        _try(stage, step, step.try_)
    elif word is not None:
        rehearsal.decide(stage, step, *word)
    elif step.receive is not None:
        _receive(stage, step, step.receive)


def _receive(stage: Stage, step: ScenarioStep, said: Mapping[str, Any]) -> None:
    """``{connection: website, content: {…}, record: l1}``: what arrives, and what its record is called from then on. A public
    form is named by ``form`` instead. What would wait in the inbox for a person is refused here."""
    name = str(said["connection"]) if "connection" in said else connection.FORM + str(said.get("form", ""))
    route = connection.route_of(stage.parts.manifest, name)
    content, facts = _plain(said.get("content", {})), {"file": {"name": said.get("file", "")}}
    taken = _turn(stage, step, {}, lambda context: connection.take(context, route, content, facts))
    if taken.record is not None and "record" in said:
        stage.handles[str(said["record"])] = (taken.record.entity, taken.record.id)


def _plain(value: Any) -> Any:
    """What a document holds as JSON holds it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _try(stage: Stage, step: ScenarioStep, said: Mapping[str, Any]) -> None:
    if "transition" in said:
        name, record = stage.handles[str(said["on"])]
        values = stage.resolved(name, _values(said))
        chosen = str(said["transition"])
        stage.asked.pop(str(said["on"]), None)
        _turn(stage, step, said, lambda context: context.transition(name, record, chosen, values))
    elif "create" in said:
        _create(stage, step, str(said["create"]), "", said)
    elif "update" in said:
        _change(stage, step, str(said["update"]), said)
    elif "delete" in said:
        _delete(stage, step, str(said["delete"]), said)
    else:
        raise FlowloomError(Problem("S006", step.where, parameters={"keys": ", ".join(said)}))


def _values(said: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in said.items() if key not in WORDS}


def _create(stage: Stage, step: ScenarioStep, name: str, handle: str, said: Mapping[str, Any]) -> None:
    values = stage.resolved(name, _values(said))
    form = str(said["form"]) if "form" in said else None
    warnings: list[Any] = []
    record = _turn(stage, step, said, lambda context: entity.create(context, name, values, form_name=form), warnings)
    if handle:
        stage.handles[handle] = (name, record.id)
        rehearsal.asked(stage, handle, warnings if not record.id else ())


def _change(stage: Stage, step: ScenarioStep, handle: str, said: Mapping[str, Any]) -> None:
    name, record = stage.handles[handle]
    values = stage.resolved(name, _values(said))
    form = str(said["form"]) if "form" in said else None
    _turn(stage, step, said, lambda context: entity.update(context, name, record, values, form_name=form))


def _delete(stage: Stage, step: ScenarioStep, handle: str, said: Mapping[str, Any]) -> None:
    name, record = stage.handles[handle]
    _turn(stage, step, said, lambda context: entity.delete(context, name, record))


def _turn(
    stage: Stage,
    step: ScenarioStep,
    said: Mapping[str, Any],
    work: Callable[[Acting], Any],
    warnings: list[Any] | None = None,
) -> Any:
    actor = stage.actor(said.get("as") or step.as_)
    done = turn.run(stage.parts, stage.database, actor, work)
    stage.events += done.events
    if warnings is not None:
        warnings += done.warnings
    return done.value
