"""A pack: what is installed as one. Floor: 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import Where
from engine.model.terms import Choice, Document, Label, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """A parameter's value for a while; dates are included, open where None (ISO text)."""

    value: Value
    from_: str | None = None
    to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """What people tune. ``seasons`` are what the site set; the last one that covers the day wins, else ``default``."""

    name: str
    type: str
    default: Value = None
    min: Value = None
    max: Value = None
    choices: tuple[Choice, ...] = ()
    label: Label = Label()
    help: Label = Label()
    pack: str = ""
    seasons: tuple[Season, ...] = ()
    where: Where = field(default=Where(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """An overlay a diagnosis offers, applied on request."""

    name: str
    label: Label = Label()
    set: Mapping[str, Any] = field(default_factory=dict)
    where: Where = field(default=Where(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack(Document):
    """A named, versioned set of documents."""

    version: str = "0.0.0"
    requires: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    publisher: str = ""
    patches: Mapping[str, Patch] = field(default_factory=dict)
    category: str = ""
    icon: str = ""
