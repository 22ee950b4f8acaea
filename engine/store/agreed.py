"""The tables of approvals: what was asked, who may decide, what each said, the one result. Floor: 3."""

from __future__ import annotations

import sqlalchemy as sa

from engine.store.declared import table


def build(metadata: sa.MetaData) -> None:
    """Lay the four tables into ``metadata``."""
    _approvals(metadata)
    _voices(metadata)


def _approvals(metadata: sa.MetaData) -> None:
    is_open = sa.text("state = 'open' AND record IS NOT NULL")
    table(
        metadata,
        "fl_approvals",
        "id key, kind text!, entity text, record integer, name text!, title text, mode text!, state text!, asked_by "
        "integer, asked_at integer!, due integer, level integer!, content json, evidence json, rule text, run "
        "integer, revision integer, ended_at integer, note text",
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
    table(
        metadata,
        "fl_seats",
        "approval integer*, position integer*, user integer*, delegate integer",
        sa.Index("ix_fl_seats_user", "user"),
        sa.Index("ix_fl_seats_delegate", "delegate"),
    )
    table(
        metadata,
        "fl_votes",
        "approval integer*, person integer*, user integer!, position integer!, decision text!, note text, at integer!",
    )
    table(
        metadata,
        "fl_verdicts",
        "approval integer*, result text!, at integer!, user integer",
    )
