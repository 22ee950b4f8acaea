"""The site's connections for its own people: what came, what waits for a person, a trial, a replay. Floor: 6."""

from __future__ import annotations

import contextlib
import mimetypes
from collections.abc import Sequence
from typing import Any

from engine.errors import FlowloomError, NotFound, Problem, WrongUsage
from engine.facts import SYSTEM, Actor, Record
from engine.plugins.slots import Delivery
from engine.runtime import access
from engine.runtime.acts import Acting
from engine.runtime.connection import Route, Taken, route_of, take
from engine.runtime.turn import Turned, turn
from engine.site import fetching, overview
from engine.site.receiving import AT_ONCE, Receiving, receipt
from engine.site.running import Running
from engine.store import audit, inbox
from engine.store.connection import Connection
from engine.store.encode import micros

#: Megabytes of a file at most, where the connection does not say.
LARGEST = 100


class _TakenBack(Exception):
    """Ends a trial's transaction, so that nothing of it stays."""


class Channels(Receiving):
    """The connections of one running site. ``fetching`` polls those that are fetched."""

    def __init__(self, running: Running) -> None:
        super().__init__(running)
        self.fetching = fetching.Fetching(self)

    def work(self, limit: int = 500) -> int:
        """As ``Receiving.work``; what could not be fetched is looked at again where its settings were mended."""
        self.fetching.look_again()
        return super().work(limit)

    def close(self) -> None:
        """Let what is being fetched and written end."""
        self.fetching.close()
        super().close()

    def replay(self, actor: Actor, id: int, body: bytes | None = None) -> dict[str, Any]:
        """Work a delivery off once more, with a mended ``body`` if given; its receipt. One that is done stays as it is.

        Raises Forbidden, NotFound (I022), Unreadable.
        """
        access.check_permit(self.running.manifest, actor, "import")

        def work(connection: Connection) -> dict[str, Any]:
            kept = inbox.find(connection, id, lock=True)
            if kept is None:
                raise NotFound(Problem("I022", parameters={"id": id}))
            if kept.state == "done":
                return {**receipt(kept, actor.language), "replayed": True}
            if body is not None:
                self.connector(kept.connection).read(body, str(kept.headers.get("kind") or "application/json"))
                inbox.mend(connection, id, body)
                kept = inbox.find(connection, id) or kept
            detail = {"inbox": id, "mended": body is not None}
            audit.write(connection, self.running.clock.now(), actor, "inbox_replay", detail=detail)
            return receipt(self.again(connection, kept), actor.language)

        return self.running.database.write(work)

    def listing(self, actor: Actor) -> list[dict[str, Any]]:
        """Every connection and public form: where it leads, how much came, ever and ``today``, and when; its ``state`` (working,
        silent, attention) with the reason in ``why``, how fetching goes (``poll``), which secrets are set, what the actor ``can``
        do with it. Raises Forbidden for who may neither import nor configure."""
        self._look_after(actor)
        return list(overview.listing(self, actor))

    def _look_after(self, actor: Actor) -> None:
        if not access.permits(self.running.manifest, actor, "configure"):
            access.check_permit(self.running.manifest, actor, "import")

    def deliveries(
        self,
        actor: Actor,
        states: str | Sequence[str] = "quarantined",
        limit: int = 100,
        *,
        name: str | None = None,
        after: str = "",
    ) -> list[dict[str, Any]]:
        """Deliveries in these states with their bodies as text: what waits the oldest first, what is over the latest first. Of the
        connection ``name`` only, and behind the ``place`` of one, where that is asked for.

        Raises Forbidden, WrongUsage for another state or no place."""
        access.check_permit(self.running.manifest, actor, "import")
        wanted = [states] if isinstance(states, str) else list(states)
        if not wanted or not set(wanted) <= set(inbox.STATES):
            raise WrongUsage(Problem("H012", parameters={"name": "state", "why": ", ".join(inbox.STATES)}))
        at, _, id = after.partition(".")
        if after and not (at.isdecimal() and id.isdecimal()):
            raise WrongUsage(Problem("H012", parameters={"name": "cursor", "why": "next"}))
        with self.running.database.read() as connection:
            behind = (int(at), int(id)) if after else None
            found = inbox.page(connection, wanted, limit, name, behind)
        return [shown(each, actor.language) for each in found]

    def trial(
        self, actor: Actor, name: str, body: bytes, kind: str, file: str = "", *, kept: bool = False
    ) -> list[dict[str, Any]]:
        """What would come of a pasted input or a ``file``, item by item: ``values`` (``shown`` in words, ``links`` with titles), ``action`` (created, matched,
        received) or ``problems``. ``kept``: the body is one item, as a delivery keeps it.

        Nothing is written. Raises Forbidden, NotFound (I020), Unreadable, InvalidDocument.
        """
        access.check_permit(self.running.manifest, actor, "import")
        route = route_of(self.running.manifest, name)
        connection = self.running.manifest.connections.get(name)
        plain = dict(connection.settings) if connection is not None else {}
        if kept:
            plain.pop("items", None)
        items = self.connector(name).sample(plain, body, kind, file)
        found: list[dict[str, Any]] = []

        def work(connection: Connection) -> None:
            found.clear()
            for item in items:
                found.append(self._tried(connection, route, item, actor.language))
            raise _TakenBack

        with contextlib.suppress(_TakenBack):
            self.running.database.write(work)
        return found

    def upload(self, actor: Actor, name: str, file: str, body: bytes) -> dict[str, Any]:
        """Take a file somebody hands over: how many of its deliveries are ``new``, came before (``known``), and wait for a person
        (``waiting``). What was kept when this breaks off stays; the file handed over again brings the rest.

        Raises Forbidden, NotFound (I020), WrongUsage (I048: no files; I041: too large), Unreadable, InvalidDocument.
        """
        access.check_permit(self.running.manifest, actor, "import")
        route_of(self.running.manifest, name)
        connector = self.connector(name)
        if "upload" not in connector.offers:
            raise WrongUsage(Problem("I048", parameters={"connection": name}))
        found = self.running.manifest.connections[name]
        most = int(found.settings.get("largest") or LARGEST)
        if len(body) > most * 1_000_000:
            parameters = {"file": file, "size": len(body) // 1_000_000, "most": most}
            raise WrongUsage(Problem("I041", parameters=parameters))
        lots = connector.sample(dict(found.settings), body, mimetypes.guess_type(file)[0] or "text/csv", file)
        receipts = [
            each for begin in range(0, len(lots), AT_ONCE) for each in self.keep(name, lots[begin : begin + AT_ONCE])
        ]
        known = sum(bool(each.get("replayed")) for each in receipts)
        waiting = sum(not each.get("replayed") and each["state"] == "quarantined" for each in receipts)
        told = {"connection": name, "file": file, "new": len(receipts) - known, "known": known, "waiting": waiting}
        self.running.database.write(
            lambda c: audit.write(c, self.running.clock.now(), actor, "connection_upload", detail=told)
        )
        return {count: told[count] for count in ("new", "known", "waiting")}

    def _tried(self, connection: Connection, route: Route, item: Delivery, language: str) -> dict[str, Any]:
        if item.problem is not None:
            return {"action": "refused", "problems": (item.problem,)}
        try:
            with connection.savepoint():
                return self._try(connection, route, item, language)
        except FlowloomError as error:
            if connection.broken is not None:
                raise
            return {"action": "refused", "problems": error.problems}

    def _try(self, connection: Connection, route: Route, item: Delivery, language: str) -> dict[str, Any]:
        def work(context: Acting) -> Taken:
            return take(context, route, item.content, item.facts)

        def after(context: Acting, done: Turned[Taken]) -> dict[str, Any] | None:
            # As it stands when every rule has run: with its owner.
            record = done.value.record
            return (
                None if record is None else _values(context, context.get(record.entity, record.id) or record, language)
            )

        done = turn(self.running.parts, connection, SYSTEM, work, via="trial", answer=after)
        taken, said = done.value, done.said
        if taken.record is None or said is None:
            return {"action": taken.action, "record": None, "values": item.content}
        return {"action": taken.action, "record": taken.record.id if taken.action == "matched" else None, **said}

    def probe(self, actor: Actor, name: str) -> str:
        """What the other side of a connection says when asked. Raises Forbidden, NotFound, Undone."""
        access.check_permit(self.running.manifest, actor, "configure")
        route_of(self.running.manifest, name)
        return str(self.connector(name).probe(self.settings(name)))


def _values(context: Acting, record: Record, language: str) -> dict[str, Any]:
    """A record's ``values`` as JSON, those that say more in words in ``shown``, the titles of what it links to in ``links``."""
    values: dict[str, Any] = {}
    shown: dict[str, str] = {}
    links: dict[str, Any] = {}
    for name, one in context.plan(record.entity).fields.items():
        value = record.values.get(name)
        if value is None:
            continue
        values[name] = one.type.to_json(value)
        shown[name] = one.type.show(one.field, value, language)
        other = context.get(one.links_to, value) if one.links_to is not None and isinstance(value, int) else None
        if other is not None:
            links[name] = {"entity": other.entity, "id": other.id, "title": context.title(other)}
    return {"values": values, "shown": shown, "links": links}


def shown(kept: inbox.Delivery, language: str) -> dict[str, Any]:
    """A delivery for the site's own people."""
    return {
        **receipt(kept, language),
        "connection": kept.connection,
        "key": kept.key,
        "received_at": kept.received_at.isoformat(),
        "happened_at": kept.happened_at.isoformat() if kept.happened_at else None,
        "kind": kept.headers.get("kind", ""),
        "facts": kept.headers.get("facts") or {},
        "body": kept.body.decode("utf-8", "replace"),
        "mended": kept.original is not None,
        "place": f"{micros(kept.received_at)}.{kept.id}",
    }
