"""The pack that makes proposals: from the diagnosis to a PDF with the customer's logo that a person can open."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from typing import Any

import pytest

from engine.clock import VirtualClock
from engine.facts import SYSTEM
from engine.plugins.registry import Registry
from tests.company import SITE, Company, found

ROOT = Path(__file__).parents[2] / "builtin_flows" / "proposal_documents"
OWN = SITE.replace('packs: {crm: "*"}', 'packs: {crm: "*", proposal_documents: "*"}') + (
    'address: https://crm.example.com\nparameters: {our_company: 锐视医疗器械有限公司, our_contact: "杭州市西湖区文三路 1 号 · 0571-8888 0000"}\n'
)


@pytest.fixture
def company(tmp_path: Path) -> Any:
    pytest.importorskip("typst")
    clock = VirtualClock(dt.datetime(2026, 1, 5, 1, tzinfo=dt.UTC))
    made = found(tmp_path / "site", clock, Registry.discover(entry_points=False), site=OWN)
    with made.engine:
        yield made


def logo() -> bytes:
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (480, 160), "white")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((20, 20, 140, 140), fill="#0a7d5a")
    draw.ellipse((50, 50, 110, 110), fill="white")
    draw.rectangle((180, 60, 460, 100), fill="#0a7d5a")
    made = io.BytesIO()
    picture.save(made, "PNG")
    return made.getvalue()


def diagnosed(company: Company) -> Any:
    li, engine = company.actor("li"), company.engine
    wanted = engine.files.wanted(li, "lead", "logo")
    file = engine.files.keep(li, wanted, "logo.png", io.BytesIO(logo()))
    lead = engine.create(
        li, "lead",
        {"company": "明湖眼科医院", "contact": "周敏主任", "department": "白内障科", "phone": "13800138000", "industry": "eye", "revenue_range": "to_50m",
         "decision_role": "decider", "owner": company.ids["li"], "logo": file.id, "video_link": "https://video.example.com/v1"},
    ).record  # fmt: skip
    for product, model, quantity, price in (
        ("裂隙灯显微镜", "SL-9", 2, 120000),
        ("眼底相机(含工作站)", "FC-300", 1, 268000),
        ("上门安装与培训", None, 1, 0),
    ):
        engine.create(
            li,
            "quote_line",
            {"lead": lead.id, "product": product, "model": model, "quantity": quantity, "price": price},
        )
    next_ = {"next_date": "2026-01-08", "next_time": "10:00", "next_subject": "上门看设备"}
    engine.transition(
        li,
        "lead",
        lead.id,
        "complete_first_call",
        {"call_summary": "现有裂隙灯成像模糊,医生抱怨效率低,担心售后响应慢", **next_},
    )
    answers = {
        "current_situation": "两台裂隙灯用了八年,成像发灰;眼底照相要去总院做,一周只能排一次。",
        "main_problem": "门诊量比三年前翻了一倍,成像模糊影响诊断效率,患者等候超过四十分钟。",
        "buying_plan": "预算五十万以内,三月底前完成采购和安装,希望以旧换新。",
    }
    engine.transition(li, "lead", lead.id, "complete_diagnosis", {**answers, **next_})
    return lead


def test_m24_the_diagnosis_makes_a_proposal_with_logo_quote_and_video(company: Company) -> None:
    pypdf = pytest.importorskip("pypdf")
    lead = diagnosed(company)
    assert company.engine.runs.work() > 0
    li = company.actor("li")
    record = company.engine.get(li, "lead", lead.id).record
    file, stream = company.engine.files.read(li, record["proposal_file"])
    content = stream.read()
    assert file.name == "方案-明湖眼科医院.pdf" and file.type == "application/pdf"
    reader = pypdf.PdfReader(io.BytesIO(content))
    text = "".join("".join(page.extract_text().split()) for page in reader.pages)
    for each in (
        "明湖眼科医院解决方案",
        "锐视医疗器械有限公司",
        "裂隙灯显微镜",
        "¥508,000.00",
        "八年",
        "2026年01月05日",
        "方案与报价·修订1",
    ):
        assert each in text, each
    assert [image.name for image in reader.pages[0].images], "the logo is missing"
    links = {a.get_object()["/A"]["/URI"] for page in reader.pages for a in page.get("/Annots", [])}
    assert links == {"https://video.example.com/v1"}


def test_a_proposal_is_made_again_when_somebody_asks_for_it(company: Company) -> None:
    lead, li = diagnosed(company), company.actor("li")
    company.engine.runs.work()
    first = company.engine.get(li, "lead", lead.id).record["proposal_file"]
    company.engine.create(li, "quote_line", {"lead": lead.id, "product": "配件", "price": 900})
    company.engine.update(li, "lead", lead.id, {"remake_proposal": True})
    company.engine.runs.work()
    record = company.engine.get(li, "lead", lead.id).record
    assert record["proposal_file"] not in (None, first) and record["remake_proposal"] is False


def test_the_pack_loads_clean_and_its_scenario_holds() -> None:
    from engine.load.pipeline import load
    from engine.runtime.scenario import run

    registry = Registry.discover(entry_points=False)
    loaded = load({"site.yaml": OWN}, registry)
    own = [problem.text("zh") for problem in loaded.problems if "proposal_documents" in str(problem.where)]
    assert own == [] and loaded.manifest is not None
    name = "m24_the_proposal_is_made_by_itself"
    result = run(loaded.manifest, registry, loaded.manifest.scenarios[name])
    assert [problem.what("zh") for problem in result.problems] == []


def test_m55_openings_are_noted_told_and_counted_by_the_version_of_the_template(company: Company) -> None:
    from engine.api import Ask
    from engine.facts import Event
    from engine.runtime import tracking, turn

    lead, site = company.lead(owner=company.ids["li"]), company.engine._site

    def sent(context: Any) -> int:
        event = Event("changed", "lead", lead.id, context.now)
        number = tracking.Trail(context).begin(event, "proposal_mail", "zhou@example.com", "方案")
        tracking.sent(context, number, [])
        return number

    numbers = [turn.run(site.parts, site.database, SYSTEM, sent).value for _ in range(4)]
    turn.run(
        site.parts,
        site.database,
        SYSTEM,
        lambda context: tracking.seen(context, context.need("sending", numbers[0]), 0),
    )
    record = company.engine.get(SYSTEM, "lead", lead.id).record
    assert record["proposal_opened_at"] is not None
    with site.database.read() as connection:
        told = connection.execute("SELECT title FROM notification WHERE user = ?", (company.ids["li"],))
    assert ("锐视光学 刚刚打开了方案",) in told
    found = company.engine.numbers.metric(company.actor("admin"), "proposal_mail_open_rate", Ask(by="revision"))
    assert found["value"] == 0.25 and [group["key"] for group in found["groups"]] == [1]
