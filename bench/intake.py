"""(a) Leads over HTTP at concurrency 8, the whole CRM pipeline against a hand-written Flask and SQLite application.

Run: python -m bench.intake [seconds of each run] [rounds]. Same server, same client, by turns; ratios above 1 mean that we are faster.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from bench import crm
from bench.client import Connection, Load, load
from bench.server import Server, running

SECONDS, ROUNDS = 3.0, 3


class Side:
    """One of the two, with what its runs gave."""

    def __init__(self, name: str, server: Server, token: str) -> None:
        self.name = name
        self.server = server
        self.token = token
        self.runs: list[Load] = []
        self.cpu: list[float] = []
        self._seeds = count(1)

    def run(self, seconds: float) -> None:
        """One run; leads are never sent twice."""
        before = self.server.cpu()
        done = load(self.server.port, self.token, self._leads, seconds)
        made = done.statuses.get(201, 0)
        assert made == sum(done.statuses.values()) > 0, f"{self.name} refused leads: {done.statuses}"
        self.runs.append(done)
        self.cpu.append((self.server.cpu() - before) / made * 1000)

    def _leads(self, number: int) -> Iterator[dict[str, object]]:
        return crm.leads(next(self._seeds))

    @property
    def rate(self) -> float:
        """The middle rate of its runs, records a second."""
        return statistics.median(one.rate for one in self.runs)

    def line(self) -> str:
        """Its row of the table."""
        wall = statistics.median(one.percentile(0.5) for one in self.runs)
        late = statistics.median(one.percentile(0.95) for one in self.runs)
        return (
            f"{self.name:28} {self.rate:8.0f} leads/s   {statistics.median(self.cpu):6.2f} ms CPU a request   "
            f"p50 {wall:6.1f} ms   p95 {late:6.1f} ms   {self.server.resident():5.0f} MB"
        )


def main() -> None:
    """Print the two sides and their ratio."""
    given = [one for one in sys.argv[1:] if one != "--full"]
    seconds = float(given[0]) if given else 10.0 if "--full" in sys.argv else SECONDS
    rounds = int(given[1]) if len(given) > 1 else ROUNDS
    with tempfile.TemporaryDirectory(prefix="flowloom-bench-") as name:
        folder = Path(name)
        token = crm.found(folder / "site")
        with running("ours", folder / "site") as ours, running("plain", folder) as plain:
            sides = [Side("Flowloom, whole pipeline", ours, token), Side("Flask + SQLite by hand", plain, token)]
            for side in sides:
                side.run(1.0)
                side.runs.clear(), side.cpu.clear()
            for turn in range(rounds):
                for side in sides if turn % 2 else reversed(sides):
                    side.run(seconds)
            for side in sides:
                print(side.line())
            one, other = sides
            ratios = [a.rate / b.rate for a, b in zip(one.runs, other.runs, strict=True)]
            shown = ", ".join(f"{ratio:.2f}" for ratio in ratios)
            print(f"ratio {one.rate / other.rate:.2f} x of its rate (rounds {shown}); bar 0.5, aim 1.0")
            print("one lead of ours:", _sample(ours.port, token))


def _sample(port: int, token: str) -> str:
    """The owner and the score of one lead, to show that the whole pipeline ran."""
    import orjson

    status, body = Connection(port, token).post("/api/v1/records/lead", {"values": next(crm.leads(99))})
    found = orjson.loads(body)
    record, why = found["record"], found["owner_why"] or {}
    names = {name: record["shown"].get(name) for name in ("owner", "priority", "region", "source_tag", "stage")}
    return f"{status} {names} rule {why.get('assignment') or why.get('rule')}, {len(record['promises'])} promises"


if __name__ == "__main__":
    main()
