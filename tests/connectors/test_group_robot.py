"""Robots of three products by one shape, signed as documented."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.group_robot import GroupRobot, sign_dingtalk, sign_feishu
from engine.plugins.slots import Undone
from tests.connectors.peer import OWN, Asked, Said, listening

VECTORS = Path(__file__).parents[2].parent / "shared/data/conf-callback-signatures/vectors.json"
GOOD = {"dingtalk": {"errcode": 0}, "wecom": {"errcode": 0}, "feishu": {"code": 0}}
TOLD = {"title": "两小时未联系", "text": "锐视光学 @all <at id=all></at>", "to": {"phone": "+8613800138000"}}


@pytest.mark.parametrize(("provider", "sign"), [("dingtalk-robot", sign_dingtalk), ("feishu-robot", sign_feishu)])
def test_a_sign_is_that_of_the_documented_formula(provider: str, sign: Any) -> None:
    if not VECTORS.is_file():
        pytest.skip("the vectors are not here: ../shared/data/conf-callback-signatures")
    for one in json.loads(VECTORS.read_text("utf-8")):
        if one["provider"] == provider:
            assert sign(one["timestamp"], one["secret"]) == one["expected"]["sign"]


def said(product: str, given: dict[str, Any], **settings: Any) -> Asked:
    """What the robot of a product is sent; its peer checks the sign."""

    def robot(asked: Asked) -> Any:
        if product == "dingtalk" and asked.query.get("sign") != sign_dingtalk(asked.query.get("timestamp", ""), "SEC1"):
            return {"errcode": 310000, "errmsg": "sign not match"}
        if product == "feishu" and asked.json.get("sign") != sign_feishu(asked.json.get("timestamp", ""), "SEC1"):
            return {"code": 19021, "msg": "sign match fail or timestamp is not within one hour from current time"}
        return GOOD[product]

    with listening(robot) as peer:
        given_settings = {
            "product": product,
            "address": f"{peer.url}/robot/send?key=1",
            "secret": "SEC1",
            "timeout": 5,
            **OWN,
        }
        GroupRobot().tell({**given_settings, **settings}, given, "k")
        return peer.asked[-1]


def test_the_person_is_mentioned_and_nothing_in_the_text_calls_the_whole_group() -> None:
    assert said("dingtalk", TOLD).json["at"] == {"atMobiles": ["13800138000"], "isAtAll": False}
    assert said("wecom", TOLD).json["text"]["mentioned_mobile_list"] == ["13800138000"]
    feishu = said("feishu", TOLD).json
    assert "<at" not in feishu["content"]["text"] and feishu["content"]["text"].startswith("两小时未联系\n锐视光学")


def test_links_are_buttons_in_all_three() -> None:
    given = {**TOLD, "links": [{"title": "我来跟进", "url": "https://crm.example.com/a/1"}]}
    dingtalk = said("dingtalk", given).json
    assert dingtalk["actionCard"]["btns"] == [{"title": "我来跟进", "actionURL": "https://crm.example.com/a/1"}]
    wecom = said("wecom", given).json
    assert "[我来跟进](https://crm.example.com/a/1)" in wecom["markdown"]["content"]
    feishu = said("feishu", given).json
    assert feishu["card"]["elements"][1]["actions"][0]["url"] == "https://crm.example.com/a/1"
    for one in (dingtalk, wecom, feishu):
        assert "<at" not in json.dumps(one, ensure_ascii=False) and "@all" not in json.dumps(one, ensure_ascii=False)


def test_a_wrong_secret_is_final_and_too_many_messages_wait_a_minute() -> None:
    with pytest.raises(Undone) as wrong:
        said("dingtalk", TOLD, secret="SEC2")
    assert wrong.value.final and "sign not match" in wrong.value.problems[0].what()
    answers = {
        "dingtalk": {"errcode": 130101, "errmsg": "send too fast"},
        "wecom": {"errcode": 45009, "errmsg": "api freq out of limit"},
        "feishu": {"code": 11232, "msg": "frequency limited"},
    }
    for product, answer in answers.items():
        with listening(lambda _, answer=answer: Said(answer)) as peer, pytest.raises(Undone) as error:
            GroupRobot().tell({"product": product, "address": peer.url, "timeout": 5, **OWN}, TOLD, "k")
        assert not error.value.final and error.value.after == 60
