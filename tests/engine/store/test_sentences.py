"""Every refusal of the store and every line of a plan, word for word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import engine.errors
from engine.errors import Problem

CHANGE = {
    "entity": "lead", "field": "amount", "was": "text", "became": "money", "records": 5, "lost": 2,
    "sample": "#3: many、#5: ?", "clashes": 1,
}  # fmt: skip
CASES: list[tuple[str, dict[str, Any], str]] = [
    (
        "B001",
        {"seconds": 10},
        "B001 数据库正忙,等了 10 秒仍不能写入 -> 稍后再试;查看是否有别的程序长时间占用数据库文件",
    ),
    ("B002", {"free": 12}, "B002 磁盘已满,剩余 12 MB -> 清理磁盘后再试,已有数据没有受损"),
    ("B003", {"reason": "Input/output error"}, "B003 读写磁盘出错:Input/output error -> 检查磁盘与文件系统,然后再试"),
    (
        "B004",
        {"file": "a.db", "reason": "readonly"},
        "B004 打不开数据库 a.db,或没有写入权限(readonly) -> 检查路径是否存在,以及运行本程序的账号是否有权读写",
    ),
    ("B005", {"file": "a.db"}, "B005 数据库文件 a.db 已损坏,或不是数据库 -> 先复制一份保留现场,再从备份恢复"),
    (
        "B006",
        {"reason": "connection refused"},
        "B006 连不上数据库:connection refused -> 检查数据库服务是否在运行、地址与账号是否正确",
    ),
    (
        "B007",
        {"size": 10, "seconds": 10},
        "B007 数据库连接都在使用中(10 个),等了 10 秒 -> 稍后再试;若经常出现,在 site.yaml 的数据库地址后加 ?pool=20",
    ),
    (
        "B008",
        {"times": 5, "reason": "deadlock detected"},
        "B008 与其他写入冲突,重试 5 次仍未成功(deadlock detected) -> 稍后再试",
    ),
    ("B009", {}, "B009 提交时连接中断,无法确认这次写入是否成功 -> 刷新后查看;带有幂等键的请求可以安全重发"),
    ("B010", {"who": "李四"}, "B010 这条记录刚被 李四 改过 -> 刷新看看新的内容,再改一次"),
    ("B011", {}, "B011 找不到这条记录 -> 它可能已被删除,可在回收站中查看"),
    ("B012", {}, "B012 回收站里没有这条记录 -> 回收站保留 30 天"),
    ("B020", {"url": "mysql"}, "B020 不认识的数据库地址类型 mysql -> 写成 sqlite:///文件.db 或 postgresql://…"),
    ("B030", {"number": 7}, "B030 没有第 7 号版本 -> 用 flowloom revisions 查看已有的版本"),
    (
        "B031",
        {"number": 7, "file": "a.yaml"},
        "B031 第 7 号版本中的 a.yaml 已缺失或被改动 -> 从备份恢复数据库,或从工作目录重新发布",
    ),
    ("B032", {"name": "合同.pdf"}, "B032 附件「合同.pdf」的内容已缺失或被改动 -> 从备份恢复附件目录"),
    ("R041", {"fields": "login", "value": "li"}, "R041 「li」已被另一条记录使用 -> 换一个,或打开已有的那条记录"),
    ("R042", {}, "R042 所关联的记录不存在 -> 重新选择一条"),
    ("M001", CHANGE, "M001 新建 lead"),
    ("M002", CHANGE, "M002 lead 增加字段 amount,类型 money"),
    ("M003", CHANGE, "M003 lead 的字段 text 改名为 money,5 条记录的值保持不变"),
    ("M004", CHANGE, "M004 text 改名为 money,共 5 条记录"),
    ("M005", CHANGE, "M005 lead 的字段 amount 由 text 改为 money,5 条记录的值全部可以转换"),
    (
        "M006",
        CHANGE,
        "M006 lead 的字段 amount 由 text 改为 money,5 条中有 2 条的值无法转换(例如 #3: many、#5: ?) -> 先改好这些值,或用 --allow-lossy 接受丢失;原值保留 30 天",
    ),
    ("M007", CHANGE, "M007 lead 去掉字段 amount,5 条记录有值,保留 30 天 -> 30 天内把字段加回来,值就会回来"),
    ("M008", CHANGE, "M008 去掉 lead amount,5 条记录保留 30 天 -> 30 天内可以恢复"),
    ("M009", CHANGE, "M009 lead 的字段 amount 恢复,5 条记录的值一并回来"),
    ("M010", CHANGE, "M010 lead 按 amount 建索引"),
    ("M011", CHANGE, "M011 lead 去掉索引 text"),
    ("M012", CHANGE, "M012 lead 的 amount 要求不重复,但现在有 1 组重复的值 -> 先合并或修改重复的记录,再发布"),
    ("M013", CHANGE, "M013 lead 的 5 条记录进入初始状态 money"),
    ("M014", CHANGE, "M014 lead 的 5 条记录重建搜索文字(汉字、拼音、首字母)"),
    ("M015", CHANGE, "M015 lead 的 amount 由单个关联改为多个,5 条记录的关联保留"),
    ("M016", CHANGE, "M016 系统表 lead amount 更新"),
    ("M022", {"id": 7}, "M022 第 7 号已不在保留之列 -> 超过 30 天的内容只能从备份恢复"),
]


@pytest.mark.parametrize(("code", "parameters", "said"), CASES)
def test_it_says_exactly_this(code: str, parameters: dict[str, Any], said: str) -> None:
    problem = Problem(code, parameters=parameters)
    assert problem.line("zh") == said
    assert "{" not in problem.line("en") and problem.what("en") != ""


def test_every_code_has_its_sentence_here() -> None:
    folder = Path(engine.errors.__file__).parent / "problems"
    codes = {
        code for name in ("database", "plan") for code in yaml.safe_load((folder / f"{name}.yaml").read_text("utf-8"))
    }
    assert codes <= {code for code, *_ in CASES}
