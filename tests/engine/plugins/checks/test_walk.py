from __future__ import annotations

from engine.expression.parse import Condition, parse
from engine.model.terms import Label, Step
from engine.plugins.checks.walk import expressions, names, parameters, steps


def test_expressions_are_found_wherever_they_are() -> None:
    condition = Condition((parse("a > 1"), Condition((parse("b"), parse("c")), any=True)))
    step = Step("branch", {"if": condition, "then": (Step("set", {"x": parse("d + param.e")}),)}, if_=None)
    assert sorted(expression.text for expression in expressions((step, Label("甲", "A"), {"k": 1}))) == [
        "a > 1",
        "b",
        "c",
        "d + param.e",
    ]
    assert [each.action for each in steps((step,))] == ["branch", "set"]


def test_names_and_parameters_of_an_expression() -> None:
    expression = parse("owner.manager == me and amount > param.limit")
    assert names(expression) == {"owner", "me", "amount", "param"}
    assert parameters(expression) == {"limit"}
