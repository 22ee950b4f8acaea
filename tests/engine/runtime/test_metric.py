"""Every measure, its groups and its course, judged against plain Python over the same records."""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from engine.errors import Forbidden, NotFound, WrongUsage
from engine.expression.parse import parse
from engine.facts import Actor
from engine.model.metric import Metric, Moment, Ratio, Span
from engine.model.role import FieldRights, Rights, Role
from engine.model.terms import Bounds, Label
from engine.runtime import metric
from engine.runtime.ground import ground_of
from engine.runtime.metric import Ask
from engine.store.query import answer
from engine.store.query.question import Filter
from tests.engine.store.query.shop import NOW, Shop, when

LEAD = {"entity": "lead"}
METRICS = {
    each.name: each
    for each in (
        Metric(name="leads", count=when("True"), unit=Label("条", "leads"), **LEAD),
        Metric(name="hot", count=when("heat > 3"), **LEAD),
        Metric(name="douyin_budget", sum=parse("budget"), where_=when("source == 'douyin'"), **LEAD),
        Metric(name="heat_avg", avg=parse("heat"), **LEAD),
        Metric(name="heat_median", median=parse("heat"), **LEAD),
        Metric(name="heat_p90", p90=parse("heat"), **LEAD),
        Metric(name="heat_min", min=parse("heat"), **LEAD),
        Metric(name="budget_max", max=parse("budget"), **LEAD),
        Metric(
            name="called_rate", ratio=Ratio(of=when("reached('called', within='7d')"), per=when("heat is not None")),
            good=Bounds(above=0.5), **LEAD,
        ),
        Metric(name="frozen_share", share=when("frozen"), good=Bounds(below=0.2), **LEAD),
        Metric(name="filled", fill_rate=("phone", "heat", "budget"), **LEAD),
        Metric(
            name="to_called", duration=Span(from_=Moment(entered="new"), to=Moment(entered="called"), show="median", unit="days"),
            **LEAD,
        ),
        Metric(
            name="to_first_call", duration=Span(from_=Moment(at=parse("created_at")), to=Moment(at=parse("called_at")), show="avg"),
            **LEAD,
        ),
        Metric(name="rotten", ratio=Ratio(of=when("secret > 1"), per=when("True")), **LEAD),
    )
}  # fmt: skip
ROLES = {
    "sales": Role(
        name="sales",
        can={"lead": Rights(read=when("owner == me")), "user": Rights(read=True)},
        fields={"lead": FieldRights(hide=("secret",))},
    )
}
#: heat, budget, source, owner, frozen, days after NOW it was created, hours until called_at
ROWS: list[tuple[Any, ...]] = [
    (1.0, Decimal("10.5"), "douyin", 1, True, 0, 1),
    (4.0, None, "douyin", 2, False, 1, 5),
    (9.0, Decimal("20.25"), "website", 1, None, 2, None),
    (None, Decimal(7), "expo", None, True, 9, 3),
    (6.0, Decimal(1), "douyin", 1, False, 40, None),
]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    url = "sqlite://"
    if request.param == "postgresql":
        import psycopg

        url = request.getfixturevalue("postgresql_server").get_uri()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public")
    made = Shop(url, metrics=METRICS, roles=ROLES)
    for login in ("li", "wang"):
        made.add("user", login=login, name=login)
    for place, (heat, budget, source, owner, frozen, days, hours) in enumerate(ROWS):
        at = NOW + dt.timedelta(days=days)
        called = None if hours is None else at + dt.timedelta(hours=hours)
        made.add(
            "lead", at, company=f"c{place}", heat=heat, budget=budget, source=source, owner=owner, frozen=frozen, called_at=called,
            phone="+8613800138000" if place % 2 else None, stage="new",
        )  # fmt: skip
    made.enter(1, ("new", 0, 24), ("called", 24, None))
    made.enter(2, ("new", 24, 24 + 72), ("called", 96, 100), ("new", 100, 110), ("called", 110, None))
    made.enter(3, ("new", 48, 48 + 24 * 8), ("called", 240, None))
    yield made
    made.database.close()


def read(shop: Shop, name: str, asked: Ask = Ask(), actor: Actor | None = None) -> metric.Reading:
    with shop.database.read() as connection:
        context = shop.context(connection, actor) if actor else shop.context(connection)
        return metric.read(context, name, asked)


def behind(shop: Shop, name: str, asked: Ask = Ask(), point: str = "", part: str = "") -> list[int]:
    with shop.database.read() as connection:
        context = shop.context(connection)
        return sorted(answer.ids(connection, ground_of(context), metric.behind(context, name, asked, point, part)))


HEATS = [row[0] for row in ROWS if row[0] is not None]


@pytest.mark.parametrize(
    ("name", "value", "shown", "records"),
    [
        ("leads", 5, "5 条", [1, 2, 3, 4, 5]),
        ("hot", 3, "3", [2, 3, 5]),
        ("douyin_budget", Decimal("11.5"), "¥11.5", [1, 5]),
        ("heat_avg", statistics.mean(HEATS), "5", [1, 2, 3, 5]),
        ("heat_median", statistics.median(HEATS), "5", [1, 2, 3, 5]),
        ("heat_p90", 8.1, "8.1", [1, 2, 3, 5]),
        ("heat_min", 1.0, "1", [1, 2, 3, 5]),
        ("budget_max", Decimal("20.25"), "¥20.25", [1, 3, 4, 5]),
        ("called_rate", 2 / 4, "50%", [1, 2, 3, 5]),
        ("frozen_share", 2 / 5, "40%", [1, 2, 3, 4, 5]),
        ("filled", (2 + 4 + 4) / 15, "66.7%", [1, 2, 3, 4, 5]),
        ("to_called", 3.0, "3 天", [1, 2, 3]),
        ("to_first_call", 3.0, "3 小时", [1, 2, 4]),
    ],
)
def test_every_measure_and_the_records_behind_it(
    shop: Shop, name: str, value: Any, shown: str, records: list[int]
) -> None:
    reading = read(shop, name)
    assert reading.whole.value == pytest.approx(value) if isinstance(value, float) else reading.whole.value == value
    assert reading.whole.shown == shown
    assert behind(shop, name) == records
    assert reading.whole.count == len(records)


def test_the_two_parts_of_a_ratio_open_to_their_own_records(shop: Shop) -> None:
    assert behind(shop, "called_rate", part="above") == [1, 2]
    assert behind(shop, "called_rate", part="missing") == [3, 5]
    assert behind(shop, "frozen_share", part="above") == [1, 4]
    assert behind(shop, "frozen_share", part="missing") == [2, 3, 5], "an empty yes/no counts as no"
    assert behind(shop, "filled", part="above") == []


def test_good_is_judged_and_nothing_is_neither_good_nor_bad(shop: Shop) -> None:
    assert read(shop, "frozen_share").good is False
    assert read(shop, "called_rate").good is False, "exactly the bound is not above it"
    assert read(shop, "leads").good is None
    assert read(shop, "frozen_share", Ask(last=dt.date(2020, 1, 1))).good is None


def test_fault_123_an_empty_period_says_no_data_never_nan(shop: Shop) -> None:
    never = Ask(first=dt.date(2020, 1, 1), last=dt.date(2020, 1, 31))
    for name in METRICS:
        if name == "rotten":
            continue
        whole = read(shop, name, never).whole
        if METRICS[name].measure in ("count", "sum"):
            assert whole.value == 0 and whole.count == 0
        else:
            assert whole.value is None and whole.shown == "无数据", name


def test_fault_124_the_records_of_every_group_add_up_to_the_number(shop: Shop) -> None:
    for by in ("source", "owner", parse("hour_of(created_at)"), parse("heat is None"), "owner.name"):
        asked = Ask(by=by)
        for name in ("leads", "hot", "called_rate", "heat_median", "frozen_share", "to_first_call"):
            reading = read(shop, name, asked)
            opened = [behind(shop, name, asked, group.point) for group in reading.groups]
            assert [len(ids) for ids in opened] == [group.count for group in reading.groups], (name, by)
            assert sorted(ident for ids in opened for ident in ids) == behind(shop, name), (name, by)


@pytest.mark.parametrize("each", ["hour", "day", "week", "month", "quarter", "year"])
def test_every_point_of_a_series_opens_to_its_records(shop: Shop, each: str) -> None:
    asked = Ask(each=each)
    for name in ("leads", "heat_avg", "called_rate"):
        reading = read(shop, name, asked)
        opened = {point.point: behind(shop, name, asked, point.point) for point in reading.series if point.count}
        assert sum(len(ids) for ids in opened.values()) == reading.whole.count
        assert sorted(ident for ids in opened.values() for ident in ids) == behind(shop, name)
        assert sum(point.count for point in reading.series) == reading.whole.count


def test_a_series_has_no_holes_and_an_empty_bucket_is_a_gap_or_zero(shop: Shop) -> None:
    asked = Ask(each="week", first=dt.date(2026, 1, 26), last=dt.date(2026, 3, 15))
    leads, heats = read(shop, "leads", asked), read(shop, "heat_avg", asked)
    assert [point.at for point in leads.series] == [
        "2026-01-26", "2026-02-02", "2026-02-09", "2026-02-16", "2026-02-23", "2026-03-02", "2026-03-09",
    ]  # fmt: skip
    assert [point.value for point in leads.series] == [2, 1, 1, 0, 0, 0, 1]
    assert heats.series[3].value is None and heats.series[3].shown == "无数据"


def test_days_are_the_sites_days(shop: Shop) -> None:
    late = dt.datetime(2026, 1, 31, 15, 59, 59, tzinfo=dt.UTC)
    shop.database.write(
        lambda connection: shop.records.insert(connection, "lead", {"company": "late", "source": "jd"}, late, None)
    )
    jd = (Filter("company", "eq", "late"),)
    days = read(shop, "leads", Ask(each="day", filters=jd)).series
    assert [(point.at, point.value) for point in days] == [("2026-01-31", 1)]
    one_second_later = Ask(first=dt.date(2026, 2, 1), last=dt.date(2026, 2, 1), filters=jd)
    assert read(shop, "leads", one_second_later).whole.value == 0
    assert read(shop, "leads", Ask(first=dt.date(2026, 1, 31), last=dt.date(2026, 1, 31), filters=jd)).whole.value == 1
    shop.database.write(lambda connection: connection.execute("DELETE FROM lead WHERE company = 'late'"))


def test_groups_have_words_and_stand_in_an_order(shop: Shop) -> None:
    groups = read(shop, "leads", Ask(by="owner")).groups
    assert [(group.label, group.value) for group in groups] == [("user 1", 3), ("user 2", 1), ("(空)", 1)]
    assert [group.label for group in read(shop, "leads", Ask(by="stage")).groups] == ["NEW"]
    assert [group.label for group in read(shop, "leads", Ask(by="frozen")).groups] == ["否", "是", "(空)"]


def test_a_metric_counts_only_what_its_reader_may_see(shop: Shop) -> None:
    li = Actor(user=1, login="li", roles=("sales",), values={"id": 1})
    assert read(shop, "leads", actor=li).whole.value == 3
    assert [group.value for group in read(shop, "leads", Ask(by="source"), actor=li).groups] == [2, 1]
    assert read(shop, "heat_median", actor=li).whole.value == 6.0
    with pytest.raises(Forbidden) as refused:
        read(shop, "rotten", actor=li)
    assert refused.value.problems[0].code == "Q008"
    assert "secret" not in refused.value.text("zh") + refused.value.text("en")
    with pytest.raises(WrongUsage) as typed:
        read(shop, "leads", Ask(where=("secret > 1",)), actor=li)
    assert typed.value.problems[0].code == "X013"


def test_what_cannot_be_asked_is_explained(shop: Shop) -> None:
    for asked, code in (
        (Ask(each="fortnight"), "Q010"),
        (Ask(first=dt.date(2026, 2, 1), last=dt.date(2026, 1, 1)), "Q009"),
        (Ask(by="tasks"), "Q004"),
    ):
        with pytest.raises(WrongUsage) as refused:
            read(shop, "leads", asked)
        assert refused.value.problems[0].code == code
    with pytest.raises(NotFound):
        read(shop, "nothing")
    for point in ("by:1", "each:day:x", "nonsense", "each:age:4"):
        with pytest.raises(WrongUsage) as refused:
            behind(shop, "leads", Ask(), point)
        assert refused.value.problems[0].code == "Q011", point
