"""A value of one field type as another. Floor: 3."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, Protocol

from engine.model.entity import Field

#: Stored as text, and any text will do for the new type: nothing to convert.
WRITTEN = (
    "text",
    "long_text",
    "choice",
    "state",
    "phone",
    "email",
    "url",
    "uscc",
    "sequence",
    "file",
    "image",
    "date",
    "time",
)
ANY_TEXT = ("text", "long_text", "state")


class Cleaning(Protocol):
    """What a conversion asks of a field type plugin."""

    def clean(self, field: Field, value: Any) -> Any:
        """What was entered, as the Python value; ValueError when it is none."""
        ...

    def to_store(self, value: Any) -> Any:
        """The Python value as the driver takes it."""
        ...

    def from_store(self, value: Any) -> Any:
        """What the driver gave, as the Python value."""
        ...

    def to_json(self, value: Any) -> Any:
        """The Python value as JSON."""
        ...

    def show(self, field: Field, value: Any, language: str) -> str:
        """The value as text for people."""
        ...


def is_free(old: str, new: str) -> bool:
    """True when the column can stay as it is."""
    return old == new or (old in WRITTEN and new in ANY_TEXT)


def converter(
    old: Cleaning, old_field: Field, new: Cleaning, new_field: Field, zone: dt.tzinfo
) -> Callable[[Any], Any]:
    """A function from what the old column holds to what the new one will; it raises ValueError where nothing fits, or
    where the way back would not lead to the same value (a time of day that a date has no room for)."""

    def convert(stored: Any) -> Any:
        value = old.from_store(stored)
        cleaned = _first(new, new_field, (local, old.to_json, lambda one: old.show(old_field, one, "zh")), value)
        if not isinstance(value, str) and _first(old, old_field, (new.to_json, local), cleaned) != value:
            raise ValueError(value)
        return new.to_store(cleaned)

    def local(value: Any) -> Any:
        return value.astimezone(zone).replace(tzinfo=None) if isinstance(value, dt.datetime) else value

    return convert


def _first(type: Cleaning, field: Field, forms: tuple[Callable[[Any], Any], ...], value: Any) -> Any:
    """The value as that type, from the first of its forms that the type understands."""
    for form in forms:
        try:
            cleaned = type.clean(field, form(value))
        except ValueError:
            continue
        if cleaned is not None:
            return cleaned
    raise ValueError(value)
