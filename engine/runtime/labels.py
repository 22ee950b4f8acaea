"""What the groups of a split are called, and in which order they stand. Floor: 5."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from engine.runtime.context import Context
from engine.runtime.ground import titles
from engine.store.query.answer import converter
from engine.store.query.ground import Ground
from engine.store.query.question import Column
from engine.store.query.sheet import Sheet
from engine.store.query.terms import value_of
from engine.store.tables import target_of

EMPTY = {"zh": "(空)", "en": "(empty)"}
YES = {"zh": ("否", "是"), "en": ("No", "Yes")}


class Labels:
    """The words for the keys of one split. Call ``load`` with every key once, then ``text`` for each."""

    def __init__(self, context: Context, ground: Ground, entity: str, by: Column) -> None:
        self._context, self._ground = context, ground
        self._language = context.language if context.language in EMPTY else "zh"
        _, self._type, self._field = value_of(Sheet(ground, entity), by)
        self._machine = next(
            (m for m in ground.manifest.machines_of(entity) if self._field is not None and m.field == self._field.name),
            None,
        )
        self._titles: dict[int, str] = {}

    def load(self, keys: Iterable[Any]) -> None:
        """Read the titles of the records that are keys."""
        target = target_of(self._field) if self._field is not None else self._type.entity
        if self._type.name == "record" and target:
            self._titles = titles(self._context, self._ground, target, {key for key in keys if key is not None})

    def text(self, key: Any) -> str:
        """The word for a stored key: a record's title, a choice's or state's label, a value as its field shows it."""
        if key is None:
            return EMPTY[self._language]
        if self._type.name == "record":
            return self._titles.get(key, f"#{key}")
        if self._machine is not None and key in self._machine.states:
            return self._machine.states[key].label.text(self._language) or str(key)
        if self._type.name == "yes_no":
            return YES[self._language][bool(key)]
        value = converter(self._ground, self._type, self._field)(key)
        if self._field is not None:
            return str(self._ground.field_types[self._field.type].show(self._field, value, self._language))
        return f"{value:g}" if isinstance(value, float) else str(value)

    def ordered(self, groups: Sequence[Any]) -> list[Any]:
        """Groups (each with ``key`` and ``value``) as a person expects them: numbers, days and states in their own order,
        choices in the field's, everything else the largest first; the empty one last."""
        own = self._order()
        if own is not None:
            return sorted(groups, key=lambda g: (g.key is None, own.get(g.key, len(own)), str(g.key)))
        if self._type.name in ("integer", "number", "date", "datetime", "time", "duration", "money"):
            return sorted(groups, key=lambda g: (g.key is None, g.key if g.key is not None else 0))
        return sorted(groups, key=lambda g: (g.key is None, g.value is None, -(g.value or 0), str(g.key)))

    def _order(self) -> dict[Any, int] | None:
        if self._machine is not None:
            return {name: place for place, name in enumerate(self._machine.states)}
        return None
