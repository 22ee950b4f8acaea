"""Who is behind a request: one-time links, sessions, and the Actor of a user. Floor: 6."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from engine.facts import SYSTEM, Actor
from engine.runtime import access, budget, entity
from engine.runtime.acts import Acting
from engine.runtime.context import values_of
from engine.runtime.turn import run
from engine.site import filters, notices
from engine.site.running import Running
from engine.store import changes, sessions
from engine.store.connection import Connection
from engine.store.encode import instant

#: How long a recognised session is believed without a look at the database (another process may have ended it).
BELIEVED = 1.0
#: Sessions remembered at once.
REMEMBERED = 1024


@dataclass(frozen=True, slots=True)
class _Known:
    actor: Actor
    looked: float
    users: int


class People:
    """Sessions of one running site. Recognising a request costs no query while a session was looked at within a second
    and no user record has changed in this process."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def invite(self, login: str, lasts: dt.timedelta = sessions.LINK_LASTS) -> str | None:
        """The secret of a link that signs this user in once; None when there is no such active user."""
        running = self._running

        def work(connection: Connection) -> str | None:
            found = running.parts.records.find(connection, "user", {"login": login}, 1)
            if not found or found[0].values.get("active") is False:
                return None
            return sessions.invite(connection, found[0].id, running.clock.now(), lasts)

        return running.database.write(work)

    def enter(self, link: str, address: str = "") -> str | None:
        """A session's secret for a link's; None when the link is unknown, used or too old."""
        now = self._running.clock.now()
        return self._running.database.write(lambda connection: sessions.redeem(connection, link, now, address))

    def token(self, login: str, label: str, lasts: dt.timedelta) -> str | None:
        """A bearer token for programs, named so that it can be told apart and ended; None without such a user."""
        running = self._running

        def work(connection: Connection) -> str | None:
            found = running.parts.records.find(connection, "user", {"login": login}, 1)
            if not found:
                return None
            return sessions.start(connection, found[0].id, running.clock.now(), lasts, label=label)

        return running.database.write(work)

    def leave(self, session: str) -> None:
        """End a session at once."""
        with self._lock:
            self._known.pop(session, None)
        self._running.database.write(lambda connection: sessions.end(connection, session))

    def forget(self) -> None:
        """Believe nobody without a look: a user or a role has changed."""
        with self._lock:
            self._known.clear()

    def recognise(self, session: str, address: str = "") -> Actor | None:
        """The actor behind a session's secret; None when it is not open or the user is not active any more."""
        now = self._running.clock.monotonic()
        known = self._known.get(session)
        if known is not None and 0 <= now - known.looked < BELIEVED:
            return known.actor
        with self._running.database.read() as connection:
            users = changes.count(connection, "user")
            found = sessions.find(connection, session, self._running.clock.now())
            if found is None:
                self._known.pop(session, None)
                return None
            if known is not None and known.users == users:
                actor: Actor | None = known.actor
            else:
                actor = self._actor(connection, found.user, address)
        if actor is None:
            return None
        with self._lock:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[session] = _Known(actor, now, users)
        return actor

    def actor(self, user: str | int) -> Actor | None:
        """The actor of a user by login or id, for commands and samples; None when there is none."""
        with self._running.database.read() as connection:
            if isinstance(user, int):
                return self._actor(connection, user, "")
            found = self._running.parts.records.find(connection, "user", {"login": user}, 1)
            return self._actor(connection, found[0].id, "") if found else None

    def _actor(self, connection: Connection, user: int, address: str) -> Actor | None:
        record = self._running.parts.records.get(connection, "user", user)
        if record is None or record.values.get("active") is False:
            return None
        values = values_of(record)
        language = values.get("language") or self._running.manifest.site.locale
        return Actor(
            user=user,
            login=str(values.get("login") or ""),
            roles=tuple(values.get("roles") or ()),
            values=values,
            address=address,
            language="en" if str(language).startswith("en") else "zh",
        )

    def filters(self, actor: Actor, entity: str) -> list[dict[str, Any]]:
        """The filters of a list a person keeps, and those of their team (see ``engine.site.filters``)."""
        return filters.listed(self._running, actor, entity)

    def keep_filter(self, actor: Actor, entity: str, name: str, search: str, *, shared: bool) -> dict[str, Any]:
        """A filter kept under a name."""
        return filters.keep(self._running, actor, entity, name, search, shared)

    def drop_filter(self, actor: Actor, id: int) -> None:
        """Keep a filter no longer."""
        filters.drop(self._running, actor, id)

    def speak(self, actor: Actor, language: str) -> None:
        """Remember the language a person wants to read."""
        if actor.user is None:
            return
        person = actor.user

        def work(context: Acting) -> None:
            entity.update(context, "user", person, {"language": language})

        # One's own language is not a right over user records: the engine writes it on the person's behalf.
        run(self._running.parts, self._running.database, SYSTEM, work)
        self.forget()

    def may(self, actor: Actor) -> frozenset[str]:
        """What the actor may do beside records: configure, publish, import, audit, personal."""
        return frozenset(
            permission
            for permission in ("configure", "publish", "import", "audit", "personal")
            if access.permits(self._running.manifest, actor, permission)
        )

    # --- what people were told

    def notifications(self, actor: Actor, limit: int = 50) -> list[dict[str, Any]]:
        """What the actor was told, newest first: id, title, body, entity, record, at, read."""
        with self._running.database.read() as connection:
            rows = connection.execute(
                "SELECT id, title, body, entity, record, created_at, read_at FROM notification "
                f'WHERE "user" = ? AND deleted_at IS NULL{self._reached()} ORDER BY id DESC LIMIT ?',
                (actor.user, limit),
            )
        return [
            {
                "id": row[0],
                "title": row[1],
                "body": row[2],
                "entity": row[3],
                "record": row[4],
                "at": instant(row[5]).isoformat(),
                "read": row[6] is not None,
            }
            for row in rows
        ]

    def _reached(self) -> str:
        """What is held back has reached nobody yet."""
        return " AND held_until IS NULL" if budget.holds(self._running.manifest) else ""

    def unread(self, actor: Actor) -> int:
        """How many of them the actor has not read."""
        with self._running.database.read() as connection:
            text = f'SELECT COUNT(*) FROM notification WHERE "user" = ? AND read_at IS NULL AND deleted_at IS NULL{self._reached()}'
            return int(connection.scalar(text, (actor.user,)))

    def preview(self, actor: Actor, **limits: str) -> dict[str, Any]:
        """What people would have been told last week under these limits (see ``notices.preview``)."""
        return notices.preview(self._running, actor, limits)

    def mark_read(self, actor: Actor, ids: Iterable[int] | None = None) -> None:
        """Mark some of the actor's own, or all, as read."""
        wanted = None if ids is None else frozenset(ids)

        def work(context: Acting) -> None:
            found = context.records.find(context.connection, "notification", {"user": actor.user, "read_at": None})
            for record in found:
                if wanted is None or record.id in wanted:
                    entity.update(context, "notification", record.id, {"read_at": context.now})

        # What one was told is one's own: only rows of this user are touched, so the engine may write them.
        run(self._running.parts, self._running.database, SYSTEM, work)
