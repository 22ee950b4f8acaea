"""What the turn refuses, in its exact words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.api import Choices, Engine
from engine.clock import VirtualClock
from engine.errors import FlowloomError, Where
from engine.facts import SYSTEM, Event
from engine.model.calendar import Calendar
from engine.runtime import calendar, people, turn, why
from engine.runtime.acts import Acting
from engine.runtime.clean import LONGEST

SITE = "name: small\npacks: {}\n"
THING = """\
kind: entity
name: thing
label: {zh: 物件, en: Thing}
title: "{{ name }}"
fields:
  name: {type: text, label: {zh: 名称, en: Name}, max_length: 5}
  code: {type: text, label: {zh: 编码, en: Code}, unique: true}
  low: {type: integer, label: {zh: 数量, en: Amount}, min: "=len(name)"}
  zero: {type: integer, label: {zh: 除数, en: Divisor}, default: 1}
  share: {type: number, label: {zh: 份额, en: Share}, value: "=10 / zero"}
  owner: {type: user, label: {zh: 负责人, en: Owner}}
  grade: {type: text, label: {zh: 等级, en: Grade}}
---
kind: entity
name: part
label: {zh: 零件, en: Part}
fields:
  thing: {type: link, to: thing, required: true, label: {zh: 所属物件, en: Thing}}
---
kind: state_machine
name: thing_stage
label: {zh: 物件阶段, en: Thing stage}
entity: thing
field: stage
initial: raw
states:
  raw: {label: {zh: 原料, en: Raw}}
  made: {label: {zh: 成品, en: Made}, final: true}
transitions:
  make:
    label: {zh: 加工, en: Make}
    from: raw
    to: made
    if: "owner == me"
    require: [{check: "low > 3"}]
---
kind: decision
name: twice
label: {zh: 两次, en: Twice}
entity: thing
inputs: {grade: "=grade"}
hit: unique
output: {type: text}
rows:
  - {grade: "a*", then: x}
  - {grade: "*b", then: y}
"""


@pytest.fixture
def engine(tmp_path: Path, clock: VirtualClock, registry: Any) -> Iterator[Engine]:
    """A site with a thing that has a rule of every kind."""
    (tmp_path / "custom").mkdir()
    (tmp_path / "site.yaml").write_text(SITE, "utf-8")
    (tmp_path / "custom/thing.yaml").write_text(THING, "utf-8")
    with Engine.open(tmp_path, clock=clock, registry=registry) as opened:
        opened.revisions.publish("", Choices(scenarios=False))
        opened.create(SYSTEM, "user", {"login": "li", "name": "李强", "roles": ["admin"]})
        yield opened


def acting(engine: Engine, work: Callable[[Acting], Any]) -> Any:
    return turn.run(engine._site.parts, engine._site.database, SYSTEM, work)


def thing(engine: Engine, **values: Any) -> int:
    return engine.create(SYSTEM, "thing", {"name": "甲", "low": 5, **values}).record.id


def as_li(engine: Engine) -> Any:
    return engine.people.actor("li")


CASES: dict[str, tuple[Callable[[Engine], Any], str]] = {
    "R051": (lambda e: e.create(SYSTEM, "thnig", {}), "R051 没有“thnig”这类记录 -> 检查名称,或先在 YAML 里定义它"),
    "R052": (lambda e: e.get(SYSTEM, "thing", 9), "R052 没有这条物件:9 -> 它可能已被删除,或者不在您能看到的范围内"),
    "R054": (lambda e: thing(e, name="甲乙丙", low=2), "low R054 “数量”不能小于 3"),
    "R055": (
        lambda e: thing(e, grade="长" * (LONGEST + 1)),
        f"grade R055 “等级”太长:最多 {LONGEST} 个字,现在有 {LONGEST + 1} 个 -> 缩短内容,或作为附件上传",
    ),
    "R064": (
        lambda e: e.delete(SYSTEM, "thing", e.create(SYSTEM, "part", {"thing": thing(e)}).record["thing"]),
        "R064 还有零件必须用到它:1 -> 先改掉或删除那些记录",
    ),
    "R067": (
        lambda e: e.create(SYSTEM, "part", {"thing": 99}),
        "thing R067 “所属物件”指向的记录不存在:99 -> 重新选择一条",
    ),
    "R068": (
        lambda e: (thing(e, code="A1"), thing(e, code="A1")),
        "code R068 “编码”的“A1”已经被“甲”(编号 1)用了 -> 换一个值,或直接打开那条记录",
    ),
    "R069": (lambda e: e.create(SYSTEM, "thing", {}, form="quikc"), "R069 没有这张表单:quikc"),
    "R073": (lambda e: e.transition(SYSTEM, "thing", thing(e), "mkae"), "R073 没有这个流转:mkae -> 是否想写 make?"),
    "R078": (
        lambda e: e.transition(as_li(e), "thing", thing(e), "make"),
        "R078 现在不能“加工”:条件不成立(owner == me) -> 请让符合条件的人来操作",
    ),
    "R079": (lambda e: e.transition(as_li(e), "thing", thing(e, low=2, owner=1), "make"), "R079 条件不成立:low > 3"),
    "R084": (
        lambda e: acting(e, lambda c: people.words(c, "nope", Event("created", "thing", 1))),
        "R084 没有这个模板:nope",
    ),
    "R085": (
        lambda e: (thing(e), acting(e, lambda c: c.assign("nope", c.need("thing", 1)))),
        "R085 没有这条分配规则:nope",
    ),
    "R086": (lambda e: acting(e, lambda c: why.why_not(c, "nope", "thing", 1)), "R086 没有这条规则:nope"),
    "R083": (
        lambda e: acting(e, lambda c: c.own(Event("schedule"))),
        "R083 事件 schedule 不涉及任何记录,这一步没有对象 -> 定时规则请写 each,逐条执行",
    ),
    "R074": (
        lambda e: acting(e, lambda c: c.compiled.table("twice").decide(c.environment("thing", {"grade": "ab"}))),
        "R074 决策表 twice 里有几行同时符合:第 1, 2 行 -> 改成 hit: first,或让这几行的条件不重叠",
    ),
}


@pytest.mark.parametrize("code", CASES)
def test_it_is_refused_in_these_words(code: str, engine: Engine) -> None:
    work, words = CASES[code]
    with pytest.raises(FlowloomError) as refused:
        work(engine)
    found = [problem.at(Where()).line() for problem in refused.value.problems if problem.code == code]
    assert found == [words], [problem.line() for problem in refused.value.problems]


def test_r057_a_value_that_cannot_be_computed_names_field_and_reason(engine: Engine) -> None:
    with pytest.raises(FlowloomError) as refused:
        thing(engine, zero=0)
    problem = next(p for p in refused.value.problems if p.code == "R057")
    assert problem.field == "share"
    assert problem.what().startswith("“份额”算不出来:")


def test_r063_a_field_somebody_else_changed_says_who_and_what(engine: Engine) -> None:
    record = thing(engine)
    version = engine.get(SYSTEM, "thing", record).version
    engine.update(as_li(engine), "thing", record, {"name": "乙"}, version=version)
    with pytest.raises(FlowloomError) as refused:
        engine.update(SYSTEM, "thing", record, {"name": "丙"}, version=version)
    assert refused.value.text() == "name R063 李强 在 09:00 已经改过名称 -> 看一眼新的内容,再决定要不要改"


CALENDARS = {
    "R092": (Calendar(name="odd", open={"mon": ("09:00-12:00",)}, holidays="mars"), "没有这份节假日表:mars"),
    "R093": (
        Calendar(name="odd", open={"mon": ("09:00-12:00", "11:00-13:00")}),
        "日历里的时间段互相重叠:09:00-12:00, 11:00-13:00",
    ),
}


@pytest.mark.parametrize("code", CALENDARS)
def test_a_calendar_that_cannot_count_is_refused(code: str) -> None:
    made, words = CALENDARS[code]
    with pytest.raises(FlowloomError) as refused:
        calendar.build(made, "Asia/Shanghai")
    assert [(p.code, p.what()) for p in refused.value.problems] == [(code, words)]
