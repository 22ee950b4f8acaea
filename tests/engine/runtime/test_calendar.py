"""Working time: exact, with holidays, against a count of single minutes."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import UTC
from engine.errors import InvalidDocument
from engine.model.calendar import Calendar
from engine.runtime.calendar import WorkTime, always, build, holidays

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE = Calendar(name="work_hours", open={"mon-fri": ("09:00-12:00", "13:30-18:00")}, holidays="cn")


def office(**more: object) -> WorkTime:
    return build(Calendar(name="work_hours", open=OFFICE.open, **{"holidays": "cn", **more}), "Asia/Shanghai")  # type: ignore[arg-type]


def at(text: str, zone: ZoneInfo = SHANGHAI) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone)


def hours(number: float) -> dt.timedelta:
    return dt.timedelta(hours=number)


def test_fault_093_four_working_hours_from_friday_afternoon_end_on_monday() -> None:
    assert office().add(at("2026-01-09T16:00"), hours(4)) == at("2026-01-12T11:00")


def test_fault_093_what_is_created_at_night_starts_in_the_morning() -> None:
    assert office().add(at("2026-01-12T23:10"), hours(4)) == at("2026-01-13T14:30")


def test_fault_093_lunch_does_not_count() -> None:
    assert office().add(at("2026-01-12T11:30"), hours(1)) == at("2026-01-12T14:00")


def test_fault_093_the_spring_festival_does_not_count_and_its_make_up_saturday_does() -> None:
    work = office()
    # 2026-02-14 is a Saturday that is worked; the festival lasts from the 15th to the 23rd.
    assert work.open_at(at("2026-02-14T10:00"))
    assert not work.open_at(at("2026-02-16T10:00"))
    assert work.add(at("2026-02-14T16:00"), hours(4)) == at("2026-02-24T11:00")


def test_fault_093_a_holiday_added_later_moves_the_due_time() -> None:
    before = office().add(at("2026-01-12T16:00"), hours(4))
    after = office(closed=("2026-01-13",)).add(at("2026-01-12T16:00"), hours(4))
    assert (before, after) == (at("2026-01-13T11:00"), at("2026-01-14T11:00"))


def test_fault_093_a_calendar_without_hours_is_an_error_and_not_an_endless_loop() -> None:
    with pytest.raises(InvalidDocument) as refused:
        build(Calendar(name="empty"), "Asia/Shanghai")
    assert [problem.code for problem in refused.value.problems] == ["R090"]


def test_fault_093_an_owner_in_another_zone_has_the_hours_of_the_calendar() -> None:
    tokyo = build(Calendar(name="tokyo", timezone="Asia/Tokyo", open={"mon-fri": ("09:00-18:00",)}), "Asia/Shanghai")
    assert tokyo.add(at("2026-01-12T07:00"), hours(2)) == at("2026-01-12T10:00")


def test_fault_094_a_year_without_published_holidays_is_marked_as_estimated() -> None:
    work = office()
    assert work.estimated(at("2027-03-01T10:00"))
    assert not work.estimated(at("2026-03-01T10:00"))
    assert work.add(at("2027-02-05T17:00"), hours(2)) == at("2027-02-08T10:00")


def test_fault_092_a_time_the_clock_skips_is_the_next_valid_minute() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    work = build(Calendar(name="night", timezone="Europe/Berlin", open={"sun": ("02:30-04:00",)}), "Asia/Shanghai")
    spans = work.counted(at("2026-03-29T00:00", berlin), at("2026-03-30T00:00", berlin))
    # 02:00 to 03:00 does not exist on that day: the span begins at 03:00 summer time.
    assert spans == [(dt.datetime(2026, 3, 29, 1, 0, tzinfo=UTC), dt.datetime(2026, 3, 29, 2, 0, tzinfo=UTC))]


def test_fault_092_a_time_that_comes_twice_is_the_first_and_what_is_counted_is_elapsed() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    work = build(Calendar(name="night", timezone="Europe/Berlin", open={"sun": ("02:30-04:00",)}), "Asia/Shanghai")
    spans = work.counted(at("2026-10-25T00:00", berlin), at("2026-10-26T00:00", berlin))
    assert spans == [(dt.datetime(2026, 10, 25, 0, 30, tzinfo=UTC), dt.datetime(2026, 10, 25, 3, 0, tzinfo=UTC))]


def test_every_span_that_cannot_be_read_is_told_at_once() -> None:
    wrong = Calendar(name="wrong", open={"mon": ("9-12",), "someday": ("09:00-10:00",), "tue": ("10:00-09:00",)})
    with pytest.raises(InvalidDocument) as refused:
        build(wrong, "Asia/Shanghai")
    assert [problem.code for problem in refused.value.problems] == ["R091", "R091", "R091", "R090"]


def test_an_extra_day_may_have_hours_of_its_own() -> None:
    work = office(extra=("2026-01-10 10:00-11:00",))
    assert work.between(at("2026-01-10T00:00"), at("2026-01-11T00:00")) == hours(1)


def test_always_counts_every_minute() -> None:
    assert always(SHANGHAI).add(at("2026-02-16T23:00"), hours(2)) == at("2026-02-17T01:00")


def test_the_shipped_table_knows_the_years_it_says() -> None:
    table = holidays("cn")
    assert table is not None
    assert table.years == {*range(2007, 2015), *range(2016, 2019), *range(2021, 2027)}
    assert dt.date(2026, 10, 10) in table.worked and dt.date(2026, 10, 7) in table.off


def brute(work: WorkTime, start: dt.datetime, minutes: int) -> dt.datetime:
    """The end of so many open minutes, by looking at each."""
    moment = start
    while minutes:
        if work.open_at(moment):
            minutes -= 1
        moment += dt.timedelta(minutes=1)
    return moment


@settings(max_examples=60, deadline=None)
@given(
    start=st.datetimes(dt.datetime(2025, 12, 20), dt.datetime(2026, 3, 5)).map(
        lambda naive: naive.replace(second=0, microsecond=0, tzinfo=SHANGHAI)
    ),
    minutes=st.integers(1, 60 * 12),
)
def test_adding_working_time_equals_counting_minutes(start: dt.datetime, minutes: int) -> None:
    work = office()
    due = work.add(start, dt.timedelta(minutes=minutes))
    assert due == brute(work, start, minutes)
    assert work.between(start, due) == dt.timedelta(minutes=minutes)


@settings(max_examples=60, deadline=None)
@given(
    start=st.datetimes(dt.datetime(2026, 3, 25), dt.datetime(2026, 4, 2)),
    spans=st.lists(st.integers(1, 10**11), min_size=1, max_size=4),
)
def test_adding_in_parts_equals_adding_at_once_over_a_clock_change(start: dt.datetime, spans: list[int]) -> None:
    zone = ZoneInfo("Europe/Berlin")
    work = build(Calendar(name="w", timezone="Europe/Berlin", open={"mon-sun": ("00:00-06:00", "08:00-24:00")}), "UTC")
    moment = start.replace(tzinfo=zone).astimezone(UTC)
    whole = work.add(moment, dt.timedelta(microseconds=sum(spans)))
    for span in spans:
        moment = work.add(moment, dt.timedelta(microseconds=span))
    assert moment == whole
