"""A burst of deliveries: 1,000 a second for 20 seconds over HTTP, sent by the clock whatever the answers do; all acknowledged, p99 told.

Run: python -m bench.burst [a second] [seconds]. Latency counts from the moment a delivery was to be sent, so waiting for a free
connection counts too. Afterwards every acknowledged delivery is looked for on disk, by its key.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import os
import sys
import tempfile
import time
from pathlib import Path

import orjson

from bench import crm
from bench.server import Server, running
from engine.api import Engine
from engine.site.spool import Spool

RATE, SECONDS, CONNECTIONS = 1000, 20.0, 128
#: Seconds after the last one in which answers are still waited for.
PATIENCE = 60.0
SECRET = "whsec_" + base64.b64encode(b"the secret of the burst.").decode()
CONNECTION = """\
kind: connection
name: website
label: {zh: 官网, en: Website}
connector: webhook
settings: {secret: "=secret.BURST_HOOK", tolerance: 1h}
into: lead
map: {company: company, contact: contact, phone: phone, source: source, budget: budget}
match_on: [phone]
"""


class Burst:
    """What is sent and what came of it: ``latencies`` in seconds, ``statuses`` by number, ``kept`` the keys acknowledged."""

    def __init__(self, requests: list[tuple[str, bytes]], rate: float) -> None:
        self.requests, self.rate = requests, rate
        self.latencies: list[float] = []
        self.statuses: dict[int, int] = {}
        self.kept: list[str] = []
        self._next = 0

    async def run(self, port: int) -> float:
        """Send all of it; the seconds from the first to the last answer."""
        begun = time.perf_counter() + 0.2
        workers = [asyncio.create_task(self._work(port, begun)) for _ in range(CONNECTIONS)]
        await asyncio.wait_for(asyncio.gather(*workers), len(self.requests) / self.rate + PATIENCE)
        return time.perf_counter() - begun

    async def _work(self, port: int, begun: float) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while self._next < len(self.requests):
            number, self._next = self._next, self._next + 1
            due = begun + number / self.rate
            wait = due - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            key, request = self.requests[number]
            writer.write(request)
            status = await _answer(reader)
            self.latencies.append(time.perf_counter() - due)
            self.statuses[status] = self.statuses.get(status, 0) + 1
            if status in (200, 202):
                self.kept.append(key)
        writer.close()

    def percentile(self, share: float) -> float:
        """Milliseconds that this share of the answers did not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    if length:
        await reader.readexactly(length)
    return int(head[9:12])


def made(count: int, port: int) -> list[tuple[str, bytes]]:
    """(key, whole request) of so many leads, signed by Standard Webhooks."""
    key, stamp = base64.b64decode(SECRET[6:]), str(int(time.time()))
    found = []
    for number, values in zip(range(count), crm.leads(7), strict=False):
        body, id = orjson.dumps(values), f"burst_{number}"
        mark = base64.b64encode(hmac.digest(key, f"{id}.{stamp}.".encode() + body, "sha256")).decode()
        head = (
            f"POST /hooks/website HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nwebhook-id: {id}\r\nwebhook-timestamp: {stamp}\r\nwebhook-signature: v1,{mark}\r\n\r\n"
        )
        found.append((id, head.encode() + body))
    return found


def on_disk(folder: Path) -> set[str]:
    """The keys of everything that is kept, in the database or in files."""
    found = {one.key for _, many in Spool(folder / "spool").waiting(10**9) for one in many}
    with Engine.open(folder) as engine, engine.channels.running.database.read() as connection:
        found |= {
            str(key) for (key,) in connection.execute("SELECT \"key\" FROM fl_inbox WHERE connection = 'website'")
        }
    return found


def site(folder: Path) -> None:
    """The bench's CRM with a signed hook."""
    crm.found(folder)
    (folder / "custom/website.yaml").write_text(CONNECTION, "utf-8")
    with Engine.open(folder) as engine:
        engine.revisions.publish("burst")


def told(burst: Burst, took: float, server: Server, cpu: float, settled: int) -> None:
    """Print what came of it."""
    count = len(burst.latencies)
    print(
        f"{count} deliveries at {burst.rate:.0f}/s: answers {burst.statuses}, {count / took:.0f}/s over {took:.1f} s; "
        f"p50 {burst.percentile(0.5):.0f} ms, p95 {burst.percentile(0.95):.0f} ms, p99 {burst.percentile(0.99):.0f} ms, "
        f"worst {burst.percentile(1):.0f} ms; {cpu / count * 1000:.2f} ms CPU a delivery, {server.resident():.0f} MB; "
        f"{settled} worked off by then"
    )


def main() -> int:
    """Send a burst and look for what was acknowledged; 1 when something is missing."""
    given = [one for one in sys.argv[1:] if not one.startswith("-")]
    rate, seconds = float(given[0]) if given else RATE, float(given[1]) if len(given) > 1 else SECONDS
    os.environ["BURST_HOOK"] = SECRET
    with tempfile.TemporaryDirectory(prefix="flowloom-bench-") as name:
        folder = Path(name) / "site"
        site(folder)
        with running("ticking", folder) as server:
            warm = Burst(made(200, server.port), 100)
            asyncio.run(warm.run(server.port))
            requests = [(f"{key}", request) for key, request in made(int(rate * seconds) + 200, server.port)[200:]]
            burst = Burst(requests, rate)
            before = server.cpu()
            took = asyncio.run(burst.run(server.port))
            cpu = server.cpu() - before
            told(burst, took, server, cpu, _settled(folder))
        missing = set(burst.kept) - on_disk(folder)
    print(f"{len(burst.kept)} acknowledged, {len(missing)} of them missing on disk")
    return int(bool(missing) or len(burst.kept) < len(burst.requests))


def _settled(folder: Path) -> int:
    with Engine.open(folder) as engine, engine.channels.running.database.read() as connection:
        return int(connection.scalar("SELECT COUNT(*) FROM fl_inbox WHERE state = 'done'") or 0)


if __name__ == "__main__":
    sys.exit(main())
