"""What a publish would change: documents, tables, records in states that go away, running clocks. Floor: 6."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.errors import FlowloomError, Problem
from engine.load.pipeline import Loaded
from engine.model.diff import Change, diff
from engine.model.manifest import Manifest
from engine.model.terms import Label
from engine.model.trigger import Trigger
from engine.plugins.slots import FieldType, StepPlugin
from engine.runtime import flight, reasking, sla, undoing
from engine.runtime.context import Context, Parts
from engine.runtime.undoing import Back
from engine.site import publishing
from engine.site.aloft import LISTED, InFlight
from engine.site.earlier import Earlier
from engine.site.running import Running
from engine.site.wording import LANGUAGES, TableWords, kind_word, path_words
from engine.store import carried, tables
from engine.store.connection import Connection
from engine.store.migrate import Operation
from engine.store.migrate import plan as migration
from engine.store.records import Records

#: How many affected clocks are written out; all are counted, and ``json`` names every one.
SHOWN = 20

#: What stands in the place of a value that was or is not there.
NOTHING = {"zh": "(无)", "en": "(nothing)"}
#: What stands in the place of a whole part that comes, and of one that goes.
WHOLE = {"zh": ("新增", "原有"), "en": ("added", "as it was")}
#: And of a list of parts with more or fewer of them than before, such as the steps of a rule.
PARTS = {"zh": ("改过的", "原来的"), "en": ("the new ones", "the old ones")}


@dataclass(frozen=True, slots=True)
class Leaving:
    """A state that goes away with records in it."""

    machine: str
    state: str
    label: Label
    entity: str
    field: str
    count: int

    def problem(self) -> Problem:
        """The question the publisher has to answer."""
        about = {"machine": self.machine, "state": self.state, "count": self.count}
        return Problem("M031", parameters={**about, "label": _spoken(self.label, self.state)})


@dataclass(frozen=True, slots=True)
class Clock:
    """A running clock that would be due at another time, with the record's title."""

    move: sla.Move
    title: str
    label: Label


@dataclass(frozen=True)
class Plan:
    """Everything a publish would change. ``current`` is the revision that runs (0 for none)."""

    loaded: Loaded
    current: int = 0
    changes: Sequence[Change] = ()
    operations: Sequence[Operation] = ()
    leaving: Sequence[Leaving] = ()
    clocks: Sequence[Clock] = ()
    notes: Sequence[Problem] = field(default=())
    words: TableWords | None = None
    """What people call the tables of ``operations``."""
    unbound: Sequence[Trigger] = ()
    """Rules that are new or changed and run with all rights."""
    aloft: InFlight = InFlight()
    """Runs and approvals of changed rules, and what going back puts as it was."""
    back_to: int = 0
    """The revision it goes back to; 0 when it does not."""
    steps: Mapping[str, Any] = field(default_factory=dict)
    """The step plugins: what people call the things a rule does."""

    @property
    def changes_anything(self) -> bool:
        """False when the folder says what already runs."""
        return bool(self.current == 0 or self.changes or self.operations or self.notes)

    @property
    def records(self) -> int:
        """How many records a clock or a state of which would change."""
        return len({(c.move.entity, c.move.record) for c in self.clocks}) + sum(each.count for each in self.leaving)

    def sentences(self, language: str) -> list[str]:
        """Each change as one sentence."""
        if self.current == 0:
            count = sum(len(self.manifest.of(kind)) for kind in ("entity", "state_machine", "trigger", "metric"))
            first = f"首次发布: {len(self.loaded.packs)} 个包, {count} 份主要配置"
            return [
                first if language == "zh" else f"First publish: {len(self.loaded.packs)} packs, {count} main documents"
            ]
        said = [note.what(language) for note in self.notes]
        said += [text for change in self.changes for text in _said(change, self.manifest, language, self.steps)]
        said += [self.told(operation).what(language) for operation in self.operations]
        said += [each.problem().what(language) for each in self.leaving]
        for rule in self.unbound:
            name = rule.label.text(language) or rule.name
            said.append(Problem("M039", rule.where, parameters={"name": name}).what(language))
        return said

    def told(self, operation: Operation) -> Problem:
        """A change of a table as a sentence, its names as people know them."""
        return operation.problem(self.words.of(operation) if self.words is not None else None)

    def clock_sentences(self, language: str) -> list[str]:
        """Each affected clock as one sentence."""
        return [_clock(clock, self.manifest, language).what(language) for clock in self.clocks]

    @property
    def manifest(self) -> Manifest:
        """The manifest that would run."""
        assert self.loaded.manifest is not None, "a plan is only made of documents without errors"
        return self.loaded.manifest

    def text(self, language: str = "zh") -> str:
        """The plan in words."""
        if not self.changes_anything:
            return "没有变化" if language == "zh" else "No changes"
        lines = self.sentences(language)
        clocks = self.clock_sentences(language)
        if clocks:
            head = f"影响 {self.records} 条记录上的 {len(clocks)} 个计时:"
            lines.append(head if language == "zh" else f"{len(clocks)} clocks on {self.records} records would change:")
            lines += [f"  {text}" for text in clocks[:SHOWN]]
            if len(clocks) > SHOWN:
                rest = len(clocks) - SHOWN
                lines.append(f"  … 还有 {rest} 个" if language == "zh" else f"  … and {rest} more")
        for one in self.aloft.problems():
            lines += [one.what(language), *(f"  {fix}" for fix in [one.fix(language)] if fix)]
        return "\n".join(lines)

    def json(self, language: str = "zh") -> dict[str, Any]:
        """The plan for machines."""
        return {
            "current": self.current,
            "changes_anything": self.changes_anything,
            "sentences": self.sentences(language),
            "lossy": [self.told(o).json(language) for o in self.operations if o.is_lossy],
            "leaving": [
                {
                    "machine": e.machine,
                    "state": e.state,
                    "label": e.label.text(language) or e.state,
                    "count": e.count,
                    "into": [
                        {"name": one.name, "label": one.label.text(language) or one.name}
                        for one in self.manifest.state_machines[e.machine].states.values()
                    ],
                }
                for e in self.leaving
            ],
            "clocks": [
                {
                    "entity": c.move.entity,
                    "record": c.move.record,
                    "title": c.title,
                    "promise": c.move.sla,
                    "label": c.label.text(language) or c.move.sla,
                    "due": c.move.due.isoformat(),
                    "new_due": c.move.new_due.isoformat(),
                    "text": text,
                }
                for c, text in zip(self.clocks, self.clock_sentences(language), strict=True)
            ],
            **self.aloft.json(language),
            "problems": [problem.json(language) for problem in self.loaded.problems],
        }


def _said(change: Change, manifest: Manifest, language: str, steps: Mapping[str, Any]) -> list[str]:
    about = {"kind": kind_word(change.kind, language), "name": change.label(language)}
    if change.how != "changed":
        code = "M034" if change.how == "added" else "M035"
        return [_sentence(Problem(code, parameters=about), language)]
    said = []
    for value in change.values:
        path = path_words(manifest, change.kind, change.name, value.path, language, steps)
        old, new = value.old, value.new
        if not old or not new:
            # A whole part that comes or goes is told by its name; what it says stands in its file.
            coming, going = WHOLE[language]
            old = old if not old.startswith("{") else going
            new = new if not new.startswith("{") else coming
        elif old.startswith("[{") and new.startswith("[{"):
            new, old = PARTS[language]
        nothing = NOTHING[language]
        parameters = {**about, "path": path, "old": old or nothing, "new": new or nothing}
        said.append(_sentence(Problem("M036", parameters=parameters), language))
    return said


def _sentence(problem: Problem, language: str) -> str:
    text = problem.what(language)
    return text[:1].upper() + text[1:]


def _clock(clock: Clock, manifest: Manifest, language: str) -> Problem:
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(manifest.site.timezone)
    due, new = (moment.astimezone(zone).strftime("%m-%d %H:%M") for moment in (clock.move.due, clock.move.new_due))
    promise = _spoken(clock.label, clock.move.sla)
    return Problem("M037", parameters={"record": clock.title, "promise": promise, "old": due, "new": new})


def _spoken(label: Label, name: str) -> dict[str, str]:
    """A label in each reader's language; its name where there is none."""
    return {language: label.text(language) or name for language in LANGUAGES}


def plan(running: Running, to: int | None = None) -> Plan:
    """The plan of publishing the folder as it is now, or of making revision ``to`` current again. Raises InvalidDocument when
    it has errors, NotFound (C012) for a revision that is not there."""
    loaded = publishing.folder(running) if to is None else publishing.revision(running, to)
    publishing.refuse(loaded)
    assert loaded.manifest is not None
    with running.database.read() as connection:
        if not running.published or not publishing.exists(connection):
            return Plan(loaded)
        return compare(running, connection, loaded, to or 0)


def compare(running: Running, connection: Connection, loaded: Loaded, back_to: int = 0) -> Plan:
    """The plan of replacing what runs by what was loaded; ``back_to`` is the revision it goes back to, whose successors' doings
    in flight are taken back."""
    assert loaded.manifest is not None
    old, new = running.manifest, loaded.manifest
    kinds: Mapping[str, Any] = running.registry.plugins[FieldType.slot]
    schema = tables.build(new, kinds)
    backs, gone = undoing.net(connection, carried.since(connection, back_to)) if back_to else ([], 0)
    return Plan(
        loaded,
        running.revision,
        tuple(diff(old, new)),
        tuple(migration(connection, schema, kinds, new.site.timezone)),
        tuple(_leaving(connection, old, new, backs)),
        tuple(_clocks(running, connection, new, backs)),
        tuple(_parameters(old, new)),
        TableWords(old, new, kinds),
        tuple(_unbound(old, new)),
        _aloft(running, connection, new, backs, gone),
        back_to,
        running.registry.plugins.get(StepPlugin.slot, {}),
    )


def _aloft(running: Running, connection: Connection, new: Manifest, backs: Sequence[Back], gone: int) -> InFlight:
    own = undoing.targets(backs, "run")
    flights = flight.find(connection, running.manifest, new, Earlier(running).or_current, own)
    askings = reasking.find(connection, running.manifest, new, undoing.targets(backs, "approval"))
    context = Context(running.parts, connection)
    titles: dict[tuple[str | None, int | None], str] = {}
    for each in [one for found in flights for one in found.runs[:LISTED]]:
        about = (each.run.entity, each.run.record)
        if about not in titles and about[0] and about[1]:
            record = context.get(about[0], about[1]) if about[0] in running.manifest.entities else None
            titles[about] = context.title(record) if record is not None else f"#{about[1]}"
    return InFlight(flights, askings, backs, gone, titles)


def _unbound(old: Manifest, new: Manifest) -> list[Trigger]:
    """The rules that run with all rights and are not there yet, or not as they are now."""
    system = [rule for rule in new.triggers.values() if rule.run_as == "system" and rule.enabled]
    return [rule for rule in system if old.triggers.get(rule.name) != rule]


def _parameters(old: Manifest, new: Manifest) -> list[Problem]:
    notes = []
    for name, parameter in new.parameters.items():
        before = old.parameters.get(name)
        if before is None or (before.seasons, before.default) == (parameter.seasons, parameter.default):
            continue
        label = _spoken(parameter.label, name)
        notes.append(Problem("M038", parameters={"name": label, "old": _value(before), "new": _value(parameter)}))
    return notes


def _value(parameter: Any) -> str:
    if not parameter.seasons:
        return str(parameter.default)
    parts = []
    for season in parameter.seasons:
        span = f" ({season.from_ or ''}~{season.to or ''})" if season.from_ or season.to else ""
        parts.append(f"{season.value}{span}")
    return ", ".join(parts)


def _leaving(connection: Connection, old: Manifest, new: Manifest, backs: Sequence[Back]) -> list[Leaving]:
    found = []
    back = Counter((str(one.now["machine"]), str(one.now["state"])) for one in backs if one.kind == "record")
    for name, machine in old.state_machines.items():
        after = new.state_machines.get(name)
        if after is None or after.entity != machine.entity:
            continue
        gone = [state for state in machine.states.values() if state.name not in after.states]
        for state in gone:
            text = f'SELECT COUNT(*) FROM "{machine.entity}" WHERE "{machine.field}" = ? AND deleted_at IS NULL'
            count = int(connection.scalar(text, (state.name,))) - back[name, state.name]
            if count > 0:
                found.append(Leaving(name, state.name, state.label, machine.entity, machine.field, count))
    return found


def _clocks(running: Running, connection: Connection, new: Manifest, backs: Sequence[Back]) -> list[Clock]:
    again = undoing.targets(backs, "timer")
    parts = running.parts
    # The new rules over the tables as they are now: fields that are not there yet read as empty.
    imagined = Parts(new, running.registry, parts.schema, Records(parts.schema), running.clock, parts.publisher)
    old, after = Context(parts, connection), Context(imagined, connection)
    try:
        moves = sla.moves(after, old)
    except (FlowloomError, KeyError):
        # A target that reads a field of the new tables cannot be told before they exist; new records will have it.
        return []
    found = []
    for move in moves:
        if move.step != "due" or move.timer in again:
            continue
        record = old.get(move.entity, move.record)
        title = old.title(record) if record is not None else f"#{move.record}"
        found.append(Clock(move, title, new.slas[move.sla].label))
    return sorted(found, key=lambda clock: clock.move.due)
