"""What one turn has brought about so far. Floor: 5."""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Mapping
from typing import Any

from engine.errors import Problem
from engine.expression.evaluate import Environment
from engine.facts import Event, Record

#: How many rules may lead to one another, and how often one may run for the same record, before the ring is stopped.
HOPS = 20


class Ring:
    """What one turn has brought about: events waiting and done, records as they stand, warnings.

    ``chain`` names the rules that led to what is happening now. Belongs to one turn, so it may change.
    """

    __slots__ = (
        "begun",
        "cards",
        "chain",
        "happened",
        "live",
        "queue",
        "refusals",
        "runs",
        "scene",
        "seen",
        "today",
        "warnings",
    )

    def __init__(self) -> None:
        self.queue: deque[tuple[Event, tuple[str, ...]]] = deque()
        self.happened: list[Event] = []
        self.live: dict[tuple[str, int], Record] = {}
        self.warnings: list[Problem | Mapping[str, Any]] = []
        self.refusals: list[Event] = []
        self.cards: list[Mapping[str, Any]] = []
        self.chain: tuple[str, ...] = ()
        self.runs: dict[tuple[str, str | None, int | None], int] = {}
        self.today: dt.date | None = None
        self.scene: tuple[Event, Record | None, Environment] | None = None
        """What rules see of the last event, while its record stays as it is."""
        self.seen: tuple[Record, Mapping[str, Any]] | None = None
        """The record whose values were looked at last, and these."""
        self.begun: dict[tuple[str, int], dict[str, tuple[dt.datetime, bool]]] = {}
        """The promises that began for a record made in this turn: when each is due, whether that is estimated."""

    def emit(self, event: Event) -> None:
        """Let the event be seen by the rules once those before it are done."""
        self.queue.append((event, self.chain))
        self.happened.append(event)

    def mark(self) -> tuple[int, int, int, int]:
        """Where things stand, for ``take_back``."""
        return len(self.queue), len(self.happened), len(self.warnings), len(self.cards)

    def take_back(self, mark: tuple[int, int, int, int]) -> None:
        """Forget everything since the mark; records are read afresh."""
        while len(self.queue) > mark[0]:
            self.queue.pop()
        del self.happened[mark[1] :], self.warnings[mark[2] :], self.cards[mark[3] :]
        self.live.clear()
        self.begun.clear()
        self.scene = None
