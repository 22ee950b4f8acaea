"""The doors of the outside: what arrives is durable before anybody hears yes, then worked off. Floor: 6."""

from __future__ import annotations

import concurrent.futures
import contextlib
import datetime as dt
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from engine import said
from engine.clock import SystemClock
from engine.errors import FlowloomError, Problem, Refused, Unavailable
from engine.facts import SYSTEM
from engine.model.terms import Duration
from engine.plugins.slots import Connector, Delivery, Inbound, Received, Reply, Unauthentic, Undone
from engine.runtime import polling, silence
from engine.runtime.connection import FORM, work_off
from engine.runtime.outside import settings_of
from engine.site import secret
from engine.site.buttons import Buttons
from engine.site.pace import Pace
from engine.site.running import Running
from engine.site.rush import Rush
from engine.site.spool import Spool, Spooled
from engine.store import audit, inbox, settings
from engine.store.connection import Connection

T = TypeVar("T")
#: Seconds a sender waits for the database before what it brought is kept in a file; several of them give up after five.
PATIENCE = 3.0
#: Seconds everything goes straight to files after the database did not answer.
REST = 2.0
#: Deliveries of one request that are worked off before it is answered; more are worked off right after.
AT_ONCE = 20
#: Refused signatures in a minute that tell somebody is trying.
ALARM = 20
THREADS = 32
#: Deliveries in files that are loaded in one transaction; those worked off at a time while more arrives than can be, and the seconds
#: for which then nothing is worked off at all.
TOGETHER, LEISURE, PATIENT = 200, 200, 30.0
#: What the caller learns of a delivery that repeats one: the same as then.
SPOOLED: Mapping[str, Any] = {"state": "new"}
#: What is kept of senders that could not prove who they are: ``{at, why}`` by connection.
REFUSED = "refused:"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender hears: ``status``, ``content`` (JSON), ``replayed`` when all of it had come before; or a ``reply`` in
    the words of the sender's protocol."""

    status: int
    content: Mapping[str, Any]
    replayed: bool = False
    reply: Reply | None = None


class Receiving:
    """The ways into one running site."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self._secrets = secret.reader(running.folder)
        self.spool = Spool(running.folder / "spool")
        self.rush = Rush(SystemClock())
        self.buttons = Buttons(running)
        self._pace = Pace(lambda work: self._timely(lambda: running.database.write(work)), running.clock)
        self._pool: concurrent.futures.ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        self._resting_until = 0.0
        self._behind = False
        self._settings: dict[str, tuple[Any, float, Mapping[str, Any]]] = {}
        self._refused: Counter[tuple[str, int]] = Counter()

    # --- in

    def receive(
        self,
        name: str,
        body: bytes,
        headers: Mapping[str, str],
        method: str = "POST",
        query: Mapping[str, str] | None = None,
        address: str = "",
        verified: Callable[[], None] | None = None,
    ) -> Answer:
        """What a request to a connection brings, kept and, where that is quick, worked off. Header names in lower case. ``verified``
        is called once its sender is proven and before anything is kept; what it raises is raised.

        Raises Unauthentic (the same for an unknown connection as for a wrong signature), Unreadable, and Unavailable when
        neither the database nor a file can keep it.
        """
        request = Inbound(body, headers, self.running.clock.now(), method, query or {}, address)
        parts = self.running.parts
        connection = parts.manifest.connections.get(name)
        connector = parts.registry.find(Connector, connection.connector) if connection is not None else None
        if connection is None or connector is None:
            raise Unauthentic(f"no connection is called {name}")
        try:
            received = connector.receive(self._lately(name), request)
        except Undone as error:
            # A person has to mend it; the sender learns only that it should come again.
            raise Unavailable(Problem("H035", parameters={"why": name})) from error
        except Unauthentic as error:
            self._note_refused(name, request, str(error))
            raise
        if verified is not None:
            verified()
        receipts: Sequence[Mapping[str, Any]] = ()
        if received.deliveries:
            with self.rush.come() as rushing:
                # While something waits nothing passes it by: the same sender's next word must not come first.
                only = rushing or self._behind
                receipts = self._put(name, received.deliveries) if only else self.keep(name, received.deliveries)
        if received.wakes:
            self._wake(name)
        return self._answer(received, receipts)

    def _wake(self, name: str) -> None:
        """Let the connection be polled now; where the database is away its schedule does it later."""
        database, now = self.running.database, self.running.clock.now()
        with contextlib.suppress(Unavailable):
            self._timely(lambda: database.write(lambda connection: polling.due_now(connection, name, now)))

    def submit(self, form: str, key: str, values: Mapping[str, Any]) -> Answer:
        """What somebody sent with a public form; ``key`` is the page's own, so that sending twice is sending once.

        Raises Refused with every problem beside its field: then nothing is kept, for the person is still there to mend it.
        """
        import orjson

        body = orjson.dumps(values)
        receipts = self.keep(FORM + form, [Delivery(key, dict(values), body)], strict=True)
        return self._answer(Received(), receipts)

    def keep(self, name: str, deliveries: Sequence[Delivery], *, strict: bool = False) -> list[dict[str, Any]]:
        """A receipt for each delivery: ``id``, ``state``, what was made of it, ``replayed``. All are durable when this returns.

        ``strict``: what the rules refuse is raised, not put aside. Raises Unavailable when nothing can keep them.
        """
        running = self.running
        now = running.clock.now()
        at_once = len(deliveries) <= AT_ONCE

        def work(connection: Connection, made: bool = True) -> list[dict[str, Any]]:
            return [self.take_in(connection, name, each, now, made and at_once, strict) for each in deliveries]

        try:
            return self._timely(lambda: running.database.write(work))
        except Unavailable:
            return self._put(name, deliveries)
        except FlowloomError:
            raise
        except Exception:
            # Whatever went wrong in a rule, what arrived is kept; ``work`` looks at it again.
            return self._timely(lambda: running.database.write(lambda connection: work(connection, False)))

    def _put(self, name: str, deliveries: Sequence[Delivery]) -> list[dict[str, Any]]:
        """Keep them in a file; they are worked off later. Raises Unavailable."""
        now = self.running.clock.now()
        about = [{"kind": each.kind, "facts": dict(each.facts)} for each in deliveries]
        kept = [Spooled(name, d.key, d.body, now, a, d.at) for d, a in zip(deliveries, about, strict=True)]
        self._behind = True
        self.spool.put(*kept)
        return [dict(SPOOLED) for _ in kept]

    def take_in(
        self, connection: Connection, name: str, each: Delivery, now: dt.datetime, made: bool, strict: bool = False
    ) -> dict[str, Any]:
        """Keep one delivery in this transaction, ``made``: and work it off; its receipt, ``replayed`` when it had come before."""
        about = {"kind": each.kind, "facts": dict(each.facts)}
        fresh = inbox.receive(connection, name, each.key, each.body, now, about, each.at)
        kept = inbox.get(connection, name, each.key)
        assert kept is not None
        if not fresh:
            if strict and kept.body != each.body:
                raise Refused(Problem("H036"))
            return {**receipt(kept), "replayed": True}
        if each.problem is not None:
            inbox.quarantine(connection, kept.id, said.keep([each.problem]), now)
            return receipt(inbox.find(connection, kept.id) or kept)
        if each.skip:
            inbox.done(connection, kept.id, now, answer={"action": "skipped", "reason": each.skip}, state="skipped")
            return receipt(inbox.find(connection, kept.id) or kept)
        if not made:
            return receipt(kept)
        done = work_off(self.running.parts, connection, kept, each.content, strict=strict)
        if done.state == "done":
            self._unpark(connection, name)
        return receipt(done)

    def _unpark(self, connection: Connection, name: str) -> None:
        for waiting in inbox.listed(connection, "parked", 20, name):
            self.again(connection, waiting)

    def again(self, connection: Connection, kept: inbox.Delivery) -> inbox.Delivery:
        """The delivery, worked off in this transaction from the body that is kept."""
        try:
            content = self._content(kept)
        except FlowloomError as error:
            inbox.quarantine(connection, kept.id, said.keep(error.problems), self.running.clock.now())
            return inbox.find(connection, kept.id) or kept
        return work_off(self.running.parts, connection, kept, content)

    def _content(self, kept: inbox.Delivery) -> Any:
        kind = str(kept.headers.get("kind") or "application/json")
        return self.connector(kept.connection).read(kept.body, kind)

    def connector(self, name: str) -> Any:
        """What speaks for a connection; for a form, or a connection that is gone, what reads plain content."""
        parts = self.running.parts
        found = parts.manifest.connections.get(name)
        connector = parts.registry.find(Connector, found.connector) if found is not None else None
        return connector if connector is not None else _Plain()

    def _timely(self, work: Callable[[], T]) -> T:
        """What ``work`` gives, if it gives it in time. Raises Unavailable; it may then still be done, under the same key."""
        clock = self.running.clock
        if clock.monotonic() < self._resting_until:
            raise Unavailable(Problem("H035", parameters={"why": "database"}))
        with self._lock:
            if self._pool is None:
                self._pool = concurrent.futures.ThreadPoolExecutor(THREADS, "inbox")
        future = self._pool.submit(work)
        try:
            return future.result(PATIENCE)
        except (Unavailable, concurrent.futures.TimeoutError) as error:
            future.cancel()
            self._resting_until = clock.monotonic() + REST
            raise Unavailable(Problem("H035", parameters={"why": "database"})) from error

    def _answer(self, received: Received, receipts: Sequence[Mapping[str, Any]]) -> Answer:
        replayed = bool(receipts) and all(each.get("replayed") for each in receipts)
        waits = any(each["state"] != "done" for each in receipts)
        # The reason may name another record; the site's own people find it in the inbox.
        plain = [
            {name: value for name, value in each.items() if name not in ("replayed", "reason")} for each in receipts
        ]
        content = plain[0] if len(plain) == 1 else {"deliveries": plain}
        return Answer(202 if waits else 200, content, replayed, received.reply)

    def _note_refused(self, name: str, request: Inbound, why: str) -> None:
        """Count it; the first of a minute and the one that raises the alarm are written into the audit log."""
        minute = int(request.now.timestamp() // 60)
        with self._lock:
            if len(self._refused) > 1000:
                self._refused.clear()
            self._refused[name, minute] += 1
            count = self._refused[name, minute]
        if count not in (1, ALARM):
            return
        detail = {"connection": name, "address": request.address, "why": why, "count": count}
        action = "connection_alarm" if count == ALARM else "connection_refused"

        def work(connection: Connection) -> None:
            now = self.running.clock.now()
            audit.write(connection, now, SYSTEM, action, detail=detail)
            settings.put(connection, REFUSED + name, {"at": now.isoformat(), "why": why})
            if count == ALARM:
                silence.tell(self.running.parts, connection, Problem("I023", parameters=detail))

        try:
            self._timely(lambda: self.running.database.write(work))
        except Unavailable:
            return

    # --- afterwards

    def work(self, limit: int = 500) -> int:
        """Load what lies in files, then work off what is still new, and what waited long enough for another; how many."""
        running = self.running
        count = 0
        if not running.published:
            return count
        if self.rush.on:
            if self.rush.lasting < PATIENT:
                # What comes is acknowledged first; there is time afterwards.
                return count
            limit = LEISURE
        for path, many in self.spool.waiting(limit):
            for start in range(0, len(many), TOGETHER):
                part = many[start : start + TOGETHER]
                running.database.write(lambda connection, part=part: [_load(connection, one) for one in part])  # type: ignore[misc]
            path.unlink(missing_ok=True)
        with running.database.read() as connection:
            found = [*inbox.listed(connection, "new", limit), *inbox.listed(connection, "parked", limit)]
        now = running.clock.now()
        for each in found:
            if each.state == "parked" and now < each.received_at + silence.PARKED:
                continue
            count += running.database.write(lambda connection, id=each.id: self.take_up(connection, id))  # type: ignore[misc]
        if self.spool.lying == 0 and sum(each.state == "new" for each in found) < limit:
            self._behind = self.spool.lying > 0
        return count

    def take_up(self, connection: Connection, id: int) -> int:
        """1 when a delivery that nobody had worked off was worked off in this transaction, else 0."""
        kept = inbox.find(connection, id, lock=True)
        if kept is None or kept.state not in ("new", "parked"):
            return 0
        try:
            with connection.savepoint():
                self.again(connection, kept)
        except Exception as error:
            if connection.broken is not None or isinstance(error, Unavailable):
                raise
            # A mistake of ours must not keep everything behind it waiting.
            inbox.quarantine(connection, id, said.keep(said.problems_of(error)), self.running.clock.now())
        return 1

    def wait(self, name: str) -> float | None:
        """Seconds until the connection takes another verified request, 0 for now; None where its ``limits`` say nothing of it."""
        found = self.running.manifest.connections.get(name)
        if found is None or found.limits is None or found.limits.received is None:
            return None
        return self._pace.wait(name, found.limits.received)

    def _lately(self, name: str) -> Mapping[str, Any]:
        """A connection's settings as they were read at most a second ago: secrets lie in a file."""
        manifest, now = self.running.manifest, time.monotonic()
        known = self._settings.get(name)
        if known is None or known[0] is not manifest or now > known[1]:
            known = self._settings[name] = (manifest, now + 1.0, self.settings(name))
        return known[2]

    def settings(self, name: str) -> dict[str, Any]:
        """A connection's settings with their secrets, spans in seconds. Raises Undone (R103) where a secret is not there."""
        parts = self.running.parts
        connection = parts.manifest.connections[name]
        found = dict(settings_of(connection, self._secrets))
        params: Mapping[str, Any] = getattr(parts.registry.find(Connector, connection.connector), "params", {})
        for key, part in params.get("properties", {}).items():
            span = (
                Duration.parse(found[key])
                if part.get("format") == "duration" and isinstance(found.get(key), str)
                else None
            )
            if span is not None:
                found[key] = span.delta.total_seconds()
        return found

    def has_secret(self, name: str) -> bool:
        """Whether there is a value for ``=secret.NAME``."""
        with contextlib.suppress(Unavailable):
            return self._secrets(name) is not None
        return False

    def close(self) -> None:
        """Let what is being written end."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)


class _Plain:
    """Reads what came by no connector: a public form, or a connection that is gone since."""

    offers: frozenset[str] = frozenset()

    def read(self, body: bytes, kind: str) -> Any:
        """The content."""
        from engine.plugins.slots import content_of

        return content_of(body, kind)

    def probe(self, settings: Mapping[str, Any]) -> str:
        """Nothing to ask."""
        return ""

    def sample(self, settings: Mapping[str, Any], body: bytes, kind: str, name: str) -> list[Delivery]:
        """The content, as one delivery."""
        return [Delivery("", self.read(body, kind), body, kind)]


def _load(connection: Connection, one: Spooled) -> bool:
    return inbox.receive(connection, one.connection, one.key, one.body, one.received_at, one.headers, one.happened_at)


def receipt(kept: inbox.Delivery, language: str = "zh") -> dict[str, Any]:
    """What a sender may know: the delivery's id, how it stands, which record it made, whose it is and why; a ``reason`` in the
    reader's language."""
    found: dict[str, Any] = {"id": kept.id, "state": kept.state}
    if kept.entity is not None:
        found["record"] = {"entity": kept.entity, "id": kept.record}
    for name in ("action", "owner", "why"):
        if kept.answer and kept.answer.get(name) is not None:
            found[name] = kept.answer[name]
    if kept.reason is not None:
        found["reason"] = said.lines(kept.reason, language)
    return found
