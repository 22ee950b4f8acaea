"""The executor ``celery``. Floor: 4."""

from __future__ import annotations

import os
import queue
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from engine.errors import Problem, Unavailable
from engine.plugins.slots import Carrying, Executor


class Cluster(Executor):
    """Celery, for work on many machines. The jobs table stays the truth: a message holds nothing but a job's number, and whoever
    gets it claims the job in the database first. A message that comes twice does nothing the second time; one that was lost,
    with its broker or with its worker, is sent again by the look every worker takes at what is due.

    ``flowloom serve`` only sends; ``flowloom work``, on as many machines as you like, receives. The broker (Valkey, Redis,
    RabbitMQ) is named by ``broker`` in site.yaml. All machines share one database, which therefore is PostgreSQL.
    """

    name = "celery"
    title: ClassVar[Mapping[str, str]] = {"zh": "多台机器(Celery)", "en": "Many machines (Celery)"}
    example = "executor: celery"
    apart = True

    #: Seconds between two looks at what is due.
    pause = 1.0
    #: Seconds after which a job that is due and still not begun is sent again, although the broker has much to hand out.
    patience = 30.0
    #: How many jobs a look sees.
    sight = 1000

    def __init__(self) -> None:
        self.carrying = Carrying(broker="redis://127.0.0.1:6379/0")
        self._out: queue.SimpleQueue[tuple[int, str] | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._worker: Any = None
        self._away = False

    @property
    def _queue(self) -> str:
        return f"flowloom.{self.carrying.site}"

    @property
    def _first(self) -> str:
        """Beside the queue, for what must not wait behind it: a job whose worker was lost."""
        return f"{self._queue}.first"

    def settle(self, carrying: Carrying) -> None:
        """The broker's address and how many at once."""
        self.carrying = Carrying(carrying.threads, carrying.broker or self.carrying.broker, carrying.site)

    def start(self, work: Callable[[int], None] | None, due: Callable[[int, bool], Sequence[int]]) -> None:
        """Send from now on, and, with ``work``, receive and look too. Raises Unavailable (R122) where Celery is not installed."""
        task = self._task(work)
        self._stopping.clear()
        self._begin("messages", self._publish, task)
        if work is not None:
            from celery.app.trace import setup_worker_optimizations

            name = f"flowloom-{os.getpid()}@{socket.gethostname()}"
            setup_worker_optimizations(task.app, name)
            self._worker = task.app.WorkController(
                app=task.app, hostname=name, pool="threads", concurrency=self.carrying.threads,
                loglevel="ERROR", without_heartbeat=True, without_mingle=True, without_gossip=True,
            )  # fmt: skip
            self._begin("celery", self._receive)
            self._begin("looks", self._look, task, due)

    def send(self, job: int) -> None:
        """Hand the number on; the caller never waits for the broker."""
        self._out.put((job, self._queue))

    def stop(self) -> None:
        """Return when what was begun is finished; what the broker still holds is for others."""
        self._stopping.set()
        self._out.put(None)
        if self._worker is not None:
            self._worker.stop()
            self._worker = None
        for thread in self._threads:
            thread.join(60)
        self._threads.clear()

    def _begin(self, name: str, work: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _task(self, work: Callable[[int], None] | None) -> Any:
        try:
            from celery import Celery
            from kombu.entity import Queue
        except ImportError as error:
            raise Unavailable(Problem("R122", parameters={"executor": self.name, "extra": "cluster"})) from error
        queues = [Queue(name) for name in (self._queue, self._first)]  # type: ignore[no-untyped-call]
        app = Celery("flowloom", broker=self.carrying.broker, set_as_current=False)
        app.conf.update(
            task_default_queue=self._queue, task_queues=queues, task_ignore_result=True, task_publish_retry=False,
            worker_prefetch_multiplier=2, worker_cancel_long_running_tasks_on_connection_loss=False, broker_connection_retry_on_startup=True, broker_connection_max_retries=None,
            broker_transport_options={"socket_connect_timeout": 5, "socket_timeout": 30},
        )  # fmt: skip

        @app.task(name="flowloom.carry", shared=False)  # type: ignore[untyped-decorator]
        def carry(job: int) -> None:
            try:
                if work is not None:
                    work(job)
            except Exception:  # a mistake in the program: the job's lease runs out, and it is sent again
                traceback.print_exc(file=sys.stderr)

        app.finalize()
        return carry

    def _receive(self) -> None:
        self._worker.start()

    def _publish(self, task: Any) -> None:
        """Send what is handed over. What the broker does not take is let go: the looks find it in the table."""
        connection: Any = None
        while (given := self._out.get()) is not None:
            job, name = given
            try:
                if connection is None:
                    connection = task.app.connection_for_write()
                task.apply_async((job,), connection=connection, queue=name)
                self._away = False
            except Exception as error:
                self._told(error)
                if connection is not None:
                    connection.release()
                    connection = None
                self._stopping.wait(self.pause)
                self._let_go()
        if connection is not None:
            connection.release()

    def _let_go(self) -> None:
        """Forget what was handed over while the broker was away, so that it does not pile up here."""
        while not self._out.empty():
            self._out.get()
        if self._stopping.is_set():
            self._out.put(None)

    def _look(self, task: Any, due: Callable[[int, bool], Sequence[int]]) -> None:
        """Send again and again what is due and not begun: when the broker has little left to hand out, all of it; else what
        has waited long, for its message may be lost, and soon, past the others, what has come to the head and stays there:
        that is how a job looks whose worker was killed."""
        seen: dict[int, float] = {}
        sent: dict[int, float] = {}
        while not self._stopping.wait(self.pause):
            try:
                found, now = due(self.sight, False), time.monotonic()
                seen = {job: seen.get(job, now) for job in found}
                sent = {job: at for job, at in sent.items() if now - at < self.patience}
                few = bool(found) and self._waiting(task) < self.carrying.threads
                for place, job in enumerate(found):
                    head = place < self.carrying.threads and now - seen[job] > 2 * self.pause
                    again = now - sent.get(job, -self.patience) > (2 * self.pause if few or head else self.patience)
                    if again and (few or head or now - seen[job] > self.patience):
                        sent[job] = now
                        self._out.put((job, self._first if head else self._queue))
            # The database or the broker may be away for a while: the next look must not be lost.
            except Exception as error:
                self._told(error)

    def _waiting(self, task: Any) -> int:
        """How many messages the broker has to hand out."""
        with task.app.connection_for_read() as connection:
            name = task.app.conf.task_default_queue
            try:
                return int(connection.default_channel.queue_declare(name, passive=True).message_count)
            except connection.channel_errors:
                return 0

    def _told(self, error: Exception) -> None:
        """Say once that the broker is away."""
        if not self._away:
            self._away = True
            print(f"celery: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
