"""The engine's own tables, all named ``fl_…``. Floor: 3.

Instants are microseconds since 1970 (UTC), JSON is text for the driver. Log-like tables (history, audit, traces) carry no
foreign keys: they outlive what they speak of.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.store import agreed, merges
from engine.store import columns as kind


def _text(name: str, **more: Any) -> sa.Column[Any]:
    return sa.Column(name, kind.text(), **more)


def _integer(name: str, **more: Any) -> sa.Column[Any]:
    return sa.Column(name, kind.integer(), **more)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, kind.json())


def _id() -> sa.Column[Any]:
    return sa.Column("id", kind.key(), primary_key=True, autoincrement=True)


def build(metadata: sa.MetaData) -> None:
    """Every system table, laid into ``metadata``."""
    for tables in (
        _records,
        _counters,
        _due,
        _rules,
        agreed.build,
        merges.build,
        _outside,
        _imports,
        _revisions,
        _kept,
    ):
        tables(metadata)


def _records(metadata: sa.MetaData) -> None:
    sa.Table(
        "fl_history",
        metadata,
        _id(),
        _text("entity", nullable=False),
        _integer("record", nullable=False),
        _text("machine", nullable=False),
        _text("state", nullable=False),
        _text("came_from"),
        _integer("entered_at", nullable=False),
        _integer("left_at"),
        _integer("by_user"),
        _text("via"),
        _integer("revision"),
        # Everything a metric asks of a record's stays stands in the index itself.
        sa.Index("ix_fl_history_record", "record", "entity", "state", "entered_at", "left_at", "machine"),
        sa.Index("ix_fl_history_state", "machine", "state", "entered_at"),
    )
    sa.Table(
        "fl_audit",
        metadata,
        _integer("chain", primary_key=True, autoincrement=False),
        _integer("seq", primary_key=True, autoincrement=False),
        _integer("at", nullable=False),
        _integer("by_user"),
        _text("login", nullable=False),
        _text("address"),
        _text("action", nullable=False),
        _text("entity"),
        _integer("record"),
        _text("before"),
        _text("after"),
        _text("detail"),
        _text("hash", nullable=False),
        sa.Index("ix_fl_audit_record", "record", "entity"),
    )


def _counters(metadata: sa.MetaData) -> None:
    sa.Table(
        "fl_changes",
        metadata,
        _text("entity", primary_key=True),
        _integer("stripe", primary_key=True, autoincrement=False),
        _integer("n", nullable=False),
    )
    sa.Table(
        "fl_keys",
        metadata,
        _text("entity", primary_key=True),
        _text("field", primary_key=True),
        _text("key", primary_key=True),
        _integer("record", primary_key=True, autoincrement=False),
        # The key is all there is to a row: one tree instead of three.
        sqlite_with_rowid=False,
    )
    sa.Table(
        "fl_counters",
        metadata,
        _text("name", primary_key=True),
        _integer("key", primary_key=True, autoincrement=False),
        _text("day", primary_key=True),
        _integer("n", nullable=False),
    )
    sa.Table(
        "fl_sequences",
        metadata,
        _text("name", primary_key=True),
        _text("period", primary_key=True),
        _integer("last", nullable=False),
    )


def _due(metadata: sa.MetaData) -> None:
    sa.Table(
        "fl_timers",
        metadata,
        _id(),
        _text("name", nullable=False),
        _text("step", nullable=False),
        _text("entity"),
        _integer("record"),
        _integer("due", nullable=False),
        _text("state", nullable=False),
        _json("data"),
        _integer("fired_at"),
        sa.Index(
            "ix_fl_timers_due",
            "due",
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        ),
        sa.Index("ix_fl_timers_record", "record", "entity"),
        sa.Index("ix_fl_timers_name", "name", "state", "due"),
    )


def _rules(metadata: sa.MetaData) -> None:
    sa.Table(
        "fl_runs",
        metadata,
        _id(),
        _text("trigger", nullable=False),
        _text("entity"),
        _integer("record"),
        _text("event"),
        _text("state", nullable=False),
        _integer("started_at"),
        _integer("ended_at"),
        _integer("revision"),
        _integer("by_user"),
        _json("data"),
        _json("progress"),
        sa.Index("ix_fl_runs_record", "record", "entity"),
        sa.Index("ix_fl_runs_state", "state", "started_at"),
        sa.Index("ix_fl_runs_trigger", "trigger", "started_at"),
    )
    sa.Table(
        "fl_traces",
        metadata,
        _id(),
        _integer("run"),
        _text("kind", nullable=False),
        _text("name", nullable=False),
        _text("entity"),
        _integer("record"),
        _integer("at", nullable=False),
        _text("result"),
        _json("data"),
        sa.Index("ix_fl_traces_record", "record", "entity"),
        sa.Index("ix_fl_traces_name", "name", "at"),
        sa.Index("ix_fl_traces_run", "run"),
    )
    sa.Table(
        "fl_score_cards",
        metadata,
        _id(),
        _text("rule", nullable=False),
        _text("entity", nullable=False),
        _integer("record", nullable=False),
        _integer("at", nullable=False),
        _integer("chosen"),
        _text("reason"),
        _json("candidates"),
        sa.Index("ix_fl_score_cards_record", "record", "entity"),
    )


def _outside(metadata: sa.MetaData) -> None:
    sa.Table(
        "fl_jobs",
        metadata,
        _id(),
        _text("kind", nullable=False),
        _text("key", nullable=False),
        _json("payload"),
        _text("state", nullable=False),
        _integer("due", nullable=False),
        _integer("attempts", nullable=False),
        _text("lease"),
        _integer("lease_until"),
        _text("error"),
        _json("result"),
        _text("entity"),
        _integer("record"),
        _integer("run"),
        _integer("created_at", nullable=False),
        _integer("ended_at"),
        _integer("claims"),
        _text("wakes"),
        _text("uses"),
        sa.Index("ux_fl_jobs_key", "key", unique=True),
        sa.Index("ix_fl_jobs_due", "state", "due"),
        sa.Index("ix_fl_jobs_record", "record", "entity"),
        sa.Index("ix_fl_jobs_run", "run"),
    )
    sa.Table(
        "fl_buckets",
        metadata,
        _text("name", primary_key=True),
        _integer("tokens", nullable=False),
        _integer("at", nullable=False),
    )
    sa.Table(
        "fl_inbox",
        metadata,
        _id(),
        _text("connection", nullable=False),
        _text("key", nullable=False),
        _integer("received_at", nullable=False),
        _text("state", nullable=False),
        _json("headers"),
        sa.Column("body", kind.bytes_()),
        _text("reason"),
        _text("entity"),
        _integer("record"),
        _integer("ended_at"),
        _integer("happened_at"),
        _json("answer"),
        sa.Column("original", kind.bytes_()),
        sa.Index("ux_fl_inbox_key", "connection", "key", unique=True),
        sa.Index("ix_fl_inbox_state", "state", "received_at"),
        sa.Index("ix_fl_inbox_came", "connection", "received_at"),
        sa.Index("ix_fl_inbox_record", "record", "entity"),
    )


def _imports(metadata: sa.MetaData) -> None:
    sa.Table(
        "fl_imports",
        metadata,
        _id(),
        _text("entity", nullable=False),
        _text("file", nullable=False),
        _text("digest", nullable=False),
        _text("state", nullable=False),
        _integer("started_at", nullable=False),
        _integer("ended_at"),
        _integer("by_user"),
        _integer("position", nullable=False),
        _integer("good", nullable=False),
        _integer("bad", nullable=False),
        _json("settings"),
    )
    sa.Table(
        "fl_import_rows",
        metadata,
        _integer("import", primary_key=True, autoincrement=False),
        _integer("row", primary_key=True, autoincrement=False),
        _text("action", nullable=False),
        _text("entity"),
        _integer("record"),
        _integer("version"),
        _json("reason"),
    )


def _revisions(metadata: sa.MetaData) -> None:
    # Parts of dashboards' numbers, so that a new process need not count a million records again. May be emptied at any time.
    sa.Table(
        "fl_kept",
        metadata,
        _text("key", primary_key=True),
        _integer("at", nullable=False),
        _json("moment"),
        sa.Column("lots", kind.bytes_(), nullable=False),
    )
    sa.Table(
        "fl_blobs", metadata, _text("digest", primary_key=True), sa.Column("content", kind.bytes_(), nullable=False)
    )
    sa.Table(
        "fl_revisions",
        metadata,
        _integer("number", primary_key=True, autoincrement=False),
        _integer("at", nullable=False),
        _integer("by_user"),
        _text("login", nullable=False),
        _text("note"),
        _text("digest", nullable=False),
        _json("files"),
        _json("changes"),
    )
    sa.Table("fl_settings", metadata, _text("name", primary_key=True), _json("value"))


def _kept(metadata: sa.MetaData) -> None:
    sa.Table(
        "fl_idempotency",
        metadata,
        _text("scope", primary_key=True),
        _text("key", primary_key=True),
        _text("request", nullable=False),
        _text("state", nullable=False),
        _integer("status"),
        _json("answer"),
        _integer("created_at", nullable=False),
        sa.Index("ix_fl_idempotency_created", "created_at"),
    )
    sa.Table(
        "fl_sessions",
        metadata,
        _text("digest", primary_key=True),
        _text("kind", nullable=False),
        _integer("user_id", nullable=False),
        _integer("created_at", nullable=False),
        _integer("expires_at", nullable=False),
        _integer("used_at"),
        _integer("seen_at"),
        _text("address"),
        _text("label"),
        sa.Index("ix_fl_sessions_user", "user_id"),
    )
    sa.Table(
        "fl_files",
        metadata,
        _text("id", primary_key=True),
        _text("name", nullable=False),
        _text("type", nullable=False),
        _integer("size", nullable=False),
        _text("digest", nullable=False),
        _integer("at", nullable=False),
        _integer("by_user"),
        sa.Column("content", kind.bytes_()),
        # Set once a record has held it; and since when none does any more.
        _integer("held"),
        _integer("loose_since"),
        sa.Index("ix_fl_files_digest", "digest"),
        sa.Index("ix_fl_files_at", "at"),
    )
    sa.Table(
        "fl_dropped",
        metadata,
        _id(),
        _text("entity", nullable=False),
        _text("field"),
        _text("place", nullable=False),
        _text("was", nullable=False),
        _integer("at", nullable=False),
        _integer("records", nullable=False),
        _text("state", nullable=False),
    )
