"""Merging two records as a person does it: side by side, chosen, and taken back within 30 days. Floor: 6."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import NotFound, Problem, Refused
from engine.facts import Actor
from engine.runtime import access, duplicate, merging
from engine.runtime.acts import Acting
from engine.runtime.context import Context, values_of
from engine.runtime.log import name_of
from engine.runtime.turn import run as run_turn
from engine.site import reading
from engine.site.running import Running
from engine.store import merges
from engine.store.merges import Merge


class Merging:
    """The merges of one running site."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def look(self, actor: Actor, entity: str, record: int, other: int) -> dict[str, Any]:
        """Two records side by side: ``record``, ``other`` (as seen), ``fields`` with what each has and which is proposed, ``links``
        that would move, and how alike they are by the entity's rules. Raises NotFound, Moved, Refused."""
        with self._running.reading(actor) as context:
            if record == other:
                raise Refused(Problem("R241"))
            mine, theirs = (reading.visible(context, entity, each) for each in (record, other))
            seen = {each.id: each for each in reading.seen(context, [mine, theirs])}
            plan, language = context.plan(entity), context.language
            fields = []
            for side in merging.sides(context, mine, theirs):
                one = plan.fields[side.name]
                fields.append(
                    {
                        "name": side.name,
                        "label": one.field.label.text(language) or side.name,
                        "type": one.field.type,
                        "mine": seen[record].values.get(side.name),
                        "theirs": seen[other].values.get(side.name),
                        "mine_shown": seen[record].shown.get(side.name, ""),
                        "theirs_shown": seen[other].shown.get(side.name, ""),
                        "choice": side.choice,
                        "both": side.both,
                        "same": side.mine == side.theirs,
                        "locked": side.locked,
                    }
                )
            alike = self._alike(context, entity, theirs.values, record, other)
            return {
                "record": seen[record],
                "other": seen[other],
                "fields": fields,
                "links": self._links(context, entity, other),
                **alike,
            }

    def _alike(
        self, context: Context, entity: str, values: Mapping[str, Any], record: int, other: int
    ) -> dict[str, Any]:
        plan = context.plan(entity)
        environment = context.environment(entity, {**plan.blank, **values})
        found = duplicate.candidates(context, plan, {**plan.blank, **values}, environment, other)
        match = next((each for each in found if each.record == record), None)
        if match is None:
            return {"score": None, "reasons": []}
        said = reading.likeness(match.json())
        return {"score": said["score"], "reasons": said["reasons"]}

    def _links(self, context: Context, entity: str, other: int) -> list[dict[str, Any]]:
        counted: dict[tuple[str, str], int] = {}
        for name, field, _ in context.records.used_by(context.connection, entity, other, 10_000):
            counted[name, field] = counted.get((name, field), 0) + 1
        found = []
        for (name, field), count in counted.items():
            label = context.plan(name).entity.label.text(context.language) or name
            found.append({"entity": name, "label": label, "field": field, "count": count})
        return found

    def merge(
        self,
        actor: Actor,
        entity: str,
        record: int,
        other: int,
        choose: Mapping[str, str] | None = None,
        versions: tuple[int, int] | None = None,
    ) -> dict[str, Any]:
        """``record`` as it is now (seen), and the ``merge``. Raises Refused, Forbidden, NotFound, Moved, Stale."""

        def work(context: Acting) -> Merge:
            for each in (record, other):
                reading.visible(context, entity, each)
            return merging.merge(context, entity, record, other, choose, versions)[1]

        done = run_turn(self._running.parts, self._running.database, actor, work).value
        with self._running.reading(actor) as context:
            found = reading.if_visible(context, entity, record)
            return {"record": found, "merge": self._told(context, done)}

    def of_record(self, actor: Actor, entity: str, record: int) -> list[dict[str, Any]]:
        """What went into a record, the latest first, each with ``can_undo``."""
        with self._running.reading(actor) as context:
            reading.visible(context, entity, record)
            return [self._told(context, each) for each in merges.of_record(context.connection, entity, record)]

    def undo(self, actor: Actor, number: int) -> dict[str, Any]:
        """Both records as they are again (seen), the ``merge``, and what was ``kept`` because it changed since. Raises NotFound,
        Refused, Conflict, Forbidden."""

        def work(context: Acting) -> merging.Undone:
            found = merges.get(context.connection, number)
            if found is None or found.entity not in context.manifest.entities:
                raise NotFound(Problem("R243", parameters={"number": number}))
            if not context.actor.is_system:
                rights = access.access_of(context, found.entity)
                current = context.get(found.entity, found.record)
                if current is not None and not rights.may("read", values_of(current)):
                    raise NotFound(Problem("R243", parameters={"number": number}))
            return merging.undo(context, number)

        done = run_turn(self._running.parts, self._running.database, actor, work).value
        with self._running.reading(actor) as context:
            found = merges.get(context.connection, number)
            assert found is not None
            return {
                "merge": self._told(context, found),
                "record": reading.if_visible(context, found.entity, found.record),
                "other": reading.if_visible(context, found.entity, found.other),
                "kept": [
                    {
                        "entity": each.entity,
                        "id": each.record,
                        "field": each.field,
                        "label": each.label,
                        "why": each.why,
                    }
                    for each in done.left
                ],
            }

    def _told(self, context: Context, found: Merge) -> dict[str, Any]:
        content = found.content
        return {
            "number": found.id,
            "entity": found.entity,
            "record": found.record,
            "other": found.other,
            "title": found.title,
            "by": name_of(context, found.by_user),
            "at": found.at.isoformat(),
            "undo_until": (found.at + merging.KEPT).isoformat(),
            "undone_at": found.undone_at.isoformat() if found.undone_at else None,
            "state": found.state,
            "can_undo": merging.may_be_undone(context, found),
            "moved": {name: len(content.get(name, ())) for name in ("links", "timers", "runs", "jobs")},
        }
