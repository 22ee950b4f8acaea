"""Places where a test may kill the process: what is on disk then is all that is left. Floor: 1.

``FLOWLOOM_FAILPOINT=name`` (several with commas, ``name:3`` for the third time it is passed) kills this process there, with
SIGKILL: nothing is cleaned up, as when the power goes. Without the variable a failpoint is one look at a remembered
nothing. ``FLOWLOOM_FAILPOINT_LOG=file`` gets the name in a line first, so that a test knows which of them was met.
"""

from __future__ import annotations

import functools
import itertools
import os
import signal
from collections.abc import Iterator, Mapping

#: Every failpoint there is, and what is true when it is met.
NAMES: Mapping[str, str] = {
    "before_commit": "the turn's work is done, nothing of it is durable",
    "after_commit": "the turn is durable, nobody was told",
    "after_effect": "the outside step was done, its result is not kept",
    "claim": "a job is claimed in a transaction that is still open",
    "claimed": "a job's lease is durable, its work has not begun",
    "timer_fire": "a timer is marked as fired in a transaction that is still open",
    "migration": "some of the tables are changed, in a transaction that is still open",
    "publish": "a revision is written, in a transaction that is still open",
}


def failpoint(name: str) -> None:
    """Die here if this failpoint is armed and met for the time it was armed for; else nothing."""
    armed = _armed()
    if armed and name in armed:
        _met(name, *armed[name])


@functools.cache
def _armed() -> Mapping[str, tuple[int, Iterator[int]]]:
    """Armed name -> (which time it kills, the count of its meetings). Raises ValueError for a name there is none of."""
    found: dict[str, tuple[int, Iterator[int]]] = {}
    for word in filter(None, os.environ.get("FLOWLOOM_FAILPOINT", "").split(",")):
        name, _, time = word.strip().partition(":")
        if name not in NAMES:
            raise ValueError(f"no failpoint is called {name}; there are {', '.join(NAMES)}")
        found[name] = (int(time or 1), itertools.count(1))
    return found


def _met(name: str, time: int, meetings: Iterator[int]) -> None:
    if next(meetings) != time:
        return
    log = os.environ.get("FLOWLOOM_FAILPOINT_LOG")
    if log:
        with open(log, "a", encoding="utf-8") as file:
            file.write(f"{name}\n")
            file.flush()
            os.fsync(file.fileno())
    os.kill(os.getpid(), signal.SIGKILL)
