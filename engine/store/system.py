"""The engine's own tables, all named ``fl_…``. Floor: 3.

Instants are microseconds since 1970 (UTC), JSON is text for the driver. Log-like tables (history, audit, traces) carry no
foreign keys: they outlive what they speak of.
"""

from __future__ import annotations

import sqlalchemy as sa

from engine.store import agreed, filters, imports, merges
from engine.store.declared import table


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
        imports.build,
        filters.build,
        _revisions,
        _kept,
    ):
        tables(metadata)


def _records(metadata: sa.MetaData) -> None:
    table(
        metadata,
        "fl_history",
        "id key, entity text!, record integer!, machine text!, state text!, came_from text, entered_at integer!, "
        "left_at integer, by_user integer, via text, revision integer",
        # Everything a metric asks of a record's stays stands in the index itself.
        sa.Index("ix_fl_history_record", "record", "entity", "state", "entered_at", "left_at", "machine"),
        sa.Index("ix_fl_history_state", "machine", "state", "entered_at"),
    )
    table(
        metadata,
        "fl_audit",
        "chain integer*, seq integer*, at integer!, by_user integer, login text!, address text, action text!, "
        "entity text, record integer, before text, after text, detail text, hash text!",
        sa.Index("ix_fl_audit_record", "record", "entity"),
    )


def _counters(metadata: sa.MetaData) -> None:
    table(
        metadata,
        "fl_changes",
        "entity text*, stripe integer*, n integer!",
    )
    table(
        metadata,
        "fl_keys",
        "entity text*, field text*, key text*, record integer*",
        # The key is all there is to a row: one tree instead of three.
        sqlite_with_rowid=False,
    )
    table(
        metadata,
        "fl_counters",
        "name text*, key integer*, day text*, n integer!",
    )
    table(
        metadata,
        "fl_sequences",
        "name text*, period text*, last integer!",
    )


def _due(metadata: sa.MetaData) -> None:
    table(
        metadata,
        "fl_timers",
        "id key, name text!, step text!, entity text, record integer, due integer!, state text!, data json, "
        "fired_at integer",
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
    table(
        metadata,
        "fl_runs",
        "id key, trigger text!, entity text, record integer, event text, state text!, started_at integer, ended_at "
        "integer, revision integer, by_user integer, data json, progress json",
        sa.Index("ix_fl_runs_record", "record", "entity"),
        sa.Index("ix_fl_runs_state", "state", "started_at"),
        sa.Index("ix_fl_runs_trigger", "trigger", "started_at"),
    )
    table(
        metadata,
        "fl_traces",
        "id key, run integer, kind text!, name text!, entity text, record integer, at integer!, result text, data json",
        sa.Index("ix_fl_traces_record", "record", "entity"),
        sa.Index("ix_fl_traces_name", "name", "at"),
        sa.Index("ix_fl_traces_run", "run"),
    )
    table(
        metadata,
        "fl_score_cards",
        "id key, rule text!, entity text!, record integer!, at integer!, chosen integer, reason text, candidates json",
        sa.Index("ix_fl_score_cards_record", "record", "entity"),
    )


def _outside(metadata: sa.MetaData) -> None:
    table(
        metadata,
        "fl_jobs",
        "id key, kind text!, key text!, payload json, state text!, due integer!, attempts integer!, lease text, "
        "lease_until integer, error text, result json, entity text, record integer, run integer, created_at "
        "integer!, ended_at integer, claims integer, wakes text, uses text",
        sa.Index("ux_fl_jobs_key", "key", unique=True),
        sa.Index("ix_fl_jobs_due", "state", "due"),
        sa.Index("ix_fl_jobs_record", "record", "entity"),
        sa.Index("ix_fl_jobs_run", "run"),
    )
    table(
        metadata,
        "fl_buckets",
        "name text*, tokens integer!, at integer!",
    )
    table(
        metadata,
        "fl_inbox",
        "id key, connection text!, key text!, received_at integer!, state text!, headers json, body bytes, reason "
        "text, entity text, record integer, ended_at integer, happened_at integer, answer json, original bytes",
        sa.Index("ux_fl_inbox_key", "connection", "key", unique=True),
        sa.Index("ix_fl_inbox_state", "state", "received_at"),
        sa.Index("ix_fl_inbox_came", "connection", "received_at"),
        sa.Index("ix_fl_inbox_record", "record", "entity"),
    )


def _revisions(metadata: sa.MetaData) -> None:
    # Parts of dashboards' numbers, so that a new process need not count a million records again. May be emptied at any time.
    table(
        metadata,
        "fl_kept",
        "key text*, at integer!, moment json, lots bytes!",
    )
    table(
        metadata,
        "fl_blobs",
        "digest text*, content bytes!",
    )
    table(
        metadata,
        "fl_revisions",
        "number integer*, at integer!, by_user integer, login text!, note text, digest text!, files json, changes json",
    )
    table(
        metadata,
        "fl_carried",
        "id key, revision integer!, kind text!, target integer!, entity text, before json, after json",
        sa.Index("ix_fl_carried_revision", "revision"),
    )
    table(
        metadata,
        "fl_settings",
        "name text*, value json",
    )


def _kept(metadata: sa.MetaData) -> None:
    table(
        metadata,
        "fl_idempotency",
        "scope text*, key text*, request text!, state text!, status integer, answer json, created_at integer!",
        sa.Index("ix_fl_idempotency_created", "created_at"),
    )
    table(
        metadata,
        "fl_sessions",
        "digest text*, kind text!, user_id integer!, created_at integer!, expires_at integer!, used_at integer, "
        "seen_at integer, address text, label text",
        sa.Index("ix_fl_sessions_user", "user_id"),
    )
    table(
        metadata,
        "fl_files",
        # Set once a record has held it; and since when none does any more.
        "id text*, name text!, type text!, size integer!, digest text!, at integer!, by_user integer, content "
        "bytes, held integer, loose_since integer",
        sa.Index("ix_fl_files_digest", "digest"),
        sa.Index("ix_fl_files_at", "at"),
    )
    table(
        metadata,
        "fl_dropped",
        "id key, entity text!, field text, place text!, was text!, at integer!, records integer!, state text!",
    )
