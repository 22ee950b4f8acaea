"""What a step asks of a connection is held against its connector when the site is loaded, not at three in the morning."""

from __future__ import annotations

from engine.errors import Problem
from engine.load.pipeline import load
from engine.plugins.registry import Registry

TEXT = """\
kind: entity
name: lead
label: {zh: 线索}
fields: {company: {type: text, label: {zh: 客户}}, email: {type: email, label: {zh: 邮箱}}}
---
kind: connection
name: letters
label: {zh: 邮件}
connector: smtp
settings: {host: mail.example, from: a@example.com}
---
kind: connection
name: partner
label: {zh: 合作方}
connector: http
settings: {url: "https://erp.example"}
---
kind: connection
name: robot
label: {zh: 群机器人}
connector: group_robot
settings: {product: dingtalk, address: "=secret.ROBOT"}
---
kind: trigger
name: new_lead
label: {zh: 新线索}
when: {event: created, entity: lead}
do:
STEPS
"""


def problems(*steps: str) -> list[Problem]:
    text = TEXT.replace("STEPS", "\n".join(f"  - {step}" for step in steps))
    found = load(
        {"site.yaml": "name: one\npacks: {}\n", "custom/all.yaml": text}, Registry.discover(entry_points=False)
    )
    return [each for each in found.errors if each.code in ("R104", "R171", "R172")]


def test_a_step_on_a_connection_that_cannot_do_it_is_told_at_its_place_with_the_one_that_can() -> None:
    (call,) = problems("call: {connection: letters, path: /x}")
    assert (call.code, call.where.line, call.where.column) == ("R104", 29, 24)
    assert call.what("zh") == "连接器 smtp 做不了 call"
    (send,) = problems("send: {to: '=email', via: partner, subject: a, text: b}")
    assert (send.parameters["what"], send.suggestion) == ("send", "letters")
    assert (
        problems("send: {to: '=email', via: letters, subject: a, text: b}", "call: {connection: partner, path: /x}")
        == []
    )


def test_steps_inside_steps_and_after_an_error_are_looked_at_too() -> None:
    found = problems("branch: {if: \"company == 'a'\", then: [{call: {connection: letters, path: /x}}]}")
    assert [each.code for each in found] == ["R104"]


def test_an_unknown_operation_gets_the_nearest_name_and_a_missing_value_its_own() -> None:
    (near,) = problems("call: {connection: robot, operation: mesage, json: {text: a}}")
    assert near.code == "R171" and near.suggestion == "message" and near.parameters["known"]
    (none,) = problems("call: {connection: partner, operation: text, path: /x}")
    assert (none.code, none.parameters["known"]) == ("R171", "-")
    (bare,) = problems("call: {connection: robot, json: {text: a}}")
    assert (bare.code, bare.parameters["operation"]) == ("R171", "-")
    connector = Registry.discover(entry_points=False).plugins["connector"]["group_robot"]
    name, operation = next((n, o) for n, o in connector.operations.items() if o.params.get("required"))  # type: ignore[attr-defined]
    (missing,) = problems(f"call: {{connection: robot, operation: {name}, json: {{}}}}")
    assert missing.code == "R172" and operation.params["required"][0] in missing.what("zh")
    assert problems(f"call: {{connection: robot, operation: {name}, json: '=company'}}") == []
