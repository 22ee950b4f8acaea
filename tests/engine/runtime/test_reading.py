"""Files that were uploaded are read by a rule: their text can be searched, their facts are offered, and what people wrote stays."""

from __future__ import annotations

from typing import Any

from engine.runtime import view
from engine.runtime.scenario import run
from tests.engine.paper.test_reader import docx
from tests.engine.runtime.stage import Stage, registry
from tests.engine.runtime.test_paper import carry, shelf

SITE = """
kind: entity
name: deal
label: {zh: 签约}
title: "{{ name }}"
fields:
  name: {type: text, required: true, search: true}
  contract: {type: file}
  contract_text: {type: long_text, search: true}
  amount: {type: money}
  signed_on: {type: date}
  buyer: {type: text}
  seller: {type: text}
---
kind: trigger
name: read_contract
when: {event: changed, entity: deal, fields: [contract]}
do:
  - {read: {file: contract, into: contract_text, amount: amount, date: signed_on, party_a: buyer, party_b: seller}}
"""
CONTRACT = (
    "设备采购合同",
    "甲方:明湖眼科医院",
    "乙方:锐视医疗器械有限公司",
    "合同总金额:人民币 508,000.00 元",
    "签订日期:2026年1月5日",
)


def put(stage: Stage, content: bytes, **values: Any) -> Any:
    deal = stage.create("deal", name="明湖", **values)
    file = shelf(stage).keep(content.hex()[:40], "合同.docx", "application/octet-stream", content)
    stage.update(deal, contract=file.id)
    carry(stage)
    return stage.get("deal", deal.id)


def test_m31_the_text_of_a_contract_and_its_facts_come_into_empty_fields() -> None:
    deal = put(Stage(SITE), docx(*CONTRACT))
    assert deal["contract_text"] == "\n".join(CONTRACT)
    assert (str(deal["amount"]), str(deal["signed_on"])) == ("508000.0000", "2026-01-05")
    assert (deal["buyer"], deal["seller"]) == ("明湖眼科医院", "锐视医疗器械有限公司")


def test_what_a_person_typed_in_stays() -> None:
    deal = put(Stage(SITE), docx(*CONTRACT), amount="1", buyer="别家")
    assert (str(deal["amount"]), deal["buyer"], str(deal["signed_on"])) == ("1.0000", "别家", "2026-01-05")


def test_a_file_that_was_changed_meanwhile_is_not_taken_for_the_new_one() -> None:
    stage = Stage(SITE)
    deal = stage.create("deal", name="明湖")
    first = shelf(stage).keep("1", "a.docx", "x/y", docx("旧合同"))
    second = shelf(stage).keep("2", "b.docx", "x/y", docx("新合同"))
    stage.update(deal, contract=first.id)
    stage.update(deal, contract=second.id)
    carry(stage)
    assert stage.get("deal", deal.id)["contract_text"] == "新合同"


def test_a_file_that_cannot_be_read_waits_for_a_person_with_the_reason() -> None:
    stage = Stage(SITE)
    deal = put(stage, b"\0\1\2")
    assert deal["contract_text"] is None
    assert stage.rows("SELECT state FROM fl_runs") == [("failed",)]
    assert "R212" in str(stage.rows("SELECT data FROM fl_runs"))


def test_what_is_written_in_files_is_found_only_by_who_may_see_the_record() -> None:
    stage = Stage(
        SITE
        + """
---
kind: role
name: sales
can: {deal: {read: "buyer == me.name"}}
---
kind: role
name: blind
can: {deal: {read: true}}
fields: {deal: {hide: [contract_text]}}
"""
    )
    clauses = [f"第{number}条 双方按约定履行,不得擅自变更。" for number in range(200)]
    put(stage, docx(*CONTRACT, *clauses, "争议由杭州仲裁委员会裁决"))
    for words in ("采购合同", "仲裁委员会", "第150条"):
        for role, name, found in (("sales", "明湖眼科医院", 1), ("sales", "别家", 0), ("blind", "谁", 0)):
            login = f"{role}-{found}"
            actor = stage.actor(login) if login in stage.people else stage.user(login, role, **{"name": name})
            seen = stage.ask(
                lambda context, words=words: view.count(context, "deal", None, view.Look(search=words)), actor
            )  # type: ignore[misc]
            assert seen == found, (words, role, name)
    assert stage.ask(lambda context: view.count(context, "deal", None, view.Look(search="没有这句话"))) == 0


def test_a_scenario_reads_nothing_and_goes_on() -> None:
    from engine.load.pipeline import load

    text = (
        SITE
        + """
---
kind: scenario
name: read_it
steps:
  - create: {deal: d1, name: 明湖}
  - expect: {record: {d1: {contract_text: null}}}
"""
    )
    loaded = load({"site.yaml": "kind: site\nname: s\n", "custom/a.yaml": text}, registry())
    assert loaded.manifest is not None
    assert run(loaded.manifest, registry(), loaded.manifest.scenarios["read_it"]).problems in ((), [])
