"""The executor ``local``. Floor: 4."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

from engine.plugins.slots import Carrying, Executor


class Local(Executor):
    """Threads in this process. It looks for what is due once a second, and at once when it is told of a job; several processes on
    one database share the work, each takes what no other has."""

    name = "local"
    title: ClassVar[Mapping[str, str]] = {"zh": "本机线程", "en": "Threads of this process"}
    example = "executor: local"

    #: Seconds between two looks when nobody tells of a job.
    pause = 1.0

    def __init__(self, threads: int = 8) -> None:
        self.threads = threads
        self._signal = threading.Event()
        self._stopping = threading.Event()
        self._mutex = threading.Lock()
        self._busy = 0
        self._puller: threading.Thread | None = None

    def settle(self, carrying: Carrying) -> None:
        """How many at once."""
        self.threads = carrying.threads

    def start(self, work: Callable[[int], None] | None, due: Callable[[int, bool], Sequence[int]]) -> None:
        """Begin to look and to work."""
        self._stopping.clear()
        if work is None:
            return
        self._puller = threading.Thread(target=self._pull, args=(work, due), name="runs", daemon=True)
        self._puller.start()

    def send(self, job: int) -> None:
        """Look now."""
        self._signal.set()

    def stop(self) -> None:
        """Return when what was begun is finished."""
        self._stopping.set()
        self._signal.set()
        if self._puller is not None:
            self._puller.join()
            self._puller = None

    def _pull(self, work: Callable[[int], None], due: Callable[[int, bool], Sequence[int]]) -> None:
        with ThreadPoolExecutor(self.threads, "run") as pool:
            while not self._stopping.is_set():
                self._signal.clear()
                found: Sequence[int] = ()
                free = self.threads - self._busy
                try:
                    found = due(free, True) if free > 0 else ()
                except Exception:  # the database may be away for a while: the next look must not be lost
                    traceback.print_exc(file=sys.stderr)
                    self._stopping.wait(self.pause)
                for job in found:
                    with self._mutex:
                        self._busy += 1
                    pool.submit(self._one, work, job)
                if not found:
                    self._signal.wait(self.pause)

    def _one(self, work: Callable[[int], None], job: int) -> None:
        try:
            work(job)
        except Exception:  # a mistake in the program: the job's lease runs out, and it is taken again
            traceback.print_exc(file=sys.stderr)
        finally:
            with self._mutex:
                self._busy -= 1
            self._signal.set()
