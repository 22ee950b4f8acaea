"""Connections over HTTP: how they stand, what is wrong and what to do, and what a person can do there."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from engine.clock import VirtualClock
from engine.plugins.registry import Registry
from studio.app import create_app
from tests.company import Company, found
from tests.engine.site.shelf import CONNECTION, Shelf, rows
from tests.studio.channel_site import PLAIN, furnish, hubbed, lead, signed

SHEET = "kind: connection\nname: sheet\nlabel: {zh: 周表, en: Weekly sheet}\nconnector: upload\ninto: lead\nmap: {company: 单位, phone: 手机}\nmatch_on: [phone]\n"


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    folder = tmp_path / "shelf"
    folder.mkdir()
    return folder


@pytest.fixture
def company(
    tmp_path: Path, clock: VirtualClock, registry: Registry, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Company]:
    made = found(tmp_path / "site", clock, registry.with_plugins(Shelf))
    custom = made.folder / "custom"
    custom.mkdir(exist_ok=True)
    text = CONNECTION.replace('folder: "{folder}"', 'folder: "{folder}", password: "=secret.SHELF_KEY"')
    (custom / "shelf.yaml").write_text(text.format(folder=shelf, more=""), "utf-8")
    (custom / "sheet.yaml").write_text(SHEET, "utf-8")
    secrets = made.folder / "secrets.env"
    secrets.write_text("SHELF_KEY=geheim-1234\n")
    secrets.chmod(0o600)
    yield furnish(made, monkeypatch)
    made.engine.close()


@pytest.fixture
def client(company: Company) -> FlaskClient:
    return create_app(company.engine).test_client()


def look(company: Company, client: FlaskClient, language: str = "zh") -> dict[str, Any]:
    speaks(company, client, language)
    answer = client.get("/api/v1/connections", headers=company.token("admin"))
    return {one["name"]: one for one in answer.json["items"]}


def speaks(company: Company, client: FlaskClient, language: str) -> None:
    assert (
        client.patch("/api/v1/session", headers=company.token("admin"), json={"language": language}).status_code < 300
    )


def partner(client: FlaskClient, *numbers: tuple[int, str], secret: str = PLAIN) -> int:
    leads = [{"no": no, "单位": f"公司{no}", "手机": phone} for no, phone in numbers]
    body = json.dumps({"leads": leads}, ensure_ascii=False).encode()
    return client.post("/hooks/partner", data=body, headers=hubbed(body, secret)).status_code


def test_each_connection_tells_how_it_stands_and_which_secrets_are_set_and_never_what_they_are(
    company: Company, client: FlaskClient
) -> None:
    answer = client.get("/api/v1/connections", headers=company.token("admin"))
    assert "geheim" not in answer.text and PLAIN not in answer.text
    found = {one["name"]: one for one in answer.json["items"]}
    assert set(found) == {"website", "partner", "shelf", "sheet", "form:contact_us"}
    assert {one["state"] for one in found.values()} == {"working"}
    assert found["website"]["address"] == "/hooks/website" and found["form:contact_us"]["address"] == "/f/contact-us"
    assert found["website"]["secrets"] == [{"name": each, "set": True} for each in ("WEBSITE_HOOK", "WEBSITE_HOOK_OLD")]
    assert found["shelf"]["can"] == {"probe": True, "poll": True, "upload": False, "try": True}
    assert found["sheet"]["can"]["upload"] and found["sheet"]["kind"] == "上传的表格"
    assert look(company, client, "en")["sheet"]["kind"] == "Uploaded tables"


def test_what_came_today_is_counted_by_the_sites_own_day(company: Company, client: FlaskClient) -> None:
    assert partner(client, (1, "13800138000"), (2, "1380")) == 202
    assert look(company, client)["partner"]["today"] == {"done": 1, "quarantined": 1}
    # 09:00 in Shanghai; at 00:30 of the next day nothing came yet.
    company.clock.advance(dt.timedelta(hours=15, minutes=30))
    one = look(company, client)["partner"]
    assert one["today"] == {} and one["counts"] == {"done": 1, "quarantined": 1} and one["last"] is not None


def test_who_may_not_look_after_connections_sees_none_and_touches_none(company: Company, client: FlaskClient) -> None:
    li = company.token("li")
    assert client.get("/api/v1/connections", headers=li).status_code == 403
    for path in ("shelf/poll", "shelf/probe", "sheet/upload", "sheet/try"):
        sent = {"data": {"file": (io.BytesIO("单位\n甲\n".encode()), "a.csv")}} if "upload" in path else {"json": {}}
        assert client.post(f"/api/v1/connections/{path}", headers=li, **sent).status_code == 403  # type: ignore[arg-type]


def test_fault_081_a_secret_that_is_gone_is_named_with_what_to_do_and_all_goes_on_when_it_is_back(
    company: Company, client: FlaskClient, shelf: Path
) -> None:
    (company.folder / "secrets.env").write_text("")
    one = look(company, client)["shelf"]
    assert (one["state"], one["why"]["code"]) == ("attention", "R103") and one["secrets"] == [
        {"name": "SHELF_KEY", "set": False}
    ]
    assert "SHELF_KEY" in one["why"]["fix"]
    refused = client.post("/api/v1/connections/shelf/probe", headers=company.token("admin"))
    assert refused.status_code == 422 and refused.json["code"] == "R103"
    (company.folder / "secrets.env").write_text("SHELF_KEY=new-one\n")
    assert look(company, client)["shelf"]["state"] == "working"


def test_fault_081_a_sender_whose_key_was_changed_is_noticed_until_somebody_proves_who_they_are(
    company: Company, client: FlaskClient
) -> None:
    """With the exact words of I050."""
    assert partner(client, (1, "13800138000"), secret="another") == 401
    one = look(company, client)["partner"]
    assert one["state"] == "attention" and one["why"] == {
        "code": "I050",
        "message": "2026-01-05 09:00 来的请求证明不了是谁发的,已拒收",
        "fix": "和对方核对密钥;对方刚换过,就把新旧两个都写进 secret",
    }
    company.clock.advance(dt.timedelta(minutes=1))
    assert partner(client, (1, "13800138000")) == 200
    assert look(company, client)["partner"]["state"] == "working"


def test_a_connection_that_cannot_be_fetched_says_why_to_each_reader_in_their_own_words(
    company: Company, client: FlaskClient, shelf: Path
) -> None:
    (shelf / "01.error").write_text("no route")
    answer = client.post("/api/v1/connections/shelf/poll", headers=company.token("admin"))
    assert (answer.status_code, answer.json) == (202, {"asked": True})
    company.engine.runs.work()
    zh, en = look(company, client)["shelf"], look(company, client, "en")["shelf"]
    assert zh["state"] == "attention" and zh["why"]["message"] == "对方没有回应:no route"
    assert en["why"]["message"] == en["poll"]["error"] and "no route" in en["why"]["message"]
    assert not any("一" <= each <= "鿿" for each in json.dumps(en["why"], ensure_ascii=False))
    (shelf / "01.error").unlink()
    rows(shelf, "01", "13800138000")
    assert client.post("/api/v1/connections/shelf/poll", headers=company.token("admin")).json["asked"]
    company.engine.runs.work()
    after = look(company, client)["shelf"]
    assert after["state"] == "working" and after["poll"]["came"] == 1 and after["today"] == {"done": 1}


def test_what_is_not_fetched_and_what_nobody_knows_are_refused(company: Company, client: FlaskClient) -> None:
    admin = company.token("admin")
    assert client.post("/api/v1/connections/website/poll", headers=admin).json["code"] == "I026"
    assert client.post("/api/v1/connections/nowhere/poll", headers=admin).status_code == 404
    assert client.post("/api/v1/connections/website/upload", headers=admin).status_code == 400
    file = {"file": (io.BytesIO(b"a\n1\n"), "a.csv")}
    assert client.post("/api/v1/connections/website/upload", headers=admin, data=file).json["code"] == "I048"


def test_a_table_is_tried_then_handed_over_and_a_second_time_has_no_effect(
    company: Company, client: FlaskClient
) -> None:
    admin = company.token("admin")

    def send(what: str) -> Any:
        text = "单位,手机\r\n锐视光学,13800138000\r\n青禾口腔,1380\r\n"
        return client.post(
            f"/api/v1/connections/sheet/{what}", headers=admin, data={"file": (io.BytesIO(text.encode()), "周表.csv")}
        ).json

    tried = send("try")["items"]
    assert [one["action"] for one in tried] == ["created", "refused"] and tried[1]["problems"][0]["code"] == "R031"
    assert look(company, client)["sheet"]["counts"] == {}
    assert send("upload") == {"new": 2, "known": 0, "waiting": 1}
    assert send("upload") == {"new": 0, "known": 2, "waiting": 0}
    assert look(company, client)["sheet"]["today"] == {"done": 1, "quarantined": 1}


def test_the_inbox_of_one_connection_comes_page_by_page(company: Company, client: FlaskClient) -> None:
    admin = company.token("admin")
    for number in range(5):
        company.clock.advance(dt.timedelta(seconds=1))
        partner(client, (number, "1380"))
    partner(client, *((number, f"138001380{number:02}") for number in range(10, 14)))
    body = lead(mobile="020-x")
    client.post("/hooks/website", data=body, headers=signed(company, body))

    def page(state: str, cursor: str = "") -> Any:
        where = f"/api/v1/inbox?state={state}&connection=partner&limit=2&cursor={cursor}"
        return client.get(where, headers=admin).json

    seen: dict[str, list[str]] = {}
    for state in ("quarantined", "done", "quarantined,done"):
        cursor, seen[state] = "", []
        while cursor is not None:
            got = page(state, cursor)
            seen[state] += [one["key"] for one in got["items"]]
            cursor = got["next"]
    assert seen["quarantined"] == ["0", "1", "2", "3", "4"]
    # What is over is read the latest first.
    assert seen["done"] == ["13", "12", "11", "10"] and len(seen["quarantined,done"]) == 9
    assert page("quarantined", "x")["code"] == "H012" and page("gone")["code"] == "H012"


def test_why_a_delivery_waits_is_said_in_the_readers_language(company: Company, client: FlaskClient) -> None:
    partner(client, (1, "1380"))
    said = {}
    for language in ("zh", "en"):
        speaks(company, client, language)
        (one,) = client.get("/api/v1/inbox", headers=company.token("admin")).json["items"]
        said[language] = one["reason"]
    assert "R031 电话号码「1380」" in said["zh"] and "R031" in said["en"]
    assert not any("一" <= each <= "鿿" for each in said["en"])
