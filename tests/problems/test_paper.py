"""What people are told about documents that cannot be made or read, word for word."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import Problem, catalogue

WORDS: list[tuple[str, dict[str, Any], str]] = [
    ("R200", {}, '不能生成 PDF:没有装 typst 和字体 -> 运行 pip install "flowloom[documents]"'),
    ("R201", {"limit": "30 s"}, "文件处理到一半停下了:超过了上限(30 s) -> 减少内容,或换一个小一点的文件"),
    ("R202", {"reason": "exit 1"}, "文件没有处理成功:exit 1 -> 换一个文件再试;总是这样请联系管理员"),
    ("R203", {"most": 300}, "文件超过了 300 页 -> 给表格加条件,或分成几份"),
    ("R204", {"name": "logo"}, "图片 logo 用不了 -> 换成 PNG、JPEG、GIF 或 WebP,不超过 10 MB、3000 万像素"),
    ("R205", {"template": "hello"}, "模板 hello 不是文件模板 -> 写上 channel: document 和 blocks"),
    ("R206", {"address": "file:///x"}, "文件里的链接「file:///x」不是网址 -> 填完整的网址,以 https:// 开头"),
    (
        "R207",
        {"name": "a.zip", "most": 20},
        "附件太大(a.zip),合起来超过了 20 MB -> 换小一点的文件,或在模板里写 track: true,文件改用链接给客户看",
    ),
    ("R208", {"count": 60, "most": 50}, "一次要发给 60 个地址,最多 50 个 -> 给收件人加条件,或用 each 一条一条发"),
    ("R210", {}, "这个链接打不开 -> 请复制完整的链接,或请发件人再发一次"),
    ("R211", {}, "这个链接已经过期 -> 请发件人再发一次"),
    (
        "R212",
        {"reason": "zip"},
        "读不出这个文件里的文字(zip) -> 换成 PDF、Word(docx)、PPT(pptx)、Excel(xlsx)、文本或图片",
    ),
    ("R213", {"package": "rapidocr"}, '没有装识别文字的组件(rapidocr) -> 运行 pip install "flowloom[ocr]"'),
    ("R214", {"limit": "30 MB"}, "这个文件展开后太大,没有读(30 MB) -> 拆成几份,或删掉不需要的图片和页"),
    ("R215", {}, "这个文件有密码,读不了 -> 去掉密码后重新上传"),
    ("R216", {}, "这个文件里带有外部引用的声明,没有读 -> 用办公软件另存一份再上传"),
    (
        "R217",
        {"template": "quote", "entity": "lead", "given": "order"},
        "模板 quote 是给 lead 用的,不能用在 order 上 -> 换一个对象相同的模板",
    ),
    ("R218", {"connection": "sms"}, "连接 sms 发不了附件 -> 改用邮件,或给模板加 track: true,文件就变成链接"),
    ("R209", {"name": "scna"}, "附件 scna 既不是文件字段,也不是文件模板 -> 填文件字段或文件模板的名称"),
]


@pytest.mark.parametrize(("code", "parameters", "text"), WORDS, ids=[each[0] for each in WORDS])
def test_what_is_said_of_documents(code: str, parameters: dict[str, Any], text: str) -> None:
    problem = Problem(code, parameters=parameters)
    assert f"{problem.what('zh')} -> {problem.fix('zh')}" == text


def test_every_code_of_documents_is_here() -> None:
    assert {code for code in catalogue() if "R200" <= code <= "R239"} == {code for code, _, _ in WORDS}
