"""What may be spent in a day, counted for all processes together. Floor: 3."""

from __future__ import annotations

from engine.store.connection import Connection


def spend(connection: Connection, name: str, day: str, amount: int, most: int) -> int | None:
    """None when so much more may be spent on that day (and is counted), else how much is spent already."""
    connection.execute(
        "INSERT INTO fl_counters (name, key, day, n) VALUES (?, 0, ?, 0) ON CONFLICT DO NOTHING", (name, day)
    )
    text = "UPDATE fl_counters SET n = n + ? WHERE name = ? AND key = 0 AND day = ? AND n + ? <= ?"
    if connection.change(text, (amount, name, day, amount, most)) == 1:
        connection.execute("DELETE FROM fl_counters WHERE name = ? AND key = 0 AND day < ?", (name, day))
        return None
    return int(connection.scalar("SELECT n FROM fl_counters WHERE name = ? AND key = 0 AND day = ?", (name, day)) or 0)


def give_back(connection: Connection, name: str, day: str, amount: int) -> None:
    """So much of what was counted was not spent; a negative amount was spent beside it."""
    text = "UPDATE fl_counters SET n = CASE WHEN n < ? THEN 0 ELSE n - ? END WHERE name = ? AND key = 0 AND day = ?"
    connection.execute(text, (amount, amount, name, day))
