"""What happens because time passes."""

from __future__ import annotations

import datetime as dt

import pytest

from engine.clock import UTC
from engine.errors import InvalidDocument, Problem, Unavailable
from engine.facts import Timer
from engine.runtime import scheduler
from engine.runtime.acts import Acting
from tests.engine.runtime.stage import MONDAY, Stage

SITE = """
kind: role
name: sales
inherits: [staff]
can: {lead: {read: true, create: true, update: true}}
---
kind: entity
name: lead
fields:
  company: {type: text}
  owner: {type: user}
  paused: {type: yes_no, default: false}
  touched_at: {type: datetime, default: "=now()"}
  note: {type: text}
---
kind: trigger
name: friday
when: {event: schedule, cron: "0 17 * * 5", each: lead, where: paused}
do: [{set: {note: "=company + '!'"}}]
---
kind: trigger
name: daily
when: {event: schedule, cron: "30 8 * * *"}
do: [{notify: {to: {role: sales}, title: 早}}]
---
kind: trigger
name: silent
when: {event: idle, entity: lead, since: touched_at, for: 3d}
if: "not paused"
do: [{notify: {to: "=owner", title: 三天没动}}]
"""


@pytest.fixture
def stage() -> Stage:
    stage = Stage(SITE)
    stage.user("li", "sales")
    stage.do(scheduler.arm)
    return stage


def test_a_schedule_runs_at_its_time_of_the_site_for_every_record_that_fits(stage: Stage) -> None:
    one = stage.create("lead", company="A", paused=True)
    two = stage.create("lead", company="B")
    stage.advance(days=4, hours=7, minutes=59)  # Friday 16:59
    assert stage.get("lead", one.id)["note"] is None
    stage.advance(minutes=1)
    assert (stage.get("lead", one.id)["note"], stage.get("lead", two.id)["note"]) == ("A!", None)
    assert stage.told() == ["li"] * 4


def test_fault_095_a_schedule_missed_while_nobody_ran_is_made_up_for_once(stage: Stage) -> None:
    stage.clock.advance(dt.timedelta(days=3))
    assert scheduler.fire_due(stage.parts, stage.database) == 1
    assert stage.told() == ["li"]


def test_arming_again_sets_nothing_twice(stage: Stage) -> None:
    for _ in range(3):
        stage.do(scheduler.arm)
    assert stage.rows("SELECT name, COUNT(*) FROM fl_timers WHERE state = 'waiting' GROUP BY name ORDER BY name") == [
        ("cron:daily", 1),
        ("cron:friday", 1),
    ]


def test_a_record_that_stands_still_is_noticed_once_and_touching_it_starts_anew(stage: Stage) -> None:
    lead = stage.create("lead", company="A", owner=stage.people["li"])
    stage.advance(days=2)
    stage.update(lead, touched_at=stage.clock.now())
    stage.do(lambda context: context.connection.execute("DELETE FROM notification"))
    stage.advance(days=2)
    titles = [each["title"] for each in stage.find("notification")]
    assert "三天没动" not in titles
    stage.advance(days=1, hours=1)
    stage.advance(days=9)
    assert [each["title"] for each in stage.find("notification")].count("三天没动") == 1


def test_what_stands_still_but_does_not_fit_is_left_alone(stage: Stage) -> None:
    stage.create("lead", company="A", owner=stage.people["li"], paused=True)
    stage.advance(days=4)
    assert "三天没动" not in [each["title"] for each in stage.find("notification")]


def test_fault_092_a_time_the_clock_skips_comes_at_the_next_valid_minute_and_a_doubled_one_once() -> None:
    berlin = Stage(SITE)
    object.__setattr__(berlin.parts, "manifest", berlin.manifest)
    from zoneinfo import ZoneInfo

    vars(berlin.parts)["zone"] = ZoneInfo("Europe/Berlin")
    spring = scheduler.next_time("30 2 * * *", dt.datetime(2026, 3, 28, 12, tzinfo=UTC), berlin.parts)
    assert spring == dt.datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    first = scheduler.next_time("30 2 * * *", dt.datetime(2026, 10, 24, 12, tzinfo=UTC), berlin.parts)
    assert first == dt.datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert scheduler.next_time("30 2 * * *", first, berlin.parts) == dt.datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


def test_a_cron_that_cannot_be_read_says_so(stage: Stage) -> None:
    with pytest.raises(InvalidDocument) as error:
        scheduler.next_time("99 * * *", MONDAY, stage.parts)
    assert error.value.problems[0].code == "R094"


def test_fault_091_a_clock_put_back_over_a_restart_runs_no_schedule_again(stage: Stage) -> None:
    stage.advance(hours=24)  # Tuesday 09:00: it ran at 08:30
    assert stage.told() == ["li"]
    stage.clock.advance(-dt.timedelta(hours=1))
    stage.do(scheduler.arm)
    stage.advance(hours=2)
    assert stage.told() == ["li"]
    stage.advance(hours=24)
    assert stage.told() == ["li", "li"]


def test_fault_085_a_timer_the_database_cannot_take_now_waits_and_fires_later(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.clock.advance(dt.timedelta(days=1))
    write = stage.database.write
    monkeypatch.setattr(stage.database, "write", _busy)
    with pytest.raises(Unavailable):
        scheduler.fire_due(stage.parts, stage.database)
    monkeypatch.setattr(stage.database, "write", write)
    assert scheduler.fire_due(stage.parts, stage.database) == 1
    assert stage.told() == ["li"]


def _busy(work: object) -> None:
    raise Unavailable(Problem("B001", parameters={"seconds": 10}))


def test_fault_089_a_timer_that_breaks_is_laid_aside_and_those_after_it_fire(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduled = scheduler._scheduled

    def breaks(context: Acting, timer: Timer) -> None:
        if timer.name == "cron:daily":
            raise ZeroDivisionError("what nobody foresaw")
        scheduled(context, timer)

    lead = stage.create("lead", company="A", paused=True)
    with monkeypatch.context() as patched:
        patched.setattr(scheduler, "_scheduled", breaks)
        stage.clock.advance(dt.timedelta(days=4, hours=8))
        assert scheduler.fire_due(stage.parts, stage.database) == 3
    assert stage.get("lead", lead.id)["note"] == "A!"
    failed = stage.rows("SELECT \"trigger\", data FROM fl_runs WHERE state = 'failed'")
    assert [name for name, _ in failed] == ["cron:daily"] and "ZeroDivisionError" in str(failed)
    # The schedule itself is not lost with the time that failed.
    stage.advance(days=1)
    assert stage.told() == ["li"]
