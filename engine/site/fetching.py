"""Goes and looks: what a connection's other side has for us is kept and worked off, page by page. Floor: 6."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import hashlib
import secrets
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from engine import said
from engine.errors import FlowloomError, Problem, Unavailable, WrongUsage
from engine.facts import Actor
from engine.plugins.incoming import pause
from engine.plugins.slots import Connector, Page, Undone, Wait
from engine.runtime import access, polling, silence
from engine.runtime.connection import route_of
from engine.runtime.failing import reason_of
from engine.runtime.polling import Standing
from engine.runtime.run import Void
from engine.runtime.worker import LEASE
from engine.site.listening import BEAT, Listening, Look
from engine.store import audit, buckets, jobs
from engine.store.connection import Connection

if TYPE_CHECKING:
    from engine.site.receiving import Receiving

T = TypeVar("T")
#: Deliveries of a page that are worked off in the turn that keeps them; those of a larger page one by one right after it.
AT_ONCE = 20
#: A listening poll gives way to the others after every page.
NOW = Wait(None, 0.0)


class Fetching:
    """Polls the connections of one site. ``carry`` does the job of one; any number of processes may be told to."""

    def __init__(self, receiving: Receiving) -> None:
        self._receiving = receiving
        self._stopping = threading.Event()
        #: Connections that failed -> the mark of the settings they failed with; None before the first look.
        self._failing: dict[str, str] | None = None
        self._listening = Listening(self._listened, self._renew, self._stopping)

    def stop(self) -> None:
        """What is being polled ends after the page it is at."""
        self._stopping.set()
        self._listening.ring()

    def close(self) -> None:
        """Return when nothing is polled any more."""
        self.stop()
        self._listening.close()

    def _listened(self, look: Look) -> Wait | None:
        found = self._advance(look)
        return found if isinstance(found, Wait) else None

    def poll(self, actor: Actor, name: str, *, from_start: bool = False) -> dict[str, Any]:
        """Look now, whatever the schedule says: ``came`` new deliveries, or ``busy`` while another process looks; ``error`` says
        why nothing more came, ``waits`` until when its limits hold it back. ``from_start`` forgets how far it was read: what came before has no effect again.

        Raises Forbidden, NotFound (I020), WrongUsage (I026) for a connection that is not polled.
        """
        running = self._receiving.running
        self._check(actor, name)
        now, lease = running.clock.now(), f"hand.{secrets.token_hex(8)}"

        def work(connection: Connection) -> jobs.Kept | None:
            id = polling.due_now(connection, name, now, by_hand=True)
            found = jobs.by_key(connection, polling.PREFIX + name)
            assert found is not None
            if not (
                jobs.claim(connection, found.id, lease, now + LEASE, now)
                if id is not None
                else jobs.claim_lost(connection, found.id, lease, now + LEASE, now)
            ):
                return None
            if from_start:
                polling.keep(connection, name, Standing())
            detail = {"connection": name, "from_start": from_start}
            audit.write(connection, now, actor, "connection_poll", detail=detail)
            return jobs.get(connection, found.id)

        job = running.database.write(work)
        return {"busy": True, "came": 0, "error": None} if job is None else self.carry(job, lease, True)

    def ask(self, actor: Actor, name: str) -> bool:
        """Let a worker look now, whatever the schedule says; False while one does.

        Raises Forbidden, NotFound (I020), WrongUsage (I026) for a connection that is not polled.
        """
        running = self._receiving.running
        self._check(actor, name)
        now = running.clock.now()

        def work(connection: Connection) -> int | None:
            id = polling.due_now(connection, name, now, by_hand=True)
            audit.write(connection, now, actor, "connection_poll", detail={"connection": name, "from_start": False})
            return id

        id = running.database.write(work)
        if id is not None:
            running.send(id)
        return id is not None

    def _check(self, actor: Actor, name: str) -> None:
        running = self._receiving.running
        access.check_permit(running.manifest, actor, "import")
        route_of(running.manifest, name)
        if not polling.polls(running.manifest, running.parts.registry, name):
            raise WrongUsage(Problem("I026", parameters={"connection": name}))

    def carry(self, job: jobs.Kept, lease: str, by_hand: bool = False) -> dict[str, Any]:
        """Poll the connection of a job held under that lease; what ``poll`` answers. Where workers run, a poll that listens
        is handed over to the one thread that listens for all, unless somebody waits for it (``by_hand``).

        Raises Void when the lease was lost meanwhile: whoever has it goes on from the last page that was kept.
        """
        name = str(job.job.payload["connection"])
        running = self._receiving.running
        if not polling.polls(running.manifest, running.parts.registry, name):
            self._write(lambda c: jobs.finish(c, job.id, lease, running.clock.now()))
            return {"busy": False, "came": 0, "error": None}
        due = self._admitted(job, lease, name)
        if due is not None:
            return {"busy": False, "came": 0, "error": None, "waits": due.isoformat()}
        look = Look(job, lease, name, self._pages(job, name))
        handed = False
        try:
            with self._renewing(job.id, lease):
                while isinstance(found := self._advance(look), Wait):
                    handed = running.working and not by_hand and self._listening.take(look, found)
                    if handed:
                        return {"busy": True, "came": look.came, "error": None}
                    pause(found)
            return found
        finally:
            if not handed:
                look.close()

    def _advance(self, look: Look) -> Wait | dict[str, Any]:
        """Carry a look on until it waits or is over; then what ``poll`` answers. Raises Void, Unavailable."""
        name = look.name
        try:
            while not self._stopping.is_set():
                page = next(look.pages, None)
                if page is None:
                    break
                if isinstance(page, Wait):
                    look.listens = True
                    return page
                look.came += self._keep(look.job.id, look.lease, name, page)
                if look.listens:
                    return NOW
                if not self._paced(name):
                    break
            look.close()
        except (Void, Unavailable):
            raise
        except Exception as error:
            # Whatever it is, a connector's mistake too: the connection is left alone for a while, the others go on.
            look.close()
            reason = self._failed(look.job, look.lease, name, error)
            return {"busy": False, "came": look.came, "error": reason}
        self._finish(look.job.id, look.lease, name, look.came)
        return {"busy": False, "came": look.came, "error": None}

    def _renew(self, leases: list[tuple[int, str]]) -> None:
        self._write(lambda c: jobs.renew(c, leases, self._receiving.running.clock.now() + LEASE))

    def _admitted(self, job: jobs.Kept, lease: str, name: str) -> dt.datetime | None:
        """None when the connection's limits let it look now, else when: then it waits for that moment."""
        limits = self._receiving.running.manifest.connections[name].limits
        if limits is None or (limits.per_minute is None and limits.at_once is None):
            return None
        now = self._receiving.running.clock.now()

        def work(connection: Connection) -> dt.datetime | None:
            if not jobs.hold(connection, job.id, lease):
                raise Void
            due = buckets.admit(connection, name, job.id, now, per_minute=limits.per_minute, at_once=limits.at_once)
            if due is not None and not jobs.release(connection, job.id, lease, due):
                raise Void
            return due

        return self._write(work)

    def _paced(self, name: str) -> bool:
        """Wait until the connection's limits let one more page be asked for; False when this process ends meanwhile."""
        found = self._receiving.running.manifest.connections.get(name)
        limits = found.limits if found is not None else None
        most = limits.per_minute if limits is not None else None
        while most is not None:
            now = self._receiving.running.clock.now()
            again = self._write(lambda connection, now=now: buckets.draw(connection, name, now, most).again)  # type: ignore[misc]
            if again is None:
                return True
            if self._stopping.wait(min((again - now).total_seconds(), 1.0)):
                return False
        return True

    def look_again(self) -> None:
        """Poll now what failed, where its settings are others since: a secret that was mended is tried at once, and so is everything
        that failed before this process began, for that is how a secret of the environment is mended."""
        running = self._receiving.running
        if not running.published:
            return
        now = running.clock.now()
        if self._failing is None:
            with running.database.read() as connection:
                begun = {
                    name
                    for name in running.manifest.connections
                    if polling.standing(connection, name).error is not None
                }
            self._failing = dict.fromkeys(begun, "")
        for name, mark in list(self._failing.items()):
            if self._mark(name) == mark:
                continue
            del self._failing[name]
            id = running.database.write(lambda c, name=name: polling.due_now(c, name, now, by_hand=True))  # type: ignore[misc]
            if id is not None:
                running.send(id)

    def _mark(self, name: str) -> str:
        """What a connection's settings are known again by, in this process only; of those that cannot be read, the reason."""
        try:
            found = repr(sorted(self._receiving.settings(name).items()))
        except KeyError:
            found = ""
        except FlowloomError as error:
            found = said.keep(error.problems)
        return hashlib.sha256(found.encode()).hexdigest()

    def _pages(self, job: jobs.Kept, name: str) -> Iterator[Page | Wait]:
        """The connector's pages, from where they were read to."""
        running = self._receiving.running
        if job.claims >= jobs.DEATHS:
            raise Undone(Problem("R108", parameters={"times": jobs.DEATHS}), final=True)
        with running.database.read() as connection:
            begun = polling.standing(connection, name)
        connector = running.parts.registry.get(Connector, running.manifest.connections[name].connector)
        yield from connector.poll(self._receiving.settings(name), begun.cursor)

    def _keep(self, id: int, lease: str, name: str, page: Page) -> int:
        """How many of a page's deliveries are new. They, what was made of them and the cursor are durable when this returns."""
        running = self._receiving.running
        stops = running.manifest.connections[name].on_bad_row == "stop"
        now, at_once = running.clock.now(), len(page.deliveries) <= AT_ONCE

        def work(connection: Connection, made: bool = True) -> list[dict[str, Any]]:
            if not jobs.hold(connection, id, lease, progress=True):
                raise Void
            jobs.renew(connection, [(id, lease)], now + LEASE)
            receipts = [
                self._receiving.take_in(connection, name, each, now, made and (at_once or stops), stops)
                for each in page.deliveries
            ]
            before = polling.standing(connection, name)
            fresh = sum(not each.get("replayed") for each in receipts)
            polling.keep(connection, name, dataclasses.replace(before, cursor=page.cursor, came=before.came + fresh))
            return receipts

        receipts = self._robust(work, stops)
        for each in receipts:
            if each["state"] == "new":
                running.database.write(lambda c, id=each["id"]: self._receiving.take_up(c, id))  # type: ignore[misc]
        return sum(not each.get("replayed") for each in receipts)

    def _robust(self, work: Callable[..., list[dict[str, Any]]], stops: bool) -> list[dict[str, Any]]:
        try:
            return self._write(work)
        except (FlowloomError, Void):
            raise
        except Exception:
            if stops:
                raise
            # A mistake in a rule: what came is kept all the same, and worked off on its own.
            return self._write(lambda connection: work(connection, False))

    def _write(self, work: Callable[[Connection], T]) -> T:
        return self._receiving.running.database.write(work)

    def _finish(self, id: int, lease: str, name: str, came: int) -> None:
        now = self._receiving.running.clock.now()

        def work(connection: Connection) -> None:
            jobs.fresh(connection, id)
            if not jobs.finish(connection, id, lease, now, {"came": came}):
                raise Void
            before = polling.standing(connection, name)
            well = dataclasses.replace(before, looked_at=now.isoformat(), failing_since=None, error=None)
            polling.keep(connection, name, well)

        self._write(work)

    def _failed(self, job: jobs.Kept, lease: str, name: str, error: Exception) -> str:
        """Write down why, and when to look again; those who look after the site are told once."""
        running = self._receiving.running
        now = running.clock.now()
        language = "en" if running.manifest.site.locale.startswith("en") else "zh"
        reason = reason_of(error, language)
        final = isinstance(error, Undone) and error.final
        attempts = job.attempts

        def work(connection: Connection) -> None:
            kept = said.keep(said.problems_of(error))
            if not jobs.fail(connection, job.id, lease, kept, self._again(job, error, now), now):
                raise Void
            before = polling.standing(connection, name)
            since = before.failing_since or now.isoformat()
            polling.keep(connection, name, dataclasses.replace(before, failing_since=since, error=kept))
            if attempts == (0 if final else polling.TOLD - 1):
                label = running.manifest.connections[name].label.text(language) or name
                parameters = {"connection": label, "name": name, "reason": reason}
                silence.tell(running.parts, connection, Problem("I027", parameters=parameters))

        self._write(work)
        if self._failing is not None:
            self._failing[name] = self._mark(name)
        return reason

    def _again(self, job: jobs.Kept, error: Exception, now: dt.datetime) -> dt.datetime | None:
        laid_aside = job.claims >= jobs.DEATHS
        return None if laid_aside else polling.again_at(error, job.attempts, job.id, now)

    @contextlib.contextmanager
    def _renewing(self, id: int, lease: str) -> Iterator[None]:
        """Keeps the lease while the other side is slow."""
        over = threading.Event()

        def renew() -> None:
            while not over.wait(BEAT):
                with contextlib.suppress(Unavailable):
                    self._renew([(id, lease)])

        thread = threading.Thread(target=renew, name="polling", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def seen(connection: Connection, name: str, due: dt.datetime | None, now: dt.datetime, language: str) -> dict[str, Any]:
    """How a polled connection goes, for the site's own people: ``busy`` (looked at now, or due), ``next``, ``looked_at``, ``came``, ``failing_since``, ``error``."""
    found = polling.standing(connection, name)
    job = jobs.by_key(connection, polling.PREFIX + name)
    later = job.job.due if job is not None and job.state == "waiting" else due
    return {
        "next": later.isoformat() if later is not None else None,
        "busy": job is not None and (job.state == "running" or (job.state == "waiting" and job.job.due <= now)),
        "looked_at": found.looked_at,
        "came": found.came,
        "failing_since": found.failing_since,
        "error": said.sentence(found.error, language),
    }
