"""What the driver knows: every send before it goes out, every acknowledgement as it comes in, on disk."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Lead:
    """A lead as the driver knows it. ``sent`` are its operations in order, ``acknowledged`` how many of them were answered."""

    key: str
    phone: str
    sent: list[tuple[str, str]] = field(default_factory=list)
    acknowledged: int = 0
    record: int | None = None

    def expected(self) -> list[tuple[str, str | None] | None]:
        """The (stage, contact) it may have: after all that was acknowledged, and after one more that is under way.

        None stands for not being there.
        """
        states: list[tuple[str, str | None] | None] = [None]
        stage, contact = "new", None
        for kind, value in self.sent:
            if kind == "move":
                stage = "called"
            elif kind == "change":
                contact = value
            states.append((stage, contact))
        return states[self.acknowledged :]


class Journal:
    """The driver's memory of leads, and its file: a line is on disk before the call returns."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()
        self.leads: dict[str, Lead] = {}
        self.acknowledged = 0
        self.replayed = 0
        #: Deliveries by their key: whether each was answered. Uploads by the id that was told: the hash of their bytes.
        self.deliveries: dict[str, bool] = {}
        self.uploads: dict[str, str] = {}

    def send(self, lead: Lead, kind: str, value: str) -> None:
        """An operation that goes out now."""
        with self._lock:
            self.leads[lead.key] = lead
            lead.sent.append((kind, value))
            self._write("send", lead.key, kind, value)

    def acknowledge(self, lead: Lead, record: int) -> None:
        """Its answer has come."""
        with self._lock:
            lead.record = record
            lead.acknowledged += 1
            self.acknowledged += 1
            self._write("ack", lead.key, record)

    def deliver(self, key: str) -> None:
        """A delivery that goes out now."""
        with self._lock:
            self.deliveries[key] = False
            self._write("deliver", key)

    def delivered(self, key: str) -> None:
        """Somebody has said yes to it."""
        with self._lock:
            self.deliveries[key] = True
            self._write("delivered", key)

    def uploaded(self, id: str, digest: str) -> None:
        """A file was taken, and is called so."""
        with self._lock:
            self.uploads[id] = digest
            self._write("uploaded", id, digest)

    def _write(self, *words: Any) -> None:
        self._file.write(json.dumps(words, ensure_ascii=False) + "\n")
        self._file.flush()
        os.fdatasync(self._file.fileno())

    def acknowledged_leads(self) -> int:
        """How many leads were acknowledged."""
        return sum(1 for lead in self.leads.values() if lead.acknowledged)
