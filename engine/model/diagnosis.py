"""A diagnosis: finds a break point, its causes, and the patch. Floor: 3."""

from __future__ import annotations

from dataclasses import dataclass

from engine.model.terms import Bounds, Document, Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A patch of a pack (``pack.patch``) or a pack to install."""

    patch: str | None = None
    pack: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis(Document):
    """Watches ``metric``; when it is ``bad``, ranks ``causes`` by their share of the excess."""

    entity: str
    metric: str
    bad: Bounds
    causes: tuple[Expression, ...] = ()
    advise: tuple[Advice, ...] = ()
