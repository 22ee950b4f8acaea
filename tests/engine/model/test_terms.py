from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.entity import Field
from engine.model.terms import Duration, Label, attributes


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30s", dt.timedelta(seconds=30)),
        ("30m", dt.timedelta(minutes=30)),
        ("4h", dt.timedelta(hours=4)),
        ("1.5h", dt.timedelta(minutes=90)),
        ("1h30m", dt.timedelta(minutes=90)),
        ("7d", dt.timedelta(days=7)),
        ("2w", dt.timedelta(weeks=2)),
        ("6mo", dt.timedelta(days=180)),
        ("0m", dt.timedelta()),
        ("4 小时", dt.timedelta(hours=4)),
        ("4 工作小时", dt.timedelta(hours=4)),
        ("30分钟", dt.timedelta(minutes=30)),
        ("3天", dt.timedelta(days=3)),
        ("2 周", dt.timedelta(weeks=2)),
        ("6个月", dt.timedelta(days=180)),
    ],
)
def test_a_duration_is_a_number_with_its_unit(text: str, span: dt.timedelta) -> None:
    found = Duration.parse(text)
    assert found is not None
    assert (found.delta, str(found)) == (span, text)


@pytest.mark.parametrize("text", ["", "4", "-4h", "4x", "h", "1e3", "4 个工作小时", "1.5mo", "4h!", "∞h", "４ｈ ago"])
def test_anything_else_is_none(text: str) -> None:
    assert Duration.parse(text) is None


@given(st.text(max_size=12))
def test_no_text_makes_parsing_fail(text: str) -> None:
    found = Duration.parse(text)
    assert found is None or found.delta >= dt.timedelta()


def test_a_label_lends_its_other_language() -> None:
    assert Label("线索", "").text("en") == "线索"
    assert Label("", "Lead").text("zh") == "Lead"
    assert Label("线索", "Lead").text("en") == "Lead"


def test_attributes_leave_the_place_out() -> None:
    assert "where" not in attributes(Field)
    assert attributes(Field)[:2] == ("name", "type")
    assert attributes(str) == ()
