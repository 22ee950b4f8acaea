"""Every code of the doors, provoked as it happens to people, with its exact words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.cli.main import run
from engine.errors import FlowloomError
from engine.facts import SYSTEM
from studio.app import create_app
from tests.company import SITE, Company


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command says when it is refused, without the place of temporary folders."""
    code = run(arguments)
    assert code != 0
    spoken = capsys.readouterr()
    return re.sub(r"\S*/pytest-\S*?/(?=\w+( |$|里))", "", (spoken.err or spoken.out).strip())


COMMANDS: dict[str, tuple[tuple[str, ...], str]] = {
    "C001": (("publsh",), "C001 没有 publsh 这个命令 -> 是否想写 publish? 运行 flowloom -h 看全部命令"),
    "C002": (("explain",), "C002 命令写得不对: 少写了 CODE -> 在命令后面加 -h 看用法"),
    "C003": (
        ("-C", "{site}", "set", "visit", "/fields/x", "--insert"),
        "C003 没有写要把 /fields/x 改成什么 -> 在路径后面写上新值,或用 --remove 删掉",
    ),
    "C004": (("explain", "Y0003"), "C004 没有 Y0003 这个编号 -> 是否想写 Y003?"),
    "C005": (
        ("-C", "{empty}", "lint"),
        "C005 empty 里没有 site.yaml,不是一个站点 -> 用 -C 指定站点文件夹,或运行 flowloom init 新建一个",
    ),
    "C006": (("init", "{site}"), "C006 site 里已经有文件,没有覆盖 -> 换一个空文件夹"),
    "C007": (("-C", "{site}", "sign-in", "nobody"), "C007 没有叫 nobody 的用户"),
    "C009": (("-C", "{site}", "show", "lede"), "C009 没有叫 lede 的配置 -> 是否想写 lead?"),
    "C012": (("-C", "{site}", "rollback", "9"), "C012 没有第 9 版"),
    "C013": (
        ("-C", "{site}", "publish", "--move", "x"),
        "C013 --move x 写得不对 -> 写成 流程.旧状态=新状态,例如 lead_stage.demo=proposal",
    ),
    "C014": (
        ("-C", "{site}", "export", "lead", "-o", "{empty}/gone/leads.csv"),
        "C014 gone 打不开: 没有这个文件或文件夹 -> 检查文件夹在不在、有没有权限",
    ),
    "C015": (
        ("-C", "{site}", "export", "lead", "-o", "leads.txt"),
        "C015 leads.txt 看不出要哪种表格 -> 文件名以 .csv 或 .xlsx 结尾",
    ),
    "I015": (
        ("-C", "{site}", "import", "{open}", "--into", "lead", "--map", "company=甲"),
        "open.csv:2:1 I015 第 2 行开始的一格,引号没有合上,后面的内容都被并进了这一格 -> 补上结尾的引号;内容里本来就有的引号要写两个",
    ),
    "I009": (
        ("-C", "{site}", "import", "{sheet}", "--into", "lead", "--map", "x"),
        "I009 --map x 写得不对 -> 写成 字段=列名",
    ),
    "I010": (("-C", "{site}", "undo-import", "7"), "I010 没有第 7 次导入"),
    "I007": (
        ("-C", "{site}", "import", "{sheet}", "--into", "task"),
        "I007 没有任何一列能对应到 task 的字段 -> 用 --map 字段=列名 指明,例如 --map company=单位",
    ),
}


@pytest.mark.parametrize("code", COMMANDS)
def test_a_command_is_refused_in_these_words(
    code: str, company: Company, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "leads.csv").write_text("甲,乙\n1,2\n", "utf-8")
    (tmp_path / "open.csv").write_text('甲,乙\n"一,2\n三,4\n', "utf-8")
    places = {
        "open": str(tmp_path / "open.csv"),
        "site": str(company.folder),
        "empty": str(tmp_path / "empty"),
        "sheet": str(tmp_path / "leads.csv"),
    }
    arguments, expected = COMMANDS[code]
    assert said(capsys, *(argument.format(**places) for argument in arguments)) == expected


def test_c008_a_port_in_use_is_named_with_the_next_one(company: Company) -> None:
    import socket

    from studio.serve import serve

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(FlowloomError) as refused:
            serve(create_app(company.engine), "127.0.0.1", port)
    assert refused.value.text() == f"C008 端口 {port} 已被占用 -> 换一个端口,例如 --port {port + 1}"
    assert refused.value.exit_code == 3


def test_c010_a_log_that_was_tampered_with_is_told_with_its_place(
    company: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    company.lead()
    company.engine._site.database.write(lambda c: c.execute("UPDATE fl_audit SET login = 'x' WHERE seq = 2"))
    text = said(capsys, "-C", str(company.folder), "audit")
    assert text == "C010 操作日志在第 0:2 行被动过: edited -> 用备份比对,并联系负责审计的人"


def test_c011_nothing_runs_before_the_first_publish(tmp_path: Path) -> None:
    from engine.api import Engine

    (tmp_path / "site.yaml").write_text(SITE, "utf-8")
    with Engine.open(tmp_path) as engine, pytest.raises(FlowloomError) as refused:
        _ = engine.manifest
    assert refused.value.text() == "C011 还没有发布过任何版本 -> 运行 flowloom publish"


REQUESTS: dict[str, tuple[str, str, dict[str, object], str]] = {
    "H002": (
        "POST",
        "/api/v1/records/lead",
        {"data": b"{", "content_type": "application/json"},
        "请求内容不是合法的 JSON",
    ),
    "H003": ("POST", "/api/v1/records/lead", {"json": [1]}, "请求内容应当是一个 JSON 对象"),
    "H004": ("GET", "/api/v1/nothing", {}, "没有这个地址 /api/v1/nothing"),
    "H005": ("PUT", "/api/v1/records/lead", {"json": {}}, "这个地址不支持这种操作"),
    "H012": ("GET", "/api/v1/records/lead?limit=many", {}, "参数 limit 不对: 1, 2, 3 …"),
    "H014": ("GET", "/api/v1/records/lead?limti=2", {}, "不认识的参数 limti"),
    "H015": ("POST", "/api/v1/records/lead", {"data": "x"}, "请用 Content-Type:application/json 发送"),
}


@pytest.mark.parametrize("code", REQUESTS)
def test_a_request_is_refused_in_these_words(code: str, company: Company) -> None:
    method, path, sent, words = REQUESTS[code]
    client = create_app(company.engine).test_client()
    answer = client.open(path, method=method, headers=company.token("zhao"), **sent)  # type: ignore[arg-type]
    assert answer.mimetype == "application/problem+json"
    assert answer.json["code"] == code
    assert answer.json["title"].startswith(words)
    assert answer.status_code in (400, 404, 405)
    assert "Traceback" not in answer.get_data(as_text=True)


def test_h010_without_a_session_the_way_in_is_told(company: Company) -> None:
    answer = create_app(company.engine).test_client().get("/api/v1/model")
    assert answer.json["detail"] == (
        "H010 请先登录 -> 打开启动时打印的一次性链接;或在服务器上运行 flowloom sign-in 登录名"
    )


def test_h000_what_nobody_foresaw_shows_a_number_and_no_trace(
    company: Company, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*arguments: object, **named: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(type(company.engine), "timeline", broken)
    lead = company.lead()
    client = create_app(company.engine).test_client()
    answer = client.get(f"/api/v1/records/lead/{lead.id}/timeline", headers=company.token("zhao"))
    assert (answer.status_code, answer.json["code"]) == (500, "H000")
    assert "secret" not in answer.get_data(as_text=True)
    assert answer.json["trace_id"] in capsys.readouterr().err


def test_h021_a_key_whose_first_request_still_runs_is_asked_to_wait(company: Company) -> None:
    from engine.store import idempotency

    client = create_app(company.engine).test_client()
    headers = {**company.token("zhao"), "Idempotency-Key": "k"}
    body = {"values": {"company": "甲", "source": "website"}}
    assert client.post("/api/v1/records/lead", json=body, headers=headers).status_code == 201
    company.engine._site.database.write(lambda c: c.execute("UPDATE fl_idempotency SET state = 'running'"))
    answer = client.post("/api/v1/records/lead", json=body, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (409, "H021")
    assert idempotency.KEPT.days == 30


def test_i008_and_i011_in_their_words(company: Company, tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_text("客户名称,手机号\n甲,1.38E+10\n乙,13800138000\n", "utf-8")
    report = company.engine.import_file(SYSTEM, path, "lead")
    assert report.bad[0].problems[0].line() == (
        "phone I008 「1.38E+10」是被 Excel 缩写过的长数字,原来的号码已经丢失 -> 在 Excel 里把这一列改成文本格式后重新导出"
    )
    company.engine.imports.take_back(SYSTEM, report.number)
    with pytest.raises(FlowloomError) as refused:
        company.engine.imports.take_back(SYSTEM, report.number)
    assert refused.value.text() == "I011 第 1 次导入已经撤销过"


def test_h001_what_the_web_framework_itself_refuses_is_a_problem_too(company: Company) -> None:
    from flask import abort

    app = create_app(company.engine)
    app.add_url_rule("/broken", view_func=lambda: abort(400))
    answer = app.test_client().get("/broken")
    assert (answer.status_code, answer.json["code"], answer.json["title"]) == (400, "H001", "请求的写法不对")
