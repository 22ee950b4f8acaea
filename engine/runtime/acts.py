"""What a step may do: the context with hands. Every act goes through the same door as a person's. Floor: 5."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from engine import said
from engine.errors import NotFound, Problem
from engine.expression.evaluate import Environment
from engine.expression.parse import Condition, Expression
from engine.facts import NOTHING, SYSTEM, Actor, Event, Record
from engine.model.approval import Approval
from engine.model.terms import Duration, Label, Step, Template
from engine.runtime import (
    approval,
    assignment,
    button,
    entity,
    mailing,
    merging,
    paper,
    people,
    state_machine,
    tracking,
)
from engine.runtime.access import access_of
from engine.runtime.context import Context
from engine.store.files import Files


class Stop(Exception):
    """A ``stop`` step: the run ends here, and what it did stays."""


class Acting(Context):
    """The context a step is given. ``outer`` are the records around an ``each``, by entity; ``results`` what the steps before
    it gave, by their ``id``."""

    __slots__ = ("each", "outer", "results", "trace")

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.outer: Mapping[str, Mapping[str, Any]] = NOTHING
        self.each: Any = None
        self.results: dict[str, Any] = {}
        self.trace: list[Mapping[str, Any]] = []

    def derive(self, actor: Actor | None = None, via: str | None = None) -> Acting:
        """The same turn with other rights or by another path (for a rule: its rights and its name), outside every ``each`` and
        with no results yet."""
        found = cast(Acting, super().derive(actor, via))
        found.outer, found.each, found.results, found.trace = NOTHING, None, {}, []
        return found

    def inside(self, trace: list[Mapping[str, Any]]) -> Acting:
        """This context, writing what its steps do into that trace."""
        self.trace = trace
        return self

    # --- asking

    def scene(self, event: Event) -> Environment:
        """Where a rule's expressions find their names: the record as it stands now, ``old``, ``event`` and what is
        around it, cut to what the rule's actor may read."""
        record, ring, name = self.record(event), self.ring, event.entity
        plain = self.actor.is_system and not self.outer and self.each is None and not self.results
        known = ring.scene
        if plain and known is not None and known[0] is event and known[1] is record:
            return known[2]
        values: Mapping[str, Any]
        if record is not None:
            values = self.plain(record)
        else:
            values = {**event.old, "id": event.record} if event.old and event.record else {}
        old = {**values, **event.old} if event.old else values
        if not self.actor.is_system and name is not None:
            access = access_of(self, name)
            if access.hidden:
                values, old = access.cut(values), access.cut(old)
        names: dict[str, Any] = {**values}
        if name is not None:
            names[name], names["old"] = values, old
        if self.outer:
            names.update(self.outer)
        names["event"] = {"source": None, **event.data, "name": event.name, "at": event.at}
        names["each"], names["steps"] = self.each, self.results or {}
        found = self.scene_of(names)
        if plain:
            ring.scene = (event, record, found)
        return found

    def holds(self, condition: Condition | Expression, event: Event) -> bool:
        """Whether a condition holds on the event's record now."""
        return bool(self.call(condition, event)(self.scene(event)))

    def call(self, term: Condition | Expression, event: Event) -> Any:
        """The compiled expression in the scope of this event's rule."""
        return self.compiled.call(term, event.entity, "rule", tuple(self.outer))

    def value(self, term: Any, event: Event) -> Any:
        """A parameter's value: an expression computed, a template rendered, a duration as a span; a record as its id."""
        if isinstance(term, Expression | Condition):
            found = self.call(term, event)(self.scene(event))
            return found["id"] if isinstance(found, Mapping) and "id" in found else found
        if isinstance(term, Template):
            return self.text(term, event)
        if isinstance(term, Duration):
            return term.delta
        if isinstance(term, Label):
            return term.text(self.language)
        if isinstance(term, Mapping):
            return {key: self.value(each, event) for key, each in term.items()}
        if isinstance(term, list | tuple):
            return tuple(self.value(each, event) for each in term)
        return term

    def values(self, terms: Mapping[str, Any], event: Event) -> dict[str, Any]:
        """Every value of a ``set:``, all computed before any of them is written."""
        environment = self.scene(event)
        found: dict[str, Any] = {}
        for name, term in terms.items():
            if isinstance(term, Expression | Condition):
                value = self.call(term, event)(environment)
                found[name] = value["id"] if isinstance(value, Mapping) and "id" in value else value
            else:
                found[name] = self.value(term, event)
        return found

    def text(self, template: Template, event: Event, language: str = "") -> str:
        """A template filled in for the event's record, links followed, plain values only; ``language`` is the reader's."""
        return people.render(self, template, event, language)

    def own(self, event: Event) -> Record:
        """The record the event is about. Raises NotFound (R083) for an event without one."""
        record = self.record(event)
        if record is None:
            raise NotFound(Problem("R083", parameters={"event": event.name}))
        return record

    def about(self, record: Record, event: Event) -> Event:
        """The event as seen from another record: what an ``each`` runs its steps with."""
        return Event(event.name, record.entity, record.id, event.at, {}, event.data, event.actor, event.hop)

    def target(self, term: Expression | None, event: Event) -> tuple[str, int | None]:
        """(entity, id) of the record an expression leads to (None where it leads nowhere); without one, the event's own."""
        if term is None:
            record = self.own(event)
            return record.entity, record.id
        entity_name = self.compiled.entity_of(term, event.entity, tuple(self.outer))
        return entity_name or event.entity or "", self.value(term, event)

    def named(self, event: Event) -> str:
        """What the event's record is called; the rule's own words where there is none."""
        record = self.record(event)
        return self.title(record) if record is not None else self.via.partition(":")[2]

    def words(self, template: str, event: Event, language: str = "") -> tuple[str, str]:
        """(title, body) of a message template for the event's record, in the reader's ``language``."""
        return people.words(self, template, event, language)

    def by_language(self, users: Iterable[int]) -> Mapping[str, tuple[int, ...]]:
        """These users by the language they read."""
        return people.by_language(self, users)

    def document(self, template: str, event: Event) -> dict[str, Any]:
        """A document template filled in for the event's record, to be laid out outside the turn."""
        return paper.of_template(self, template, event)

    def attached(self, template: str | None, names: Sequence[str], event: Event) -> list[dict[str, Any]]:
        """What goes along with a message: files of the record, documents to be laid out on the way."""
        return paper.attached(self, template, names, event)

    def letter(
        self, template: str | None, to: str, title: str, text: str | None, documents: bool, event: Event
    ) -> dict[str, Any]:
        """What is delivered to one address: ``text``, and ``html`` with its ``logo`` (a file) where the template has them. One that
        is tracked is written down in this turn: its number is ``sending``, its links lead through the site."""
        return mailing.written(self, template, to, title, text, documents, event)

    def sent(self, sending: int, files: Sequence[str]) -> None:
        """A tracked sending has gone out, with these files to look at."""
        tracking.sent(self, sending, files)

    def keep_sample(self, seed: str, name: str, content: bytes) -> str:
        """The id of a file that stands for one nobody made: in a scenario."""
        files = Files()
        with files.take(io.BytesIO(content), len(content), name) as taken:
            return files.add(self.connection, taken, name, "application/pdf", self.now, None, seed).id

    def among(
        self, name: str, where: Condition | Expression | None, event: Event, most: int = 10_000
    ) -> Iterator[Record]:
        """The records of an entity for which the condition holds, at most so many; its bare names are theirs, the event's
        own record is named by its entity."""
        inner = self.around(event)
        call = self.compiled.call(where, name, "rule", tuple(inner.outer)) if where is not None else None
        count = 0
        for record in every(self, name):
            if call is None or call(inner.scene(inner.about(self.keep(record), event))):
                yield record
                count += 1
                if count >= most:
                    return

    def around(self, event: Event) -> Acting:
        """A context in which the event's own record can be named from inside an ``each``."""
        found = self.derive(self.actor, self.via)
        found.outer, found.trace, found.results = dict(self.outer), self.trace, self.results
        record = self.record(event)
        if record is not None:
            values = self.plain(record)
            if not self.actor.is_system:
                values = access_of(self, record.entity).cut(values)
            found.outer = {**self.outer, record.entity: values}
        return found

    # --- acting

    def run(self, steps: Sequence[Step], event: Event, each: Any = None) -> None:
        """Run steps in order; the trace gets what each did and where it is written. Steps inside a step go on in the
        same trace."""
        kept, self.each = self.each, each if each is not None else self.each
        try:
            for step in steps:
                self._step(step, event)
        finally:
            self.each = kept

    def run_out(self, steps: Sequence[Step], event: Event) -> None:
        """Run steps to their end, or to where one says ``stop``."""
        try:
            self.run(steps, event)
        except Stop:
            return

    def _step(self, step: Step, event: Event) -> None:
        _, plugin, where = self.compiled.step(step)
        entry: dict[str, Any] = {"step": step.action, "where": where}
        if step.id:
            entry["id"] = step.id
        self.trace.append(entry)
        if step.if_ is not None and not self.holds(step.if_, event):
            entry["skipped"] = True
            return
        clock = self.clock
        begun = clock.monotonic()
        try:
            result = plugin.run(self, step, event)
        except Stop:
            entry["result"] = "stop"
            raise
        except Exception as error:
            entry["failed"] = said.keep(said.problems_of(error))
            raise
        entry["ms"] = round((clock.monotonic() - begun) * 1000, 3)
        if result is not None:
            entry["result"] = result
        if step.id:
            self.results[step.id] = {"result": result}

    def stop(self) -> None:
        """End the run here."""
        raise Stop

    def create(self, name: str, values: Mapping[str, Any]) -> Record:
        """A new record, by the rules of its entity."""
        return entity.create(self, name, values)

    def update(self, name: str, record: int, changes: Mapping[str, Any]) -> Record:
        """The changed record, by the rules of its entity."""
        return entity.update(self, name, record, changes)

    def delete(self, name: str, record: int) -> None:
        """Put a record into the trash."""
        entity.delete(self, name, record)

    def transition(self, name: str, record: int, transition: str, values: Mapping[str, Any]) -> Record:
        """Move a record, if its state machine lets it."""
        return state_machine.transition(self, name, record, transition, values)

    def merge(self, record: Record, other: int) -> Record:
        """One record of two: this one, completed; what linked to the other links here, and the other is in the trash."""
        return merging.merge(self, record.entity, record.id, other)[0]

    def assign(self, rule: str, record: Record) -> Mapping[str, Any]:
        """Give a record an owner by an assignment; the kept score card."""
        return assignment.assign(self, rule, record)

    def users(self, to: Any, event: Event) -> tuple[int, ...]:
        """Ids of the people meant by ``to``: users, a role (``{role: …}``), a team, or a list of them; each once."""
        return tuple(dict.fromkeys(people.meant(self, to, event)))

    def notify(
        self,
        users: Iterable[int],
        title: str,
        body: str,
        event: Event,
        via: Sequence[str] = (),
        urgent: bool = False,
    ) -> tuple[int, ...]:
        """Tell people inside the product, within their limits; those it reaches at once (the others are told later)."""
        return people.tell(self, users, title, body, event, via, urgent)

    def buttons(self, user: int, event: Event, wanted: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
        """``title`` and ``url`` of the buttons of a message to one person."""
        return button.links(self, user, event, wanted)

    def agreed(self, rule: Approval, event: Event, name: str, what: str, since: dt.datetime) -> str:
        """How an approval stands that a rule asked for at ``since``: open, approved, rejected, withdrawn or expired. The first
        time it is asked for."""
        return approval.of_rule(self, rule, event, name, what, since)

    def as_system(self) -> Acting:
        """The same turn with all rights, for what the engine itself keeps."""
        return self.derive(SYSTEM, self.via)


def every(context: Context, name: str, size: int = 500) -> Iterator[Record]:
    """Every record of an entity, oldest first, read in lots."""
    columns = ", ".join(f'"{column}"' for column in context.records.columns(name))
    text = f'SELECT {columns} FROM "{name}" WHERE deleted_at IS NULL AND id > ? ORDER BY id LIMIT {int(size)}'
    last = 0
    while True:
        rows = context.connection.execute(text, (last,))
        for row in rows:
            yield context.records.from_row(context.connection, name, row)
        if len(rows) < size:
            return
        last = rows[-1][0]
