"""Many connections that listen, on a real MQTT broker: one thread for all, nothing lost, nothing twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.api import Engine, Look
from engine.clock import SystemClock
from engine.facts import SYSTEM
from engine.plugins.registry import Registry
from engine.plugins.slots import Wait
from engine.site import fetching
from engine.site.listening import Listening
from engine.store import jobs
from tests.company import Company, found
from tests.connectors.mqtt_peer import Broker, mosquitto

ROOT = Path(__file__).resolve().parents[3]
MANY = 10
CONNECTION = """\
kind: connection
name: devices_{n}
connector: mqtt
settings: {{host: 127.0.0.1, port: {port}, security: none, user: crm, password: "=secret.MQTT_OF_TESTS", stay: 5m, timeout: 5s, topics: ["ward{n}/{{device}}/start"], networks: [127.0.0.1/32]}}
schedule: "* * * * *"
into: lead
map: {{company: "=device", phone: phone}}
set: {{source: referral}}
match_on: [phone]
"""


@pytest.fixture
def broker() -> Iterator[Broker]:
    with mosquitto() as made:
        yield made


@pytest.fixture
def company(tmp_path: Path, registry: Registry, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    monkeypatch.setenv("MQTT_OF_TESTS", "secret")
    made = found(tmp_path / "site", SystemClock(), registry)  # type: ignore[arg-type]
    text = "---\n".join(CONNECTION.format(n=n, port=broker.port) for n in range(MANY))
    (made.folder / "custom").mkdir(exist_ok=True)
    (made.folder / "custom" / "devices.yaml").write_text(text, "utf-8")
    made.engine.revisions.publish("devices")
    yield made
    made.engine.close()


def names(engine: Engine) -> list[str]:
    return sorted(str(each.values["company"]) for each in engine.list(SYSTEM, "lead", Look(limit=200)).items)


def until(true: Callable[[], Any], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.05)


def listening(company: Company) -> int:
    return len(company.engine.channels.fetching._listening._looks)


def says(broker: Broker, ward: int, device: str, number: int) -> None:
    broker.publish(f"ward{ward}/{device}/start", json.dumps({"phone": f"1380013{number:04}"}))


def test_fault_076_one_thread_listens_for_all_and_a_broker_that_restarts_loses_nothing(
    company: Company, broker: Broker
) -> None:
    engine = company.engine
    threads = threading.active_count()
    engine.runs.start(2)
    for number in range(MANY):
        engine.channels.fetching.ask(SYSTEM, f"devices_{number}")
    until(lambda: listening(company) == MANY)
    for number in range(MANY):
        says(broker, number, f"first-{number}", number)
    until(lambda: len(names(engine)) == MANY)
    # The puller, two workers, the leases, and two for all that listen: as many for a thousand connections.
    assert threading.active_count() - threads <= 7
    # A worker is free for other things meanwhile, and nobody begins a second look.
    assert not engine.channels.fetching.ask(SYSTEM, "devices_0")
    broker.stop()
    until(lambda: listening(company) == 0)
    failing = [one for one in engine.channels.listing(SYSTEM) if one["name"].startswith("devices")]
    assert {one["state"] for one in failing} == {"attention"}
    broker.start()
    for number in range(MANY):
        says(broker, number, f"second-{number}", 100 + number)
        engine.channels.fetching.ask(SYSTEM, f"devices_{number}")
    until(lambda: len(names(engine)) == 2 * MANY)
    # A process that ends does not wait for those that listen for minutes.
    begun = time.monotonic()
    engine.channels.fetching.stop()
    engine.runs.stop()
    engine.channels.fetching.close()
    assert time.monotonic() - begun < 10 and listening(company) == 0
    assert engine._site.database.write(lambda c: c.scalar("SELECT COUNT(*) FROM fl_jobs WHERE state = 'running'")) == 0
    counted = [one["counts"] for one in engine.channels.listing(SYSTEM) if one["name"].startswith("devices")]
    assert counted == [{"done": 2}] * MANY


DRIVER = """
import sys, time
sys.path.insert(0, {root!r})
from engine.api import Engine
from engine.facts import SYSTEM
engine = Engine.open({folder!r})
engine.runs.start(2)
engine.channels.fetching.ask(SYSTEM, "devices_0")
while not engine.channels.fetching._listening._looks:
    time.sleep(0.02)
print("up", flush=True)
time.sleep(60)
"""


def test_fault_076_a_process_killed_while_it_listens_loses_nothing_and_takes_nothing_twice(
    company: Company, broker: Broker
) -> None:
    text = DRIVER.format(root=str(ROOT), folder=str(company.folder))
    with subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, env=dict(os.environ)) as child:
        assert child.stdout is not None and child.stdout.readline() == b"up\n"
        for number in range(10):
            says(broker, 0, f"d-{number:02}", number)
        until(lambda: len(names(company.engine)) >= 3)
        child.send_signal(signal.SIGKILL)
    for number in range(10, 15):
        says(broker, 0, f"d-{number:02}", number)
    # Whoever comes next takes the job over when the lease of the dead one has run out.
    database = company.engine._site.database
    database.write(lambda c: c.execute("UPDATE fl_jobs SET lease_until = 0 WHERE state = 'running'"))
    company.engine.runs.start(2)
    until(lambda: len(names(company.engine)) == 15)
    assert names(company.engine) == [f"d-{number:02}" for number in range(15)]
    counts = next(one["counts"] for one in company.engine.channels.listing(SYSTEM) if one["name"] == "devices_0")
    assert counts == {"done": 15}


def test_a_look_whose_lease_is_lost_or_that_breaks_is_let_go_and_the_others_go_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stopping, done, renewed = threading.Event(), list[str](), list[Any]()

    def advance(look: Any) -> Wait | None:
        if look.name == "lost":
            raise fetching.Void
        if look.name == "broken":
            raise ZeroDivisionError("a mistake of ours")
        done.append(look.name)
        return None if len(done) == 5 else Wait(None, 0.01)

    hub = Listening(advance, renewed.append, stopping)
    for number, name in enumerate(("lost", "broken", "good")):
        job = jobs.Kept(number, None, "running", 0, "lease", None)  # type: ignore[arg-type]
        assert hub.take(fetching.Look(job, "lease", name, iter(())), Wait(None, 0.0))
    until(lambda: not hub._looks and not hub._new, 10)
    assert done == ["good"] * 5 and "a mistake of ours" in capsys.readouterr().err
    stopping.set()
    hub.close()
    assert not hub.take(fetching.Look(job, "lease", "late", iter(())), Wait(None, 0.0))
