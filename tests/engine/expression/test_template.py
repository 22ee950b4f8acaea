"""Templates write messages and nothing else."""

from __future__ import annotations

import datetime as dt
import json
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.errors import FlowloomError, InvalidDocument, Where
from engine.expression.template import TemplateError, check_template, compile_template
from engine.model.terms import Template
from tests.engine.expression.world import SCOPE, SHANGHAI

ATTACKS = Path(__file__).resolve().parents[4] / "shared/data/attacks"
NOW = dt.datetime(2026, 3, 30, 4, tzinfo=dt.UTC)
VALUES: dict[str, Any] = {
    "name": "张三", "company": None, "n": 3, "amount": Decimal("1234.5"), "at": dt.datetime(2026, 3, 27, tzinfo=dt.UTC),
    "orders": [{"total": 3, "category": "x"}, {"total": 4, "category": None}], "hospital": {"id": 3, "name": "一院"},
    "day": dt.date(2026, 3, 1), "flag": True, "share": 0.125, "span": dt.timedelta(hours=27), "url": "javascript:alert(1)",
}  # fmt: skip


def compiled(text: str, **options: Any) -> Any:
    return compile_template(Template(text, Where("t.yaml", 3, 7)), **options)


def render(text: str, values: dict[str, Any] | None = None, **options: Any) -> str:
    found: str = compiled(text, **options).render({**VALUES, **(values or {})}, now=NOW, timezone=SHANGHAI)
    return found


def refused(text: str, **options: Any) -> list[str]:
    with pytest.raises(InvalidDocument) as told:
        compiled(text, **options)
    return [p.code for p in told.value.problems]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{{ name }},{{ at | ago }}我们发送了方案……", "张三,3 天前我们发送了方案……"),
        ("{{ company }} {{ name }}", " 张三"), ("{{ at }}", "2026-03-27 08:00"), ("{{ at | date('%m月%d日') }}", "03月27日"),
        ("{{ at | time }} {{ at | weekday }}", "08:00 周五"), ("{{ amount | money }}", "¥1,234.50"), ("{{ amount }}", "1234.5"),
        ("{{ amount | number(1) }}", "1,234.5"), ("{{ share | percent(1) }}", "12.5%"), ("{{ span | duration }}", "1 天 3 小时"),
        ("{{ flag }}", "是"), ("{{ company | default('未填') }}", "未填"), ("{{ name ~ '先生' }}", "张三先生"), ("{{ hospital.name }}", "一院"),
        ("{{ hospital }}", "一院"), ("{% for o in orders %}{{ loop.index }}={{ o.total }}{{ ';' if not loop.last }}{% endfor %}", "1=3;2=4"),
        ("{{ orders | map('total') | sum }}", "7"), ("{{ orders | map('category') | join(',') }}", "x,"), ("{% if n > 2 %}多{% else %}少{% endif %}", "多"),
        ("{% set x = n + 1 %}{{ x }}", "4"), ("{{ amount * 2 }}", "2469"), ("{{ day | ago }}", "29 天前"), ("{{ name | truncate(1) }}", "…"),
        ("{{ [3, 1, 2] | sort | join('-') }}", "1-2-3"), ("{{ orders[0].total }}", "3"), ("{{ 'aB' | upper }}{{ 'aB' | lower }}", "ABab"),
    ],
)  # fmt: skip
def test_a_template_writes_this(text: str, shown: str) -> None:
    assert render(text) == shown


def test_english_readers_get_english() -> None:
    made = compiled("{{ at | ago }} {{ flag }} {{ span | duration }} {{ at | weekday }}")
    assert made.render(VALUES, now=NOW, timezone=SHANGHAI, language="en") == "3 days ago yes 1 day 3 hours Fri"


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("{{ n", ["T001"]), ("{% if %}", ["T001"]), ("{% macro a() %}{% endmacro %}", ["T002"]), ("{% import 'x' as y %}", ["T002"]),
        ("{% from 'x' import y %}", ["T002"]), ("{% extends 'x' %}", ["T002"]), ("{% block x %}{% endblock %}", ["T002"]),
        ("{% autoescape false %}x{% endautoescape %}", ["T002", "T002"]), ("{{ 2 ** 9 }}", ["T002"]), ("{{ name | upr }}", ["T003"]),
        ("{{ name | safe }}", ["T003"]), ("{{ name | attr('x') }}", ["T003"]), ("{{ f() }}", ["T004"]), ("{{ name.upper() }}", ["T004"]),
        ("{{ name.__class__ }}", ["T005"]), ("{{ self }}", ["T005"]), ("{{ n is callable }}", ["T006"]), ("{% include 'other' %}", ["T007"]),
        ("{% include name %}", ["T002"]), ("x" * 70_000, ["T009"]),
        ("{% for a in orders recursive %}{{ loop(a) }}{% endfor %}", ["T002", "T004"]),
    ],
)  # fmt: skip
def test_what_is_not_for_messages_is_refused(text: str, codes: list[str]) -> None:
    assert refused(text) == codes


@pytest.mark.parametrize(
    "text",
    [
        "{{ 'x' * 400000000 }}", "{{ '%400000000d' % 1 }}", "{{ '%400000000d' | format(1) }}", "{{ 'x' | center(400000000) }}",
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", "{% for i in range(999999999) %}x{% endfor %}",
        "{{ lipsum(n=100000) }}", "{{ 9 ** 9999999 }}", "{% set a = 'xxxxxxxxxx' %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}",
        "{% set a = 'xxxxxxxxxx' %}" + "{% set a = a + a %}" * 40 + "{{ a }}", "{% set a = 'a' %}" + "{% set a = a | replace('a', 'aaaaaaaa') %}" * 20,
        "{% for i in range(50000) %}" + "x" * 100 + "{% endfor %}", "{{ [1] * 400000000 }}", "{{ 1 | round(400000000) }}", "{{ namespace(a=1) }}",
        "{% for a in range(300) %}{% for b in range(300) %}{% for c in range(300) %}{{ c }}{% endfor %}{% endfor %}{% endfor %}",
    ],
)  # fmt: skip
def test_fault_036_nothing_grows_or_runs_for_long(text: str) -> None:
    start = time.process_time()
    with pytest.raises(FlowloomError):
        render(text)
    assert time.process_time() - start < 3


def test_fault_037_the_context_holds_plain_copies_and_nothing_can_be_called() -> None:
    class Thing:
        password = "secret"

        def delete(self) -> str:
            raise AssertionError("it ran")

    assert refused("{{ rec.delete() }}") == ["T004"]
    with pytest.raises(TemplateError):
        render("{{ rec.password }}", {"rec": Thing()})
    shared = {"list": [1, 2]}
    render("{% set x = list %}{{ x | reverse }}", shared)
    assert shared == {"list": [1, 2]}


def test_fault_038_a_missing_name_is_an_error_with_its_place_never_a_blank() -> None:
    with pytest.raises(TemplateError) as failed:
        render("您好\n  {{ missing }}")
    assert failed.value.text("en").startswith("t.yaml:4:6 T020 the message was not made: missing has no value")
    with pytest.raises(TemplateError):
        render("{{ hospital.nam }}")
    with pytest.raises(TemplateError):
        render("{% for x in missing %}{% endfor %}")
    assert render("{{ missing | default('无') }}{{ missing is defined }}") == "无否"


def test_fault_038_a_template_is_checked_against_the_entity_when_it_is_saved() -> None:
    made = compiled(
        "{{ nam }} {{ hospital.grad }}\n{% for o in orders %}{{ o.totl }}{% endfor %} {{ place.citty }} {{ name }}"
    )
    assert [p.line("en").split(" ->")[0] + f" ? {p.suggestion}" for p in check_template(made, SCOPE)] == [
        "t.yaml:3:10 T010 nam in the template does not exist ? name",
        "t.yaml:3:20 T011 hospital has no field grad ? grade",
        "t.yaml:4:27 T011 order has no field totl ? total",
        "t.yaml:4:50 T011 address has no field citty ? city",
    ]


def test_fault_039_values_are_escaped_where_they_stand_and_never_read_as_template() -> None:
    evil = {"name": "<img onerror=alert(1)>\"'{{ 7*7 }}</title>"}
    shown = render('<p title="{{ name }}">{{ name }}</p>', evil, escape="html")
    assert "<img" not in shown and "49" not in shown and "\"'" not in shown
    assert render("{{ name }}", {"name": "{{ 7*7 }}"}) == "{{ 7*7 }}"
    assert render('<a href="{{ url }}">x</a>', escape="html") == '<a href="#">x</a>'
    assert (
        render('<a href="{{ url }}">x</a>', {"url": "https://a.cn/?b=1&c"}, escape="html")
        == '<a href="https://a.cn/?b=1&amp;c">x</a>'
    )
    for text in (
        "<script>{{ name }}</script>",
        "<style>{{ name }}</style>",
        "<a href={{ url }}>",
        '<b onclick="{{ name }}">',
        "<{{ name }}>",
    ):
        assert refused(text, escape="html") == ["T012"]


def test_fault_040_a_header_takes_no_line_break() -> None:
    assert render("Re: {{ name }}", escape="header") == "Re: 张三"
    with pytest.raises(TemplateError) as failed:
        render("Re: {{ name }}", {"name": "a\r\nBcc: x@y.z"}, escape="header")
    assert failed.value.problems[0].code == "T022"


def test_fault_041_only_templates_of_the_same_pack_can_be_included() -> None:
    pack = {"foot": "-- {{ hospital.name }}"}
    made = compiled("{{ name }} {% include 'foot' %}", includes=pack)
    assert made.render(VALUES) == "张三 -- 一院"
    assert made.paths == {("name",), ("hospital", "name")}
    assert refused("{% include '../../etc/passwd' %}", includes=pack) == ["T007"]
    assert refused("{% include 'a' %}", includes={"a": "{% include 'b' %}", "b": "{% include 'a' %}"}) == ["T008"]
    assert refused("{% include 'a' %}", includes={"a": "{{ f() }}"}) == ["T004"]


def test_fault_042_a_macro_that_calls_itself_is_refused_with_its_line() -> None:
    with pytest.raises(InvalidDocument) as told:
        compiled("\n\n{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}")
    assert {p.where.line for p in told.value.problems} == {5}
    assert render("{{ name }}") == "张三"


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (
            "{{ missing }}",
            {},
            "t.yaml:3:10 T020 消息没有生成:missing 没有值 -> 检查模板用到的字段,或写 {{ 字段 | default('…') }}",
        ),
        ("{{ name * 3 }}", {}, "t.yaml:3:7 T021 消息没有生成:str * int -> 检查模板用到的值"),
        ("{{ url }}\n", {"escape": "header"}, "t.yaml:3:7 T022 这一行里不能有换行(可能是邮件头注入) -> 去掉值里的换行"),
        (
            "{% for i in range(100001) %}x{% endfor %}",
            {},
            "t.yaml:3:7 T023 消息没有生成:超过了上限(100000 rounds) -> 减少循环或缩短文字",
        ),
    ],
)
def test_what_goes_wrong_while_a_message_is_made_is_said_in_one_line(
    text: str, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(TemplateError) as failed:
        render(text, **options)
    assert failed.value.problems[0].line("zh") == said


def test_circles_and_lengths_are_said_in_one_line() -> None:
    with pytest.raises(InvalidDocument) as told:
        compiled("{% include 'a' %}", includes={"a": "{% include 'b' %}", "b": "{% include 'a' %}"})
    assert (
        told.value.problems[0].line("zh") == "t.yaml:3:7 T008 模板互相包含,绕成了圈:a → b → a -> 去掉其中一个 include"
    )
    with pytest.raises(InvalidDocument) as told:
        compiled("x" * 70_000)
    assert (
        told.value.problems[0].line("zh")
        == "t.yaml:3:7 T009 模板太长:70000 个字符,最多 65536 个 -> 拆成几个模板,用 {% include %} 连起来"
    )
    with pytest.raises(InvalidDocument) as told:
        compiled("<a href={{ url }}>", escape="html")
    assert told.value.problems[0].line("zh").startswith("t.yaml:3:7 T012 值不能放在这里:<…> -> 属性值要加引号")


def test_a_record_that_fetches_its_links_is_asked_only_for_what_is_read() -> None:
    from collections.abc import Iterator, Mapping

    asked: list[str] = []

    class Shown(Mapping[str, Any]):
        def __init__(self, depth: int = 0) -> None:
            self.depth = depth

        def __getitem__(self, key: str) -> Any:
            asked.append(key)
            return Shown(self.depth + 1) if key == "manager" else {"name": f"li{self.depth}", "id": 4}[key]

        def __iter__(self) -> Iterator[str]:
            return iter(("id", "name", "manager"))

        def __len__(self) -> int:
            return 3

        def __str__(self) -> str:
            return f"record {self.depth}"

    made = compiled(
        "{{ owner }} {{ owner.manager['manager'].name }} {% for u in users %}{{ u.name }}{% endfor %}{{ users | map('name') }}"
    )
    assert made.render({"owner": Shown(), "users": [Shown(5)]}) == "record 0 li2 li5li5"
    assert asked.count("manager") == 2
    with pytest.raises(TemplateError):
        compiled("{{ owner.nope }}").render({"owner": Shown()})


def test_the_names_a_template_reads_can_be_asked_for() -> None:
    made = compiled("{{ a.b | upper }} {% for o in c.d %}{{ o.e }}{{ loop.index }}{% endfor %} {{ f }}")
    assert made.paths == {("a", "b"), ("c", "d"), ("c", "d", "e"), ("f",)}


@pytest.mark.skipif(
    not ATTACKS.exists(), reason="the attack lists are not beside the repository (../shared/data/attacks)"
)
@pytest.mark.parametrize("name", ["ssti", "jinja-sandbox-tests"])
def test_no_injection_of_the_public_lists_gets_through(name: str, record_property: Any) -> None:
    """As a template each is refused or stays text and sums; as a value it stays exactly what it was."""
    tried, ran = 0, []
    for entry in json.loads((ATTACKS / f"{name}.json").read_text("utf-8")):
        text = entry["payload"]
        tried += 1
        assert render("{{ name }}", {"name": text}) == text
        start = time.process_time()
        try:
            shown = compile_template(Template(text, Where("t", 1, 1))).render({"name": "x"}, now=NOW)
        except FlowloomError:
            shown = text
        assert time.process_time() - start < 3
        if shown != text:
            ran.append((text, shown))
    record_property("tried", tried)
    assert tried >= 10
    # Arithmetic and a quoted text are what templates are for; nothing else may come of an attack.
    assert [pair for pair in ran if pair[0] not in ("{{4*4}}[[5*5]]", "{{ '<script>alert(3)</script>' }}")] == []
