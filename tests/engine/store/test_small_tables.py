"""History, timers, jobs, inbox, idempotency, numbers, revisions, sessions, files."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path

import pytest

from engine.errors import NotFound
from engine.facts import SYSTEM, Actor, Job, Timer
from engine.store import history, idempotency, inbox, jobs, revisions, sequences, sessions, timers
from engine.store.connection import Connection
from engine.store.database import Database
from engine.store.files import Files

from .conftest import NOW

HOUR = dt.timedelta(hours=1)


def test_a_stay_ends_when_the_next_begins(database: Database) -> None:
    database.write(lambda c: history.enter(c, "lead", 1, "stage", "new", NOW, user=3, revision=2))
    database.write(lambda c: history.enter(c, "lead", 1, "stage", "called", NOW + HOUR, came_from="new", via="call"))
    database.write(lambda c: history.enter(c, "lead", 2, "stage", "new", NOW))

    def both(connection: Connection) -> None:
        history.enter(connection, "lead", 3, "stage", "new", NOW)
        history.enter(connection, "lead", 3, "stage", "called", NOW, came_from="new")

    database.write(both)
    with database.read() as connection:
        stays = history.stays(connection, "lead", 1)
        assert [(s.state, s.came_from, s.entered_at, s.left_at, s.via) for s in stays] == [
            ("new", None, NOW, NOW + HOUR, None),
            ("called", "new", NOW + HOUR, None, "call"),
        ]
        assert (stays[0].by_user, stays[0].revision) == (3, 2)
        assert [s.left_at for s in history.stays(connection, "lead", 3, "stage")] == [NOW, None]
        assert history.stays(connection, "lead", 3, "other") == []
    assert database.write(lambda c: history.move(c, "lead", "stage", "new", "fresh")) == 3


def _timer(step: str, due: dt.datetime, record: int = 1, name: str = "sla:golden") -> Timer:
    return Timer(name, step, "lead", record, due, {"n": 1})


def test_a_timer_fires_once_and_in_the_order_of_due_times(database: Database) -> None:
    def set_all(connection: Connection) -> None:
        for timer in (_timer("late", NOW + 3 * HOUR), _timer("b", NOW + HOUR), _timer("a", NOW), _timer("c", NOW, 2)):
            timers.set(connection, timer)

    database.write(set_all)
    with database.read() as connection:
        due = timers.due(connection, NOW + HOUR)
        assert [one.timer.step for one in due] == ["a", "c", "b"]
        assert due[0].timer == _timer("a", NOW)
        assert timers.next_due(connection) == NOW
        assert len(timers.due(connection, NOW + HOUR, limit=1)) == 1
    won = [database.write(lambda c: timers.fire(c, due[0].id, NOW)) for _ in range(3)]
    assert won == [True, False, False]
    with database.read() as connection:
        assert timers.next_due(connection) == NOW
        assert [w.state for w in timers.all_of(connection, "lead", 1)] == ["fired", "waiting", "waiting"]


def test_timers_are_cancelled_paused_and_moved(database: Database) -> None:
    def set_all(connection: Connection) -> None:
        for timer in (_timer("warn", NOW), _timer("due", NOW + HOUR), _timer("due", NOW, name="state:x")):
            timers.set(connection, timer)

    database.write(set_all)
    stopped = database.write(lambda c: timers.pause(c, "lead", 1, NOW, "sla:golden"))
    assert [one.timer.step for one in stopped] == ["warn", "due"]
    with database.read() as connection:
        assert [one.timer.name for one in timers.due(connection, NOW + 9 * HOUR)] == ["state:x"]
        paused = timers.open_of(connection, "lead", 1, "sla:golden")
        assert {one.state for one in paused} == {"paused"}
        assert paused[0].timer.data == {"n": 1, "paused_at": 1767574800000000}
        assert [one.id for one in timers.named(connection, "sla:golden", "due")] == [paused[1].id]
    assert database.write(lambda c: timers.move(c, paused[1].id, NOW + 5 * HOUR, {"n": 2}))
    assert database.write(lambda c: timers.cancel(c, "lead", 1, "sla:golden", "warn")) == 1
    with database.read() as connection:
        assert [one.timer for one in timers.open_of(connection, "lead", 1, "sla:golden")] == [
            Timer("sla:golden", "due", "lead", 1, NOW + 5 * HOUR, {"n": 2})
        ]
    assert database.write(lambda c: timers.cancel(c, "lead", 1)) == 2
    with database.read() as connection:
        assert timers.next_due(connection) is None
    assert not database.write(lambda c: timers.move(c, paused[1].id, NOW))


def _job(key: str = "k", due: dt.datetime = NOW) -> Job:
    return Job("notify", {"to": "li"}, key, due, "lead", 1)


def test_fault_084_a_worker_whose_lease_ran_out_brings_nothing(database: Database) -> None:
    assert database.write(lambda c: jobs.add(c, _job(), NOW))
    assert not database.write(lambda c: jobs.add(c, _job(), NOW))
    with database.read() as connection:
        (job,) = jobs.ready(connection, NOW)
        assert job.job == _job() and jobs.by_key(connection, "k") == job
    assert database.write(lambda c: jobs.claim(c, job.id, "first", NOW + HOUR, NOW))
    assert not database.write(lambda c: jobs.claim(c, job.id, "second", NOW + HOUR, NOW))
    late = NOW + 2 * HOUR
    with database.read() as connection:
        assert jobs.ready(connection, NOW) == [] and len(jobs.ready(connection, late)) == 1
    assert not database.write(lambda c: jobs.claim(c, job.id, "second", late + HOUR, late))
    assert database.write(lambda c: jobs.claim_lost(c, job.id, "second", late + HOUR, late))
    assert not database.write(lambda c: jobs.finish(c, job.id, "first", late, {"sent": 1}))
    assert database.write(lambda c: jobs.finish(c, job.id, "second", late, {"sent": 2}))
    with database.read() as connection:
        kept = jobs.get(connection, job.id)
        assert kept is not None and (kept.state, kept.attempts) == ("done", 0)


def test_a_job_that_fails_waits_or_lies_where_a_person_sees_it(database: Database) -> None:
    database.write(lambda c: jobs.add(c, _job(), NOW))
    with database.read() as connection:
        id = jobs.ready(connection, NOW)[0].id
    database.write(lambda c: jobs.claim(c, id, "x", NOW + HOUR, NOW))
    assert database.write(lambda c: jobs.fail(c, id, "x", "timeout", NOW + HOUR, NOW))
    with database.read() as connection:
        assert jobs.ready(connection, NOW) == []
    database.write(lambda c: jobs.claim(c, id, "y", NOW + 2 * HOUR, NOW + HOUR))
    assert not database.write(lambda c: jobs.fail(c, id, "x", "zombie", None, NOW))
    assert database.write(lambda c: jobs.fail(c, id, "y", "gone", None, NOW + HOUR))
    with database.read() as connection:
        assert [(one.error, one.attempts) for one in jobs.listed(connection, "dead")] == [("gone", 2)]
    assert database.write(lambda c: jobs.revive(c, id, NOW + HOUR))
    assert not database.write(lambda c: jobs.revive(c, id, NOW + HOUR))


def test_a_delivery_is_kept_once_and_can_be_quarantined(database: Database) -> None:
    assert database.write(lambda c: inbox.receive(c, "expo", "1", b"\x00raw", NOW, {"a": "b"}))
    assert not database.write(lambda c: inbox.receive(c, "expo", "1", b"other", NOW))
    assert database.write(lambda c: inbox.receive(c, "jd", "1", b"", NOW))
    with database.read() as connection:
        one = inbox.get(connection, "expo", "1")
        assert one is not None and (one.body, one.headers, one.state) == (b"\x00raw", {"a": "b"}, "new")
        assert len(inbox.listed(connection, "new")) == 2
    database.write(lambda c: inbox.quarantine(c, one.id, "no phone", NOW))
    with database.read() as connection:
        assert [d.reason for d in inbox.listed(connection, "quarantined")] == ["no phone"]
    database.write(lambda c: inbox.done(c, one.id, NOW, "lead", 5))
    with database.read() as connection:
        assert [(d.entity, d.record) for d in inbox.listed(connection, "done")] == [("lead", 5)]


def test_fault_063_the_same_request_fifty_times_has_one_effect_and_one_answer(database: Database) -> None:
    mark = idempotency.fingerprint("POST", "/lead", b"{}")
    effects, answers = [], []

    def turn(connection: Connection) -> object:
        seen = idempotency.begin(connection, "li", "key", mark, NOW)
        if seen.state == "new":
            connection.after_commit(lambda: effects.append(1))
            idempotency.answer(connection, "li", "key", 201, {"id": 1})
            return {"id": 1}
        assert (seen.state, seen.status) == ("done", 201)
        return seen.answer

    threads = [threading.Thread(target=lambda: answers.append(database.write(turn))) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (len(effects), answers) == (1, [{"id": 1}] * 10)


def test_fault_064_a_key_used_for_another_request_or_not_finished_is_told(database: Database) -> None:
    database.write(lambda c: idempotency.begin(c, "li", "key", "one", NOW))
    with database.read() as connection:
        assert idempotency.look(connection, "li", "key", "two") == idempotency.Seen("other")
        assert idempotency.look(connection, "li", "key", "one") == idempotency.Seen("running")
        assert idempotency.look(connection, "wang", "key", "one") is None
    assert database.write(lambda c: idempotency.forget(c, NOW + dt.timedelta(days=29))) == 0
    assert database.write(lambda c: idempotency.forget(c, NOW + dt.timedelta(days=31))) == 1


def test_a_failed_turn_gives_its_key_back(database: Database) -> None:
    def fails(connection: Connection) -> None:
        assert idempotency.begin(connection, "li", "key", "one", NOW).state == "new"
        raise ValueError

    for _ in range(2):
        with pytest.raises(ValueError):
            database.write(fails)


def test_parts_of_a_request_cannot_be_shifted_into_each_other() -> None:
    assert idempotency.fingerprint("a", "bc") != idempotency.fingerprint("ab", "c")


def test_running_numbers_begin_again_with_the_written_date(database: Database) -> None:
    def number(day: dt.date, pattern: str = "LD-{yyyy}{mm}-{0001}") -> str:
        return database.write(lambda c: sequences.next_number(c, "lead.number", pattern, day))

    january, february = dt.date(2026, 1, 31), dt.date(2026, 2, 1)
    assert [number(january), number(january), number(february)] == [
        "LD-202601-0001",
        "LD-202601-0002",
        "LD-202602-0001",
    ]
    assert number(january, "{yy}/{dd}/{1}") == "26/31/1"
    many = database.write(lambda c: sequences.next_numbers(c, "lead.number", "LD-{yyyy}{mm}-{0001}", january, 3))
    assert many == ["LD-202601-0003", "LD-202601-0004", "LD-202601-0005"]


def test_revisions_are_numbered_and_one_of_them_is_current(database: Database) -> None:
    li = Actor(user=1, login="li")
    first = database.write(lambda c: revisions.save(c, {"a.yaml": "名: 1", "b.yaml": ""}, NOW, li, "first"))
    second = database.write(lambda c: revisions.save(c, {"a.yaml": "名: 2", "b.yaml": ""}, NOW, SYSTEM, "", {"n": 1}))
    assert (first.number, second.number) == (1, 2) and first.digest != second.digest
    with database.read() as connection:
        assert revisions.current(connection) is None
        assert connection.scalar("SELECT COUNT(*) FROM fl_blobs") == 3
        assert revisions.load(connection, 1) == {"a.yaml": "名: 1", "b.yaml": ""}
    database.write(lambda c: revisions.point(c, 2))
    database.write(lambda c: revisions.point(c, 1))
    with database.read() as connection:
        assert revisions.current_number(connection) == 1
        assert [(r.number, r.current, r.login, r.note) for r in revisions.listed(connection)] == [
            (2, False, "system", ""),
            (1, True, "li", "first"),
        ]
    with pytest.raises(NotFound):
        database.write(lambda c: revisions.point(c, 3))
    database.write(lambda c: c.execute("UPDATE fl_blobs SET content = ?", (b"forged",)))
    with pytest.raises(NotFound) as caught, database.read() as connection:
        revisions.load(connection, 1)
    assert caught.value.problems[0].code == "B031"


def test_a_link_signs_in_once_and_only_hashes_are_kept(database: Database) -> None:
    link = database.write(lambda c: sessions.invite(c, 7, NOW))
    secret = database.write(lambda c: sessions.redeem(c, link, NOW + HOUR, "10.0.0.1"))
    assert secret is not None
    assert database.write(lambda c: sessions.redeem(c, link, NOW + HOUR)) is None
    assert database.write(lambda c: sessions.redeem(c, "guess", NOW)) is None
    with database.read() as connection:
        found = sessions.find(connection, secret, NOW + HOUR)
        assert found is not None and (found.user, found.address) == (7, "10.0.0.1")
        assert sessions.find(connection, link, NOW + HOUR) is None
        assert sessions.find(connection, secret, NOW + dt.timedelta(days=15)) is None
        kept = str(connection.execute("SELECT * FROM fl_sessions"))
        assert link not in kept and secret not in kept
    assert database.write(lambda c: sessions.end(c, secret))
    assert not database.write(lambda c: sessions.end(c, secret))


def test_an_old_link_opens_nothing_and_leaving_ends_every_session(database: Database) -> None:
    old = database.write(lambda c: sessions.invite(c, 7, NOW))
    assert database.write(lambda c: sessions.redeem(c, old, NOW + dt.timedelta(days=2))) is None
    one = database.write(lambda c: sessions.start(c, 7, NOW, label="phone"))
    database.write(lambda c: sessions.seen(c, one, NOW + HOUR))
    with database.read() as connection:
        found = sessions.find(connection, one, NOW)
        assert found is not None and (found.seen_at, found.label) == (NOW + HOUR, "phone")
    assert database.write(lambda c: sessions.forget(c, NOW + dt.timedelta(days=2))) == 1
    assert database.write(lambda c: sessions.end_all(c, 7)) == 1


@pytest.mark.parametrize("beside", [True, False])
def test_a_file_is_kept_by_its_content_and_checked_when_it_is_read(
    database: Database, tmp_path: Path, beside: bool
) -> None:
    files = Files(tmp_path / "files" if beside else None)
    one = database.write(lambda c: files.save(c, "../../合同.pdf", "application/pdf", b"abc", NOW, 1))
    two = database.write(lambda c: files.save(c, "", "text/plain", b"abc", NOW, None))
    assert (one.name, two.name, one.size) == ("合同.pdf", "file", 3) and one.id != two.id
    with database.read() as connection:
        assert files.get(connection, one.id) == one
        assert files.read(connection, one.id) == files.read(connection, two.id) == b"abc"
        assert files.get(connection, "nothing") is None
        with pytest.raises(NotFound):
            files.read(connection, "nothing")
    if beside:
        kept = [path for path in (tmp_path / "files").rglob("*") if path.is_file()]
        assert len(kept) == 1
        kept[0].write_bytes(b"forged")
    else:
        database.write(lambda c: c.execute("UPDATE fl_files SET content = ?", (b"forged",)))
    with pytest.raises(NotFound) as caught, database.read() as connection:
        files.read(connection, one.id)
    assert caught.value.problems[0].code == "B032"
