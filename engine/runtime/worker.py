"""A worker: claims jobs, carries runs on turn by turn, does what is outside between two turns. Floor: 5.

Whatever is begun is leased for a while and the lease renewed; a worker that was killed leaves nothing but leases that run out,
and another takes its runs over where they stand. Every turn asks first whether the lease is still this worker's.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import random
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from engine.errors import FlowloomError, Problem, Unavailable
from engine.facts import SYSTEM
from engine.failpoints import failpoint
from engine.model.trigger import Retry, Trigger
from engine.plugins.slots import Undone
from engine.runtime import turn
from engine.runtime.acts import Acting
from engine.runtime.context import Parts
from engine.runtime.failing import give_up, laid_aside
from engine.runtime.outside import Outside, Way
from engine.runtime.run import Arrived, Errand, Going, Sending, StepFailed, Void
from engine.runtime.shelf import Shelf
from engine.store import buckets, jobs, runs
from engine.store.connection import Connection
from engine.store.database import Database

#: How long a claim holds; renewed well before. A killed worker's runs go on elsewhere after this.
LEASE = dt.timedelta(seconds=20)
#: A retry waits at most so long.
LONGEST = dt.timedelta(hours=6)
#: Seconds for which one that lost its worker waits for another of its kind to be over.
CALM = 2.0
#: The rule of a run as the revision it was started under wrote it.
RuleOf = Callable[[int, str], "Trigger | None"]


def current_rule(parts: Parts) -> RuleOf:
    """The rules of one manifest, whatever the revision."""
    return lambda revision, name: parts.manifest.triggers.get(name)


class Worker:
    """Carries the runs of one site. ``parts`` gives what runs now; ``way`` how deliveries leave. Shared by threads."""

    def __init__(
        self,
        database: Database,
        parts: Callable[[], Parts],
        rule_of: RuleOf | None = None,
        way: Callable[[Parts], Way] | None = None,
        lease: dt.timedelta = LEASE,
        errand: Callable[[jobs.Kept, str], Any] | None = None,
    ) -> None:
        self._database, self._parts, self._rule_of = database, parts, rule_of
        self._way = way or (
            lambda parts: Outside(parts.manifest, parts.registry, shelf=Shelf(database, parts.files, parts.clock))
        )
        self._lease, self._errand = lease, errand
        self.name = secrets.token_hex(8)
        self._numbers = iter(range(1_000_000_000))
        self._mutex = threading.Lock()
        self._calm = threading.Condition(self._mutex)
        self._in_hand: dict[int, str] = {}
        self._claimed: dict[int, str] = {}
        self._put_back: list[tuple[int, str]] = []
        self._suspects: set[int] = set()
        self._more = False

    # --- claims

    def due(self, limit: int, claim: bool = True) -> list[int]:
        """Ids of jobs whose time has come: claimed for this worker, or only looked at."""
        now = self._parts().clock.now()
        if not claim:
            with self._database.read() as connection:
                return [one.id for one in jobs.ready(connection, now, limit)]
        if not self._more:
            # A look costs no write; when the last one found something there is likely more.
            with self._database.read() as connection:
                if not jobs.ready(connection, now, 1):
                    return []
        lot = f"{self.name}.{next(self._numbers)}"
        until = now + self._lease

        def work(connection: Connection) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
            # Of the jobs that lost their worker one at a time, or those that did nothing would be blamed with the one that did.
            lost = [] if self._suspects else jobs.take_lost(connection, lot, until, now)
            return lost, jobs.take(connection, lot, until, now, limit - len(lost))

        lost, due = self._database.write(work)
        self._more = bool(lost or due)
        with self._mutex:
            self._suspects.update(id for id, _ in lost)
            self._claimed.update([*lost, *due])
        return [id for id, _ in [*lost, *due]]

    def _claim(self, id: int) -> str | None:
        with self._mutex:
            lease = self._claimed.pop(id, None)
        if lease is not None:
            return lease
        now, token = self._parts().clock.now(), f"{self.name}.{next(self._numbers)}.{id}"
        until = now + self._lease
        if self._database.write(lambda c: jobs.claim(c, id, token, until, now)):
            return token
        return token if self._claim_lost(id, token, until, now) else None

    def _claim_lost(self, id: int, token: str, until: dt.datetime, now: dt.datetime) -> bool:
        """Take one that lost its worker, but only while no other one of its kind is in hand: see ``due``."""
        with self._database.read() as connection:
            if not jobs.lost(connection, id, now):
                return False
        with self._calm:
            if not self._calm.wait_for(lambda: not self._suspects, CALM):
                return False
            self._suspects.add(id)
        taken = False
        try:
            taken = self._database.write(lambda c: jobs.claim_lost(c, id, token, until, now))
        finally:
            if not taken:
                self._cleared(id)
        return taken

    def _cleared(self, id: int) -> None:
        with self._calm:
            self._suspects.discard(id)
            self._calm.notify_all()

    def keep_leases(self) -> None:
        """Renew what is in hand, and put back what could not be written while the database was away."""
        now = self._parts().clock.now()
        with self._mutex:
            held = [*self._in_hand.items(), *self._claimed.items()]
            back, self._put_back = self._put_back, []
        if not held and not back:
            return

        def work(connection: Connection) -> None:
            jobs.renew(connection, held, now + self._lease)
            for id, lease in back:
                jobs.release(connection, id, lease, now)

        try:
            self._database.write(work)
        except Unavailable:
            with self._mutex:
                self._put_back += back

    def give_back(self) -> None:
        """What was claimed and not begun is free for others: before a worker ends."""
        with self._mutex:
            self._put_back += self._claimed.items()
            self._suspects -= self._claimed.keys()
            self._claimed.clear()
        self.keep_leases()

    # --- work

    def do(self, id: int) -> None:
        """Carry the job on as far as it goes now; nothing when another worker has it or it is over."""
        try:
            lease = self._claim(id)
        except Unavailable:
            return
        if lease is None:
            return
        failpoint("claimed")
        with self._holding(id, lease):
            try:
                try:
                    self._carry(id, lease)
                except Errand as other:
                    self._run_errand(other.job, lease)
            except Void:
                self._void(id)
            except Unavailable:
                # The database is away: nothing failed, the job goes on when it is back.
                with self._mutex:
                    self._put_back.append((id, lease))

    def _run_errand(self, job: jobs.Kept, lease: str) -> None:
        """Where nobody goes outside (a scenario, a look ahead) there is nothing to bring back."""
        if self._errand is not None:
            self._errand(job, lease)
            return
        now = self._parts().clock.now()
        self._database.write(lambda connection: jobs.finish(connection, job.id, lease, now))

    @contextlib.contextmanager
    def _holding(self, id: int, lease: str) -> Iterator[None]:
        with self._mutex:
            self._in_hand[id] = lease
        try:
            yield
        finally:
            with self._mutex:
                self._in_hand.pop(id, None)
            self._cleared(id)

    def _carry(self, id: int, lease: str) -> None:
        arrived: Arrived | None = None
        while True:
            parts = self._parts()
            try:
                sending = self._go_on(parts, id, lease, arrived)
                arrived = None  # kept: a failure of the next delivery has nothing to do with it
                if sending is None:
                    return
                due = self._admitted(parts, sending, id)
                if due is not None:
                    self._turn(parts, lambda context, due=due: _released(context, id, lease, due))  # type: ignore[misc]
                    return
                arrived = self._deliver(parts, sending)
            except (Void, Unavailable):
                raise
            except StepFailed as failure:
                if arrived is not None and failure.path != arrived.path:
                    # What was sent is sent, whatever a later step does: its result stays when that step is taken back.
                    self._go_on(parts, id, lease, arrived, only=True)
                arrived = None
                if not self._failed(parts, id, lease, failure):
                    return

    def _turn(self, parts: Parts, work: Callable[[Acting], Any], via: str = "run") -> Any:
        return turn.run(parts, self._database, SYSTEM, work, via=via).value

    def _go_on(self, parts: Parts, id: int, lease: str, arrived: Arrived | None, only: bool = False) -> Sending | None:
        def work(context: Acting) -> Sending | None:
            going = self._going(context, id, lease, progress=arrived is not None)
            if going is None:
                return None
            if only and arrived is not None:
                going.receive(arrived)
                return None
            return going.walk(arrived)

        found: Sending | None = self._turn(parts, work)
        return found

    def _going(self, context: Acting, id: int, lease: str, progress: bool = False) -> Going | None:
        """The run in this turn; None when it is over already. Raises Void, StepFailed."""
        connection = context.connection
        job = jobs.held(connection, id, lease, progress)
        if job is None:
            raise Void
        if job.job.kind != "run":
            raise Errand(job)
        if job.claims >= jobs.DEATHS and not progress:
            laid_aside(context, id, lease)
            return None
        run = runs.get(connection, job.job.run) if job.job.run is not None else None
        if run is None or run.state != "waiting":
            jobs.finish(connection, id, lease, context.now)
            return None
        rule = self.rule(context.parts, run)
        if rule is None:
            raise StepFailed("", FlowloomError(Problem("R106", parameters={"trigger": run.trigger})))
        try:
            return Going(context, job, lease, run, rule)
        except FlowloomError as error:
            raise StepFailed("", error) from error

    def rule(self, parts: Parts, run: runs.Run) -> Trigger | None:
        """The rule of a run: as its own revision wrote it, else as it is now."""
        now = parts.manifest.triggers.get(run.trigger)
        if run.revision in (None, parts.revision) or self._rule_of is None:
            return now
        return self._rule_of(int(run.revision or 0), run.trigger) or now

    def _admitted(self, parts: Parts, sending: Sending, id: int) -> dt.datetime | None:
        """None when the connection's limits let it send now, else when to ask again."""
        name = str(sending.delivery.get("connection", ""))
        found = parts.manifest.connections.get(name)
        limits = found.limits if found is not None else None
        if limits is None:
            return None
        now = parts.clock.now()
        return self._database.write(
            lambda c: buckets.admit(c, name, id, now, per_minute=limits.per_minute, at_once=limits.at_once)
        )

    def _deliver(self, parts: Parts, sending: Sending) -> Arrived:
        begun = time.perf_counter()
        try:
            result = self._way(parts).deliver(sending.plugin, sending.delivery, sending.key)
        except Exception as error:
            raise StepFailed(sending.path, error) from error
        failpoint("after_effect")
        return Arrived(sending.path, sending.number, result, time.perf_counter() - begun)

    def _failed(self, parts: Parts, id: int, lease: str, failure: StepFailed) -> bool:
        """Write the failure down: retried later, or as the rule says. True when the run goes on at once."""
        if isinstance(failure.error, Unavailable):
            raise failure.error

        def work(context: Acting) -> bool:
            connection = context.connection
            if not jobs.hold(connection, id, lease):
                raise Void
            job = jobs.get(connection, id)
            assert job is not None and job.job.run is not None
            run = runs.get(connection, job.job.run)
            assert run is not None
            rule = self.rule(parts, run)
            again = again_at(job, rule, failure.error, context.now)
            return give_up(context, job, lease, run, rule, failure, again)

        return bool(self._turn(parts, work))

    def _void(self, id: int) -> None:
        """Note that somebody else carries this job by now, and that what came of it here does not count."""

        def work(connection: Connection) -> None:
            job = jobs.get(connection, id)
            if job is not None and job.job.run is not None:
                about = {"worker": self.name}
                runs.note(connection, job.job.run, "", "void", about, self._parts().clock.now(), kind="note")

        with contextlib.suppress(Unavailable):
            self._database.write(work)


def _released(context: Acting, id: int, lease: str, due: dt.datetime) -> None:
    if not jobs.release(context.connection, id, lease, due):
        raise Void


def again_at(job: jobs.Kept, rule: Trigger | None, error: Exception, now: dt.datetime) -> dt.datetime | None:
    """When a failed step is tried again: after ``wait``, doubled each time, a fifth more or less, not before the other side
    asked for; None when it is not."""
    retry = rule.retry if rule is not None and rule.retry is not None else Retry()
    final = isinstance(error, Undone) and error.final
    if final or rule is None or job.attempts >= retry.times:
        return None
    wait: dt.timedelta = min(retry.wait.delta * 2 ** min(job.attempts, 30), LONGEST)
    wait *= random.Random(f"{job.id}:{job.attempts}").uniform(0.8, 1.2)
    asked = error.after if isinstance(error, Undone) else None
    return now + max(wait, dt.timedelta(seconds=asked or 0))


def drain(worker: Worker, most: int = 10_000) -> int:
    """Do all that is due now, in this thread; how many jobs were carried."""
    done = 0
    while done < most:
        found = worker.due(50)
        if not found:
            break
        for id in found:
            worker.do(id)
            done += 1
    return done
