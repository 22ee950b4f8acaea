"""What tables, columns and indexes there really are. Floor: 3."""

from __future__ import annotations

from engine.store import settings
from engine.store.connection import Connection


def tables(connection: Connection) -> dict[str, set[str]]:
    """Table -> its columns."""
    if connection.dialect == "sqlite":
        rows = connection.execute(
            "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c "
            "WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"
        )
    else:
        rows = connection.execute(
            "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = current_schema()"
        )
    found: dict[str, set[str]] = {}
    for table, column in rows:
        found.setdefault(table, set()).add(column)
    return found


def indexes(connection: Connection) -> dict[str, str]:
    """Index -> its table; those a constraint made are left out."""
    if connection.dialect == "sqlite":
        rows = connection.execute("SELECT name, tbl_name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    else:
        rows = connection.execute(
            "SELECT i.relname::text, t.relname::text FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid "
            "JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace n ON n.oid = i.relnamespace "
            "WHERE n.nspname = current_schema() AND NOT x.indisprimary"
        )
    return dict(rows)


def shape(connection: Connection) -> dict[str, dict[str, object]]:
    """What the tables were last made for (see Schema.shape); empty for an empty database."""
    if "fl_settings" not in tables(connection):
        return {}
    return settings.get(connection, "shape") or {}
