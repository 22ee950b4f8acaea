"""A form: what a person sees when entering or doing. Floor: 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.model.terms import Document, Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A group of fields; phones get one column by themselves."""

    name: str
    label: Label = Label()
    fields: tuple[str, ...] = ()
    columns: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """A field the system fills: looked up in a connection or a function, by another field."""

    lookup: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Public:
    """A hosted page without sign-in, at /f/<path>. ``set``: field -> value the page gives every record, such as its source."""

    path: str
    thanks: Label = Label()
    set: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form(Document):
    """Fields to ask for, in order."""

    entity: str
    fields: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    ask_one_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fill: Mapping[str, Fill] = field(default_factory=dict)
    public: Public | None = None
    sections: Mapping[str, Section] = field(default_factory=dict)
