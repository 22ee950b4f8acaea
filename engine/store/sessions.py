"""Sign-in links, used once, and the sessions they open. Only hashes of their secrets are kept. Floor: 3."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from engine.store.connection import Connection
from engine.store.encode import instant, micros, moment

LINK_LASTS = dt.timedelta(hours=24)
SESSION_LASTS = dt.timedelta(days=14)
#: How exactly it is known when a session was last used; more often would make every read a write.
SEEN_EVERY = dt.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Session:
    """An open session. ``user`` is the id of its user."""

    user: int
    created_at: dt.datetime
    expires_at: dt.datetime
    seen_at: dt.datetime | None
    address: str
    label: str


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _add(
    connection: Connection, kind: str, user: int, now: dt.datetime, lasts: dt.timedelta, address: str, label: str
) -> str:
    secret = secrets.token_urlsafe(32)
    connection.execute(
        "INSERT INTO fl_sessions (digest, kind, user_id, created_at, expires_at, address, label) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (_digest(secret), kind, user, micros(now), micros(now + lasts), address, label),
    )
    return secret


def invite(connection: Connection, user: int, now: dt.datetime, lasts: dt.timedelta = LINK_LASTS) -> str:
    """The secret of a link that signs this user in once."""
    return _add(connection, "link", user, now, lasts, "", "")


def redeem(connection: Connection, secret: str, now: dt.datetime, address: str = "") -> str | None:
    """The secret of a new session for a link's secret; None when it is unknown, used or too old. Of two who come at once one wins."""
    text = (
        "UPDATE fl_sessions SET used_at = ? WHERE digest = ? AND kind = 'link' AND used_at IS NULL AND expires_at > ?"
    )
    if connection.change(text, (micros(now), _digest(secret), micros(now))) != 1:
        return None
    user = connection.scalar("SELECT user_id FROM fl_sessions WHERE digest = ?", (_digest(secret),))
    return start(connection, int(user), now, address=address)


def start(
    connection: Connection,
    user: int,
    now: dt.datetime,
    lasts: dt.timedelta = SESSION_LASTS,
    address: str = "",
    label: str = "",
) -> str:
    """The secret of a new session (or API token, with a ``label``)."""
    return _add(connection, "session", user, now, lasts, address, label)


def find(connection: Connection, secret: str, now: dt.datetime) -> Session | None:
    """The open session behind a secret, or None."""
    row = connection.one(
        "SELECT user_id, created_at, expires_at, seen_at, address, label FROM fl_sessions "
        "WHERE digest = ? AND kind = 'session' AND expires_at > ?",
        (_digest(secret), micros(now)),
    )
    return None if row is None else _session(row)


def seen(connection: Connection, secret: str, now: dt.datetime) -> None:
    """It was used just now. Call it when ``seen_at`` is older than SEEN_EVERY."""
    connection.execute("UPDATE fl_sessions SET seen_at = ? WHERE digest = ?", (micros(now), _digest(secret)))


def end(connection: Connection, secret: str) -> bool:
    """Sign out. False when it was no open session."""
    return connection.change("DELETE FROM fl_sessions WHERE digest = ? AND kind = 'session'", (_digest(secret),)) == 1


def end_all(connection: Connection, user: int) -> int:
    """End every session and link of a user (left, disabled); how many."""
    return connection.change("DELETE FROM fl_sessions WHERE user_id = ?", (user,))


def forget(connection: Connection, now: dt.datetime) -> int:
    """Drop what has expired; how many."""
    return connection.change("DELETE FROM fl_sessions WHERE expires_at <= ?", (micros(now),))


def _session(row: tuple[Any, ...]) -> Session:
    user, created, expires, last, address, label = row
    return Session(user, instant(created), instant(expires), moment(last), address or "", label or "")
