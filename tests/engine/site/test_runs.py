"""Runs of an open site: carried by threads, shared by processes, seen and retried by who may."""

from __future__ import annotations

import datetime as dt
import http.server
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.api import Choices, Engine
from engine.clock import SystemClock
from engine.errors import Conflict, Forbidden
from engine.facts import SYSTEM
from tests.company import Company, found


class Sink(http.server.ThreadingHTTPServer):
    """An outside that writes down what it got: (path, key, body)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.got: list[tuple[str, str, Any]] = []
        self.answers: list[tuple[int, dict[str, str], Any]] = []
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answer(http.server.BaseHTTPRequestHandler):
    server: Sink

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.got.append((self.path, self.headers["Idempotency-Key"], json.loads(body or b"null")))
        status, headers, content = self.server.answers.pop(0) if self.server.answers else (200, {}, {"errcode": 0})
        sent = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(sent)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_POST

    def log_message(self, *_: Any) -> None:
        """Nothing: tests are quiet."""


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink()
    yield made
    made.shutdown()
    made.server_close()


RULE = """\
kind: connection
name: erp
connector: http
settings: {{url: "{url}/api", networks: ["127.0.0.0/8"]}}
---
kind: trigger
name: tell_erp
label: {{zh: 告诉 ERP}}
when: {{event: created, entity: lead}}
retry: {{times: 2, wait: 1s}}
do:
  - id: erp
    call: {{connection: erp, path: /leads, json: {{company: "=company"}}, success: {{errcode: 0}}}}
  - set: {{contact: "=steps.erp.result.body.number"}}
"""


def publish(company: Company, text: str) -> None:
    (company.folder / "custom" / "outside.yaml").write_text(text, "utf-8")
    company.engine.revisions.publish()


def until(holds: Any, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def states(company: Company) -> list[str]:
    return [run["state"] for run in company.engine.runs.listed(SYSTEM, trigger="tell_erp", limit=1000)]


def test_threads_of_the_serving_process_carry_runs_as_soon_as_they_are_committed(
    company_anywhere: Company, sink: Sink
) -> None:
    company = company_anywhere
    publish(company, RULE.format(url=sink.url))
    assert company.engine.runs.start() == "local"
    sink.answers = [(200, {}, {"errcode": 0, "number": "A-7"})]
    begun = time.monotonic()
    lead = company.lead()
    until(lambda: states(company) == ["done"])
    assert time.monotonic() - begun < 5
    assert company.engine.get(SYSTEM, "lead", lead.id)["contact"] == "A-7"
    assert [path for path, _, _ in sink.got] == ["/api/leads"]
    company.engine.runs.stop()


def test_a_dead_run_is_listed_read_and_retried_by_who_may_configure_and_seen_by_its_records_reader(
    company: Company, sink: Sink
) -> None:
    publish(company, RULE.format(url=sink.url))
    sink.answers = [(400, {}, {"errcode": 9, "phone": "13800138000"})]
    lead = company.lead(owner=company.ids["li"])
    assert company.engine.runs.work() == 1
    runs = company.engine.runs
    (dead,) = runs.listed(company.actor("admin"), state="dead")
    assert dead["label"] == "告诉 ERP" and dead["step"]["where"].startswith("custom/outside.yaml:")
    assert "400" in dead["reason"]
    assert runs.read(company.actor("admin"), dead["id"])["input"]["path"] == "/leads"
    with pytest.raises(Forbidden):
        runs.listed(company.actor("li"))
    with pytest.raises(Forbidden):
        runs.retry(company.actor("li"), [dead["id"]])
    seen = runs.listed(company.actor("li"), record=("lead", lead.id))
    assert dead["id"] in [run["id"] for run in seen] and all(run["reason"] == "" for run in seen)
    assert "input" not in runs.read(company.actor("li"), dead["id"])
    assert runs.retry(company.actor("admin"), [dead["id"]], {"path": "/again"}) == [dead["id"]]
    runs.work()
    with pytest.raises(Conflict):
        runs.retry(company.actor("admin"), [dead["id"]])
    assert [(path, key) for path, key, _ in sink.got] == [
        ("/api/leads", f"run:{dead['id']}:0"), ("/api/again", f"run:{dead['id']}:0"),
    ]  # fmt: skip


def test_fault_090_many_are_replayed_with_a_mended_rule(company: Company, sink: Sink) -> None:
    publish(company, RULE.format(url=sink.url))
    sink.answers = [(404, {}, {}) for _ in range(20)]
    for number in range(20):
        company.lead(phone=f"138001380{number:02d}", company=f"第{number}家")
    company.engine.runs.work()
    assert states(company) == ["failed"] * 20
    publish(company, RULE.format(url=sink.url).replace("/leads", "/v2/leads"))
    ids = [run["id"] for run in company.engine.runs.listed(SYSTEM, state="dead", limit=100)]
    assert len(company.engine.runs.retry(SYSTEM, ids, current=True)) == 20
    company.engine.runs.work()
    assert states(company) == ["done"] * 20
    assert [path for path, _, _ in sink.got[20:]] == ["/api/v2/leads"] * 20
    assert company.engine.runs.retry(SYSTEM, ids) == []


def test_fault_057_a_run_goes_on_by_the_rule_it_was_started_under(company: Company, sink: Sink) -> None:
    rule = RULE.format(url=sink.url).replace("do:\n", "do:\n  - wait: 1h\n")
    publish(company, rule)
    company.lead()
    company.engine.runs.work()
    (company.folder / "custom" / "outside.yaml").write_text(rule.replace("/leads", "/new"), "utf-8")
    company.engine.revisions.publish("", Choices(runs={"tell_erp": "keep"}))
    company.clock.advance(dt.timedelta(hours=2))
    company.engine.runs.work()
    assert [path for path, _, _ in sink.got] == ["/api/leads"]


@pytest.mark.postgresql
def test_fault_084_two_engines_with_workers_share_runs_and_do_none_twice(
    tmp_path: Path, registry: Any, postgresql_url: str, sink: Sink
) -> None:
    clock: Any = SystemClock()
    company = found(tmp_path / "site", clock, registry, postgresql_url)
    publish(company, RULE.format(url=sink.url))
    with Engine.open(company.folder, clock=clock, registry=registry, database=postgresql_url) as other:
        for number in range(60):
            company.lead(phone=f"138001381{number:02d}", company=f"第{number}家")
        other.runs.start(3)
        company.engine.runs.start(3)
        until(lambda: states(company).count("done") == 60, 60)
        keys = [key for _, key, _ in sink.got]
        assert len(keys) == len(set(keys)) == 60
        other.runs.stop()
    company.engine.close()
