"""The pack that asks for evidence and reads it: slides before a demo, what a contract says after it was uploaded."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.api import Look
from engine.clock import VirtualClock
from engine.errors import Refused
from engine.facts import SYSTEM
from engine.plugins.registry import Registry
from tests.company import SITE, Company, found
from tests.engine.paper.test_reader import packed

OWN = SITE.replace('packs: {crm: "*"}', 'packs: {crm: "*", evidence_reading: "*"}')
SLIDE = '<p:sld xmlns:p="p" xmlns:a="a"><a:p><a:r><a:t>{}</a:t></a:r></a:p></p:sld>'
CONTRACT = (
    "设备采购合同",
    "甲方:明湖眼科医院",
    "合同总金额:人民币 508,000.00 元",
    "签订日期:2026年1月5日",
    "争议提交杭州仲裁委员会",
)


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    clock = VirtualClock(dt.datetime(2026, 1, 5, 1, tzinfo=dt.UTC))
    made = found(tmp_path / "site", clock, Registry.discover(entry_points=False), site=OWN)
    with made.engine:
        yield made


def uploaded(company: Company, field: str, name: str, content: bytes) -> str:
    li = company.actor("li")
    return str(
        company.engine.files.keep(li, company.engine.files.wanted(li, "lead", field), name, io.BytesIO(content)).id
    )


def slides() -> bytes:
    types = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
    return packed(
        {
            "[Content_Types].xml": types,
            "ppt/presentation.xml": "<p/>",
            "ppt/slides/slide1.xml": SLIDE.format("新机型对比演示"),
        }
    )


def test_m29_a_demo_needs_its_slides_and_what_they_say_can_be_found(company: Company) -> None:
    li, engine = company.actor("li"), company.engine
    lead = company.lead(owner=company.ids["li"], industry="eye", revenue_range="to_50m", decision_role="decider")
    values: dict[str, Any] = {
        "objection_type": "price", "objection_answer": "分期", "demo_at": "2026-01-12T10:00", "next_date": "2026-01-12", "next_time": "10:00",
        "next_subject": "演示",
    }  # fmt: skip
    engine._site.database.write(lambda c: c.execute("UPDATE lead SET stage = 'proposed' WHERE id = ?", (lead.id,)))
    with pytest.raises(Refused) as error:
        engine.transition(li, "lead", lead.id, "book_demo", values)
    assert {problem.field for problem in error.value.problems} == {"demo_file"}
    values["demo_file"] = uploaded(company, "demo_file", "演示.pptx", slides())
    engine.transition(li, "lead", lead.id, "book_demo", values)
    engine.runs.work()
    assert engine.get(li, "lead", lead.id).record["demo_text"] == "新机型对比演示"
    assert [seen.record.id for seen in engine.list(li, "lead", Look(search="机型对比")).items] == [lead.id]
    engine.update(SYSTEM, "user", company.ids["wang"], {"team": None})
    assert engine.list(company.actor("wang"), "lead", Look(search="机型对比")).items == ()


def test_m31_what_a_contract_says_comes_into_empty_fields(company: Company) -> None:
    pytest.importorskip("typst")
    pytest.importorskip("pypdfium2", reason="PDFs need the extra ocr")
    from engine.paper.press import press
    from tests.engine.paper.test_press import document, said

    lead, li = company.lead(owner=company.ids["li"]), company.actor("li")
    content = press(document({"kind": "text", "paragraphs": said(*CONTRACT)}), {}).content
    company.engine.update(li, "lead", lead.id, {"contract": uploaded(company, "contract", "合同.pdf", content)})
    company.engine.runs.work()
    record = company.engine.get(li, "lead", lead.id).record
    assert (str(record["contract_amount"]), str(record["contract_date"])) == ("508000.0000", "2026-01-05")
    assert record["contract_buyer"] == "明湖眼科医院" and "仲裁委员会" in record["contract_text"]
    assert company.engine.list(li, "lead", Look(search="仲裁委员会")).items


def test_the_pack_loads_clean_and_its_scenario_holds() -> None:
    from engine.load.pipeline import load
    from engine.runtime.scenario import run

    registry = Registry.discover(entry_points=False)
    loaded = load({"site.yaml": OWN}, registry)
    own = [problem.text("zh") for problem in loaded.problems if "evidence_reading" in str(problem.where)]
    assert own == [] and loaded.manifest is not None
    result = run(loaded.manifest, registry, loaded.manifest.scenarios["m29_a_demo_needs_slides_or_minutes"])
    assert [problem.what("zh") for problem in result.problems] == []
