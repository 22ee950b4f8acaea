"""The preview of what people would have been told last week."""

from __future__ import annotations

import pytest

from engine.errors import Forbidden, WrongUsage
from engine.facts import SYSTEM
from tests.company import Company


def tell(company: Company, count: int) -> None:
    for number in range(count):
        values = {"user": company.ids["li"], "title": f"提醒 {number}", "rule": "first_call_soon"}
        company.engine.create(SYSTEM, "notification", values)


def test_it_shows_each_person_before_and_after(company: Company) -> None:
    tell(company, 6)
    found = company.engine.people.preview(company.actor("admin"), group="15m")
    assert (found["before"], found["after"]) == (6, 1)
    assert found["people"][0]["name"] == "李强"
    assert found["people"][0]["most_a_day"] == {"before": 6, "after": 1}
    capped = company.engine.people.preview(SYSTEM, per_day="4")
    assert (capped["people"][0]["now"], capped["people"][0]["held"], capped["after"]) == (4, 2, 5)


def test_only_who_configures_may_look_and_limits_must_be_readable(company: Company) -> None:
    with pytest.raises(Forbidden):
        company.engine.people.preview(company.actor("li"))
    for wrong in ({"quiet": "nachts"}, {"per_day": "viele"}, {"group": "bald"}):
        with pytest.raises(WrongUsage) as refused:
            company.engine.people.preview(SYSTEM, **wrong)
        assert [problem.code for problem in refused.value.problems] == ["R163"]


def test_what_is_held_back_is_neither_listed_nor_counted(company: Company) -> None:
    li = company.actor("li")
    tell(company, 2)
    held = {"user": company.ids["li"], "title": "later", "held_until": "2026-01-06T08:00"}
    company.engine.create(SYSTEM, "notification", held)
    assert [one["title"] for one in company.engine.people.notifications(li)] == ["提醒 1", "提醒 0"]
    assert company.engine.people.unread(li) == 2
