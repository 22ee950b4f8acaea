"""Connections that are fetched: at their times, by one at a time, nothing lost and nothing twice."""

from __future__ import annotations

import datetime as dt
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
from engine.clock import UTC, VirtualClock
from engine.errors import Forbidden, InvalidDocument, NotFound, WrongUsage
from engine.facts import SYSTEM, Job
from engine.plugins.registry import Registry
from engine.runtime import polling
from engine.runtime.worker import LEASE
from engine.site import fetching
from engine.store import buckets, jobs
from tests.company import Company, found
from tests.engine.site.shelf import CONNECTION, Shelf, rows

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    folder = tmp_path / "shelf"
    folder.mkdir()
    return folder


@pytest.fixture
def company(
    tmp_path: Path, clock: VirtualClock, registry: Registry, database_url: str, shelf: Path
) -> Iterator[Company]:
    made = found(tmp_path / "site", clock, registry.with_plugins(Shelf), database_url)
    publish(made, shelf)
    yield made
    made.engine.close()


def publish(company: Company, shelf: Path, more: str = "") -> None:
    path = company.folder / "custom" / "shelf.yaml"
    path.write_text(CONNECTION.format(folder=shelf, more=more), "utf-8")
    company.engine.revisions.publish("shelf")


def later(company: Company, **span: float) -> None:
    company.clock.advance(dt.timedelta(**span))
    company.engine.tick()
    company.engine.runs.work()


def companies(company: Company) -> list[str]:
    page = company.engine.list(SYSTEM, "lead", Look(limit=200))
    return sorted(str(each.values["company"]) for each in page.items)


def standing(company: Company) -> dict[str, Any]:
    return next(one["poll"] for one in company.engine.channels.listing(SYSTEM) if one["name"] == "shelf")


def lines(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


def test_a_connection_with_a_schedule_is_polled_at_its_times_from_where_it_was(company: Company, shelf: Path) -> None:
    rows(shelf, "01", "13800138000", "13800138001")
    later(company, minutes=9)
    assert companies(company) == [] and standing(company)["next"] == "2026-01-05T01:10:00+00:00"
    later(company, minutes=1)
    assert companies(company) == ["公司13800138000", "公司13800138001"]
    rows(shelf, "02", "13800138002")
    later(company, minutes=10)
    assert len(companies(company)) == 3
    assert lines(shelf / "looks") == ["None", "01"]
    assert standing(company) == {
        "next": "2026-01-05T01:30:00+00:00", "busy": False, "looked_at": "2026-01-05T01:20:00+00:00",
        "came": 3, "failing_since": None, "error": None,
    }  # fmt: skip


def test_the_other_side_is_told_only_when_the_page_is_kept(company: Company, shelf: Path) -> None:
    rows(shelf, "01", "13800138000")
    rows(shelf, "02", "13800138001")
    kept: list[tuple[list[str], int]] = []
    original = company.engine.channels.fetching._keep

    def keep(*given: Any) -> int:
        taken = lines(shelf / "taken")
        done = original(*given)
        kept.append((taken, len(companies(company))))
        return done

    company.engine.channels.fetching._keep = keep  # type: ignore[method-assign]
    later(company, minutes=10)
    assert kept == [([], 1), (["01"], 2)]


def test_many_missed_times_are_one_look(company: Company, shelf: Path) -> None:
    rows(shelf, "01", "13800138000")
    later(company, hours=5)
    assert lines(shelf / "looks") == ["None"]


def test_a_large_page_is_kept_in_one_turn_and_worked_off_at_once(company: Company, shelf: Path) -> None:
    rows(shelf, "01", *(f"138001380{number:02}" for number in range(fetching.AT_ONCE * 3)))
    later(company, minutes=10)
    assert len(companies(company)) == fetching.AT_ONCE * 3


def test_only_one_polls_a_connection_and_a_lost_lease_makes_the_page_void(
    company: Company, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "BEAT", 3600.0)
    rows(shelf, "01", "13800138000")
    rows(shelf, "02", "13800138001")
    fetcher = company.engine.channels.fetching
    busy: list[Any] = []
    original = fetcher._keep

    def keep(*given: Any) -> int:
        # While one is at it another process is turned away, and a time of the schedule begins no second look.
        busy.append(fetcher.poll(SYSTEM, "shelf"))
        company.clock.advance(dt.timedelta(minutes=10))
        company.engine.tick()
        return original(*given)

    fetcher._keep = keep  # type: ignore[method-assign]
    assert fetcher.poll(SYSTEM, "shelf") == {"busy": False, "came": 2, "error": None}
    assert [one["busy"] for one in busy] == [True, True]
    assert lines(shelf / "looks") == ["None"]
    rows(shelf, "03", "13800138003")

    def robbed(id: int, lease: str, *rest: Any) -> int:
        company.engine._site.database.write(lambda c: jobs.renew(c, [(id, lease)], company.clock.now()))
        company.clock.advance(LEASE * 2)
        assert company.engine._site.database.write(
            lambda c: jobs.claim_lost(c, id, "another", company.clock.now() + LEASE, company.clock.now())
        )
        return original(id, lease, *rest)

    fetcher._keep = robbed  # type: ignore[method-assign]
    with pytest.raises(fetching.Void):
        fetcher.poll(SYSTEM, "shelf")
    assert len(companies(company)) == 2 and "03" not in lines(shelf / "taken")


def test_while_the_other_side_is_down_it_is_asked_more_and_more_rarely_and_people_are_told_once(
    company: Company, shelf: Path
) -> None:
    """With the exact words of I027."""
    rows(shelf, "01", "13800138000")
    (shelf / "02.error").write_text("no route")
    begun = company.clock.now()
    looks = []
    for _ in range(240):
        before = len(lines(shelf / "looks"))
        later(company, seconds=30)
        if len(lines(shelf / "looks")) > before:
            looks.append((company.clock.now() - begun).total_seconds())
    gaps = [after - before for before, after in zip(looks, looks[1:], strict=False)]
    assert looks[0] == 600 and len(looks) <= 9
    assert all(after >= before for before, after in zip(gaps, gaps[1:], strict=False)) and gaps[-1] >= 1500
    # What came before the failure stays, and is not fetched again.
    assert len(companies(company)) == 1 and set(lines(shelf / "looks")[1:]) == {"01"}
    assert (
        standing(company)["failing_since"] == "2026-01-05T01:10:00+00:00" and "no route" in standing(company)["error"]
    )
    told = company.engine.people.notifications(company.actor("admin"))
    assert [one["title"] for one in told] == ["连接 货架 取不到: 对方没有回应:no route"]
    (shelf / "02.error").unlink()
    rows(shelf, "02", "13800138001")
    assert company.engine.channels.fetching.poll(SYSTEM, "shelf")["came"] == 1
    assert standing(company)["error"] is None and standing(company)["failing_since"] is None
    later(company, minutes=10)
    assert standing(company)["error"] is None


def test_what_only_a_person_can_mend_is_told_at_once_and_a_wrong_password_is_not_tried_every_minute(
    company: Company, shelf: Path
) -> None:
    (shelf / "01.error").write_text("wrong password!final")
    for _ in range(60):
        later(company, minutes=1)
    assert len(lines(shelf / "looks")) <= 4
    assert len(company.engine.people.notifications(company.actor("admin"))) == 1


def test_a_mistake_of_a_connector_stops_only_its_own_connection(company: Company, shelf: Path) -> None:
    (shelf / "01.error").write_text("bug")
    later(company, minutes=10)
    assert "ZeroDivisionError" in standing(company)["error"]
    (shelf / "01.error").unlink()
    rows(shelf, "01", "13800138000")
    later(company, hours=1)
    assert len(companies(company)) == 1


def test_a_row_that_cannot_be_used_waits_in_the_inbox_and_with_stop_nothing_of_its_page_is_taken(
    company: Company, shelf: Path
) -> None:
    rows(shelf, "01", "13800138000", "1380", "13800138001")
    later(company, minutes=10)
    (waiting,) = company.engine.channels.deliveries(SYSTEM)
    assert waiting["key"] == "01:1" and "手机" in waiting["body"].encode().decode("unicode_escape")
    assert len(companies(company)) == 2
    publish(company, shelf, "on_bad_row: stop")
    rows(shelf, "02", "13800138002", "1381")
    later(company, minutes=10)
    assert len(companies(company)) == 2 and lines(shelf / "taken") == ["01"]
    assert standing(company)["error"]
    rows(shelf, "02", "13800138002", "13800138003")
    later(company, hours=1)
    assert len(companies(company)) == 4


def test_what_should_have_come_and_did_not_is_noticed_for_a_polled_connection(company: Company, shelf: Path) -> None:
    publish(company, shelf, 'expect: {by: "09:30"}')
    later(company, minutes=31)
    told = [one["title"] for one in company.engine.people.notifications(company.actor("admin"))]
    assert told == ["货架 该来没来,上次应到时间 2026-01-05 09:30"]


def test_polling_by_hand_needs_a_permission_and_a_connection_that_is_polled(company: Company, shelf: Path) -> None:
    fetcher = company.engine.channels.fetching
    with pytest.raises(Forbidden):
        fetcher.poll(company.actor("li"), "shelf")
    with pytest.raises(NotFound):
        fetcher.poll(SYSTEM, "shelve")
    (company.folder / "custom" / "hook.yaml").write_text(
        'kind: connection\nname: hook\nconnector: webhook\nsettings: {secret: "=secret.HOOK"}\n', "utf-8"
    )
    company.engine.revisions.publish("hook")
    with pytest.raises(WrongUsage) as refused:
        fetcher.poll(SYSTEM, "hook")
    assert (
        refused.value.problems[0]
        .line("zh")
        .endswith("I026 连接 hook 等别人送来,没有可以去取的 -> flowloom connection 列出每个连接怎么来")
    )


def test_reading_from_the_start_again_makes_nothing_twice(company: Company, shelf: Path) -> None:
    rows(shelf, "01", "13800138000")
    fetcher = company.engine.channels.fetching
    assert fetcher.poll(SYSTEM, "shelf")["came"] == 1
    assert fetcher.poll(SYSTEM, "shelf", from_start=True)["came"] == 0
    assert lines(shelf / "looks") == ["None", "None"] and len(companies(company)) == 1


def test_a_poll_by_hand_takes_over_from_one_that_was_killed(company: Company, shelf: Path) -> None:
    rows(shelf, "01", "13800138000")
    database, now = company.engine._site.database, company.clock.now()

    def killed(connection: Any) -> None:
        id = polling.due_now(connection, "shelf", now)
        assert id is not None and jobs.claim(connection, id, "killed", now + LEASE, now)

    database.write(killed)
    fetcher = company.engine.channels.fetching
    assert fetcher.poll(SYSTEM, "shelf")["busy"]
    company.clock.advance(LEASE * 2)
    assert fetcher.poll(SYSTEM, "shelf") == {"busy": False, "came": 1, "error": None}


def test_two_processes_that_see_the_same_time_come_look_once(
    company: Company, shelf: Path, registry: Registry, database_url: str
) -> None:
    known = registry.with_plugins(Shelf)
    with Engine.open(company.folder, clock=company.clock, registry=known, database=database_url) as other:
        for round in range(1, 6):
            rows(shelf, f"{round:02}", f"1380013800{round}")
            company.clock.advance(dt.timedelta(minutes=10))

            def go(engine: Engine) -> None:
                engine.tick()
                engine.runs.work()

            threads = [threading.Thread(target=go, args=(engine,)) for engine in (company.engine, other)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    company.engine.runs.work()
    assert lines(shelf / "looks") == ["None", "01", "02", "03", "04"]
    assert len(companies(company)) == 5


def test_a_process_that_ends_does_not_wait_for_a_poll_that_goes_on_and_on(company: Company, shelf: Path) -> None:
    (shelf / "endless.json").write_text("[]")
    company.clock.advance(dt.timedelta(minutes=10))
    company.engine.tick()
    company.engine.runs.start(2)
    end = time.monotonic() + 20
    while not lines(shelf / "looks") and time.monotonic() < end:
        time.sleep(0.05)
    begun = time.monotonic()
    company.engine.channels.fetching.stop()
    company.engine.runs.stop()
    assert time.monotonic() - begun < 10 and lines(shelf / "looks") == ["None"]


def test_fault_081_a_secret_that_is_taken_away_loses_nothing_and_it_goes_on_from_where_it_was(
    company: Company, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = CONNECTION.replace('folder: "{folder}"', 'folder: "{folder}", password: "=secret.SHELF"')
    monkeypatch.setenv("SHELF", "old")
    (company.folder / "custom" / "shelf.yaml").write_text(text.format(folder=shelf, more=""), "utf-8")
    company.engine.revisions.publish("secret")
    rows(shelf, "01", "13800138000")
    later(company, minutes=10)
    monkeypatch.delenv("SHELF")
    rows(shelf, "02", "13800138001")
    later(company, minutes=10)
    assert "SHELF" in standing(company)["error"] and len(companies(company)) == 1
    assert len(company.engine.people.notifications(company.actor("admin"))) == 1
    monkeypatch.setenv("SHELF", "new")
    later(company, hours=1)
    assert standing(company)["error"] is None and len(companies(company)) == 2
    assert lines(shelf / "looks") == ["None", "01"]


def test_a_connection_that_is_gone_is_not_polled_any_more(company: Company, shelf: Path) -> None:
    rows(shelf, "01", "13800138000")
    (company.folder / "custom" / "shelf.yaml").unlink()
    company.engine.revisions.publish("gone")
    later(company, hours=1)
    assert lines(shelf / "looks") == []


def test_a_schedule_that_is_no_time_or_that_nobody_follows_is_told_at_lint(company: Company, shelf: Path) -> None:
    path = company.folder / "custom" / "shelf.yaml"
    path.write_text(CONNECTION.format(folder=shelf, more="").replace("*/10 * * * *", "every hour"), "utf-8")
    assert [one.code for one in company.engine.revisions.folder_problems()] == ["R094"]
    with pytest.raises(InvalidDocument):
        company.engine.revisions.publish("bad")


#: Waits for orders and forks for each: what dies at a failpoint has not to import everything first.
DRIVER = """
import datetime as dt, os, sys
sys.path.insert(0, {root!r})
from engine.api import Engine
from engine.clock import UTC, VirtualClock
from engine.load.pipeline import load
from engine.load.read import Memory
from engine.plugins.registry import Registry
from tests.engine.site.shelf import Shelf
from tests.sharing import packs_read_once
registry = Registry.discover().with_plugins(Shelf)
with packs_read_once():
    load({{"site.yaml": "name: warm\\npacks: {{crm: '*'}}"}}, registry, memory=Memory(registry, True))
    for line in sys.stdin:
        folder, point = line.rstrip().split("|")
        child = os.fork()
        if not child:
            os.environ["FLOWLOOM_FAILPOINT"] = point
            clock = VirtualClock(dt.datetime(2026, 1, 5, 1, 10, tzinfo=UTC))
            try:
                with Engine.open(folder, clock=clock, registry=registry) as engine:
                    engine.tick()
                    engine.runs.work()
            finally:
                os._exit(1 if sys.exc_info()[0] else 0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
POINTS = [
    "timer_fire",
    "claim",
    "claimed",
    *(f"{moment}_commit:{n}" for n in range(1, 9) for moment in ("before", "after")),
]


@pytest.fixture(scope="module")
def mortal() -> Iterator[Callable[[Path, str], int]]:
    """``mortal(folder, point)``: a look at what is due in a process armed with the failpoint; its exit code."""
    command = [sys.executable, "-c", DRIVER.format(root=str(ROOT))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        assert process.stdin is not None and process.stdout is not None
        yield lambda folder, point: (process.stdin.write(f"{folder}|{point}\n"), int(process.stdout.readline()))[1]  # type: ignore[union-attr]
        process.stdin.close()


@pytest.mark.parametrize("point", POINTS)
def test_fault_074_a_poller_killed_at_any_point_loses_nothing_and_takes_nothing_twice(
    tmp_path: Path, clock: VirtualClock, registry: Registry, shelf: Path, mortal: Callable[[Path, str], int], point: str
) -> None:
    """Between fetching and keeping, between keeping and telling the other side, and everywhere else."""
    known = registry.with_plugins(Shelf)
    company = found(tmp_path / "site", clock, known)
    publish(company, shelf)
    company.engine.close()
    for page in range(3):
        rows(shelf, f"{page:02}", *(f"1380013{page}{n:03}" for n in range(2)))
    ended = mortal(company.folder, point)
    later = VirtualClock(dt.datetime(2026, 1, 5, 1, 20, tzinfo=UTC))
    with Engine.open(company.folder, clock=later, registry=known) as engine:
        engine.tick()
        engine.runs.work()
        again = Company(engine, later, company.folder, company.ids)
        assert len(companies(again)) == 6
        assert standing(again)["came"] == 6
        counted = next(one["counts"] for one in engine.channels.listing(SYSTEM) if one["name"] == "shelf")
    assert counted == {"done": 6}
    assert set(lines(shelf / "taken")) <= {"00", "01", "02"}
    assert ended == -signal.SIGKILL or (ended == 0 and point.endswith((":6", ":7", ":8"))), ended


def test_the_limits_of_a_connection_count_its_looks_and_its_pages(
    company: Company, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(company, shelf, "limits: {per_minute: 2, at_once: 1}")
    for number in range(4):
        rows(shelf, f"{number:02}", f"1380013800{number}")
    fetcher, begun, waited = company.engine.channels.fetching, company.clock.now(), list[float]()

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        company.clock.advance(dt.timedelta(seconds=seconds))
        return False

    monkeypatch.setattr(fetcher._stopping, "wait", wait)
    # The look takes one, each page after the first another: two are there, the rest come one in 30 seconds.
    assert fetcher.poll(SYSTEM, "shelf")["came"] == 4
    assert company.clock.now() - begun >= dt.timedelta(seconds=85) and waited
    rows(shelf, "05", "13800138005")
    held = fetcher.poll(SYSTEM, "shelf")
    assert held["came"] == 0 and held["error"] is None and "waits" in held
    later(company, seconds=1)
    assert len(companies(company)) == 4
    later(company, minutes=1)
    assert len(companies(company)) == 5
    # Sendings and looks are counted together: while one sends, nobody looks.
    rows(shelf, "06", "13800138006")
    company.clock.advance(dt.timedelta(minutes=2))

    def sending(connection: Any) -> None:
        id = jobs.put(connection, Job("run", {}, "another", company.clock.now()), company.clock.now())
        assert jobs.claim(connection, id, "one", company.clock.now() + LEASE, company.clock.now())
        assert buckets.admit(connection, "shelf", id, company.clock.now(), at_once=1) is None

    company.engine._site.database.write(sending)
    assert "waits" in fetcher.poll(SYSTEM, "shelf")


def test_fault_081_a_mended_secret_is_tried_at_once_and_not_after_the_wait(
    company: Company, shelf: Path, registry: Registry, database_url: str
) -> None:
    text = CONNECTION.replace('folder: "{folder}"', 'folder: "{folder}", password: "=secret.SHELF_KEY"')
    (company.folder / "custom" / "shelf.yaml").write_text(text.format(folder=shelf, more=""), "utf-8")
    secrets = company.folder / "secrets.env"
    secrets.write_text("SHELF_KEY=old\n")
    secrets.chmod(0o600)
    company.engine.revisions.publish("secret")
    rows(shelf, "01", "13800138000")
    later(company, minutes=10)
    (shelf / "02.error").write_text("530 revoked!final")
    later(company, minutes=10)
    assert standing(company)["error"] and lines(shelf / "looks") == ["None", "01"]
    # Asking again with the same secret would only lock the account.
    later(company, minutes=5)
    later(company, minutes=2)
    assert len(lines(shelf / "looks")) == 2
    (shelf / "02.error").unlink()
    rows(shelf, "02", "13800138001")
    secrets.write_text("SHELF_KEY=brand-new\n")
    later(company, seconds=1)
    assert standing(company)["error"] is None and lines(shelf / "looks") == ["None", "01", "01"]
    assert companies(company) == ["公司13800138000", "公司13800138001"]
    # What failed before a process began is tried once by it: a secret of the environment is mended by a restart.
    (shelf / "03.error").write_text("530 revoked!final")
    later(company, minutes=10)
    (shelf / "03.error").unlink()
    with Engine.open(
        company.folder, clock=company.clock, registry=registry.with_plugins(Shelf), database=database_url
    ) as other:
        other.tick()
        other.runs.work()
    assert standing(company)["error"] is None
