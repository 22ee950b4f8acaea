"""The clock slider for people: what would happen to a record, and the same as a scenario to keep. Floor: 6."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import Problem, WrongUsage
from engine.facts import Actor
from engine.model.terms import Duration
from engine.runtime import ahead
from engine.runtime.ahead import Ahead, Happening
from engine.runtime.context import Context
from engine.site import asking, reading, storyline
from engine.site.running import Running


class Slider:
    """Looks ahead on one record of a running site; nothing of the site changes."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def look(self, actor: Actor, entity: str, record: int, span: str) -> dict[str, Any]:
        """What would happen within ``span`` (``7d``) if nobody acted: happenings earliest first with virtual time and the
        rule's file and line, what would differ in the record, and the same as ``scenario`` (YAML).

        Raises NotFound for a record the actor may not see, WrongUsage (R160) for a span that is none.
        """
        with self._running.reading(actor) as context:
            reading.visible(context, entity, record)
            found = ahead.look(context, entity, record, ahead.later(context, _span(span)))
            return {
                "from": found.start.isoformat(),
                "until": found.until.isoformat(),
                "happenings": [_json(each) for each in found.happenings],
                "differs": _differs(context, found),
                "scenario": storyline.write(context, found, span),
            }

    def save(self, actor: Actor, entity: str, record: int, span: str, path: str) -> dict[str, Any]:
        """The same, with its scenario written to ``path`` in custom/. Raises Forbidden without the right to configure, and
        WrongUsage (R161) for a place outside custom/."""
        asking.allow(self._running, actor, "configure")
        shown = self.look(actor, entity, record, span)
        folder = self._running.folder.resolve()
        target = (folder / path).resolve()
        if not target.is_relative_to(folder / "custom") or target.suffix != ".yaml" or target.exists():
            raise WrongUsage(Problem("R161", parameters={"path": path}))
        from engine.source import files

        files.write(target, storyline.named(shown["scenario"], Path(path).stem))
        return {**shown, "saved": path}


def _span(text: str) -> Duration:
    found = Duration.parse(text)
    if found is None:
        raise WrongUsage(Problem("R160", parameters={"span": text}))
    return found


def _json(each: Happening) -> dict[str, Any]:
    return {
        "at": each.at.isoformat(),
        "kind": each.kind,
        "title": each.title,
        "body": each.body,
        "by": each.by,
        "to": list(each.to),
        "where": each.where,
        "changes": [
            {"field": one.field, "label": one.label, "before": one.before, "after": one.after} for one in each.changes
        ],
    }


def _differs(context: Context, found: Ahead) -> Mapping[str, Any]:
    """Which fields would have other values: name -> before and after as text for people; empty where nothing would, None
    where the record would be gone."""
    if found.after is None:
        return {"gone": True}
    before, after = reading.seen(context, [found.before])[0], reading.seen(context, [found.after])[0]
    return {
        name: {"before": before.shown.get(name, ""), "after": after.shown.get(name, "")}
        for name in after.values
        if after.values.get(name) != before.values.get(name) and not name.startswith("updated_")
    }
