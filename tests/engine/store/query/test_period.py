"""Buckets of time, the same for people and for SQL."""

from __future__ import annotations

import datetime as dt
import sqlite3
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.expression.sql import dates
from engine.store.query import period

ZONES = ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "UTC", "Asia/Kolkata"]


def in_sql(expression: sa.ColumnElement[int]) -> int:
    compiled = sa.select(expression).compile(
        dialect=sa.create_engine("sqlite://").dialect, compile_kwargs={"literal_binds": True}
    )
    return sqlite3.connect(":memory:").execute(str(compiled)).fetchone()[0]


@settings(max_examples=80, deadline=None)
@given(
    st.datetimes(dt.datetime(1994, 1, 1), dt.datetime(2059, 1, 1), timezones=st.just(dt.UTC)),
    st.sampled_from(ZONES),
    st.sampled_from(period.EACH),
)
def test_an_instant_falls_in_the_same_bucket_in_sql_and_in_python(when: dt.datetime, name: str, each: str) -> None:
    zone = ZoneInfo(name)
    column = sa.literal_column(str(dates.microseconds(when)), sa.BigInteger())
    assert in_sql(period.bucket(column, "datetime", each, zone, "sqlite")) == period.number_of(
        each, when.astimezone(zone).replace(tzinfo=None)
    )


@settings(max_examples=40, deadline=None)
@given(st.dates(dt.date(1950, 1, 1), dt.date(2100, 1, 1)), st.sampled_from(period.EACH))
def test_a_date_falls_in_the_same_bucket_in_sql_and_in_python(day: dt.date, each: str) -> None:
    column = sa.literal_column(f"'{day.isoformat()}'", sa.Text())
    number = period.number_of(each, day)
    assert in_sql(period.bucket(column, "date", each, ZoneInfo("UTC"), "sqlite")) == number
    first, after = period.start_of(each, number), period.start_of(each, number + 1)
    moment = dt.datetime.combine(day, dt.time()) if each == "hour" else day
    assert first <= moment < after


def test_a_week_begins_on_monday_and_midnight_is_local() -> None:
    shanghai = ZoneInfo("Asia/Shanghai")
    late = dt.datetime(2026, 1, 4, 23, 59, 59, tzinfo=shanghai)
    assert period.start_of("week", period.number_of("week", late.date())) == dt.date(2025, 12, 29)
    assert period.midnight(dt.date(2026, 1, 5), shanghai) == dt.datetime(2026, 1, 4, 16, tzinfo=dt.UTC)
    column = sa.literal_column(str(dates.microseconds(late.astimezone(dt.UTC))), sa.BigInteger())
    assert period.start_of("day", in_sql(period.bucket(column, "datetime", "day", shanghai, "sqlite"))) == dt.date(
        2026, 1, 4
    )


def test_buckets_without_records_are_not_left_out() -> None:
    first, last = (period.number_of("month", day) for day in (dt.date(2025, 11, 20), dt.date(2026, 2, 1)))
    months = list(period.between("month", first, last))
    assert months == [dt.date(2025, 11, 1), dt.date(2025, 12, 1), dt.date(2026, 1, 1), dt.date(2026, 2, 1)]


@pytest.mark.parametrize(
    "moment", [(2026, 3, 29, 0, 59), (2026, 3, 29, 1, 0), (2026, 10, 25, 0, 59), (2026, 10, 25, 1, 0)]
)
def test_the_turn_of_the_clock_is_where_the_zone_has_it(moment: tuple[int, ...]) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    when = dt.datetime(*moment, tzinfo=dt.UTC)
    column = sa.literal_column(str(dates.microseconds(when)), sa.BigInteger())
    local = when.astimezone(berlin).replace(tzinfo=dt.UTC)
    assert in_sql(dates.local(column, berlin)) == dates.microseconds(local)
