"""Records that are probably the same, found by their rarest words and weighed together."""

from __future__ import annotations

from typing import Any

from engine.runtime import duplicate, resemblance
from tests.engine.runtime.stage import Stage

SITE = """
kind: entity
name: customer
title: "{{ company }}"
fields: {company: {type: text}, contact: {type: text}, phone: {type: phone}, city: {type: text}}
duplicates:
  evidence: {compare: [company, contact, phone], above: 0.9}
"""


def asked(stage: Stage, **values: Any) -> list[tuple[str, float]]:
    found = stage.ask(lambda context: duplicate.asked(context, "customer", values))
    return [(match.title, match.score) for match in found]


def test_two_fields_that_agree_are_enough_and_one_common_one_is_not() -> None:
    stage = Stage(SITE)
    stage.create("customer", company="上海锐视光学有限公司", contact="张伟", phone="13800138000")
    assert asked(stage, company="锐视光学(上海)股份有限公司", phone="138-0013-8000")
    assert asked(stage, company="瑞视光学", contact="章伟", phone="13800138000")
    assert not asked(stage, contact="张伟")
    assert not asked(stage, company="江海精密", contact="李娜", phone="13911112222")


def test_a_switchboard_number_that_many_share_proves_little() -> None:
    stage = Stage(SITE)

    def fill(context: Any) -> None:
        for number in range(300):
            context.create("customer", {"company": f"客户{number:03d}", "phone": "02112345678"})

    stage.do(fill)
    stage.create("customer", company="锐视光学", contact="张伟", phone="13800138000")
    assert not asked(stage, company="江海精密", phone="02112345678")
    assert asked(stage, company="锐视光学", phone="13800138000")


def test_values_in_each_others_box_are_recognised() -> None:
    stage = Stage(SITE)
    stage.create("customer", company="Quillfeather", contact="Brandywine", phone="13800138000")
    assert asked(stage, company="Brandywine", contact="Quillfeather", phone="13800138000")


def test_the_answer_says_which_fields_agree_and_leaves_itself_out() -> None:
    stage = Stage(SITE)
    made = stage.create("customer", company="锐视光学", contact="张伟", phone="13800138000")
    found = stage.ask(lambda c: duplicate.asked(c, "customer", {"company": "锐视光学", "phone": "13800138000"}))
    assert [reason.field for reason in found[0].reasons] == ["company", "phone"]
    assert found[0].rule == "evidence" and 0.9 < found[0].score <= 1.0
    values = {"id": made.id, "company": "锐视光学", "phone": "13800138000"}
    assert not [m for m in stage.ask(lambda c: duplicate.asked(c, "customer", values)) if m.record == made.id]


def test_an_update_and_the_trash_change_what_is_found() -> None:
    stage = Stage(SITE)
    made = stage.create("customer", company="锐视光学", contact="张伟", phone="13800138000")
    moved = stage.update(made, company="江海精密", phone="13911112222")
    assert not asked(stage, company="锐视光学", phone="13800138000")
    assert asked(stage, company="江海精密", phone="13911112222")
    stage.do(lambda context: context.delete("customer", moved.id))
    assert not asked(stage, company="江海精密", phone="13911112222")


def test_common_words_find_a_record_together() -> None:
    stage = Stage(SITE)

    def fill(context: Any) -> None:
        for number in range(250):
            context.create("customer", {"contact": "王芳", "company": f"甲{number}"})
            context.create("customer", {"contact": f"李{number}", "company": "第一人民医院"})

    stage.do(fill)
    stage.create("customer", company="第一人民医院", contact="王芳")
    near = stage.ask(
        lambda c: duplicate.resemblance.near(
            c, c.plan("customer"), ("company", "contact"), {"company": "第一人民医院", "contact": "王芳"}
        )
    )
    assert near and near[0] == 501


def test_a_rule_that_compares_can_block() -> None:
    stage = Stage(SITE.replace("above: 0.9", "above: 0.9, then: block"))
    stage.create("customer", company="锐视光学", contact="张伟", phone="13800138000")
    try:
        stage.create("customer", company="瑞视光学有限公司", contact="张伟", phone="13800138000")
    except Exception as error:
        assert [problem.code for problem in error.problems] == ["R065"]  # type: ignore[attr-defined]
    else:
        raise AssertionError("nothing was refused")


def test_a_number_of_ones_own_finds_its_record_among_however_many() -> None:
    stage = Stage(SITE)
    made = stage.create("customer", company="锐视光学", contact="张伟", phone="13800138000")

    def look(context: Any, records: int) -> list[int]:
        search = resemblance._Search(context, context.plan("customer"))
        search.there = search.records = records
        return search.near([("phone", "8613800138000"), ("contact", "li na")], resemblance.promising(0.9, records))

    for records in (10_000, 1_000_000, 100_000_000):
        assert stage.ask(lambda context, records=records: look(context, records)) == [made.id]
