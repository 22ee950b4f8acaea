"""An entity: a table and the rules its records obey. Floor: 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import Where
from engine.model.approval import Approval
from engine.model.terms import Choice, Condition, Document, Expression, Label, Template, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field. ``type`` names a field type plugin; ``options`` are the parameters only that type knows."""

    name: str
    type: str
    label: Label = Label()
    help: Label = Label()
    required: bool = False
    required_if: Condition | None = None
    visible_if: Condition | None = None
    read_only_if: Condition | None = None
    default: Value = None
    value: Expression | None = None
    unique: bool = False
    index: bool = False
    search: bool = False
    personal: bool = False
    min: Value = None
    max: Value = None
    max_length: int | None = None
    pattern: str | None = None
    choices: tuple[Choice, ...] = ()
    to: str | None = None
    via: str | None = None
    renamed_from: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    where: Where = field(default=Where(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates:
    """A rule that finds the same thing twice. ``match``: field -> "exact" or a similarity 0..1, all of which must hold; or
    ``compare``: fields whose evidence is weighed, and the probability it must be ``above``."""

    name: str
    match: Mapping[str, str | float] = field(default_factory=dict)
    compare: tuple[str, ...] = ()
    above: float = 0.9
    then: str = "warn"
    where_: Condition | None = None
    where: Where = field(default=Where(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity(Document):
    """A table and its rules. ``title`` is a template over the fields; ``approve_create`` says who must agree to a record
    a person enters by hand."""

    title: Template | None = None
    icon: str = ""
    fields: Mapping[str, Field] = field(default_factory=dict)
    unique: tuple[tuple[str, ...], ...] = ()
    index: tuple[tuple[str, ...], ...] = ()
    duplicates: Mapping[str, Duplicates] = field(default_factory=dict)
    approve_create: Approval | None = None
    renamed_from: str | None = None


#: What every record has without being asked; readable in expressions, views and filters, never typed in.
SYSTEM_FIELDS: Mapping[str, Field] = {
    "id": Field(name="id", type="integer", label=Label("编号", "ID")),
    "created_at": Field(name="created_at", type="datetime", label=Label("创建时间", "Created")),
    "created_by": Field(name="created_by", type="user", to="user", label=Label("创建人", "Created by")),
    "updated_at": Field(name="updated_at", type="datetime", label=Label("更新时间", "Updated")),
    "updated_by": Field(name="updated_by", type="user", to="user", label=Label("更新人", "Updated by")),
}
