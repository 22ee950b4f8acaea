"""How much people are told: quiet hours, a cap, grouping, digests; urgent ones pass."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine.clock import UTC
from engine.runtime import budget
from engine.runtime.budget import Limits
from tests.engine.runtime.stage import MONDAY, Stage

ZONE = ZoneInfo("Asia/Shanghai")
RULES = """
kind: entity
name: lead
label: {zh: 线索}
title: "{{ company }}"
fields: {company: {type: text}, owner: {type: user}, hot: {type: yes_no}}
---
kind: trigger
name: hello
label: {zh: 新线索}
when: {event: created, entity: lead}
if: "not hot"
do: [{notify: {to: "=owner", title: "{{ company }} 来了"}}]
---
kind: trigger
name: fire
when: {event: created, entity: lead}
if: "hot"
do: [{notify: {to: "=owner", title: "{{ company }} 着火了", urgent: true}}]
---
kind: sla
name: soon
label: {zh: 跟进}
entity: lead
start: {event: created}
stop: {if: "hot"}
target: 1h
escalate:
  - {after: 0m, do: [{notify: {to: "=owner", title: "{{ company }} 超时了"}}]}
  - {after: 18h, do: [{notify: {to: "=owner", title: "{{ company }} 还是没人管"}}]}
"""


class Site(Stage):
    def __init__(self, notices: str) -> None:
        import tests.engine.runtime.stage as module

        original = module.load

        def load(files: Any, registry: Any) -> Any:
            return original({**files, "site.yaml": f"kind: site\nname: stage\nnotifications: {notices}\n"}, registry)

        module.load = load  # type: ignore[assignment]
        try:
            super().__init__(RULES)
        finally:
            module.load = original
        self.user("li", name="李强")

    def lead(self, name: str, **values: Any) -> None:
        self.create("lead", company=name, owner=self.people["li"], **values)

    def shown(self) -> list[str]:
        return [one["title"] for one in self.find("notification") if one["held_until"] is None]


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def test_several_of_one_rule_within_the_window_become_one() -> None:
    site = Site("{group: 15m}")
    for name in "甲乙丙":
        site.lead(name)
    assert site.shown() == ["甲 来了(共 3 条)"]
    assert site.find("notification")[0]["body"] == "• 乙 来了\n• 丙 来了"
    site.advance(minutes=16)
    site.lead("丁")
    assert site.shown() == ["甲 来了(共 3 条)", "丁 来了"]


def test_in_quiet_hours_it_waits_and_comes_as_one_in_the_morning() -> None:
    site = Site('{quiet: "21:00-08:00"}')
    site.advance(hours=13)  # 22:00
    for name in "甲乙丙":
        site.lead(name, hot=False)
    assert site.shown() == []
    site.advance(hours=9, minutes=59)
    assert site.shown() == []
    site.advance(minutes=1)
    assert site.shown() == ["没打扰您的这段时间有 6 条提醒"]
    assert site.find("notification")[-1]["body"] == "• 甲 来了(还有 2 条同类)\n• 甲 超时了(还有 2 条同类)"


def test_one_alone_that_waited_is_told_as_it_is() -> None:
    site = Site('{quiet: "21:00-08:00"}')
    site.advance(hours=13)
    site.lead("甲", hot=False)
    site.do(lambda c: c.update("lead", 1, {"hot": True}))
    site.advance(hours=10)
    assert site.shown() == ["甲 来了"]


def test_urgent_ones_pass_quiet_hours_and_the_cap() -> None:
    site = Site('{quiet: "21:00-08:00", per_day: 1}')
    site.lead("甲", hot=True)
    site.lead("乙", hot=True)
    site.advance(hours=13)
    site.lead("丙", hot=True)
    assert site.shown() == ["甲 着火了", "乙 着火了", "丙 着火了"]


def test_above_the_cap_of_the_day_it_waits_for_the_next_morning() -> None:
    site = Site("{per_day: 2}")
    for name in "甲乙丙丁":
        site.lead(name)
        site.do(
            lambda c: [c.update("lead", each.id, {"hot": True}) for each in c.records.find(c.connection, "lead", {})]
        )
    assert site.shown() == ["甲 来了", "乙 来了"]
    site.advance(hours=23, minutes=59)
    assert len(site.shown()) == 2
    site.advance(minutes=1)
    assert site.shown()[2:] == ["没打扰您的这段时间有 2 条提醒"]


def test_a_persons_own_hours_win() -> None:
    site = Site('{quiet: "21:00-08:00"}')
    site.do(lambda c: c.update("user", site.people["li"], {"quiet_hours": "off"}))
    site.advance(hours=13)
    site.lead("甲")
    assert site.shown() == ["甲 来了"]


def test_without_limits_nothing_waits() -> None:
    site = Site("{}")
    site.advance(hours=15)
    for name in "甲乙丙":
        site.lead(name)
    assert len(site.shown()) == 3


def test_fault_095_after_an_outage_each_person_gets_one_digest_and_not_three_thousand_messages() -> None:
    from engine.runtime import scheduler

    site = Site("{}")
    zhao = site.user("zhao", "sales")
    for number in range(60):
        site.lead(f"客户{number}", hot=number % 2 == 0)
    for number in range(20):
        site.create("lead", company=f"别人的{number}", owner=zhao.user, hot=False)
    before = {one.id for one in site.find("notification")}
    site.clock.move_to(MONDAY + dt.timedelta(hours=24))
    assert scheduler.fire_due(site.parts, site.database) == 2 * 50
    site.clock.move_to(site.clock.now() + budget.GATHER)
    scheduler.fire_due(site.parts, site.database)
    late = [one for one in site.find("notification") if one.id not in before and one["digest"] is None]
    found = {one["user"]: one for one in late if one["held_until"] is None}
    assert len(late) == len(found) == 2, "one for each person, whatever kinds there are"
    assert {user: one["count"] for user, one in found.items()} == {site.people["li"]: 60, zhao.user: 40}
    mine = found[site.people["li"]]
    assert mine["title"] == "没打扰您的这段时间有 60 条提醒"
    assert mine["body"].split("\n") == ["• 客户1 超时了(还有 29 条同类)", "• 客户1 还是没人管(还有 29 条同类)"]


def test_twenty_minutes_late_is_told_as_ever() -> None:
    from engine.runtime import scheduler

    site = Site("{}")
    site.lead("客户", hot=True)
    lead = site.create("lead", company="一家", owner=site.people["li"], hot=False)
    site.update(lead, owner=None)
    site.update(lead, owner=site.people["li"])
    site.clock.move_to(MONDAY + dt.timedelta(hours=1, minutes=20))
    scheduler.fire_due(site.parts, site.database)
    assert [one["title"] for one in site.find("notification") if "超时" in one["title"]] == ["一家 超时了"], (
        "20 minutes are not late"
    )


@pytest.mark.parametrize(
    ("when", "told", "alike", "way", "until"),
    [
        ("2026-01-05T09:00", 0, None, "now", None),
        ("2026-01-05T20:59", 0, None, "now", None),
        ("2026-01-05T21:00", 0, None, "hold", "2026-01-06T08:00"),
        ("2026-01-05T07:59", 0, None, "hold", "2026-01-05T08:00"),
        ("2026-01-05T08:00", 0, None, "now", None),
        ("2026-01-05T09:00", 3, None, "hold", "2026-01-06T08:00"),
        ("2026-01-05T09:00", 3, "2026-01-05T08:50", "group", None),
        ("2026-01-05T22:00", 0, "2026-01-05T21:50", "group", None),
        ("2026-01-05T09:00", 0, "2026-01-05T08:40", "now", None),
    ],
)
def test_the_rule_in_one_table(when: str, told: int, alike: str | None, way: str, until: str | None) -> None:
    limits = Limits((dt.time(21), dt.time(8)), 3, dt.timedelta(minutes=15))
    found = budget.decide(limits, at(when), ZONE, told, at(alike) if alike else None, False)
    assert (found.way, found.until) == (way, at(until) if until else None)
    assert budget.decide(limits, at(when), ZONE, told, at(alike) if alike else None, True).way == "now"


def test_the_replay_counts_as_the_turn_does() -> None:
    limits = Limits((dt.time(21), dt.time(8)), 2, dt.timedelta(minutes=15))
    past = [
        (at("2026-01-05T10:00"), "a", False),
        (at("2026-01-05T10:10"), "a", False),
        (at("2026-01-05T11:00"), "b", False),
        (at("2026-01-05T12:00"), "c", False),
        (at("2026-01-05T22:00"), "c", True),
        (at("2026-01-05T23:00"), "d", False),
    ]
    told = budget.replay(limits, ZONE, 1, past)
    assert (told.before, told.now, told.grouped, told.held, told.digests, told.after) == (6, 3, 1, 2, 1, 4)
    assert told.most == (6, 3)
