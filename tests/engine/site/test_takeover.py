"""Workers that die: processes are really killed, and what they carried goes on elsewhere, exactly once."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.api import Engine
from engine.clock import UTC, SystemClock, VirtualClock
from engine.facts import SYSTEM
from engine.runtime.worker import LEASE
from tests.company import Company, found
from tests.engine.site.test_runs import Sink, publish

ROOT = Path(__file__).resolve().parents[3]
RULE = """\
kind: connection
name: erp
connector: http
settings: {{url: "{url}/api", networks: ["127.0.0.0/8"], timeout: 20s}}
{limits}
---
kind: trigger
name: tell_erp
label: {{zh: 告诉 ERP}}
when: {{event: created, entity: lead}}
retry: {{times: 3, wait: 1s}}
do:
  - set: {{passes: "=passes + 1"}}
  - call: {{connection: erp, path: "/{{{{ id }}}}", json: 1}}
  - set: {{passes: "=passes + 10"}}
"""


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink()
    yield made
    made.shutdown()
    made.server_close()


def start(tmp_path: Path, registry: Any, sink: Sink, database: str | None, limits: str = "") -> Company:
    company = found(tmp_path / "site", SystemClock(), registry, database)  # type: ignore[arg-type]
    (company.folder / "custom" / "note.yaml").write_text(
        "kind: entity\nextend: crm.lead\nfields:\n  passes: {type: integer, default: 0, label: {zh: 次数}}\n", "utf-8"
    )
    publish(company, RULE.format(url=sink.url, limits=limits))
    return company


def worker(company: Company, *more: str, database: str = "", failpoint: str = "") -> subprocess.Popen[bytes]:
    environment = {**os.environ, "FLOWLOOM_FAILPOINT": failpoint, "PYTHONPATH": str(ROOT)}
    if database:
        environment["FLOWLOOM_DATABASE"] = database
    command = [
        sys.executable,
        "-c",
        "from engine.cli.main import main; main()",
        "-C",
        str(company.folder),
        "work",
        *more,
    ]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


POINTS = ["claim", "claimed", "before_commit:2", "after_commit:2", "before_commit:3", "after_commit:3", "after_effect",
          "before_commit:4", "after_commit:4"]  # fmt: skip


@pytest.mark.parametrize("point", POINTS)
def test_fault_083_a_worker_killed_at_any_point_loses_nothing_and_does_nothing_twice(
    tmp_path: Path, registry: Any, sink: Sink, point: str
) -> None:
    company = start(tmp_path, registry, sink, None)
    lead = company.lead()
    died = worker(company, "--until-idle", failpoint=point)
    code = died.wait(60)
    later = VirtualClock(dt.datetime.now(UTC) + LEASE + dt.timedelta(seconds=2))
    with Engine.open(company.folder, clock=later, registry=registry) as engine:
        engine.runs.work()
        (run,) = engine.runs.listed(SYSTEM, trigger="tell_erp")
        passes = engine.get(SYSTEM, "lead", lead.id)["passes"]
    assert (run["state"], passes) == ("done", 11)
    assert {key for _, key, _ in sink.got} == {f"run:{run['id']}:1"}
    # Only a death between the effect and its mark sends it again, under the same key.
    assert len(sink.got) <= 2
    assert code == -signal.SIGKILL or point in ("before_commit:4", "after_commit:4"), code
    company.engine.close()


@pytest.mark.postgresql
@pytest.mark.slow
def test_fault_084_a_killed_workers_runs_are_finished_by_the_other_within_thirty_seconds(
    tmp_path: Path, registry: Any, sink: Sink, postgresql_url: str
) -> None:
    company = start(tmp_path, registry, sink, postgresql_url)
    for number in range(80):
        company.lead(phone=f"138001380{number:02d}", company=f"第{number}家")
    victim = worker(company, database=postgresql_url)
    end = time.monotonic() + 60
    while not sink.got:
        assert time.monotonic() < end
        time.sleep(0.01)
    other = worker(company, database=postgresql_url)
    victim.kill()
    victim.wait()
    killed = time.monotonic()
    try:
        while (done := len(company.engine.runs.listed(SYSTEM, trigger="tell_erp", state="done", limit=200))) < 80:
            assert time.monotonic() - killed < 60, done
            time.sleep(0.1)
    finally:
        other.send_signal(signal.SIGTERM)
        assert other.wait(30) == 0
    assert time.monotonic() - killed < 45
    passes = {each["passes"] for each in company.engine.list(SYSTEM, "lead", _look()).items}
    assert passes == {11}
    assert len({key for _, key, _ in sink.got}) == 80
    company.engine.close()


def _look() -> Any:
    from engine.api import Look

    return Look(limit=200)


def test_limits_of_a_connection_hold_for_all_workers_together(tmp_path: Path, registry: Any, sink: Sink) -> None:
    company = start(tmp_path, registry, sink, None, "limits: {at_once: 1, per_minute: 600}")
    most, now, mutex = 0, 0, threading.Lock()

    def counted(handler: Any) -> None:
        nonlocal most, now
        with mutex:
            now += 1
            most = max(most, now)
        time.sleep(0.05)
        original(handler)
        with mutex:
            now -= 1

    original = sink.RequestHandlerClass.do_POST
    sink.RequestHandlerClass = type("Slow", (sink.RequestHandlerClass,), {"do_POST": counted})
    for number in range(6):
        company.lead(phone=f"138001380{number:02d}", company=f"第{number}家")
    company.engine.runs.start(4)
    end = time.monotonic() + 40
    while company.engine.runs.counts().get("done", 0) < 6:
        assert time.monotonic() < end
        time.sleep(0.05)
    company.engine.close()
    assert most == 1 and len(sink.got) == 6


def test_tokens_of_a_minute_are_shared_and_fill_again(open_database: Any, tmp_path: Path) -> None:
    from engine.store import buckets
    from tests.engine.runtime.stage import Stage

    stage = Stage("kind: entity\nname: x\nfields: {a: {type: text}}\n")
    now = stage.clock.now()

    def ask(at: dt.datetime) -> dt.datetime | None:
        return stage.database.write(lambda c: buckets.admit(c, "erp", 1, at, per_minute=3))

    assert [ask(now) for _ in range(3)] == [None] * 3
    again = ask(now)
    assert again is not None and dt.timedelta(seconds=19) < again - now < dt.timedelta(seconds=21)
    assert ask(now - dt.timedelta(hours=1)) is not None, "a clock that was put back fills nothing"
    assert ask(again) is None and ask(again) is not None
