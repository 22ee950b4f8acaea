"""WeCom against its published vectors, recorded messages and answers, and a peer that speaks its protocol."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask

from connectors.sealed import seal, signature, unseal
from connectors.wecom import XML, Wecom
from engine.clock import UTC
from engine.facts import SYSTEM
from engine.plugins.slots import Inbound, Page, Unauthentic, Undone, Unreadable
from studio.app import create_app
from tests.company import Company
from tests.connectors.peer import OWN, Asked, Peer, Said, listening

DATA = Path(__file__).parents[2].parent / "shared" / "data"
NOW = dt.datetime(2026, 1, 5, 1, tzinfo=UTC)
KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
BACK = {"corp_id": "ww1", "token": "QDG6eK", "aes_key": KEY}


def vectors() -> dict[str, dict[str, Any]]:
    path = DATA / "conf-callback-signatures/vectors.json"
    if not path.is_file():
        pytest.skip("the published vectors are not here: ../shared/data/conf-callback-signatures")
    return {one["id"]: one for one in json.loads(path.read_text("utf-8")) if one["provider"] == "wecom"}


def settings(one: dict[str, Any]) -> dict[str, Any]:
    return {"corp_id": one["receive_id"], "token": one["token"], "aes_key": one["encoding_aes_key"]}


def posted(
    content: str, corp: str = "ww1", token: str = "QDG6eK", sign: str | None = None, nonce: str = "n"
) -> Inbound:
    """A message as WeCom would post it."""
    sealed = seal(KEY, content.encode(), corp)
    body = f"<xml><ToUserName><![CDATA[ww1]]></ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode()
    stamp = str(int(NOW.timestamp()))
    mark = signature(token, stamp, nonce, sealed) if sign is None else sign
    return Inbound(
        body, {"content-type": XML}, NOW, "POST", {"msg_signature": mark, "timestamp": stamp, "nonce": nonce}
    )


def message(text: str, id: str = "7", user: str = "li") -> str:
    return (
        f"<xml><FromUserName><![CDATA[{user}]]></FromUserName><CreateTime>1767574800</CreateTime>"
        f"<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{text}]]></Content><MsgId>{id}</MsgId></xml>"
    )


def test_fault_071_the_official_url_verification_is_answered_with_the_plain_echo() -> None:
    one = vectors()["wecom-official-verify-url"]
    found = Wecom().receive(settings(one), Inbound(b"", {}, NOW, "GET", one["query"]))
    assert found.reply is not None and found.deliveries == ()
    assert found.reply.body == one["expected"]["reply_body"].encode()


def test_the_official_message_is_opened_to_the_byte() -> None:
    one = vectors()["wecom-official-post"]
    found = Wecom().receive(settings(one), Inbound(one["body"].encode(), {}, NOW, "POST", one["query"]))
    (delivery,) = found.deliveries
    assert delivery.body.decode() == one["expected"]["plaintext"]
    assert (delivery.key, delivery.content["Content"]) == ("4561255354251345929", "hello")
    assert delivery.at == dt.datetime(2014, 9, 2, 12, 10, 13, tzinfo=UTC)
    assert found.reply is not None and found.reply.body == b"success"
    assert Wecom().read(delivery.body, delivery.kind) == delivery.content


def test_fault_071_a_tampered_vector_and_another_corp_are_refused_with_403() -> None:
    bad = vectors()["wecom-official-post-tampered-1"]
    good = vectors()["wecom-official-post"]
    tries = [
        (settings(bad), Inbound(bad["body"].encode(), {}, NOW, "POST", bad["query"])),
        ({**settings(good), "corp_id": "ww_other"}, Inbound(good["body"].encode(), {}, NOW, "POST", good["query"])),
        ({**settings(good), "token": ""}, Inbound(good["body"].encode(), {}, NOW, "POST", good["query"])),
        (settings(good), Inbound(good["body"].encode(), {}, NOW, "POST", {})),
        (BACK, posted(message("x"), corp="ww2")),
        (BACK, posted(message("x"), sign="")),
        (BACK, Inbound(b"", {}, NOW, "PUT")),
    ]
    for given, request in tries:
        with pytest.raises(Unauthentic) as error:
            Wecom().receive(given, request)
        assert error.value.status == 403


def test_fault_071_xml_with_a_document_type_is_not_read_and_nothing_is_fetched() -> None:
    path = DATA / "attacks/xml-xxe.json"
    if not path.is_file():
        pytest.skip("the attack corpus is not here: ../shared/data/attacks")
    tried = refused = 0
    for one in json.loads(path.read_text("utf-8")):
        text = one["payload"] if isinstance(one["payload"], str) else str(one["payload"])
        tried += 1
        try:
            content = Wecom().read(text.encode("utf-8", "surrogatepass"), XML)
        except Unreadable:
            refused += 1
        else:
            # What is read is only what stands there.
            assert "root:" not in json.dumps(content) and len(json.dumps(content)) <= 4 * len(text)
    assert tried >= 100 and refused >= 90, (tried, refused)


def test_the_recorded_messages_of_wechatpy_are_read() -> None:
    path = DATA / "conn-wecom/messages.json"
    if not path.is_file():
        pytest.skip("the recorded messages are not here: ../shared/data/conn-wecom")
    for one in json.loads(path.read_text("utf-8")):
        found = Wecom().receive(BACK, posted(one["xml"]))
        assert found.deliveries[0].key and found.deliveries[0].content["MsgType"], one["case"]


def test_what_cannot_be_opened_is_refused_and_never_raises_anything_else() -> None:
    for sealed in ("", "AAAA", "!!", seal(KEY, b"x", "ww1")[:-4] + "AAA=", "A" * 64):
        with pytest.raises(Unauthentic):
            unseal(KEY, sealed)
    with pytest.raises(Unauthentic):
        unseal("short", seal(KEY, b"x", "ww1"))
    assert unseal(KEY, seal(KEY, "你好".encode(), "ww1", b"0" * 16)) == ("你好".encode(), "ww1")


# --- through the whole product

DOCUMENT = """\
kind: connection
name: wecom
connector: wecom
settings: {corp_id: ww1, token: "=secret.WECOM_TOKEN", aes_key: "=secret.WECOM_AES_KEY"}
into: lead
if: "mentioned(content.Content, ['想了解报价', '怎么合作']) is not None"
map:
  company: "=name_in(content.Content) or FromUserName"
  contact: "=name_in(content.Content)"
  phone: "=phone_in(content.Content)"
  main_problem: Content
set: {source: wecom}
match_on: [phone]
"""


@pytest.fixture
def hooked(company: Company, monkeypatch: pytest.MonkeyPatch) -> Company:
    monkeypatch.setenv("WECOM_TOKEN", "QDG6eK")
    monkeypatch.setenv("WECOM_AES_KEY", KEY)
    (company.folder / "custom/wecom.yaml").write_text(DOCUMENT, "utf-8")
    problems = [problem.text() for problem in company.engine.revisions.folder_problems()]
    assert not problems, problems
    company.engine.revisions.publish("wecom")
    return company


def post(company: Company, request: Inbound, app: Flask | None = None) -> tuple[int, bytes]:
    client = (app or create_app(company.engine)).test_client()
    address = "/hooks/wecom?" + "&".join(f"{name}={quote(value)}" for name, value in request.query.items())
    answer = client.open(address, method=request.method, data=request.body, headers={"Content-Type": XML})
    return answer.status_code, answer.data


def leads(company: Company) -> list[dict[str, Any]]:
    from engine.api import Look

    return [dict(one.values) for one in company.engine.list(SYSTEM, "lead", Look(limit=100)).items]


def test_m10_a_message_that_wants_something_becomes_a_lead_with_name_phone_and_wish(hooked: Company) -> None:
    wish = "我是锐视眼科的李雷，想了解报价，电话138 0013 8000"
    assert post(hooked, posted(message(wish, "1"))) == (200, b"success")
    assert post(hooked, posted(message("收到,谢谢", "2"))) == (200, b"success")
    (lead,) = leads(hooked)
    assert (lead["contact"], lead["phone"], lead["source"]) == ("李雷", "+8613800138000", "wecom")
    assert lead["main_problem"] == wish


def test_m04_the_same_msgid_fifty_times_is_one_lead_and_every_answer_is_success(hooked: Company) -> None:
    request = message("我叫王芳,怎么合作 13900139000", "77")
    answers: list[tuple[int, bytes]] = []
    app = create_app(hooked.engine)
    threads = [
        # Each retry is sealed and signed anew, as WeCom does it.
        threading.Thread(target=lambda n=n: answers.append(post(hooked, posted(request, nonce=f"n{n}"), app)))
        for n in range(50)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [(200, b"success")] * 50
    assert len(leads(hooked)) == 1


def test_fault_071_a_database_that_is_held_for_long_does_not_make_wecom_wait_five_seconds(hooked: Company) -> None:
    import sqlite3

    path = next(hooked.folder.glob("*.db"))
    held = sqlite3.connect(path, timeout=1, isolation_level=None, check_same_thread=False)
    held.execute("BEGIN IMMEDIATE")
    try:
        begun = time.monotonic()
        answer = post(hooked, posted(message("我叫王芳,怎么合作 13900139000", "78")))
        took = time.monotonic() - begun
        again = post(hooked, posted(message("我叫王芳,怎么合作 13900139000", "78"), nonce="later"))
    finally:
        held.execute("ROLLBACK")
        held.close()
    assert answer == again == (200, b"success") and took < 5
    assert hooked.engine.channels.spool.count() == 2
    deadline = time.monotonic() + 20
    while not leads(hooked) and time.monotonic() < deadline:
        hooked.engine.channels.work()
        time.sleep(0.1)
    assert len(leads(hooked)) == 1


def test_fault_071_through_the_door_a_wrong_signature_is_403(hooked: Company) -> None:
    assert post(hooked, posted(message("x"), sign="0" * 40))[0] == 403


def test_an_event_of_customer_service_lets_the_messages_be_fetched_at_once(hooked: Company) -> None:
    from engine.runtime.polling import PREFIX
    from engine.store import jobs

    event = (
        "<xml><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[kf_msg_or_event]]></Event><CreateTime>1767574800</CreateTime>"
        "<Token><![CDATA[ENCApHxnGDNAVNY4AaSJKj4Tb5mwsEMzxhFmHVGcra996NR]]></Token><OpenKfId><![CDATA[kf1]]></OpenKfId></xml>"
    )
    assert post(hooked, posted(event)) == (200, b"success")
    with hooked.engine.channels.running.database.read() as connection:
        job = jobs.by_key(connection, PREFIX + "wecom")
    assert job is not None and job.job.due <= hooked.clock.now()
    assert not leads(hooked)


# --- the API


class Tencent:
    """qyapi as documented: tokens that end, messages, customers."""

    def __init__(self) -> None:
        self.tokens = 0
        self.sent: list[Any] = []
        self.pages = [
            {
                "errcode": 0,
                "next_cursor": "c1",
                "has_more": 1,
                "msg_list": [_kf("a", 1), {"msgtype": "event", "msgid": "e"}],
            },
            {"errcode": 0, "next_cursor": "c2", "has_more": 1, "msg_list": []},
            {"errcode": 0, "next_cursor": "c3", "has_more": 0, "msg_list": [_kf("b", 2), {**_kf("c", 3), "origin": 5}]},
        ]

    def __call__(self, asked: Asked) -> Any:
        if asked.path == "/cgi-bin/gettoken":
            if asked.query != {"corpid": "ww1", "corpsecret": "s3cret"}:
                return {"errcode": 40001, "errmsg": "invalid credential"}
            self.tokens += 1
            return {"errcode": 0, "errmsg": "ok", "access_token": f"t{self.tokens}", "expires_in": 7200}
        if asked.query.get("access_token") != f"t{self.tokens}":
            return {"errcode": 42001, "errmsg": "access_token expired"}
        return getattr(self, asked.path.rsplit("/", 1)[1])(asked)

    def send(self, asked: Asked) -> Any:
        self.sent.append(asked.json)
        return {
            "errcode": 0,
            "errmsg": "ok",
            "msgid": "m1",
            "invaliduser": "ghost" if "ghost" in asked.json["touser"] else "",
        }

    def sync_msg(self, asked: Asked) -> Any:
        after = asked.json.get("cursor")
        return (
            self.pages[{None: 0, "c1": 1, "c2": 2, "c3": 2}[after]]
            if after != "c3"
            else {"errcode": 0, "next_cursor": "c3", "has_more": 0, "msg_list": []}
        )

    def batchget(self, asked: Asked) -> Any:
        names = [{"external_userid": each, "nickname": f"客户{each}"} for each in asked.json["external_userid_list"]]
        return {"errcode": 0, "customer_list": names}

    def get(self, asked: Asked) -> Any:
        path = DATA / "conn-wecom/api/externalcontact_get.json"
        return (
            json.loads(path.read_text("utf-8"))
            if path.is_file()
            else {"errcode": 0, "external_contact": {"name": "李四"}}
        )

    def get_by_user(self, asked: Asked) -> Any:
        if not asked.json["cursor"]:
            return {"errcode": 0, "next_cursor": "p2", "external_contact_list": [_contact("w1", "王总")]}
        return {"errcode": 0, "next_cursor": "", "external_contact_list": [_contact("w2", "李医生")]}

    def getuserid(self, asked: Asked) -> Any:
        return {"errcode": 0, "userid": "zhang" if asked.json["mobile"] == "13800138000" else ""}


def _kf(user: str, number: int) -> dict[str, Any]:
    return {
        "msgid": f"m{number}", "open_kfid": "kf1", "external_userid": user, "send_time": 1767574800 + number, "origin": 3,
        "msgtype": "text", "text": {"content": f"想了解报价 {number}"},
    }  # fmt: skip


def _contact(id: str, name: str) -> dict[str, Any]:
    return {
        "external_contact": {"external_userid": id, "name": name, "corp_name": "锐视"},
        "follow_info": {"remark": "展会"},
    }


@pytest.fixture
def peer() -> Iterator[Peer]:
    with listening(Tencent()) as made:
        yield made


def api(peer: Peer, **more: Any) -> dict[str, Any]:
    return {"corp_id": "ww1", "agent_id": "7", "secret": "s3cret", "url": peer.url, "timeout": 5, **OWN, **more}


def refusal(work: Any) -> Undone:
    with pytest.raises(Undone) as found:
        work()
    return found.value


def test_a_token_is_fetched_once_and_anew_when_it_is_no_longer_taken(peer: Peer) -> None:
    connector, service = Wecom(), peer.answer
    given = {"to": "li", "text": "有新线索"}
    for _ in range(3):
        connector.call(api(peer), {"operation": "message", "json": given}, "k")
    assert peer.paths().count("/cgi-bin/gettoken") == 1
    service.tokens = 9  # type: ignore[attr-defined]  # taken away at the other side
    connector.call(api(peer), {"operation": "message", "json": given}, "k")
    assert peer.paths()[-3:] == ["/cgi-bin/message/send", "/cgi-bin/gettoken", "/cgi-bin/message/send"]
    threads = [
        threading.Thread(
            target=lambda: Wecom.call(
                connector, api(peer, secret="s3cret"), {"operation": "message", "json": given}, "k"
            )
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert peer.paths().count("/cgi-bin/gettoken") == 2


def test_a_message_goes_to_the_person_and_is_not_shown_twice(peer: Peer) -> None:
    connector = Wecom()
    told = {"title": "两小时未联系", "text": "锐视光学", "to": {"login": "li", "phone": "+8613800138000"}}
    assert connector.tell(api(peer), told, "k") == {"msgid": "m1"}
    connector.tell(api(peer, person="phone"), told, "k")
    sent = peer.answer.sent  # type: ignore[attr-defined]
    assert [one["touser"] for one in sent] == ["li", "zhang"]
    assert sent[0]["text"] == {"content": "两小时未联系\n锐视光学"} and sent[0]["agentid"] == 7
    assert sent[0]["enable_duplicate_check"] == 1
    assert refusal(lambda: connector.tell(api(peer), {**told, "to": {"login": ""}}, "k")).problems[0].code == "R120"
    lost = refusal(
        lambda: connector.call(api(peer), {"operation": "message", "json": {"to": "ghost", "text": "x"}}, "k")
    )
    assert lost.final and "ghost" in lost.problems[0].what()


@pytest.mark.parametrize(
    ("code", "final", "after"), [(45009, False, 60.0), (-1, False, None), (60011, True, None), (48002, True, None)]
)
def test_a_code_of_wecom_says_whether_another_attempt_may_help(
    peer: Peer, code: int, final: bool, after: float | None
) -> None:
    connector = Wecom()
    connector.probe(api(peer))
    peer.faults = [Said({"errcode": code, "errmsg": "freq out of limit"})]
    error = refusal(lambda: connector.call(api(peer), {"operation": "message", "json": {"to": "li", "text": "x"}}, "k"))
    assert (error.problems[0].code, error.final, error.after) == ("R170", final, after)
    assert error.problems[0].what("zh") == f"企业微信 没有接受:{code} freq out of limit"


def test_messages_of_customers_are_polled_with_their_names_and_the_cursor_stands_behind_each_page(peer: Peer) -> None:
    pages: list[Page] = list(Wecom().poll(api(peer, customer_service=["kf1"]), None))
    found = [one for page in pages for one in page.deliveries]
    assert [(one.key, one.content["customer"], one.content["Content"]) for one in found] == [
        ("kf:m1", "客户a", "想了解报价 1"), ("kf:m2", "客户b", "想了解报价 2"),
    ]  # fmt: skip
    assert [page.cursor for page in pages] == [{"kf1": "c1"}, {"kf1": "c2"}, {"kf1": "c3"}]
    assert Wecom().read(found[0].body, found[0].kind) == found[0].content
    assert [len(page.deliveries) for page in Wecom().poll(api(peer, customer_service=["kf1"]), {"kf1": "c3"})] == [0]


def test_customers_of_people_are_polled_page_by_page_and_an_unchanged_one_has_the_same_key(peer: Peer) -> None:
    def look() -> list[Any]:
        return [one for page in Wecom().poll(api(peer, contacts=["li"]), None) for one in page.deliveries]

    first, second = look(), look()
    assert [one.content["name"] for one in first] == ["王总", "李医生"]
    assert [one.key for one in first] == [one.key for one in second]


def test_a_customer_is_read_by_id(peer: Peer) -> None:
    found = Wecom().call(api(peer), {"operation": "customer", "json": {"external_userid": "wm1"}}, "k")["body"]
    assert found["name"] == "李四"


def test_what_is_asked_wrongly_says_what_is_missing(peer: Peer) -> None:
    connector = Wecom()
    unknown = refusal(lambda: connector.call(api(peer), {"operation": "mesage", "json": {}}, "k"))
    assert unknown.final and unknown.problems[0].what("zh") == "连接器 wecom 没有叫 mesage 的操作,有:message, customer"
    less = refusal(lambda: connector.call(api(peer), {"operation": "message", "json": {"to": "li"}}, "k"))
    assert less.final and less.problems[0].what("zh") == "操作 message 缺 text"
    bare = refusal(
        lambda: connector.call(
            {"corp_id": "ww1", **OWN}, {"operation": "message", "json": {"to": "li", "text": "x"}}, "k"
        )
    )
    assert bare.final and bare.problems[0].what("zh") == "连接 wecom 的设置缺 agent_id"
