"""What people are told about runs, word for word."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import Problem, catalogue

SAID: list[tuple[str, dict[str, Any], str]] = [
    ("R100", {"run": 9}, "R100 没有第 9 次运行 -> flowloom runs 列出所有运行"),
    ("R101", {"connection": "erp"}, "R101 没有叫 erp 的连接 -> 在 custom/ 里加一份 kind: connection,发布后重试这次运行"),
    ("R102", {"connector": "x"}, "R102 没有叫 x 的连接器 -> 装上带这个连接器的包,再重试"),
    ("R103", {"connection": "erp", "name": "KEY"}, "R103 连接 erp 要用的密钥 KEY 没有设置 -> 把 KEY 写进站点文件夹的 secrets.env,或设成服务的环境变量再重启"),
    ("R104", {"connector": "smtp", "what": "call"}, "R104 连接器 smtp 做不了 call -> 换一个连接"),
    ("R105", {"reason": "x"}, "R105 步骤没做成:x"),
    ("R106", {"trigger": "t"}, "R106 触发器 t 已经不在了 -> 把它加回来,再重试"),
    ("R107", {"path": "2"}, "R107 触发器里已经没有这一步(2) -> 不带 --current 重试,就按启动时的写法继续"),
    ("R108", {"times": 3}, "R108 这次运行连续 3 次让进程崩溃,已隔离 -> 看它停在哪一步、输入是什么;改好后 flowloom retry"),
    ("R109", {"run": 9, "state": "done"}, "R109 第 9 次运行现在是 done,没有要重试的"),
    ("R110", {"run": 9}, "R110 第 9 次运行不是停在往外发的步骤,没有输入可改 -> 不带 --input 重试"),
    ("R111", {"rule": "private"}, "R111 不能连到这个地址:private -> 内网地址要在连接的 networks 里写明网段,如 10.0.3.0/24"),
    ("R112", {"reason": "x"}, "R112 对方没有回应:x"),
    ("R113", {"status": 500, "answer": "x"}, "R113 对方回了 500:x"),
    ("R114", {"status": 200, "path": "a", "expected": 0, "actual": 1}, "R114 对方回了 200,但内容不算成功:a 应为 0,实际 1"),
    ("R115", {"reason": "x"}, "R115 对方的证书不可信:x -> 确认是对的机器后,在连接的 fingerprint 里写上证书的 SHA-256"),
    ("R116", {"field": "subject"}, "R116 subject 里有换行,不能用"),
    ("R117", {"address": "x"}, "R117 x 不是一个邮箱"),
    ("R118", {"url": "//x", "connection": "erp"}, "R118 网址 //x 不在连接 erp 的地址之下 -> 只写路径,如 /orders;别的网站另建一个连接"),
    ("R119", {"where": "x"}, "R119 往 x 的重定向没有跟随"),
    ("R120", {}, "R120 没有可发送的地址"),
    ("R121", {}, "R121 wait 要么写 for,要么写 until"),
    ("R122", {"executor": "celery", "extra": "cluster"}, "R122 执行器 celery 需要的库没有安装 -> pip install 'flowloom[cluster]',或在 site.yaml 里写 executor: local"),
    ("R123", {"name": "BROKER"}, "R123 消息代理的地址要用的密钥 BROKER 没有设置 -> 设置环境变量 BROKER,或写进站点文件夹的 secrets.env"),
    ("R124", {"rules": "a、b", "first": "a", "chain": "a → b"}, "R124 规则互相触发、停不下来,已暂停:a、b -> 改其中一条的条件,发布,再用 flowloom resume a 恢复;走过的路:a → b"),
    ("R125", {"trigger": "a"}, "R125 规则 a 没有被暂停 -> flowloom resume 列出暂停的规则"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "parameters", "text"), SAID, ids=[code for code, _, _ in SAID])
def test_what_is_said_of_a_run(code: str, parameters: dict[str, Any], text: str) -> None:
    problem = Problem(code, parameters=parameters)
    assert problem.line("zh") == text
    assert problem.what("en") and "{" not in problem.line("en")


def test_every_code_about_runs_is_here() -> None:
    assert {code for code in catalogue() if code.startswith(("R10", "R11", "R12"))} == {code for code, _, _ in SAID}
