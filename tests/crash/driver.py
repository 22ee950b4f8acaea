"""People who work while servers die: they send, and send again with the same key until they are answered."""

from __future__ import annotations

import hashlib
import http.client
import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.crash import place
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
        self.mistakes = 0
        self.first_answer = 0.0
        self._threads = [threading.Thread(target=self._live, args=(number,), daemon=True) for number in range(threads)]

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
                    turn = next(self._numbers)
                    self._lead(wire, turn)
                    if turn % 3 == 0:
                        self._deliver(wire, turn)
                    if turn % 5 == 0:
                        self._upload(wire, turn)
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

    def _deliver(self, wire: _Wire, number: int) -> None:
        """What another system posts: it knows nothing of us but the status."""
        key = f"delivery-{number}"
        body = json.dumps({"id": key, "key": key}).encode()
        headers = {"Content-Type": "application/json", "X-Token": place.HOOK}
        self.journal.deliver(key)
        self._until(lambda: wire.send("POST", "/hooks/inward", body, headers), (200, 202))
        self.journal.delivered(key)

    def _upload(self, wire: _Wire, number: int) -> None:
        # Now and then the same bytes come again.
        content = f"附件 {number // 2} ".encode() * 200
        body = (
            b'--cut\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n%b\r\n--cut--\r\n' % content
        )
        headers = {"Content-Type": "multipart/form-data; boundary=cut", **wire.known}
        answer = self._until(
            lambda: wire.send("POST", "/api/v1/files?entity=arrival&field=scan", body, headers), (201,)
        )
        self.journal.uploaded(answer["id"], hashlib.sha256(content).hexdigest())

    def _until(self, ask: Callable[[], tuple[int, Any]], good: tuple[int, ...]) -> Any:
        while True:
            status, answer = ask()
            if status in good:
                return answer
            self.mistakes += status == 500
            if status == 503:
                self.unavailable[answer["code"]] += 1
            if status not in LATER and status:
                raise Surprise(f"{status} {answer}")
            if status:
                time.sleep(0.02)

    def _change(self, wire: _Wire, lead: Lead, contact: str) -> None:
        self._do(
            wire, lead, "change", contact, "PATCH", f"/records/lead/{lead.record}", {"values": {"contact": contact}}
        )

    def _do(self, wire: _Wire, lead: Lead, kind: str, value: str, method: str, path: str, sent: Any) -> None:
        self.journal.send(lead, kind, value)
        key = "" if kind == "change" else f"{lead.key}-{kind}"
        answer = self._until(lambda: wire.ask(method, path, sent, key=key), (200, 201))
        self.journal.acknowledge(lead, answer["record"]["id"])


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

    @property
    def known(self) -> dict[str, str]:
        """Who asks."""
        return {"Authorization": f"Bearer {self._driver._token}"}

    def ask(self, method: str, path: str, sent: Any, key: str = "") -> tuple[int, Any]:
        """Status and JSON of the interface; see ``send``."""
        headers = {**self.known, "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        body = json.dumps(sent).encode() if sent is not None else None
        return self.send(method, f"/api/v1{path}", body, headers)

    def send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, Any]:
        """Status and JSON; status 0 when the connection broke, and then a server is up again."""
        driver = self._driver
        if self._open is None:
            self._wait()
            self._open = http.client.HTTPConnection("127.0.0.1", driver._port, timeout=30)
        try:
            self._open.request(method, path, body, headers)
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
