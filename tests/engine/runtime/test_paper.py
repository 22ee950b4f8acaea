"""Documents made of a template for a record: what is filled in, with whose rights, and how they are kept and sent."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.errors import FlowloomError
from engine.facts import SYSTEM, Event
from engine.load.pipeline import load
from engine.plugins.slots import Connector
from engine.runtime.outside import Outside
from engine.runtime.paper import file_name, paragraphs
from engine.runtime.shelf import Shelf
from engine.runtime.worker import Worker, drain
from engine.store.files import Files
from tests.engine.runtime.stage import Stage, registry

ATTACKS = Path(__file__).resolve().parents[4] / "shared" / "data" / "attacks"
SITE = """
kind: entity
name: lead
label: {zh: 线索}
title: "{{ company }}"
fields:
  company: {type: text, required: true}
  email: {type: email}
  budget: {type: money}
  cost: {type: money}
  video: {type: text}
  logo: {type: image}
  scan: {type: file}
  quote_file: {type: file, accept: [application/pdf]}
  lines: {type: backlink, to: line, via: lead}
---
kind: entity
name: line
label: {zh: 明细}
fields:
  lead: {type: link, to: lead, index: true}
  name: {type: text}
  amount: {type: money}
---
kind: template
name: quote
label: {zh: 报价单}
for: lead
channel: document
subject: "{{ company }}报价单"
header: "**锐视医疗**"
footer: "请勿外传"
logo: logo
style: {color: "#aa3300", font: serif}
blocks:
  - {heading: "一、明细"}
  - {text: "预算 {{ budget | money }}", if: "budget is not None"}
  - table:
      of: lines
      where: "amount > 0"
      columns: {产品: "{{ name }}", 金额: "{{ amount | money }}", 客户: "{{ lead.company }}"}
      total: {金额: "{{ budget | money }}"}
  - bars: {of: lines, name: "{{ name }}", value: amount}
  - {link: "{{ video }}", caption: "视频"}
  - {image: logo, width: 40%}
  - {facts: {客户: "{{ company }}"}}
  - {page_break: true}
  - {sign: [甲方, 乙方]}
---
kind: template
name: quote_mail
for: lead
channel: email
subject: "报价:{{ company }}"
body: "请见附件。"
attach: [quote, scan]
---
kind: connection
name: mail
connector: smtp
settings: {host: mail.example, from: "crm@example.com"}
"""
RULES = """
---
kind: trigger
name: quote_it
when: {event: created, entity: lead}
do:
  - {id: paper, render: {template: quote, into: quote_file}}
  - {send: {to: "=email", via: mail, template: quote_mail}}
"""


def filled(stage: Stage, lead: Any, actor: Any = SYSTEM, template: str = "quote") -> Mapping[str, Any]:
    def work(context: Any) -> Any:
        acting = context.derive(actor, "trigger:x")
        return acting.document(template, Event("created", "lead", lead.id, context.now, actor=actor))

    return stage.ask(work)  # type: ignore[no-any-return]


def kinds(document: Mapping[str, Any]) -> list[str]:
    return [block["kind"] for block in document["blocks"]]


def test_a_document_is_filled_in_for_its_record_and_names_its_revision() -> None:
    stage = Stage(SITE)
    lead = stage.create("lead", company="锐视光学", budget="1200", video="https://example.com/v")
    for name, amount in (("眼底相机", 1000), ("配件", 200), ("赠品", 0)):
        stage.create("line", lead=lead.id, name=name, amount=amount)
    document = filled(stage, lead)
    assert document["title"] == "锐视光学报价单" and document["name"] == "锐视光学报价单.pdf"
    assert document["mark"] == "报价单 · 修订 0" and document["keywords"] == ["template:quote", "revision:0"]
    assert kinds(document) == ["heading", "text", "table", "bars", "link", "facts", "break", "sign"]
    table = document["blocks"][2]
    assert table["rows"] == [["眼底相机", "¥1,000.00", "锐视光学"], ["配件", "¥200.00", "锐视光学"]]
    assert table["foot"] == ["", "¥1,200.00", ""] and table["numeric"] == [False, True, False]
    assert [row["share"] for row in document["blocks"][3]["rows"]] == [1.0, 0.2, 0.0]
    assert document["logo"] is None and document["pictures"] == {}


def test_an_empty_link_is_left_out_and_one_that_opens_a_program_is_refused() -> None:
    stage = Stage(SITE)
    assert "link" not in kinds(filled(stage, stage.create("lead", company="甲")))
    for number, address in enumerate(
        ("javascript:alert(1)", "file:///etc/passwd", "\\\\host\\share", "www.example.com")
    ):
        lead = stage.create("lead", company=f"乙{number}", video=address)
        with pytest.raises(FlowloomError) as error:
            filled(stage, lead)
        problem = error.value.problems[0]
        assert problem.code == "R206" and problem.what("zh") == f"文件里的链接「{address}」不是网址"
        assert str(problem.where).startswith("custom/all.yaml:")


def test_fault_109_a_document_shows_only_what_its_rule_may_read() -> None:
    secret = (
        SITE.replace('{客户: "{{ company }}"}', "{客户: \"{{ cost | default('-') }}\"}")
        + """
---
kind: role
name: sales
can: {lead: {read: true, create: true, update: true}, line: {read: "amount < 500"}}
fields: {lead: {hide: [cost]}}
"""
    )
    stage = Stage(secret)
    li = stage.user("li", "sales")
    lead = stage.create("lead", company="锐视", cost="77")
    for name, amount in (("贵", 1000), ("便宜", 200)):
        stage.create("line", lead=lead.id, name=name, amount=amount)
    assert "77" in json.dumps(filled(stage, lead))
    shown = json.dumps(filled(stage, lead, li), ensure_ascii=False)
    assert "77" not in shown and "便宜" in shown and "贵" not in shown


def test_a_table_has_a_limit_of_rows_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(SITE)
    monkeypatch.setattr("engine.runtime.paper.ROWS", 3)
    lead = stage.create("lead", company="甲")
    for number in range(4):
        stage.create("line", lead=lead.id, name=str(number), amount=1)
    with pytest.raises(FlowloomError) as error:
        filled(stage, lead)
    assert error.value.problems[0].code == "R201" and "3 行" in error.value.problems[0].what("zh")


def test_only_document_templates_become_documents() -> None:
    stage = Stage(SITE)
    lead = stage.create("lead", company="甲")
    for name, code in (("quote_mail", "R205"), ("qoute", "R084")):
        with pytest.raises(FlowloomError) as error:
            filled(stage, lead, template=name)
        assert error.value.problems[0].code == code


def test_what_a_person_wrote_is_text_and_never_template_or_markup(capsys: pytest.CaptureFixture[str]) -> None:
    if not ATTACKS.is_dir():
        pytest.skip("the attack corpora are not here: ../shared/data/attacks")
    stage, tried = Stage(SITE), 0
    payloads = [each["payload"] for each in json.loads((ATTACKS / "ssti.json").read_text("utf-8"))]
    for payload in payloads:
        lead = stage.create("lead", company=payload[:200])
        facts = filled(stage, lead)["blocks"][-3]
        assert facts == {"kind": "facts", "rows": [["客户", lead["company"]]]}
        tried += 1
    with capsys.disabled():
        print(f"\ndocument templates: {tried} SSTI payloads as values, none run")


def test_templates_of_the_ssti_corpus_are_refused_or_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    if not ATTACKS.is_dir():
        pytest.skip("the attack corpora are not here: ../shared/data/attacks")
    head = SITE[: SITE.index("kind: template") - 5]
    refused = plain = failed = 0
    for each in json.loads((ATTACKS / "ssti.json").read_text("utf-8")):
        text = json.dumps(each["payload"], ensure_ascii=False)
        source = f"{head}\n---\nkind: template\nname: bad\nfor: lead\nchannel: document\nblocks: [{{text: {text}}}]\n"
        loaded = load({"site.yaml": "kind: site\nname: s\n", "custom/a.yaml": source}, registry())
        if loaded.manifest is None or loaded.errors:
            refused += 1
            continue
        stage = Stage(source)
        lead = stage.create("lead", company="甲")
        try:
            document = filled(stage, lead, template="bad")
        except FlowloomError as error:
            assert error.problems[0].code.startswith("T02")
            failed += 1
            continue
        shown = "".join(run[0] for part in document["blocks"][0]["paragraphs"] for run in part["runs"])
        assert "uid=" not in shown and "root:" not in shown and "<class" not in shown
        plain += 1
    assert refused + plain + failed == 91 and refused > 40
    with capsys.disabled():
        print(
            f"\ndocument templates: 91 SSTI payloads as templates: {refused} refused, {failed} given up, {plain} text or sums"
        )


def test_a_template_about_something_else_is_refused() -> None:
    stage = Stage(SITE)
    line = stage.create("line", name="x", amount=1)
    with pytest.raises(FlowloomError) as error:
        stage.ask(lambda context: context.document("quote", Event("created", "line", line.id, context.now)))
    assert error.value.problems[0].code == "R217"


def test_paragraphs_points_and_strong_words() -> None:
    assert paragraphs("您好\n\n- 一\n- **二**重点\n再见") == [
        {"bullet": False, "runs": [("您好", False)]},
        {"bullet": True, "runs": [("一", False)]},
        {"bullet": True, "runs": [("二", True), ("重点", False)]},
        {"bullet": False, "runs": [("再见", False)]},
    ]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("报价 / 甲", "报价 甲.pdf"),
        ("../../etc/passwd", "etc passwd.pdf"),
        ("a\r\nb.PDF", "a b.PDF"),
        ("", "document.pdf"),
    ],
)
def test_a_file_name_names_no_place(written: str, name: str) -> None:
    assert file_name(written) == name


class Mail(Connector):
    name = "smtp"
    offers = frozenset({"send", "attach"})

    def __init__(self) -> None:
        self.sent: list[Mapping[str, Any]] = []

    def send(self, settings: Mapping[str, Any], message: Mapping[str, Any], key: str) -> Any:
        self.sent.append(message)
        return {"message_id": "<1@x>"}


def shelf(stage: Stage) -> Shelf:
    return Shelf(stage.database, Files(), stage.clock)


def carry(stage: Stage) -> Mail:
    mail = Mail()

    class Away(Outside):
        def connection(self, name: str) -> Any:
            return mail, {}

    def way(parts: Any) -> Outside:
        return Away(parts.manifest, parts.registry, shelf=shelf(stage))

    drain(Worker(stage.database, lambda: stage.parts, way=way))
    return mail


def logo() -> bytes:
    from PIL import Image

    found = io.BytesIO()
    Image.new("RGB", (80, 20), "#aa3300").save(found, "PNG")
    return found.getvalue()


def test_a_rule_makes_the_document_keeps_it_on_the_record_and_sends_it_along() -> None:
    pypdf = pytest.importorskip("pypdf")
    stage = Stage(SITE + RULES)
    kept = shelf(stage).keep("a" * 32, "logo.png", "image/png", logo())
    scan = shelf(stage).keep("b" * 32, "扫描.txt", "text/plain", b"scanned")
    lead = stage.create("lead", company="锐视光学", email="zhou@example.com", logo=kept.id, scan=scan.id)
    mail = carry(stage)
    [(state, error)] = stage.rows("SELECT state, error FROM fl_jobs")
    assert (state, error) == ("done", None)
    lead = stage.get("lead", lead.id)
    content = shelf(stage).read(lead["quote_file"])
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    assert "锐视光学报价单" in text and "报价单 · 修订 0" in text
    [message] = mail.sent
    assert [(each["name"], each["type"]) for each in message["attachments"]] == [
        ("锐视光学报价单.pdf", "application/pdf"),
        ("扫描.txt", "text/plain"),
    ]
    assert message["attachments"][1]["content"] == b"scanned"


def test_a_second_attempt_makes_no_second_file() -> None:
    stage = Stage(SITE)
    document = filled(stage, stage.create("lead", company="甲"))
    first, again = (shelf(stage).printed(document, "run 7") for _ in range(2))
    assert first == again and first["pages"] == 2 and first["revision"] == 0
    assert stage.rows("SELECT COUNT(*) FROM fl_files") == [(1,)]


def test_a_scenario_makes_no_document_but_goes_on_as_if() -> None:
    from engine.runtime.scenario import run

    text = (
        SITE
        + RULES
        + """
---
kind: scenario
name: quoted
steps:
  - create: {lead: l1, company: 锐视, email: a@b.cn}
  - expect: {sent: [{via: mail, to: a@b.cn}, {file: x}]}
"""
    )
    loaded = load({"site.yaml": "kind: site\nname: s\n", "custom/a.yaml": text}, registry())
    assert loaded.manifest is not None, [each.text() for each in loaded.errors]
    result = run(loaded.manifest, registry(), loaded.manifest.scenarios["quoted"])
    told = " ".join(problem.what("en") for problem in result.problems)
    assert "报价:锐视" in told and "revision" in told


def test_a_connection_that_takes_no_attachments_loses_none_silently(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Mail, "offers", frozenset({"send"}))
    rule = RULES.replace("  - {id: paper, render: {template: quote, into: quote_file}}\n", "").replace(
        "template: quote_mail", "attach: [scan]"
    )
    stage = Stage(SITE + rule)
    scan = shelf(stage).keep("scan", "扫描.txt", "text/plain", b"scanned")
    stage.create("lead", company="甲", email="a@b.cn", scan=scan.id)
    assert carry(stage).sent == [] and "R218" in stuck(stage)


def stuck(stage: Stage) -> str:
    """What the run that waits for a person says."""
    return str(stage.rows("SELECT data FROM fl_runs WHERE state = 'failed'")) + str(
        stage.rows("SELECT error FROM fl_jobs")
    )


def test_fault_080_attachments_that_are_too_big_together_wait_for_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.plugins.steps.send.HEAVY", 10)
    rule = RULES.replace("  - {id: paper, render: {template: quote, into: quote_file}}\n", "").replace(
        "template: quote_mail", "attach: [scan]"
    )
    stage = Stage(SITE + rule)
    scan = shelf(stage).keep("b" * 32, "扫描.txt", "text/plain", b"more than ten")
    stage.create("lead", company="甲", email="a@b.cn", scan=scan.id)
    assert carry(stage).sent == [] and "R207" in stuck(stage)


@pytest.mark.parametrize(
    ("to", "attach", "code"), [("={o.name for o in lines}", "", "R208"), ("=email", ", attach: [nothing]", "R209")]
)
def test_fault_040_a_mailing_by_mistake_and_an_attachment_that_is_none_are_refused(
    to: str, attach: str, code: str
) -> None:
    rule = f"""
---
kind: trigger
name: send_it
when: {{event: changed, entity: lead, fields: [video]}}
do: [{{send: {{to: "{to}", via: mail, text: hello{attach}}}}}]
"""
    stage = Stage(SITE + rule)
    lead = stage.create("lead", company="甲", email="a@b.cn")
    for number in range(51):
        stage.create("line", lead=lead.id, name=str(number), amount=1)
    stage.update(lead, video="x")
    assert carry(stage).sent == []
    assert code in stuck(stage), stage.rows("SELECT state, data FROM fl_runs")
