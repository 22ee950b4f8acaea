"""A calendar: when work is done. Floor: 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.model.terms import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar(Document):
    """``open``: days (``mon-fri``, ``sat``) -> spans ``"09:00-12:00"``. ``holidays: cn`` is the State Council's list."""

    timezone: str | None = None
    open: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    holidays: str | None = None
    closed: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
