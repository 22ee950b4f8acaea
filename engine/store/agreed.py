"""The tables of approvals: what was asked, who may decide, what each said, the one result. Floor: 3."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.store import columns as kind


def _text(name: str, **more: Any) -> sa.Column[Any]:
    return sa.Column(name, kind.text(), **more)


def _integer(name: str, **more: Any) -> sa.Column[Any]:
    return sa.Column(name, kind.integer(), **more)


def build(metadata: sa.MetaData) -> None:
    """Lay the four tables into ``metadata``."""
    _approvals(metadata)
    _voices(metadata)


def _approvals(metadata: sa.MetaData) -> None:
    is_open = sa.text("state = 'open' AND record IS NOT NULL")
    sa.Table(
        "fl_approvals",
        metadata,
        sa.Column("id", kind.key(), primary_key=True, autoincrement=True),
        _text("kind", nullable=False),
        _text("entity"),
        _integer("record"),
        _text("name", nullable=False),
        _text("title"),
        _text("mode", nullable=False),
        _text("state", nullable=False),
        _integer("asked_by"),
        _integer("asked_at", nullable=False),
        _integer("due"),
        _integer("level", nullable=False),
        sa.Column("content", kind.json()),
        sa.Column("evidence", kind.json()),
        _text("rule"),
        _integer("run"),
        _integer("revision"),
        _integer("ended_at"),
        _text("note"),
        sa.Index("ix_fl_approvals_record", "record", "entity"),
        sa.Index("ix_fl_approvals_asked", "asked_by", "state"),
        # The same thing is asked for once at a time, whoever asks.
        sa.Index(
            "ux_fl_approvals_open",
            "entity",
            "record",
            "name",
            unique=True,
            sqlite_where=is_open,
            postgresql_where=is_open,
        ),
    )


def _voices(metadata: sa.MetaData) -> None:
    """Who may decide, what each said, and the one result."""
    sa.Table(
        "fl_seats",
        metadata,
        _integer("approval", primary_key=True, autoincrement=False),
        _integer("position", primary_key=True, autoincrement=False),
        _integer("user", primary_key=True, autoincrement=False),
        _integer("delegate"),
        sa.Index("ix_fl_seats_user", "user"),
        sa.Index("ix_fl_seats_delegate", "delegate"),
    )
    sa.Table(
        "fl_votes",
        metadata,
        _integer("approval", primary_key=True, autoincrement=False),
        _integer("person", primary_key=True, autoincrement=False),
        _integer("user", nullable=False),
        _integer("position", nullable=False),
        _text("decision", nullable=False),
        _text("note"),
        _integer("at", nullable=False),
    )
    sa.Table(
        "fl_verdicts",
        metadata,
        _integer("approval", primary_key=True, autoincrement=False),
        _text("result", nullable=False),
        _integer("at", nullable=False),
        _integer("user"),
    )
