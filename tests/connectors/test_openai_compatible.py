"""A language model that answers, fails, is too dear or is not there: the rules stand in, and what is personal stays here (M74, M75)."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from connectors.openai_compatible import OpenaiCompatible, covered
from connectors.reading import briefing, gist, needs
from engine.facts import SYSTEM
from engine.plugins.slots import Undone
from tests.company import Company
from tests.connectors.peer import OWN, Asked, Said, listening

CALL = """坐席:您好,这里是锐视科技,请问有什么可以帮您?
客户:我们科室的裂隙灯用了八年,现在成像模糊,检查一个病人要等很久。
坐席:明白,您这边方便留个电话吗?
客户:13800138000。另外我比较担心售后,上次坏了等了两周。
客户:预算大概五十万,要报院长审批,希望月底前能装好。"""


def model(content: str, tokens: int = 50) -> Any:
    return {"choices": [{"message": {"role": "assistant", "content": content}}], "usage": {"total_tokens": tokens}}


def ask(settings: dict[str, Any], operation: str, connector: OpenaiCompatible | None = None, **given: Any) -> Any:
    return (connector or OpenaiCompatible()).call(settings, {"operation": operation, "json": given}, "k")["body"]


def test_m74_rules_alone_find_what_a_customer_needs_and_what_it_is_about() -> None:
    found = ask({}, "needs", text=CALL)
    assert found["by"] == "rules"
    assert found["needs"] == [
        "我们科室的裂隙灯用了八年,现在成像模糊,检查一个病人要等很久。", "另外我比较担心售后,上次坏了等了两周。",
        "预算大概五十万,要报院长审批,希望月底前能装好。",
    ]  # fmt: skip
    assert set(found["topics"]) >= {"价格与预算", "售后与响应", "效果与技术", "时间", "决策与流程"}
    assert needs("你好\n再见") == {"needs": [], "topics": []}


def test_m75_rules_alone_write_the_gist_and_a_briefing() -> None:
    short = ask({}, "summarize", text=CALL)["text"]
    assert "售后" in short and "预算" in short and len(short) < len(CALL)
    assert (
        gist("") == ""
        and briefing("今日简报。", {"新线索": 12, "空": None, "来源": ["抖音", "官网"]})
        == "今日简报:\n- 新线索:12\n- 来源:抖音、官网"
    )


def test_a_model_answers_and_what_is_personal_in_a_text_is_covered() -> None:
    with listening(lambda _: model('```json\n{"needs": ["换裂隙灯"], "topics": ["效果"]}\n```')) as peer:
        settings = {"url": f"{peer.url}/v1", "key": "sk", "model": "m", **OWN}
        text = CALL + " 邮箱 a.b@c.cn 身份证 110101199003071234 座机 0571-88886666"
        assert ask(settings, "needs", text=text) == {"needs": ["换裂隙灯"], "topics": ["效果"], "by": "model"}
        asked = peer.asked[-1]
        assert asked.path == "/v1/chat/completions" and asked.headers["authorization"] == "Bearer sk"
        sent = json.dumps(asked.json, ensure_ascii=False)
        assert not any(each in sent for each in ("13800138000", "a.b@c.cn", "110101199003071234", "88886666"))
        assert all(each in sent for each in ("[手机号]", "[邮箱]", "[证件号]", "[电话]", "成像模糊"))
        ask({**settings, "personal": True}, "needs", text=text)
        assert "13800138000" in json.dumps(peer.asked[-1].json)
    assert covered("订单号 20260105138001380001") == "订单号 20260105138001380001"


@pytest.mark.parametrize(
    "fault",
    [Said({}, 500), Said({}, 401), Said(model("不是 JSON")), Said({"choices": []}), Said(b"<html>"), Said(model(""))],
)
def test_whatever_goes_wrong_the_rules_stand_in_unless_that_is_not_wanted(fault: Said) -> None:
    with listening(lambda _: fault) as peer:
        settings = {"url": peer.url, "model": "m", **OWN}
        found = ask(settings, "needs", text=CALL)
        assert found["by"] == "rules" and len(found["needs"]) == 3 and found["why"]
        with pytest.raises(Undone):
            ask({**settings, "fallback": False}, "needs", text=CALL)


def test_a_model_that_does_not_answer_in_time_costs_no_more_than_the_timeout() -> None:
    def slow(_: Asked) -> Any:
        time.sleep(3)
        return model("x")

    with listening(slow) as peer:
        begun = time.monotonic()
        assert ask({"url": peer.url, "model": "m", "timeout": 0.5, **OWN}, "summarize", text=CALL)["by"] == "rules"
        assert time.monotonic() - begun < 2


def test_the_days_budget_is_a_bound_that_many_at_once_do_not_pass() -> None:
    with listening(lambda _: model("好", tokens=100)) as peer:
        settings = {"url": peer.url, "model": "m", "budget": 1000, "longest": 200, **OWN}
        connector = OpenaiCompatible()
        found = [ask(settings, "summarize", connector, text="想了解报价。" * 20)["by"] for _ in range(12)]
        assert found.count("model") * 100 <= 1000 and "rules" in found and found[0] == "model"
        last = ask(settings, "summarize", connector, text="想了解报价。" * 20)
        assert last["why"] == "R177" and len(peer.asked) == found.count("model")


RULE = """\
kind: connection
name: writer
connector: openai_compatible
settings: {{url: "{url}", model: m, networks: ["127.0.0.0/8"]{more}}}
---
kind: trigger
name: brief
label: {{zh: 简报, en: Brief}}
when: {{event: created, entity: lead}}
do:
  - id: brief
    call:
      connection: writer
      operation: write
      json: {{instruction: 写一句开场白, facts: {{客户: "=company", 电话: "=phone", 邮箱: "=lead.email", 同事: "=me.phone", 全部: "=lead"}}}}
  - set: {{department: "=steps.brief.result.body.by"}}
"""


@pytest.mark.parametrize(("more", "sent"), [("", False), (", personal: true", True)])
def test_values_of_personal_fields_are_never_given_to_a_model_unless_the_connection_says_so(
    company: Company, more: str, sent: bool
) -> None:
    from tests.engine.site.test_runs import until

    with listening(lambda _: model("您好")) as peer:
        (company.folder / "custom/writer.yaml").write_text(RULE.format(url=peer.url, more=more), "utf-8")
        problems = [problem.text() for problem in company.engine.revisions.folder_problems()]
        assert not problems, problems
        company.engine.revisions.publish("writer")
        company.engine.runs.start()
        lead = company.lead(email="li@example.com")
        until(lambda: company.engine.get(SYSTEM, "lead", lead.id)["department"] == "model")
        company.engine.runs.stop()
        asked = json.dumps(peer.asked[-1].json, ensure_ascii=False)
        assert "锐视光学" in asked
        assert ("13800138000" in asked) is sent and ("li@example.com" in asked) is sent
        assert ("[手机号]" in asked) is not sent and ("[线索]" in asked) is not sent
