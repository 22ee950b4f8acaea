"""Types, names and arguments are checked before anything runs, with the nearest right name."""

from __future__ import annotations

import pytest

from engine.errors import Where
from engine.expression.parse import Condition, parse
from engine.expression.types import check
from tests.engine.expression.world import FUNCTIONS, SCOPE

HERE = Where("lead.yaml", 7, 12)


def told(text: str, language: str = "en") -> list[str]:
    """Every problem as one line, without its file."""
    return [p.line(language).removeprefix("lead.yaml:") for p in check(parse(text, HERE), SCOPE, FUNCTIONS)[1]]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("stage == 'new'", "yes_no"), ("n + i", "number"), ("i + j", "integer"), ("i / j", "number"), ("amount * n", "money"),
        ("amount / budget", "number"), ("amount + 1", "money"), ("at - seen", "duration"), ("at + span", "datetime"),
        ("day - due", "duration"), ("name + other", "text"), ("hospital.grade", "text"), ("owner.team", "team"),
        ("[o.total for o in orders]", "list of money"), ("{o.category for o in orders}", "list of text"), ("len(orders)", "integer"),
        ("sum(o.total for o in orders)", "money"), ("amount if flag else i", "money"), ("name or other", "text"), ("now()", "datetime"),
        ("param.window", "duration"), ("me.regions", "list of text"), ("tags[0]", "text"), ("place.city", "text"), ("None", "none"),
        ("dwell('new') > '3d'", "yes_no"), ("clock < '18:00'", "yes_no"), ("lead.owner", "user"), ("user('li')", "user"),
    ],
)  # fmt: skip
def test_every_expression_has_a_type(text: str, kind: str) -> None:
    found, problems = check(parse(text), SCOPE, FUNCTIONS)
    assert (str(found), problems) == (kind, [])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("stge == 'new'", "7:12 X013 there is no field called stge here -> Did you mean stage? put text in quotes, for example 'new'"),
        ("hospital.grad == 'A'", "7:21 X014 hospital has no field grad -> Did you mean grade? look at the entity's fields with flowloom show hospital"),
        ("hospital.owner.nam == 'A'", "7:27 X014 user has no field nam -> Did you mean name? look at the entity's fields with flowloom show user"),
        ("lenn(name) > 1", "7:12 X015 there is no function called lenn -> Did you mean len? look at the spelling"),
        ("len(name, other) > 1", "7:12 X016 function len takes 1 arguments, 2 given -> usage: len(text|list)"),
        ("ago(year=3)", "7:16 X017 function ago has no argument called year -> Did you mean years? usage: ago(duration?, years=number, "
                        "months=number, weeks=number, days=number, hours=number, minutes=number)"),
        ("lower(n)", "7:18 X018 function lower wants text here, not a number -> usage: lower(text)"),
        ("name - 1", "7:12 X019 - does not work between text and a whole number -> look at the types of both sides"),
        ("amount * budget", "7:12 X019 * does not work between money and money -> look at the types of both sides"),
        ("at > '2026-01-01'", "7:17 X020 a date and time cannot be compared with text -> write date('2026-01-05'), or use today(), ago(days=7)"),
        ("amount > '1000'", "7:21 X020 money cannot be compared with text -> write numbers without quotes"),
        ("owner == 'li'", "7:21 X020 user cannot be compared with text -> compare one of its fields: owner.name"),
        ("owner == hospital", "7:21 X020 user cannot be compared with hospital -> both sides must be of one kind"),
        ("1 in n", "7:17 X021 a list is wanted here, this is a number -> use a list, or leave in out"),
        ("[x for x in name]", "7:24 X021 a list is wanted here, this is text -> use a list, or leave in out"),
        ("name.size", "7:17 X022 text has nothing called size behind a dot -> leave out .size"),
        ("orders.total", "7:19 X022 a list has nothing called total behind a dot -> write [x.total for x in …]"),
        ("stage == 'nwe'", "7:21 X023 'nwe' is not one of the field's choices -> Did you mean new? choices: new, called, won"),
        ("stage in ['new', 'wonn']", "7:29 X023 'wonn' is not one of the field's choices -> Did you mean won? choices: new, called, won"),
        ("span > 'soon'", "7:19 X028 'soon' is not a duration -> write '30m', '4h', '7d', '2w', '6mo'"),
        ("reached('called', within='later')", "7:37 X028 'later' is not a duration -> write '30m', '4h', '7d', '2w', '6mo'"),
        ("param.limt > 1", "7:18 X029 there is no parameter called limt -> Did you mean limit? parameters are declared in a pack's parameters"),
        ("owner < me", "7:12 X033 user has no order -> use ==, != or in"),
        ("orders == watchers", "7:22 X020 a list cannot be compared with a list -> both sides must be of one kind"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_and_the_nearest_right_thing(text: str, line: str) -> None:
    assert told(text) == [line]


def test_fault_030_a_typo_is_found_when_loading_with_a_suggestion() -> None:
    assert told("lead.stge == 'new' and lookupp('x', a=1)", "zh") == [
        "7:17 X014 lead 没有字段 stge -> 是否想写 stage? 检查字段名,可用 flowloom show lead 查看",
        "7:35 X015 没有名为 lookupp 的函数 -> 是否想写 lookup? 检查函数名的拼写",
    ]


def test_fault_034_dates_without_zone_are_refused_when_loading() -> None:
    assert told("at > '2026-01-01 09:00'")[0].startswith("7:17 X020")
    assert told("hours_between('2026-01-01', at)")[0].startswith("7:26 X018")


def test_fault_035_a_function_that_was_not_granted_is_refused() -> None:
    granted = {name: function for name, function in FUNCTIONS.items() if name != "lookup"}
    problems = check(parse("lookup('hospital', name='x')"), SCOPE, granted)[1]
    assert [p.code for p in problems] == ["X015"]


def test_a_condition_tells_the_problems_of_all_its_parts() -> None:
    condition = Condition((parse("stge == 1"), Condition((parse("nam == 'x'"), parse("flag")), any=True)))
    kind, problems = check(condition, SCOPE, FUNCTIONS)
    assert (str(kind), [p.code for p in problems]) == ("yes_no", ["X013", "X013"])


def test_one_mistake_is_told_once() -> None:
    assert len(told("stge.x.y + 1 > 2 and lower(stge2) == 3")) == 3
