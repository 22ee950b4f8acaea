"""Records: what is taken, what is refused, what is filled in."""

from __future__ import annotations

import pytest

from engine.errors import FlowloomError, NotFound, Refused, Stale
from tests.engine.runtime.stage import Stage, problems_of

SITE = """
kind: role
name: sales
inherits: [staff]
can: {lead: {read: true, create: true, update: true, delete: true}, firm: {read: true, create: true, update: true, delete: true}}
---
kind: entity
name: firm
title: "{{ name }}"
fields:
  name: {type: text, required: true, unique: true, label: {zh: 名称}}
---
kind: entity
name: lead
label: {zh: 线索}
title: "{{ company }}"
fields:
  company: {type: text, required: true, max_length: 20, label: {zh: 客户名称}}
  phone: {type: phone, region: CN, label: {zh: 手机}}
  firm: {type: link, to: firm}
  parent: {type: link, to: firm, required_if: "source == 'expo'"}
  source: {type: choice, choices: [website, expo]}
  budget: {type: money, min: 0}
  limit: {type: money, max: "=budget"}
  deal: {type: text, visible_if: "source == 'expo'", required: true}
  closed: {type: yes_no, default: false}
  note: {type: long_text, read_only_if: "closed"}
  code: {type: text, pattern: "[A-Z]{2}\\\\d{2}"}
  number: {type: sequence, pattern: "LD-{yyyy}{mm}-{0001}"}
  words: {type: list, default: "=keywords(note)"}
  size: {type: integer, value: "=len(company)"}
  twice: {type: integer, value: "=size * 2"}
  firm_name: {type: text, value: "=firm.name"}
unique: [[company, source]]
duplicates:
  same: {match: {phone: exact, company: {similar: 0.6}}, then: warn}
---
kind: state_machine
name: stage
entity: lead
field: stage
initial: new
states: {new: {}, done: {final: true}}
transitions: {finish: {from: new, to: done}}
---
kind: form
name: quick
entity: lead
fields: [company, phone]
required: [company, phone]
ask_one_of: {source: [website, expo]}
public: {path: quick}
"""


@pytest.fixture
def stage() -> Stage:
    return Stage(SITE)


def refused(stage: Stage, /, **values: object) -> Refused:
    with pytest.raises(Refused) as error:
        stage.create("lead", **values)
    assert stage.find("lead") == []
    return error.value


def test_fault_043_every_key_that_may_not_be_typed_in_is_told_and_nothing_is_saved(stage: Stage) -> None:
    error = refused(
        stage, company="A", is_admin=True, owner_id=3, stage="done", id=9, created_at="2020-01-01", compny="x", size=3
    )
    assert problems_of(error) == {
        "is_admin": "R050",
        "owner_id": "R050",
        "stage": "R060",
        "id": "R056",
        "created_at": "R056",
        "compny": "R050",
        "size": "R056",
    }
    assert next(problem for problem in error.problems if problem.field == "compny").suggestion == "company"


def test_everything_that_is_wrong_is_told_at_once(stage: Stage) -> None:
    error = refused(stage, company="x" * 21, phone="123", source="radio", budget=-1, firm=77, code="a")
    codes = problems_of(error)
    assert set(codes) >= {"company", "phone", "source", "budget", "code"}
    assert error.problems[0].parameters["label"] == "客户名称"


def test_required_fields_follow_their_conditions_and_hidden_ones_are_not_asked_for(stage: Stage) -> None:
    assert problems_of(refused(stage)) == {"company": "R053"}
    assert problems_of(refused(stage, company="A", source="expo")) == {"deal": "R053", "parent": "R053"}
    assert stage.create("lead", company="A", source="website")["deal"] is None


def test_a_bound_that_is_an_expression_is_held(stage: Stage) -> None:
    assert problems_of(refused(stage, company="A", budget=5, limit=6)) == {"limit": "R058"}
    assert stage.create("lead", company="A", budget=5, limit=5)["limit"] == 5


def test_computed_values_follow_their_inputs_in_order(stage: Stage) -> None:
    firm = stage.create("firm", name="甲")
    lead = stage.create("lead", company="四个汉字", firm=firm.id)
    assert (lead["size"], lead["twice"], lead["firm_name"]) == (4, 8, "甲")
    lead = stage.update(lead, company="五个汉字了")
    assert (lead["size"], lead["twice"]) == (5, 10)
    # Behind a link the value is computed again at the record's own next save.
    stage.update(firm, name="乙")
    assert stage.get("lead", lead.id)["firm_name"] == "甲"
    assert stage.update(lead, phone="13800138000")["firm_name"] == "乙"


def test_a_default_fills_what_is_empty_when_its_input_comes_and_stays_editable(stage: Stage) -> None:
    lead = stage.create("lead", company="A")
    assert not lead["words"]
    lead = stage.update(lead, note="医生抱怨效率低,担心售后响应慢")
    assert lead["words"]
    lead = stage.update(lead, words=["自己写的"])
    assert stage.update(lead, note="完全另外一句话,价格太高")["words"] == ("自己写的",)


def test_a_field_that_is_closed_now_cannot_be_changed(stage: Stage) -> None:
    lead = stage.create("lead", company="A", note="x", closed=True)
    with pytest.raises(Refused) as error:
        stage.update(lead, note="y")
    assert problems_of(error.value) == {"note": "R059"}


def test_numbers_are_given_in_order_and_start_again_each_month(stage: Stage) -> None:
    first = stage.create("lead", company="A")
    with pytest.raises(Refused):
        stage.create("lead", phone="1")
    second = stage.create("lead", company="B")
    stage.advance(days=31)
    third = stage.create("lead", company="C")
    assert [each["number"] for each in (first, second, third)] == ["LD-202601-0001", "LD-202601-0002", "LD-202602-0001"]


def test_a_unique_value_that_is_taken_names_the_record_that_has_it(stage: Stage) -> None:
    firm = stage.create("firm", name="锐视光学")
    with pytest.raises(FlowloomError) as error:
        stage.create("firm", name="锐视光学")
    assert error.value.problems[0].what("zh") == f"“名称”的“锐视光学”已经被“锐视光学”(编号 {firm.id})用了"
    stage.do(lambda context: context.delete("firm", firm.id))
    assert stage.create("firm", name="锐视光学").id != firm.id


def test_fault_044_a_form_takes_only_its_own_fields_and_asks_for_all_it_needs(stage: Stage) -> None:
    from engine.runtime import entity

    def post(**values: object) -> None:
        stage.do(lambda context: entity.create(context, "lead", values, form_name="quick"))

    with pytest.raises(Refused) as error:
        post(company="A", budget=3, source="radio")
    assert problems_of(error.value) == {"budget": "R070", "source": "R071", "phone": "R053"}
    with pytest.raises(Refused) as error:
        post(company="A", phone="13800138000")
    assert problems_of(error.value) == {"source": "R072"}
    post(company="A", phone="13800138000", source="website")


def test_fault_045_a_phone_is_normalised_and_a_bad_one_is_a_field_error(stage: Stage) -> None:
    assert stage.create("lead", company="A", phone="+86 138-0013-8000")["phone"] == "+8613800138000"
    assert stage.create("lead", company="B", phone="１３８００１３８００１")["phone"] == "+8613800138001"
    with pytest.raises(Refused) as error:
        stage.create("lead", company="C", phone="1380013800")
    assert list(problems_of(error.value)) == ["phone"]


def test_fault_046_a_probable_duplicate_is_told_with_score_and_reasons(stage: Stage) -> None:
    first = stage.create("lead", company="上海锐视光学有限公司", phone="13800138000")
    done = stage.do(lambda context: context.create("lead", {"company": "上海锐视光学", "phone": "138 0013 8000"}))
    told = done.warnings[0]
    assert isinstance(told, dict)
    assert (told["record"], told["rule"], told["then"], told["score"]) == (first.id, "same", "warn", 1.0)
    assert [(reason["field"], reason["score"]) for reason in told["reasons"]] == [("phone", 1.0), ("company", 1.0)]
    assert "duplicate_found" in [event.name for event in done.events]


@pytest.mark.parametrize("then", ["block", "merge", "link"])
def test_fault_046_a_duplicate_may_be_blocked_merged_or_linked(then: str) -> None:
    text = SITE.replace("then: warn", f"then: {then}").replace(
        "  number:", "  same_as: {type: link, to: lead}\n  number:"
    )
    stage = Stage(text)
    first = stage.create("lead", company="锐视光学", phone="13800138000")
    values = {"company": "锐视光学院", "phone": "13800138000", "budget": 5}
    if then == "block":
        with pytest.raises(Refused) as error:
            stage.create("lead", **values)
        assert error.value.problems[0].code == "R065"
        return
    made = stage.create("lead", **values)
    if then == "merge":
        assert (made.id, made["company"], made["budget"]) == (first.id, "锐视光学", 5)
    else:
        assert made["same_as"] == first.id


def test_similar_names_are_found_without_an_exact_field() -> None:
    stage = Stage(SITE.replace("match: {phone: exact, company: {similar: 0.6}}", "match: {company: {similar: 0.7}}"))
    stage.create("lead", company="上海锐视光学有限公司")
    stage.create("lead", company="北京长城饭店")
    done = stage.do(lambda context: context.create("lead", {"company": "上海锐视光学仪器"}))
    assert [told["title"] for told in done.warnings if isinstance(told, dict)] == ["上海锐视光学有限公司"]


def test_fault_047_names_are_saved_byte_for_byte(stage: Stage) -> None:
    for name in ("𠮷野家😀", "e\u0301é", "'; DROP", "NULL", "a\u200bb", "\u202egpj"):
        assert stage.create("lead", company=name)["company"] == name


def test_fault_050_what_others_cannot_be_without_is_not_deleted_and_the_rest_comes_back(stage: Stage) -> None:
    stage = Stage(SITE.replace("firm: {type: link, to: firm}", "firm: {type: link, to: firm, required: true}"))
    firm, other = stage.create("firm", name="甲"), stage.create("firm", name="乙")
    lead = stage.create("lead", company="A", firm=firm.id)
    with pytest.raises(Refused) as error:
        stage.do(lambda context: context.delete("firm", firm.id))
    assert error.value.problems[0].what("zh") == f"还有线索必须用到它:{lead.id}"
    stage.do(lambda context: context.delete("firm", other.id))
    with pytest.raises(NotFound):
        stage.do(lambda context: context.update("firm", other.id, {"name": "x"}))
    from engine.runtime import entity

    stage.do(lambda context: entity.restore(context, "firm", other.id))
    assert stage.get("firm", other.id)["name"] == "乙"


def test_fault_055_different_fields_are_merged_and_the_same_field_names_who_was_first(stage: Stage) -> None:
    li = stage.user("li", "sales")
    lead = stage.create("lead", company="A", budget=1, note="x")
    from engine.runtime import entity

    stage.do(lambda context: entity.update(context, "lead", lead.id, {"budget": 2}, version=lead.version), li)
    merged = stage.do(
        lambda context: entity.update(context, "lead", lead.id, {"note": "y"}, version=lead.version)
    ).value
    assert (merged["budget"], merged["note"]) == (2, "y")
    with pytest.raises(Stale) as error:
        stage.do(lambda context: entity.update(context, "lead", lead.id, {"budget": 3}, version=lead.version))
    assert error.value.problems[0].what("zh") == "li 在 09:00 已经改过budget"
