"""People who work while servers die: they send, and send again with the same key until they are answered."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
from collections import Counter
from typing import Any

from tests.crash.journal import Journal, Lead

CALL = {
    "call_summary": "客户说价格贵,想先看演示",
    "pain_points": ["价格"],
    "next_date": "2030-01-07",
    "next_time": "10:00",
    "next_subject": "再打一次",
}
#: Answers that say "come back", not "no".
LATER = (409, 429, 500, 502, 503)


class Surprise(AssertionError):
    """An answer that no kill explains."""


class Driver:
    """So many threads that each take one lead after another through its life."""

    def __init__(self, journal: Journal, token: str, threads: int = 6) -> None:
        self.journal = journal
        self._token = token
        self._numbers = itertools.count(1)
        self._up = threading.Event()
        self._port = 0
        self._stop = False
        self._parked = 0
        self._count = threading.Condition()
        self._size = threads
        self.failures: list[BaseException] = []
        self.unavailable: Counter[str] = Counter()
        self.first_answer = 0.0
        self._threads = [threading.Thread(target=self._live, args=(number,)) for number in range(threads)]

    def start(self) -> None:
        """Let them begin; they wait for a server."""
        for thread in self._threads:
            thread.start()

    def go(self, port: int) -> None:
        """A server answers on that port."""
        self._port, self.first_answer = port, 0.0
        self._up.set()

    def park(self, patience: float = 20.0) -> None:
        """The server is dead: return when every thread has noticed."""
        self._up.clear()
        end = time.monotonic() + patience
        with self._count:
            while self._parked < self._size - len(self.failures):
                if not self._count.wait(end - time.monotonic()):
                    raise TimeoutError("a driver thread still waits for a dead server")
        self.check()

    def finish(self) -> None:
        """Let every lead come to its next rest and stop; a server must be up."""
        self._stop = True
        for thread in self._threads:
            thread.join(60)
        self.check()

    def look(self) -> tuple[int, Any]:
        """Read the list as a person would: status and answer."""
        with _Wire(self) as wire:
            return wire.ask("GET", "/records/lead?limit=5", None)

    def retry(self) -> int:
        """Do what a person does with runs that were laid aside, because they were in hand at every one of three kills: how many
        are let go on."""
        with _Wire(self) as wire:
            _, answer = wire.ask("GET", "/runs?state=quarantined&limit=500", None)
            for run in answer["items"]:
                wire.ask("POST", f"/runs/{run['id']}/retry", {})
            return len(answer["items"])

    def check(self) -> None:
        """Raise what a thread met that no kill explains."""
        if self.failures:
            raise self.failures[0]

    # --- one thread

    def _live(self, number: int) -> None:
        try:
            with _Wire(self) as wire:
                while not self._stop:
                    self._lead(wire, next(self._numbers))
        except BaseException as error:
            with self._count:
                self.failures.append(error)
                self._count.notify_all()

    def _lead(self, wire: _Wire, number: int) -> None:
        lead = Lead(f"key-{number}", f"+861{3_000_000_000 + number}")
        values = {"company": f"单位 {number:08}", "phone": lead.phone, "source": "website", "campaign": lead.key}
        self._do(wire, lead, "create", "", "POST", "/records/lead", {"values": values})
        if number % 3:
            self._change(wire, lead, "甲")
        if number % 4:
            self._do(
                wire,
                lead,
                "move",
                "",
                "POST",
                f"/records/lead/{lead.record}/transitions/complete_first_call",
                {"values": CALL},
            )
        if number % 2:
            self._change(wire, lead, "乙")

    def _change(self, wire: _Wire, lead: Lead, contact: str) -> None:
        self._do(
            wire, lead, "change", contact, "PATCH", f"/records/lead/{lead.record}", {"values": {"contact": contact}}
        )

    def _do(self, wire: _Wire, lead: Lead, kind: str, value: str, method: str, path: str, sent: Any) -> None:
        self.journal.send(lead, kind, value)
        key = "" if kind == "change" else f"{lead.key}-{kind}"
        while True:
            status, answer = wire.ask(method, path, sent, key=key)
            if status in (200, 201):
                self.journal.acknowledge(lead, answer["record"]["id"])
                return
            if status == 503:
                self.unavailable[answer["code"]] += 1
            if status not in LATER and status:
                raise Surprise(f"{method} {path} {lead.key}: {status} {answer}")
            if status:
                time.sleep(0.02)


class _Wire:
    """A connection that lives as long as its server, and then waits for the next."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._open: http.client.HTTPConnection | None = None

    def __enter__(self) -> _Wire:
        return self

    def __exit__(self, *_: object) -> None:
        if self._open is not None:
            self._open.close()

    def ask(self, method: str, path: str, sent: Any, key: str = "") -> tuple[int, Any]:
        """Status and JSON; status 0 when the connection broke, and then a server is up again."""
        driver = self._driver
        if self._open is None:
            self._wait()
            self._open = http.client.HTTPConnection("127.0.0.1", driver._port, timeout=30)
        headers = {"Authorization": f"Bearer {driver._token}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        try:
            self._open.request(method, f"/api/v1{path}", json.dumps(sent) if sent is not None else None, headers)
            response = self._open.getresponse()
            content = json.loads(response.read() or b"null")
        except (OSError, http.client.HTTPException, ValueError):
            self._open.close()
            self._open = None
            return 0, None
        if response.status < 300 and not driver.first_answer:
            driver.first_answer = time.monotonic()
        if response.headers.get("Idempotency-Replayed"):
            driver.journal.replayed += 1
        return response.status, content

    def _wait(self) -> None:
        driver = self._driver
        with driver._count:
            driver._parked += 1
            driver._count.notify_all()
        driver._up.wait()
        with driver._count:
            driver._parked -= 1
