"""Plans speak of kinds, keys and parts by the names people know."""

from __future__ import annotations

import pytest

from engine.site.wording import kind_word, path_words
from tests.company import Company

PATHS = (
    ("assignment", "smart_dispatch", "/score/load/weight", "打分 › 负荷 › 权重", "Score › Load › Weight"),
    ("assignment", "smart_dispatch", "/open_if", "在跟条件", "Open if"),
    ("entity", "lead", "/fields/phone/required", "字段 › 手机号 › 必填", "Fields › Phone › Required"),
    ("state_machine", "lead_stage", "/states/new/within", "状态 › 待首通 › 时限", "States › To call › Within"),
    ("entity", "lead", "/fields/gone/required", "字段 › gone › 必填", "Fields › gone › Required"),
    ("trigger", "not_there", "/do/1", "做 › 第 2 项", "Do › no. 2"),
)


@pytest.mark.parametrize(("kind", "name", "path", "zh", "en"), PATHS)
def test_a_way_into_a_document_is_said_in_titles_and_labels(
    company: Company, kind: str, name: str, path: str, zh: str, en: str
) -> None:
    manifest = company.engine.manifest
    assert path_words(manifest, kind, name, path, "zh") == zh
    assert path_words(manifest, kind, name, path, "en") == en


def test_a_plan_tells_a_new_part_by_its_label_and_a_changed_value_before_and_after(company: Company) -> None:
    folder = company.folder / "custom"
    (folder / "lead.yaml").write_text(
        "kind: entity\nextend: crm.lead\nfields:\n"
        "  floor: {type: integer, label: {zh: 楼层, en: Floor}}\n"
        "  contact: {max_length: 80}\n",
        "utf-8",
    )
    plan = company.engine.revisions.plan()
    assert plan.sentences("zh")[:2] == [
        "实体「线索(lead)」的 字段 › 联系人 › 最长: 60 → 80",
        "实体「线索(lead)」的 字段 › 楼层: (无) → 新增",
    ]
    assert plan.sentences("en")[1] == "Entity Lead(lead), Fields › Floor: (nothing) → added"


def test_a_plan_names_tables_fields_and_types_by_their_labels_with_the_key_behind(company: Company) -> None:
    folder = company.folder / "custom"
    (folder / "lead.yaml").write_text(
        "kind: entity\nextend: crm.lead\nfields:\n"
        "  floor: {type: integer, label: {zh: 楼层, en: Floor}}\n"
        "  agent: {type: link, to: hospital, label: {zh: 代理医院, en: Agent}}\n",
        "utf-8",
    )
    (folder / "visit.yaml").write_text(
        "kind: entity\nname: visit\nlabel: {zh: 拜访, en: Visit}\nfields: {who: {type: text, label: {zh: 谁, en: Who}}}\n",
        "utf-8",
    )
    plan = company.engine.revisions.plan()
    zh, en = plan.sentences("zh"), plan.sentences("en")
    assert "线索(lead) 增加字段 楼层(floor),类型 整数" in zh
    assert "Lead(lead) gets the field Floor(floor), of the type Whole number" in en
    assert "线索(lead) 增加字段 代理医院(agent),类型 关联 → 医院(hospital)" in zh
    assert "新建 拜访(visit)" in zh and "new entity Visit(visit)" in en
    assert "线索(lead) 按 代理医院(agent)、创建时间(created_at) 建索引" in zh


def test_parameters_clocks_and_labels_are_said_in_the_readers_language(company: Company) -> None:
    company.lead()
    site = company.folder / "site.yaml"
    site.write_text(site.read_text("utf-8") + "parameters: {first_call_limit: 8h}\n", "utf-8")
    own = "kind: entity\nextend: crm.lead\nfields: {campaign: {label: {zh: 活动名}}}\n"
    (company.folder / "custom" / "own.yaml").write_text(own, "utf-8")
    plan = company.engine.revisions.plan()
    assert plan.json("en")["sentences"][:2] == [
        "Parameter First call within (working hours): 4h → 8h",
        "Entity Lead(lead), Fields › Campaign › Label › Chinese: 活动 → 活动名",
    ]
    assert plan.json("zh")["sentences"][0] == "参数「首通电话时限（工作时间）」: 4h → 8h"
    assert [(each["label"], each["text"].split(" moves")[0]) for each in plan.json("en")["clocks"]] == [
        ("To call", "锐视光学: To call")
    ]
    assert plan.json("zh")["clocks"][0]["label"] == "待首通"


def test_a_kind_has_a_word_in_both_languages() -> None:
    assert (kind_word("assignment", "zh"), kind_word("trigger", "en"), kind_word("site", "zh")) == (
        "分配规则",
        "trigger",
        "站点",
    )
