"""What people are told about merging, word for word."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import Problem, catalogue

WORDS: list[tuple[str, dict[str, Any], str]] = [
    (
        "R240",
        {"entity": "客户", "id": 7, "into": 3},
        "这条客户(7)已经合并到 3 -> 打开合并后的那一条;合并错了可以在 30 天内撤销",
    ),
    ("R241", {}, "不能把一条记录和它自己合并 -> 选另外一条"),
    (
        "R242",
        {"name": "phone", "choice": "both"},
        "“phone”不能选 both -> 选 mine(留这条的)或 theirs(取另一条的);清单类的字段还可以选 both;只读的字段不能选",
    ),
    ("R243", {"number": 9}, "没有这次合并:9 -> 在记录的「合并过的」里查编号"),
    ("R244", {"days": 30}, "合并已经超过 30 天,不能撤销了 -> 新建一条,把要分开的内容移过去"),
    ("R245", {"number": 9}, "第 9 次合并已经撤销过了 -> 刷新页面看看现在的样子"),
    ("R246", {"number": 9, "into": 3}, "合并后的那一条又合并到了 3 -> 先撤销第 9 次合并,再撤销这一次"),
    ("R247", {"number": 9, "into": 3}, "这条记录已经合并到 3,不能从回收站恢复 -> 撤销第 9 次合并,两条就都回来了"),
]


@pytest.mark.parametrize(("code", "parameters", "text"), WORDS, ids=[each[0] for each in WORDS])
def test_what_is_said_of_merging(code: str, parameters: dict[str, Any], text: str) -> None:
    problem = Problem(code, parameters=parameters)
    assert f"{problem.what('zh')} -> {problem.fix('zh')}" == text


def test_every_code_of_merging_is_here() -> None:
    assert {code for code in catalogue() if "R240" <= code <= "R249"} == {code for code, _, _ in WORDS}
