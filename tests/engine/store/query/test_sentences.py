"""Every refusal of rights and questions, word for word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import engine.errors
from engine.errors import Problem

CASES: list[tuple[str, dict[str, Any], str]] = [
    ("A001", {"entity": "lead", "id": 5}, "A001 没有这条记录:lead 5 -> 它可能已被删除,或者不在您能看到的范围内"),
    ("A002", {"entity": "lead"}, "A002 您的角色不能新建这样的lead -> 请让管理员在角色的 can.lead.create 里放开,或检查填写的值是否符合条件"),
    ("A003", {"entity": "lead"}, "A003 您的角色不能修改这条lead -> 请联系这条记录的负责人,或让管理员在角色的 can.lead.update 里放开"),
    ("A004", {"entity": "lead"}, "A004 您的角色不能删除这条lead -> 请让管理员在角色的 can.lead.delete 里放开"),
    ("A005", {"entity": "lead"}, "A005 您的角色不能导出lead -> 请让管理员在角色的 can.lead.export 里放开"),
    ("A006", {"field": "priority"}, "A006 字段 priority 对您是只读的 -> 请把它从提交的内容里去掉;没有任何内容被保存"),
    ("A007", {"entity": "lead", "field": "cost"}, "A007 lead 没有可以填写的字段 cost -> 请检查字段名;没有任何内容被保存"),
    ("A008", {"action": {"zh": "发布", "en": "publish"}, "permit": "publish"}, "A008 您的角色不能发布 -> 请让管理员在角色的 may 里加上 publish"),
    ("Q001", {"entity": "lead", "field": "cost"}, "Q001 lead 没有字段 cost -> 请检查字段名"),
    ("Q002", {"op": "like", "known": "eq, ne"}, "Q002 没有 like 这种筛选方式 -> 可以用:eq, ne"),
    ("Q003", {"field": "frozen", "op": "lt", "known": "eq"}, "Q003 字段 frozen 不能用 lt 筛选 -> 这种字段可以用:eq"),
    ("Q004", {"field": "tasks"}, "Q004 不能按 tasks 排序或分组 -> 请换一个字段"),
    ("Q005", {}, "Q005 翻页标记不属于这个列表 -> 请从第一页重新开始"),
    ("Q006", {"most": 1000, "limit": 5000}, "Q006 每页最多 1000 条,收到的是 5000 -> 请写 1 到 1000 之间的数;要全部数据请用导出"),
    ("Q007", {"kind": "metric", "name": "hot"}, "Q007 找不到 hot -> 请检查名字"),
    ("Q008", {"kind": "view", "name": "hot"}, "Q008 hot 用到了您看不到的内容,不能显示 -> 请让管理员另做一个不含这些字段的,或调整您的角色"),
    ("Q009", {"from": "2026-02-01", "to": "2026-01-01"}, "Q009 2026-02-01 到 2026-01-01 不是一段时间 -> 日期写成 2026-01-05,结束不能早于开始"),
    ("Q010", {"each": "fortnight"}, "Q010 不能按 fortnight 划分 -> 可以写 hour(小时)、day(天)、week(周,周一开始)、month(月)、quarter(季)或 year(年)"),
    ("Q011", {"point": "by:1"}, "Q011 图上没有 by:1 这个点 -> 请刷新看板再点"),
    ("Q012", {"text": "heat"}, "Q012 这个条件不是是或否:heat -> 写成比较,例如 heat is not None"),
    ("Q013", {"percent": 34}, "Q013 正在统计,已完成 34% -> 几秒后会自己显示"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "parameters", "text"), CASES, ids=[case[0] for case in CASES])
def test_a_refusal_reads_like_this(code: str, parameters: dict[str, Any], text: str) -> None:
    problem = Problem(code, parameters=parameters)
    assert problem.line("zh") == text
    assert "{" not in problem.line("en") and problem.line("en") != problem.line("zh")


def test_no_code_of_rights_or_questions_is_left_out() -> None:
    folder = Path(engine.errors.__file__).parent / "problems"
    known = {
        code for name in ("access", "query") for code in yaml.safe_load((folder / f"{name}.yaml").read_text("utf-8"))
    }
    assert known == {code for code, _, _ in CASES}
