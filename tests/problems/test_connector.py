"""What connectors to cloud services say, word for word."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import Problem, catalogue

SAID: list[tuple[str, dict[str, Any], str]] = [
    ("R170", {"who": "企业微信", "code": 60011, "message": "no privilege"}, "R170 企业微信 没有接受:60011 no privilege -> 按对方文档里的错误码处理,改好后重试"),
    ("R171", {"connector": "wecom", "operation": "x", "known": "message"}, "R171 连接器 wecom 没有叫 x 的操作,有:message -> 改成上面列出的一个"),
    ("R172", {"operation": "message", "missing": "to, text"}, "R172 操作 message 缺 to, text -> 在 json 里补上"),
    ("R173", {"connector": "wecom", "missing": "secret"}, "R173 连接 wecom 的设置缺 secret -> 在连接的 settings 里补上,发布后重试"),
    ("R175", {"connection": "tbl1", "before": 250}, "R175 tbl1 回答成功,但一行也没有(上次 250 行);没有当作全部删除 -> 看一下表格、视图和应用的权限;真的清空了,就用 flowloom connection poll 名称 --from-start 重新开始"),
    ("R176", {"connection": "tbl1", "columns": "手机号", "known": "手机"}, "R176 字段映射失效:tbl1 里没有列 手机号,现在有 手机 -> 改连接的 columns 和 map,或把表格的列名改回来;之后从上次的位置继续"),
    ("R177", {"budget": 100, "used": 90}, "R177 今天的额度 100 已用 90,这一次不再发送 -> 等到明天,或提高连接的 budget"),
    ("R174", {"connector": "AES", "package": "cryptography"}, "R174 要用 AES,先装 cryptography -> 运行 pip install 'flowloom[cloud]'"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "parameters", "text"), SAID, ids=[code for code, _, _ in SAID])
def test_what_is_said_by_a_connector(code: str, parameters: dict[str, Any], text: str) -> None:
    problem = Problem(code, parameters=parameters)
    assert problem.line("zh") == text
    assert problem.what("en") and "{" not in problem.line("en")


def test_every_code_of_connectors_is_here() -> None:
    assert {code for code in catalogue() if code.startswith("R17")} == {code for code, _, _ in SAID}
