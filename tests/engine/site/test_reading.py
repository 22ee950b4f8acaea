"""A page of records tells the promises that are not kept yet, read together."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from engine.runtime.view import Look
from engine.store import timers
from tests.company import Company

FIRST_CALL = {
    "call_summary": "客户想换掉旧的眼底相机，嫌维修贵",
    "pain_points": ["维修贵"],
    "next_date": dt.date(2026, 1, 6),
    "next_time": dt.time(10),
    "next_subject": "做需求诊断",
}


def promises(company: Company, lead: int) -> list[tuple[str, str]]:
    """Name and state of the promises a card of the board shows."""
    lanes = company.engine.board(company.actor("zhao"), "lead_board", Look())
    card = next(one for _, cards in lanes for one in cards if one.id == lead)
    return [(one["name"], one["state"]) for one in card.promises]


def test_a_card_counts_down_to_what_was_promised_until_it_is_kept(company: Company) -> None:
    lead = company.lead(owner=company.ids["li"])
    assert promises(company, lead.id) == [("lead_stage.new", "running")]
    listed = company.engine.list(company.actor("zhao"), "lead", Look(), "all_leads").items[0]
    assert [one["name"] for one in listed.promises] == ["lead_stage.new"]
    company.engine.transition(company.actor("li"), "lead", lead.id, "complete_first_call", FIRST_CALL)
    assert promises(company, lead.id) == []


def test_a_broken_promise_stays_on_the_card_while_the_record_stays_where_it_is(company: Company) -> None:
    lead = company.lead(owner=company.ids["li"])
    company.clock.advance(dt.timedelta(days=1))
    company.engine.tick()
    assert promises(company, lead.id) == [("lead_stage.new", "broken")]
    company.engine.transition(company.actor("li"), "lead", lead.id, "complete_first_call", FIRST_CALL)
    assert promises(company, lead.id) == []


def test_the_promises_of_a_page_are_one_query_however_many_records_it_has(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        company.lead(company=f"医院{number}", phone=f"1380013800{number}", owner=company.ids["li"])
    asked: list[int] = []
    read = timers.open_of_many

    def counted(connection: Any, entity: str, records: Any, step: str) -> Any:
        asked.append(len(records))
        return read(connection, entity, records, step)

    monkeypatch.setattr(timers, "open_of_many", counted)
    page = company.engine.list(company.actor("zhao"), "lead", Look(), "all_leads")
    assert asked == [5]
    assert all(one.promises for one in page.items)
