from __future__ import annotations

import pytest

from engine.errors import Problem
from engine.load.check import Checker
from engine.plugins.registry import Registry
from engine.source.reader import read


@pytest.fixture(scope="module")
def checker(registry: Registry) -> Checker:
    return Checker(registry)


def check(checker: Checker, kind: str, body: str, partial: bool = False) -> list[Problem]:
    return checker.check(read(f"kind: {kind}\nname: a\n{body}", "x.yaml").documents[0], kind, partial).problems


def said(problems: list[Problem]) -> list[str]:
    return [f"{problem.where.line}:{problem.where.column} {problem.code}" for problem in problems]


def test_an_unknown_key_is_shown_at_the_key_with_the_nearest(checker: Checker) -> None:
    problems = check(checker, "entity", "fields:\n  x: {type: text, requierd: true}\n")
    assert said(problems) == ["4:19 D003"]
    assert problems[0].suggestion == "required"


def test_a_missing_key_is_shown_at_its_parent(checker: Checker) -> None:
    assert said(check(checker, "entity", "fields:\n  x: {label: 名称}\n")) == ["4:6 D004"]


def test_a_wrong_type_is_shown_at_the_value_with_what_is_allowed(checker: Checker) -> None:
    problems = check(checker, "view", "entity: a\nshow: [list]\n")
    assert said(problems) == ["4:7 D005"]
    assert "文字" in problems[0].what("zh")


def test_fault_005_text_takes_what_is_written(checker: Checker) -> None:
    assert check(checker, "entity", "icon: 0755\nfields: {x: {type: text, label: 2024, help: yes}}\n") == []


def test_a_word_for_yes_is_told_what_to_write(checker: Checker) -> None:
    problems = check(checker, "entity", "fields: {x: {type: text, required: yes}}\n")
    assert problems[0].code == "D005"
    assert problems[0].suggestion == "true"


def test_options_of_a_field_type_are_known_only_with_that_type(checker: Checker) -> None:
    assert check(checker, "entity", "fields: {x: {type: phone, region: CN}}\n") == []
    assert said(check(checker, "entity", "fields: {x: {type: text, region: CN}}\n")) == ["3:26 D003"]


def test_parameters_of_an_event_are_checked_by_its_plugin(checker: Checker) -> None:
    trigger = "when: {event: idle, entity: a, since: x%s}\ndo: [{stop: }]\n"
    assert check(checker, "trigger", trigger % ", for: 3d") == []
    assert [problem.parameters["key"] for problem in check(checker, "trigger", trigger % "")] == ["for"]
    assert said(check(checker, "trigger", trigger % ", for: 3")) == ["3:47 D007"]
    assert said(check(checker, "trigger", trigger % ", for: 3d, cron: x")) == ["3:51 D003"]


def test_of_several_forms_the_nearest_one_says_what_is_wrong(checker: Checker) -> None:
    problems = check(checker, "entity", "fields: {x: {type: choice, choices: [{nmae: a}]}}\n")
    assert {problem.code for problem in problems} == {"D003", "D004"}


def test_an_overlay_need_not_be_complete(checker: Checker) -> None:
    body = "fields: {x: {label: 名称}}\n"
    assert check(checker, "entity", body, partial=True) == []
    assert said(check(checker, "entity", body + "zzz: 1\n", partial=True)) == ["4:1 D003"]


def test_a_state_with_nothing_behind_it_is_a_state(checker: Checker) -> None:
    body = "entity: a\nfield: s\ninitial: new\nstates:\n  new:\n  done: {final: true}\ntransitions: {x: {from: new, to: done}}\n"
    assert check(checker, "state_machine", body) == []


def test_conditions_may_be_nested(checker: Checker) -> None:
    assert check(checker, "view", "entity: a\nwhere: [x > 1, {any: [y > 2, [z > 3, w > 4]]}]\n") == []
    assert [p.code for p in check(checker, "view", "entity: a\nwhere: {or: [y > 2]}\n")] == ["D003"]


def test_a_step_may_be_short_where_its_plugin_says_so(checker: Checker) -> None:
    assert (
        check(checker, "trigger", "when: {event: created, entity: a}\ndo: [{assign: by_region}, {transition: sign}]\n")
        == []
    )


def test_names_that_stand_for_something_are_noted_with_their_place(checker: Checker) -> None:
    node = read(
        "kind: form\nname: f\nentity: lead\nfields: [phone]\nfill: {uscc: {lookup: x, by: company}}\n", "x.yaml"
    )
    found = checker.check(node.documents[0], "form").references
    assert {(each.what, each.name, each.where.line) for each in found} == {
        ("entity", "lead", 3),
        ("field", "phone", 4),
        ("field", "uscc", 5),
        ("field", "company", 5),
    }


def test_a_role_speaks_of_the_entity_it_names(checker: Checker) -> None:
    node = read("kind: role\nname: r\nfields: {lead: {hide: [phone]}, order: {hide: [price]}}\n", "x.yaml")
    found = checker.check(node.documents[0], "role").references
    assert {(each.name, each.of) for each in found if each.what == "field"} == {("phone", "lead"), ("price", "order")}
