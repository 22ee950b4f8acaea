"""What comes from outside, word for word: to the sender, to a person at a form, to the site's own people."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from engine.cli.main import run
from engine.errors import FlowloomError
from engine.site import secret
from studio.app import create_app
from tests.company import Company
from tests.studio.channel_site import furnish, hubbed, lead, signed

GOOD = {"stage": "new", "company": "锐视光学", "phone": "13800138000", "buyer_type": "price"}


@pytest.fixture
def site(company: Company, monkeypatch: pytest.MonkeyPatch) -> Company:
    """A company with a signed hook, a plain one and a public form."""
    return furnish(company, monkeypatch)


@pytest.fixture
def client(site: Company) -> FlaskClient:
    return create_app(site.engine).test_client()


def told(site: Company, mark: str) -> list[str]:
    """What the administrator was told with these letters in it."""
    found = site.engine.people.notifications(site.actor("admin"))
    return [one["title"] for one in found if mark in one["title"]]


def test_a_packed_body_is_not_unpacked(client: FlaskClient) -> None:
    answer = client.post("/hooks/website", data=b"x", headers={"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json["detail"]) == (
        415,
        "H031 不接受这种内容: Content-Encoding -> 用 application/json 或 application/x-www-form-urlencoded 发送",
    )


def test_a_list_that_is_none_is_missed_where_it_should_be(client: FlaskClient) -> None:
    body = b'{"leads": 1}'
    answer = client.post("/hooks/partner", data=body, headers=hubbed(body))
    assert answer.json["detail"] == "H033 leads 那里应当是一个列表,最多 1000 条"


def test_what_cannot_be_verified_is_told_nothing_more(client: FlaskClient) -> None:
    answer = client.post("/hooks/website", data=lead())
    assert answer.json["detail"] == "H037 没有通过验证 -> 检查密钥、签名方式和发送方的时钟"


def test_a_form_sent_without_end_is_stopped(client: FlaskClient) -> None:
    pages = [client.post("/f/contact-us", data={"website_url": "x"}) for _ in range(13)]
    assert pages[-1].status_code == 429, "H038"
    assert "太频繁了,请稍后再试" in html.unescape(pages[-1].text)
    assert pages[0].status_code == 200
    english = client.post("/f/contact-us?lang=en", data={"website_url": "x"})
    assert "Too often; please try again later" in html.unescape(english.text)


def _twice(site: Company) -> None:
    site.engine.channels.submit("contact_us", "k" * 24, GOOD)
    site.engine.channels.submit("contact_us", "k" * 24, {**GOOD, "company": "别的公司"})


def _open_secrets(site: Company) -> None:
    path = site.folder / secret.FILE
    path.write_text("ERP_KEY=1\n", "utf-8")
    path.chmod(0o644)
    secret.reader(site.folder)("ERP_KEY")


def _no_secret(site: Company) -> None:
    body = lead()
    headers = {name.lower(): value for name, value in signed(site, body).items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("WEBSITE_HOOK")
        site.engine.channels.receive("website", body, headers)


CASES: dict[str, tuple[Callable[[Company], Any], str]] = {
    "H034": (_open_secrets, "H034 secrets.env 别的用户也能读,所以没有使用 -> 运行 chmod 600 secrets.env"),
    "H035": (_no_secret, "H035 现在收不下,什么都没有保存: website -> 稍后原样再发一次"),
    "H036": (_twice, "H036 这个页面已经提交过,内容和现在的不一样 -> 再点一次提交,就作为新的一份"),
    "I020": (
        lambda site: site.engine.channels.trial(site.actor("admin"), "websit", b"{}", "application/json"),
        "I020 没有叫 websit 的连接 -> 是否想写 website?",
    ),
    "I022": (lambda site: site.engine.channels.replay(site.actor("admin"), 99), "I022 收件箱里没有第 99 条"),
    "R143": (
        lambda site: site.engine.approvals.decide(site.actor("zhao"), 99, "approve", "", None),
        "R143 没有这个审批:99 -> 它可能和您无关,或编号不对",
    ),
}


@pytest.mark.parametrize("code", CASES)
def test_it_is_refused_in_these_words(code: str, site: Company) -> None:
    work, words = CASES[code]
    with pytest.raises(FlowloomError) as refused:
        work(site)
    assert [problem.line() for problem in refused.value.problems] == [words]


def test_what_is_no_set_of_fields_is_told_in_a_trial(site: Company) -> None:
    found = site.engine.channels.trial(site.actor("admin"), "partner", b'{"leads": [7]}', "application/json")
    assert [problem.line() for problem in found[0]["problems"]] == ["I021 收到的应当是一组「字段: 值」,实际是 int"]


def test_twenty_refused_signatures_raise_an_alarm_in_these_words(site: Company, client: FlaskClient) -> None:
    for _ in range(20):
        client.post("/hooks/website", data=lead())
    words = "连接 website 一分钟内有 20 次没有通过验证,最近一次来自 127.0.0.1"
    assert told(site, "没有通过验证") == [words], "I023"


def test_silence_is_told_in_these_words(site: Company, client: FlaskClient) -> None:
    body = lead()
    client.post("/hooks/website", data=body, headers=signed(site, body))
    site.clock.advance(dt.timedelta(hours=2, minutes=1))
    site.engine.tick()
    assert told(site, "该来没来") == ["官网 该来没来,上次应到时间 2026-01-05 09:00"], "I024"


def test_commands_name_what_is_not_there(site: Company, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(site.folder)
    assert run(["-C", folder, "connection", "embed", "nope"]) == 1
    assert capsys.readouterr().out.strip() == "I025 没有叫 nope 的公开表单 -> 在表单里写上 public: {path: …}"
    file = tmp_path / "a.pdf"
    file.write_bytes(b"%PDF-1.7")
    assert run(["-C", folder, "attach", "lead", "contract", str(file)]) == 2
    assert capsys.readouterr().err.strip() == "R162 看不懂是哪条记录:lead -> 写成 实体/编号,例如 lead/12"
