from __future__ import annotations

from typing import Any

import pytest

from engine.expression.parse import Condition, Expression
from engine.load.shape import Shaper, Skip, inside, literal
from engine.model.terms import Choice, Duration, Label, Template
from engine.plugins.registry import Registry
from engine.source.node import Node
from engine.source.reader import read


@pytest.fixture
def shaper(registry: Registry) -> Shaper:
    return Shaper(registry)


def node(text: str) -> Node:
    found = read(f"x: {text}\n", "a.yaml").documents[0].get("x")
    assert found is not None
    return found


def test_a_label_is_one_text_or_one_for_each_language(shaper: Shaper) -> None:
    assert shaper.label(node("线索")) == Label("线索", "线索")
    assert shaper.label(node("{zh: 线索}")) == Label("线索", "")
    assert shaper.label(node("2024")) == Label("2024", "2024")


def test_a_condition_may_be_one_all_or_any(shaper: Shaper) -> None:
    one, all_of, any_of = (shaper.condition(node(text)) for text in ("a > 1", "[a, b]", "{any: [a, [b, c]]}"))
    assert len(one.parts) == 1 and not one.any
    assert len(all_of.parts) == 2 and not all_of.any
    assert any_of.any and isinstance(any_of.parts[1], Condition)
    assert shaper.condition(node("true")).parts[0].text == "True"  # type: ignore[union-attr]


def test_places_inside_quotes_and_behind_the_sign(shaper: Shaper) -> None:
    assert str(inside(node('"a"'))) == "a.yaml:1:5"
    assert str(shaper.expression(node("=a")).where) == "a.yaml:1:5"
    assert str(shaper.expression(node('"=a"')).where) == "a.yaml:1:6"
    assert str(shaper.expression(node("a")).where) == "a.yaml:1:4"


def test_a_broken_expression_is_kept_as_a_problem(shaper: Shaper) -> None:
    with pytest.raises(Skip):
        shaper.expression(node("=1 +"))
    with pytest.raises(Skip):
        shaper.condition(node("[a, 'b +', c]"))
    assert [problem.code for problem in shaper.problems] == ["X001", "X001"]


def test_values_are_literals_expressions_or_templates(shaper: Shaper) -> None:
    assert shaper.value(node("{a: 1, b: [x, 0755]}")) == {"a": 1, "b": ("x", "0755")}
    assert isinstance(shaper.value(node("{a: =now()}"))["a"], Expression)
    assert shaper.value(node("'{{ a }}'")) == "{{ a }}"
    assert shaper.filled(node("'{{ a }}'")) == Template("{{ a }}")


@pytest.mark.parametrize(
    ("text", "value"),
    [("013800138000", "013800138000"), ("0", 0), ("10", 10), ("1.5", 1.5), ("true", True), ("-07", "-07")],
)
def test_digits_with_a_leading_zero_stay_text(text: str, value: Any) -> None:
    assert literal(node(text)) == value


def test_choices_are_words_maps_or_names_with_labels(shaper: Shaper) -> None:
    assert shaper.choices(node("[A, 2]")) == (Choice("A"), Choice("2"))
    assert shaper.choices(node("{A: 高}")) == (Choice("A", Label("高", "高")),)
    assert shaper.choices(node("[{name: A, label: {en: High}}]")) == (Choice("A", Label("", "High")),)


def test_shares_may_be_percentages(shaper: Shaper) -> None:
    assert [shaper.share(node(text)) for text in ("75%", "0.75", "4")] == [0.75, 0.75, 4.0]
    with pytest.raises(Skip):
        shaper.share(node("most"))


def test_a_schema_says_what_its_leaves_become(shaper: Shaper) -> None:
    schema = {
        "type": "object",
        "properties": {
            "for": {"format": "duration"},
            "text": {"type": "string"},
            "to": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
            "when": {"format": "condition"},
            "count": {"type": "integer"},
        },
        "additionalProperties": {"format": "value"},
    }
    found = shaper.by_schema(node("{for: 2h, text: 0755, to: [a, 1], when: a, count: 3, more: =b}"), schema)
    assert found["for"] == Duration.parse("2h")
    assert (found["text"], found["to"], found["count"]) == ("0755", ("a", "1"), 3)
    assert isinstance(found["when"], Condition) and isinstance(found["more"], Expression)
