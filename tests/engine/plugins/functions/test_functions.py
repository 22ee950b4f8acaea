"""What every function answers; what SQL answers is held in tests/engine/expression/test_sql.py."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import random
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.errors import InvalidDocument
from engine.expression.evaluate import Environment, ExpressionError, compile_expression
from engine.expression.parse import functions_of, parse
from engine.expression.scope import ANY, INTEGER, Scope
from engine.expression.types import check
from engine.plugins import segments
from tests.engine.expression.world import BERLIN, FUNCTIONS, NOW

DATA = Path(__file__).resolve().parents[5] / "shared/data"
UTC = dt.UTC


class Office:
    """A calendar in which only every second hour is work."""

    def between(self, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
        return (end - start) / 2


def calendar(name: str) -> Office:
    if name not in ("always", "work_hours"):
        raise KeyError(name)
    return Office()


SPELLS = [
    {
        "machine": "m",
        "state": "new",
        "entered_at": dt.datetime(2026, 3, 1, tzinfo=UTC),
        "left_at": dt.datetime(2026, 3, 5, tzinfo=UTC),
    },
    {
        "machine": "m",
        "state": "called",
        "entered_at": dt.datetime(2026, 3, 5, tzinfo=UTC),
        "left_at": dt.datetime(2026, 3, 6, tzinfo=UTC),
    },
    {"machine": "m", "state": "new", "entered_at": dt.datetime(2026, 3, 6, tzinfo=UTC), "left_at": None},
    {"machine": "other", "state": "called", "entered_at": dt.datetime(2026, 3, 20, tzinfo=UTC), "left_at": None},
]
RECORDS = [{"id": 3, "name": "一院", "beds": 5}]
NAMES: dict[str, Any] = {
    "id": 1, "created_at": dt.datetime(2026, 3, 1, tzinfo=UTC), "none": None, "at": dt.datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
    "day": dt.date(2026, 3, 28), "later": dt.datetime(2026, 3, 29, 3, 0, tzinfo=UTC), "amount": Decimal("12.3456"), "window": dt.timedelta(days=2),
    "tags": ("a", "b", None, "a"), "numbers": (3, 1, None, 2), "moneys": (Decimal("1"), Decimal("2.0001")), "phone": "+8613800138000",
    "spans": (dt.timedelta(hours=1), dt.timedelta(hours=2)),
}  # fmt: skip
EXTRAS: dict[str, Any] = {
    "history": lambda entity, ident: SPELLS,
    "calendar": calendar,
    "decide": lambda name, environment: f"{name}:{environment.names['id']}",
    "lookup": lambda entity, **given: next((r for r in RECORDS if all(r.get(k) == v for k, v in given.items())), None),
    "user": lambda login: {"id": 7, "login": login} if login == "li" else None,
    "team": lambda name: {"id": 8, "name": name} if name == "east" else None,
}
SCOPE = Scope(
    names=dict.fromkeys(NAMES, ANY),
    entities={"lead": {}, "user": {"id": INTEGER}, "team": {"id": INTEGER}},
    entity="lead",
)


def run(text: str) -> Any:
    call = compile_expression(parse(text), SCOPE, FUNCTIONS)
    return call(Environment(NAMES, now=lambda: NOW, timezone=BERLIN, extras=EXTRAS))


CASES: dict[str, list[tuple[str, Any]]] = {
    "now": [("now()", NOW)],
    "today": [("today()", dt.date(2026, 3, 30))],
    "date": [("date('2026-01-05')", dt.date(2026, 1, 5)), ("date(none)", None)],
    "ago": [
        ("ago('3h')", NOW - dt.timedelta(hours=3)), ("ago(window)", NOW - dt.timedelta(days=2)), ("ago(none)", None),
        ("ago(hours=1, minutes=30)", NOW - dt.timedelta(minutes=90)),
        # The same hour of the day, although the clock was changed in between.
        ("ago(days=2)", dt.datetime(2026, 3, 28, 2, 30, tzinfo=UTC)), ("ago(months=1)", dt.datetime(2026, 2, 28, 2, 30, tzinfo=UTC)),
        ("ago(years=1, months=13)", dt.datetime(2024, 2, 29, 2, 30, tzinfo=UTC)),
    ],
    "days_since": [("days_since(at)", 25 / 24), ("days_since(day)", 2.0), ("days_since(none)", None)],
    "hours_since": [("hours_since(at)", 25.0), ("hours_since(day)", 50.5), ("hours_since(none)", None)],
    "hours_between": [("hours_between(at, later)", 2.5), ("hours_between(later, at)", -2.5), ("hours_between(at, none)", None)],
    "work_hours_between": [
        ("work_hours_between(at, later, 'work_hours')", 1.25), ("work_hours_between(later, at)", -1.25), ("work_hours_between(none, at)", None),
    ],
    "weekday": [("weekday(day)", 6), ("weekday(at)", 7), ("weekday(none)", None)],
    "hour_of": [("hour_of(at)", 1), ("hour_of(later)", 5), ("hour_of(none)", None)],
    "month_of": [("month_of(day)", 3), ("month_of(at)", 3), ("month_of(none)", None)],
    "len": [("len(tags)", 4), ("len('张三')", 2), ("len(none)", 0)],
    "lower": [("lower('ÀBCΣИ张')", "àbcσи张"), ("lower(none)", None)],
    "contains": [("contains('abc', 'bc')", True), ("contains(tags, 'b')", True), ("contains(none, 'a')", False), ("contains('abc', none)", False)],
    "starts_with": [("starts_with('a%b', 'a%')", True), ("starts_with('ab', 'a%')", False), ("starts_with(none, 'a')", False)],
    "similar": [("similar('ACME 有限公司', 'acme有限公司')", 1.0), ("similar('深圳锐视', '深圳锐石')", 0.75), ("similar(none, 'a')", None)],
    "count": [("count(tags)", 3), ("count(none)", 0), ("count(x for x in numbers if x > 1)", 2)],
    "sum": [("sum(numbers)", 6), ("sum(none)", 0), ("sum(moneys)", Decimal("3.0001")), ("sum(spans)", dt.timedelta(hours=3))],
    "avg": [("avg(numbers)", 2.0), ("avg(none)", None), ("avg(moneys)", Decimal("1.5001")), ("avg(spans)", dt.timedelta(minutes=90))],
    "median": [("median(numbers)", 2.0), ("median([1, 2])", 1.5), ("median(none)", None), ("median(moneys)", Decimal("1.5001"))],
    "distinct": [("distinct(tags)", ("a", "b")), ("distinct(none)", ())],
    "min": [("min(numbers)", 1), ("min(3, 2)", 2), ("min(3, none)", None), ("min(none)", None), ("min(amount, 20)", Decimal("12.3456"))],
    "max": [("max(numbers)", 3), ("max(3, 2.5, 7)", 7), ("max(3, none)", None), ("max([])", None), ("max(amount, 20)", Decimal(20))],
    "any": [("any(x > 2 for x in numbers)", True), ("any([])", False)],
    "all": [("all(x > 0 for x in numbers if x is not None)", True), ("all(x > 0 for x in numbers)", False), ("all([])", True)],
    "share_of": [("share_of(tags, 'a')", 2 / 3), ("share_of([], 'a')", 0.0), ("share_of(tags, none)", None)],
    "round": [
        ("round(2.5)", 3), ("round(-2.5)", -3), ("round(1.25, 1)", 1.3), ("round(amount, 2)", Decimal("12.35")), ("round(amount)", Decimal(12)),
        ("round(none)", None),
    ],
    "reached": [
        ("reached('called')", True), ("reached('won')", False), ("reached('called', within='4d')", True), ("reached('called', within='3d')", False),
        ("reached('called', within='4d', machine='other')", False), ("reached('called', within=none)", False),
    ],
    "entered_at": [
        ("entered_at('new')", SPELLS[2]["entered_at"]), ("entered_at('new', first=True)", SPELLS[0]["entered_at"]), ("entered_at('won')", None),
        ("entered_at('called', machine='m')", SPELLS[1]["entered_at"]),
    ],
    "left_at": [("left_at('new')", None), ("left_at('called', machine='m')", SPELLS[1]["left_at"]), ("left_at('won')", None)],
    "dwell": [("dwell('called', machine='m')", dt.timedelta(days=1)), ("dwell('new') > '4d'", True), ("dwell('won')", None)],
    "lookup": [("lookup('hospital', name='一院').beds", 5), ("lookup('hospital', name='二院')", None), ("lookup('hospital', name=none)", None)],
    "decide": [("decide('priority')", "priority:1"), ("decide(none)", None)],
    "user": [("user('li').id", 7), ("user('nobody')", None), ("user(none)", None)],
    "team": [("team('east').id", 8), ("team('west')", None)],
    "phone_region": [
        ("phone_region(phone)", "北京"), ("phone_region('13800138000')", "北京"), ("phone_region('+8675512345678')", "广东"),
        ("phone_region('021-12345678')", "上海"), ("phone_region(phone, level='city')", "北京"), ("phone_region('+14155550100')", None),
        ("phone_region('+8619999999999')", None), ("phone_region(none)", None),
    ],
    "phone_carrier": [("phone_carrier(phone)", "移动"), ("phone_carrier('0755-12345678')", None), ("phone_carrier(none)", None)],
    "keywords": [("keywords(none)", ())],
    "phone_in": [("phone_in('我的电话 138 0013 8000')", "13800138000"), ("phone_in(none)", None)],
    "name_in": [("name_in('我叫李雷')", "李雷"), ("name_in(none)", None)],
    "mentioned": [("mentioned('想要报价', ['合作', '报价'])", "报价"), ("mentioned(none, ['报价'])", None)],
}  # fmt: skip


def test_every_function_of_the_language_is_there_and_has_a_case() -> None:
    spoken = [
        "now",
        "today",
        "ago",
        "days_since",
        "hours_since",
        "hours_between",
        "work_hours_between",
        "weekday",
        "hour_of",
        "month_of",
        "len",
        "lower",
        "contains",
        "starts_with",
        "similar",
        "count",
        "sum",
        "avg",
        "median",
        "distinct",
        "min",
        "max",
        "round",
        "share_of",
        "reached",
        "entered_at",
        "left_at",
        "dwell",
        "phone_region",
        "phone_carrier",
        "keywords",
        "lookup",
        "decide",
        "user",
        "team",
    ]
    assert set(spoken) <= set(FUNCTIONS)
    assert set(CASES) == set(FUNCTIONS)


@pytest.mark.parametrize(("text", "value"), [case for cases in CASES.values() for case in cases])
def test_a_function_answers(text: str, value: Any) -> None:
    found = run(text)
    found = {key: found[key] for key in found} if isinstance(found, dict) else found
    assert found == (pytest.approx(value) if isinstance(value, float) else value) and type(found) is type(value)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_function_introduces_itself_with_an_example_that_runs(name: str) -> None:
    function = FUNCTIONS[name]
    assert function.title["zh"] and function.title["en"] and function.__doc__
    (text,) = yaml.safe_load(function.example).values()
    text = text[0] if isinstance(text, list) else text
    assert name in functions_of(parse(text.removeprefix("=")))


@pytest.mark.parametrize(
    "text", ["round(1.5, 20)", "date('2026-02-30')", "work_hours_between(at, later, 'nope')", "sum(tags)"]
)
def test_what_has_no_answer_is_one_error(text: str) -> None:
    with pytest.raises(ExpressionError):
        run(text)


def test_the_result_of_a_function_has_the_type_it_promises() -> None:
    for text, kind in (
        ("sum([1.5])", "number"),
        ("len('x')", "integer"),
        ("min(1, 2)", "integer"),
        ("distinct(['a'])", "list of text"),
    ):
        assert str(check(parse(text), SCOPE, FUNCTIONS)[0]) == kind


def test_keywords_come_from_the_text_with_and_without_a_dictionary(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "客户反馈检测精度不够，产线上检测精度经常漂移，希望提高检测精度。"
    assert "精度" in run(f"keywords('{text}')")
    assert len(run(f"keywords('{text}', most=2)")) == 2
    monkeypatch.setitem(sys.modules, "jieba", None)
    monkeypatch.setitem(sys.modules, "jieba.analyse", None)
    assert len(run(f"keywords('{text}', most=3)")) == 3


def test_history_functions_are_not_for_records_without_history() -> None:
    with pytest.raises(ExpressionError) as refused:
        compile_expression(parse("reached('new')"), SCOPE, FUNCTIONS)(Environment({"id": 1, "created_at": NOW}))
    assert refused.value.problems[0].code == "X051"
    with pytest.raises(InvalidDocument):
        compile_expression(parse("reached(1)"), SCOPE, FUNCTIONS)


@pytest.mark.skipif(
    not (DATA / "cn-mobile-segments").exists(), reason="the segment list is not beside the repository (../shared/data)"
)
def test_phone_regions_agree_with_the_segment_list() -> None:
    with gzip.open(DATA / "cn-mobile-segments/segments.csv.gz", "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in random.Random(7).sample(rows, 2000):
        found = segments.of(f"+86{row['first7']}0000")
        assert found is not None
        carrier = (found.carrier or "").removesuffix("运营商")
        assert (found.province, found.city, carrier) == (row["province"], row["city"], row["carrier"])


def test_keywords_are_those_of_jieba_itself() -> None:
    import jieba.analyse

    from engine.plugins.functions.keywords import Keywords

    for text in (
        "客户关心价格和售后,需要准备方案",
        "现有设备成像模糊，医生抱怨效率低，the MRI 的 MRI",
        "2024年 10.5 万",
    ):
        assert Keywords().call(text) == tuple(jieba.analyse.extract_tags(text, topK=5))
