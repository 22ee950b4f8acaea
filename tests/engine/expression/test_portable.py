"""What lint says of SQL without SQL is what the compiler of SQL says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import InvalidDocument
from engine.expression.evaluate import compile_expression
from engine.expression.parse import parse
from engine.expression.portable import not_portable
from engine.expression.sql import refusals
from tests.engine.expression.grammar import expressions
from tests.engine.expression.test_sql import CASES, KINDS
from tests.engine.expression.world import FUNCTIONS, SCOPE

REFUSED = [
    "tags == ['a']", "i ** j > 1", "i ** 9 > 1", "name[i] == 'a'", "name[-1] == 'a'", "orders[0].total > 1", "name * 2 == 'aa'",
    "tags + ['a'] == tags", "{'a': i} == {'a': 1}", "len([o.lead.orders for o in orders]) > 1", "len(tags[1:]) > 1", "n ** 0.5 > 1",
    "(name and i) is None", "(i if flag else name) is None", "(tags if flag else ['a']) is None",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_what_no_database_computes_is_told_by_both(text: str) -> None:
    ours, theirs = (told(parse(text), SCOPE, FUNCTIONS) for told in (not_portable, refusals))
    assert [p.code for p in theirs] == ["X041"]
    assert "X041" in [p.code for p in ours]


@pytest.mark.parametrize(
    "text",
    [
        "name and i",
        "not (name and i)",
        "flag or (name and i)",
        "1 if (name and i) else 2",
        "not (i if flag else name)",
        "i if flag else name",
    ],
)
def test_what_is_only_asked_whether_it_holds_may_be_of_any_kind(text: str) -> None:
    for value in (False, not text.startswith(("name", "flag", "i"))):
        ours, theirs = (told(parse(text), SCOPE, FUNCTIONS, value=value) for told in (not_portable, refusals))
        assert [ours, theirs] == [[], []]


@pytest.mark.parametrize("text", CASES)
def test_what_is_sql_is_told_by_neither(text: str) -> None:
    expression = parse(text)
    assert [not_portable(expression, SCOPE, FUNCTIONS), refusals(expression, SCOPE, FUNCTIONS)] == [[], []]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_both_agree_on_random_expressions(data: Any) -> None:
    text = data.draw(expressions(data.draw(st.sampled_from(KINDS))))
    try:
        expression = parse(text)
        compile_expression(expression, SCOPE, FUNCTIONS)
    except InvalidDocument:
        return
    ours = bool(not_portable(expression, SCOPE, FUNCTIONS, value=True))
    theirs = [p.code for p in refusals(expression, SCOPE, FUNCTIONS, value=True)]
    assert ours == ("X041" in theirs), (text, theirs)
