"""A view: a saved way to look. Floor: 3."""

from __future__ import annotations

from dataclasses import dataclass

from engine.model.terms import Condition, Document, Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class View(Document):
    """list, board, calendar, profile or compare over one entity. ``sort``: a field, ``-`` in front for descending."""

    entity: str
    show: str = "list"
    where_: Condition | None = None
    columns: tuple[str | Expression, ...] = ()
    sort: tuple[str, ...] = ()
    group: str | None = None
    card: tuple[str, ...] = ()
    panels: tuple[str, ...] = ()
    time: str | None = None
