from __future__ import annotations

import pytest

from tests.engine.load.conftest import Loader, codes

ENTITY = """
kind: entity
name: lead
fields:
  level: {type: choice, choices: [high, low]%s}
  size: {type: integer}
  seen: {type: datetime}
---
kind: state_machine
name: lead_stage
entity: lead
field: stage
initial: new
states: {new: , won: {final: true}}
transitions: {win: {from: new, to: won}}
---
kind: decision
name: rank
entity: lead
inputs: {level: =level, size: =size}
output: {type: choice, choices: [A, B]}
rows: [{level: %s, then: %s}, {then: B}]
"""


def site(loaded: Loader, default: str = "", cell: str = "high", then: str = "A", rest: str = "") -> list[str]:
    return codes(
        loaded(ENTITY % (default, cell, then), custom__y=rest) if rest else loaded(ENTITY % (default, cell, then))
    )


def test_a_default_must_be_a_value_of_its_field(loaded: Loader) -> None:
    assert site(loaded, ", default: high") == []
    assert site(loaded, ", default: hihg") == ["D039"]
    assert site(loaded, ", default: {decide: rank}") == []
    assert site(loaded, ", default: {decide: rnk}") == ["D021"]


def test_an_answer_must_be_one_of_the_output(loaded: Loader) -> None:
    assert site(loaded, then="C") == ["D039"]
    assert site(loaded, then="=level") == []


def test_a_cell_that_can_never_match_is_told(loaded: Loader) -> None:
    assert site(loaded, cell="hihg") == ["D040"]
    assert site(loaded, cell="[high, medium]") == ["D040"]
    assert site(loaded, cell="h*") == []
    assert site(loaded, cell="'=size > 5'") == []


TRIGGER = "kind: trigger\nname: t\nwhen: {{event: created, entity: {entity}}}\ndo: [{step}]\n"


@pytest.mark.parametrize(
    ("entity", "step", "found"),
    [
        ("lead", "{set: {level: low, size: 5}}", []),
        ("lead", "{set: {level: middle}}", ["D039"]),
        ("lead", "{set: {size: many}}", ["D039"]),
        ("lead", "{set: {size: =size, level: =level}}", []),
        ("user", "{create: {entity: lead, set: {level: middle}}}", ["D039"]),
        ("user", "{each: {of: lead, do: [{set: {level: middle}}]}}", ["D039"]),
        ("lead", "{set: {seen: 2026-01-05T09:00}}", []),
        ("lead", "{set: {seen: tomorrow}}", ["D039"]),
    ],
)
def test_what_a_step_writes_must_fit_its_field(loaded: Loader, entity: str, step: str, found: list[str]) -> None:
    assert site(loaded, rest=TRIGGER.format(entity=entity, step=step)) == found


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("reached('won')", []),
        ("reached('wno')", ["D021"]),
        ("reached('won', machine='lead_stage')", []),
        ("reached('won', machine='stage')", ["D021"]),
        ("level == 'high' and stage != 'new'", []),
        ("level == 'hihg'", ["X023"]),
        ("stage in ['new', 'lost']", ["X023"]),
    ],
)
def test_fault_030_names_inside_expressions_are_checked_when_loading(
    loaded: Loader, where: str, found: list[str]
) -> None:
    assert site(loaded, rest=f'kind: view\nname: v\nentity: lead\nwhere: "{where}"\n') == found


def test_a_decision_an_expression_asks_must_exist(loaded: Loader) -> None:
    view = "kind: view\nname: v\nentity: lead\ncolumns: [\"=decide('{}')\"]\n"
    assert site(loaded, rest=view.format("rank")) == []
    assert site(loaded, rest=view.format("rnk")) == ["D021"]
