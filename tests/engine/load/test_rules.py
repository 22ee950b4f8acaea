from __future__ import annotations

from typing import Any

import pytest

from engine.load.notes import Notes, kind_of, listed, shown
from engine.load.rules import leaves, number, one_of, referring, yes_no
from engine.source.node import Node
from engine.source.reader import read


def node(text: str) -> Node:
    found = read(f"x: {text}\n", "a.yaml").documents[0].get("x")
    assert found is not None
    return found


def told(rule: Any, text: str) -> list[str]:
    notes = Notes()
    rule(node(text), notes)
    return [problem.code for problem in notes.problems]


@pytest.mark.parametrize(
    ("text", "found"),
    [("5", []), ("0", ["D019"]), ("11", ["D019"]), ("1.5", ["D005"]), ("true", ["D005"]), ("", ["D014"])],
)
def test_a_whole_number_within_bounds(text: str, found: list[str]) -> None:
    assert told(number({"type": "integer", "minimum": 1, "maximum": 10}), text) == found


def test_a_number_may_be_whole_or_not() -> None:
    assert told(number({"type": "number"}), "1.5") == told(number({"type": "number"}), "2") == []


def test_yes_and_no_are_words_and_not_truth() -> None:
    assert told(yes_no, "true") == []
    notes = Notes()
    yes_no(node("off"), notes)
    assert (notes.problems[0].code, notes.problems[0].suggestion) == ("D005", "false")


def test_one_of_a_few_words_takes_what_was_written() -> None:
    rule = one_of(["list", "board", 2])
    assert told(rule, "board") == told(rule, "2") == []
    notes = Notes()
    rule(node("bord"), notes)
    assert notes.problems[0].suggestion == "board"


def test_names_are_gathered_from_texts_lists_and_keys_but_not_from_expressions() -> None:
    assert [leaf.value for leaf in leaves(node("[a, [b, '=c'], {d: e}]"))] == ["a", "b"]
    notes = Notes(of="lead")
    referring(lambda node, notes: None, {"x-refers-keys": "field"})(node("{a: 1, b: 2}"), notes)
    assert [(each.what, each.name, each.of) for each in notes.references] == [
        ("field", "a", "lead"),
        ("field", "b", "lead"),
    ]


def test_values_are_shown_in_a_few_words() -> None:
    assert [shown(node(text)) for text in ("{a: 1}", "[1]", "0755", "x" * 50)] == ["{…}", "[…]", "0755", "x" * 39 + "…"]
    assert listed(["a", "b", "c"], 2) == "a, b …"
    assert [kind_of(node(text)) for text in ("a", "1", "1.5", "true", "", "[]", "{}")] == [
        "string",
        "integer",
        "number",
        "boolean",
        "null",
        "array",
        "object",
    ]
