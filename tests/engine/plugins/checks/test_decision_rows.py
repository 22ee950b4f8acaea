from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.plugins.checks.decision_rows import apart, cell_of, wider
from engine.runtime.unary import compile_test
from tests.engine.load.conftest import TICKET, Loader, codes

TABLE = (
    "---\nkind: decision\nname: size\nentity: ticket\ninputs: {amount: =amount, subject: =subject}\nhit: %s\nrows:\n%s"
)


def table(*rows: str, hit: str = "first") -> str:
    return TICKET + TABLE % (hit, "".join(f"  - {row}\n" for row in rows))


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (["{amount: '> 5', then: a}", "{then: b}"], []),
        (["{amount: '> 5', then: a}"], ["L005"]),
        (["{amount: '> 5', then: a}", "{amount: '<= 5', then: b}"], []),
        (["{amount: '> 5', then: a}", "{amount: '< 5', then: b}"], ["L005"]),
        (["{amount: '> 5', then: a}", "{amount: '> 7', then: b}", "{then: c}"], ["L006"]),
        (["{amount: '> 7', then: a}", "{amount: '> 5', then: b}", "{then: c}"], []),
        (["{amount: '[1..9]', then: a}", "{amount: '[2..5)', then: b}", "{then: c}"], ["L006"]),
        (["{subject: 'a*', then: a}", "{subject: ab, then: b}", "{then: c}"], ["L006"]),
        (["{subject: [x, y], then: a}", "{subject: y, then: b}", "{then: c}"], ["L006"]),
        (["{subject: x, amount: 5, then: a}", "{subject: x, then: b}", "{then: c}"], []),
        (["{then: a}", "{subject: x, then: b}"], ["L006"]),
        (["{subject: =subject == 'x', then: a}", "{subject: x, then: b}", "{then: c}"], []),
    ],
)
def test_gaps_and_rows_never_reached_are_told(loaded: Loader, rows: list[str], found: list[str]) -> None:
    assert codes(loaded(table(*rows))) == found


def test_an_overlap_matters_only_where_one_row_may_match(loaded: Loader) -> None:
    rows = ["{amount: '< 10', then: a}", "{amount: '>= 5', then: b}"]
    assert codes(loaded(table(*rows, hit="unique"))) == ["L007"]
    assert codes(loaded(table(*rows, hit="first"))) == []
    assert codes(loaded(table(*rows, hit="collect"))) == []
    apart_rows = ["{amount: '< 5', then: a}", "{amount: '>= 5', then: b}"]
    assert codes(loaded(table(*apart_rows, hit="unique"))) == []


NUMBERS = st.integers(-3, 6)
CELLS = st.one_of(
    st.builds("{} {}".format, st.sampled_from([">", ">=", "<", "<=", "="]), NUMBERS),
    st.builds("{}{}..{}{}".format, st.sampled_from(["[", "("]), NUMBERS, NUMBERS, st.sampled_from(["]", ")"])),
    NUMBERS,
    st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=2),
    st.sampled_from(["a", "b", "ab", "a*", "", "-"]),
)
VALUES = [None, "a", "b", "ab", *range(-4, 8), 0.5, 2.5]


def passes(cell: object, value: object) -> bool:
    test = compile_test(cell)
    return test is None or test(value)


@given(one=CELLS, other=CELLS)
def test_what_is_said_of_two_cells_holds_for_every_value(one: object, other: object) -> None:
    first, second = cell_of(one), cell_of(other)
    if wider(first, second):
        assert all(passes(one, value) for value in VALUES if passes(other, value))
    if not isinstance(first, str) and not isinstance(second, str) and apart(first, second):
        assert not any(passes(one, value) and passes(other, value) for value in VALUES)
