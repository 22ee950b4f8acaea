"""Webhooks over HTTP: verified, kept, worked off once, whatever the sender does."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from engine.api import Engine
from engine.clock import VirtualClock
from engine.errors import Problem, Unavailable
from engine.facts import SYSTEM
from engine.plugins.registry import Registry
from studio.app import create_app
from tests.company import Company
from tests.corpora.tally import note
from tests.studio.channel_site import OLD, furnished, hubbed, lead, signed

ATTACKS = Path(__file__).parents[2].parent / "shared" / "data" / "attacks"


@pytest.fixture
def company(
    tmp_path: Path, clock: VirtualClock, registry: Registry, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Company]:
    """Everything here holds on both databases."""
    made = furnished(tmp_path / "site", clock, registry, monkeypatch, database_url)
    yield made
    made.engine.close()


def _count(company: Company) -> int:
    from engine.api import Look

    page = company.engine.list(SYSTEM, "lead", Look(limit=1), counted=True)
    assert page.count is not None
    return page.count


def values(company: Company, number: int) -> dict[str, object]:
    return dict(company.engine.get(SYSTEM, "lead", number).values)


def test_a_lead_arrives_by_webhook_and_the_answer_says_whose_it_is_and_why(
    company: Company, client: FlaskClient
) -> None:
    body = lead()
    answer = client.post("/hooks/website", data=body, headers=signed(company, body))
    assert answer.status_code == 200, answer.json
    assert answer.json["state"] == "done" and answer.json["action"] == "created"
    assert answer.json["owner"] in ("李强", "王芳") and answer.json["why"]["rule"] == "smart_dispatch"
    found = values(company, answer.json["record"]["id"])
    assert found["phone"] == "+8613800138000" and found["contact"] == "李雷"
    assert found["source"] == "website" and found["campaign"] == "眼科" and found["source_tag"] == "官网-眼科"


def test_fault_063_the_same_delivery_fifty_times_in_parallel_has_one_effect_and_one_answer(
    company: Company, client: FlaskClient
) -> None:
    body = lead()
    headers = signed(company, body)
    answers = []

    def post() -> None:
        one = client.application.test_client().post("/hooks/website", data=body, headers=headers)
        answers.append((one.status_code, one.json, one.headers.get("Idempotency-Replayed")))

    threads = [threading.Thread(target=post) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 50 and {status for status, _, _ in answers} == {200}
    assert len({json.dumps(content, sort_keys=True) for _, content, _ in answers}) == 1
    assert [replayed for _, _, replayed in answers].count("true") == 49
    assert _count(company) == 1


def test_fault_065_out_of_order_is_applied_by_the_time_it_happened(company: Company, client: FlaskClient) -> None:
    newer = lead("锐视光学(新)", at="2026-01-05T09:00:00+08:00", budget="90000")
    older = lead("锐视光学(旧)", at="2026-01-05T08:00:00+08:00", name="韩梅梅", budget="10")
    for number, body in enumerate((newer, older)):
        assert client.post("/hooks/website", data=body, headers=signed(company, body, f"m{number}")).status_code == 200
    found = values(company, 1)
    assert _count(company) == 1
    assert (
        found["company"] == "锐视光学(新)" and found["contact"] == "李雷" and str(found["budget"]).startswith("90000")
    )


def test_fault_065_what_must_wait_for_another_waits_ten_minutes_and_then_for_a_person(
    company: Company, client: FlaskClient
) -> None:
    early = lead("", at="2026-01-05T09:00:00+08:00", budget="5000")
    answer = client.post("/hooks/website", data=early, headers=signed(company, early, "deal"))
    assert (answer.status_code, answer.json["state"]) == (202, "parked")
    first = lead(at="2026-01-05T08:00:00+08:00")
    client.post("/hooks/website", data=first, headers=signed(company, first, "create"))
    assert str(values(company, 1)["budget"]).startswith("5000") and values(company, 1)["company"] == "锐视光学"
    alone = lead("", "13900139000", at="2026-01-05T09:00:00+08:00")
    client.post("/hooks/website", data=alone, headers=signed(company, alone, "alone"))
    company.clock.advance(dt.timedelta(minutes=9))
    company.engine.tick()
    assert not company.engine.channels.deliveries(SYSTEM)
    company.clock.advance(dt.timedelta(minutes=2))
    company.engine.tick()
    waiting = company.engine.channels.deliveries(SYSTEM)
    assert [one["key"] for one in waiting] == ["alone"] and "R053" in waiting[0]["reason"]


def test_fault_066_whatever_cannot_be_verified_gets_the_same_401(company: Company, client: FlaskClient) -> None:
    body = lead()
    good = signed(company, body)
    bad = [
        {},
        {**good, "webhook-signature": "v1,AAAA"},
        {**good, "webhook-signature": good["webhook-signature"].replace("v1", "v0")},
        signed(company, body, late=-301),
        signed(company, body, late=301),
        hubbed(body),
    ]
    answers = [client.post("/hooks/website", data=body, headers=headers) for headers in bad]
    answers += [client.post("/hooks/nothing", data=body, headers=good), client.get("/hooks/website", headers=good)]
    said = {json.dumps({k: v for k, v in one.json.items() if k != "trace_id"}) for one in answers}
    assert {one.status_code for one in answers} == {401} and len(said) == 1
    assert _count(company) == 0
    assert client.post("/hooks/website", data=body, headers=signed(company, body, secret=OLD)).status_code == 200


def test_fault_066_twenty_refused_in_a_minute_raise_an_alarm_and_sixty_close_the_door_to_that_address(
    company: Company, client: FlaskClient
) -> None:
    body = lead()
    for _ in range(20):
        assert client.post("/hooks/website", data=body).status_code == 401
    told = company.engine.people.notifications(company.actor("admin"))
    assert len(told) == 1 and "20" in told[0]["title"]
    for _ in range(45):
        last = client.post("/hooks/website", data=body)
    assert last.status_code == 429 and int(last.headers["Retry-After"]) >= 1
    assert len(company.engine.people.notifications(company.actor("admin"))) == 1


def test_fault_066_the_first_refusal_of_a_minute_and_the_alarm_are_in_the_audit_log(
    company: Company, client: FlaskClient
) -> None:
    for _ in range(25):
        client.post("/hooks/website", data=lead())
    with company.engine._site.database.read() as connection:
        found = connection.execute(
            "SELECT action, COUNT(*) FROM fl_audit WHERE action LIKE 'connection_%' GROUP BY action"
        )
    assert dict(found) == {"connection_refused": 1, "connection_alarm": 1}


def test_fault_066_signatures_are_compared_in_constant_time() -> None:
    import inspect

    from connectors import sealed
    from engine.plugins.registry import Registry
    from engine.plugins.slots import Connector

    doors = [one for one in Registry.discover(entry_points=False).all(Connector) if "receive" in one.offers]
    assert "compare_digest" in inspect.getsource(sealed) and len(doors) >= 7
    for one in doors:
        module = inspect.getmodule(type(one).receive)
        assert module is not None
        text = inspect.getsource(module)
        assert "compare_digest" in text or "sealed import" in text or "lark import" in text, one.name


def test_fault_067_an_id_that_was_seen_29_days_ago_has_no_effect(company: Company, client: FlaskClient) -> None:
    body = lead()
    client.post("/hooks/website", data=body, headers=signed(company, body))
    company.clock.advance(dt.timedelta(days=29))
    other = lead("另一家", "13900139000")
    again = client.post("/hooks/website", data=other, headers=signed(company, other))
    assert again.headers["Idempotency-Replayed"] == "true"
    assert _count(company) == 1


def test_fault_068_ten_megabytes_and_packed_bodies_are_refused_before_they_are_read(
    company: Company, client: FlaskClient
) -> None:
    big = b'{"a": "' + b"x" * (10 * 1024 * 1024) + b'"}'
    assert client.post("/hooks/website", data=big, headers=signed(company, big)).status_code == 413
    packed = gzip.compress(b'{"a": "' + b"x" * 1_000_000 + b'"}')
    headers = {**signed(company, packed), "Content-Encoding": "gzip"}
    assert client.post("/hooks/website", data=packed, headers=headers).status_code == 415


def test_fault_068_a_body_without_a_length_is_not_waited_for(company: Company, client: FlaskClient) -> None:
    headers = {**signed(company, lead()), "Transfer-Encoding": "chunked"}
    answer = client.post("/hooks/website", headers=headers, input_stream=__import__("io").BytesIO(lead()))
    assert (answer.status_code, answer.json["code"]) == (411, "H039")


def test_fault_070_a_verified_body_that_is_no_strict_json_is_refused_with_the_reason(
    company: Company, client: FlaskClient
) -> None:
    for body in (b'{"a": NaN}', b'{"a": 1, "a": 2}', b"[" * 1000 + b"]" * 1000, b"<xml/>", '{"a":1}'.encode("utf-16")):
        answer = client.post("/hooks/website", data=body, headers=signed(company, body))
        assert (answer.status_code, answer.json["code"]) == (400, "H032"), body[:20]
    for kind in ("application/xml", "multipart/form-data; boundary=b"):
        body = lead()
        headers = {**signed(company, body), "Content-Type": kind}
        assert client.post("/hooks/website", data=body, headers=headers).status_code == 415


def test_fault_072_while_the_database_is_away_it_is_kept_in_a_file_and_loaded_later_once(
    company: Company, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = company.engine._site.database
    real = database.write

    def away(work: object) -> object:
        raise Unavailable(Problem("B001"))

    monkeypatch.setattr(database, "write", away)
    body = lead()
    for _ in range(3):
        answer = client.post("/hooks/website", data=body, headers=signed(company, body))
        assert answer.status_code == 202 and answer.json == {"state": "new"}
    assert company.engine.channels.spool.count() == 3
    monkeypatch.setattr(database, "write", real)
    company.clock.advance(dt.timedelta(minutes=20))
    company.engine.channels.work()
    assert company.engine.channels.spool.count() == 0
    assert _count(company) == 1
    # Its clocks began when it arrived, not when it was worked off.
    assert str(company.engine.get(SYSTEM, "lead", 1).record.values["created_at"]).startswith("2026-01-05 01:00")
    again = client.post("/hooks/website", data=body, headers=signed(company, body))
    assert again.headers["Idempotency-Replayed"] == "true" and again.json["record"]["id"] == 1


def test_fault_072_when_the_file_fails_too_the_sender_is_asked_to_come_again(
    company: Company, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        company.engine._site.database, "write", lambda work: (_ for _ in ()).throw(Unavailable(Problem("B001")))
    )
    company.engine.channels.spool.folder.write_text("not a folder")
    body = lead()
    answer = client.post("/hooks/website", data=body, headers=signed(company, body))
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0


def test_a_rule_that_breaks_loses_nothing(
    company: Company, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.site import receiving

    def broken(*arguments: object, **named: object) -> object:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(receiving, "work_off", broken)
    body = lead()
    answer = client.post("/hooks/website", data=body, headers=signed(company, body))
    assert (answer.status_code, answer.json["state"]) == (202, "new")
    company.engine.tick()
    monkeypatch.undo()
    waiting = company.engine.channels.deliveries(SYSTEM)
    assert "a mistake of ours" in waiting[0]["reason"]
    assert company.engine.channels.replay(SYSTEM, waiting[0]["id"])["state"] == "done"


def test_several_at_once_by_a_plain_hmac_and_the_bad_one_waits_for_a_person(
    company: Company, client: FlaskClient
) -> None:
    rows = [
        {"no": 1, "单位": "甲公司", "手机": 13800138000},
        {"no": 2, "单位": "乙公司", "手机": "1380"},
        {"no": 3, "手机": "13900139000"},
    ]
    body = json.dumps({"leads": rows}, ensure_ascii=False).encode()
    answer = client.post("/hooks/partner", data=body, headers=hubbed(body))
    assert answer.status_code == 202
    assert [one["state"] for one in answer.json["deliveries"]] == ["done", "quarantined", "quarantined"]
    assert "reason" not in answer.json["deliveries"][1]
    assert _count(company) == 1


def test_what_waits_is_mended_replayed_and_replayed_again_without_effect(company: Company, client: FlaskClient) -> None:
    body = json.dumps({"leads": [{"no": 1, "单位": "甲公司", "手机": "1380"}]}, ensure_ascii=False).encode()
    client.post("/hooks/partner", data=body, headers=hubbed(body))
    headers = company.token("admin")
    waiting = client.get("/api/v1/inbox", headers=headers).json["items"]
    assert len(waiting) == 1 and "手机" in waiting[0]["reason"]
    address = f"/api/v1/inbox/{waiting[0]['id']}/replay"
    assert client.post(address, headers=headers).json["state"] == "quarantined"
    assert client.post(address, headers=headers, json={"body": "{"}).status_code == 400
    mended = waiting[0]["body"].replace('"1380"', '"13800138000"')
    assert client.post(address, headers=headers, json={"body": mended}).json["state"] == "done"
    assert client.post(address, headers=headers).json["replayed"] is True
    assert _count(company) == 1
    assert client.get("/api/v1/inbox?state=done", headers=headers).json["items"][0]["mended"] is True
    assert client.get("/api/v1/inbox", headers=company.token("li")).status_code == 403
    assert client.get("/api/v1/inbox").status_code == 401


def test_a_pasted_sample_shows_what_would_come_of_it_and_nothing_is_written(
    company: Company, client: FlaskClient
) -> None:
    headers = {**company.token("admin"), "Content-Type": "application/json"}
    shown = client.post("/api/v1/connections/website/try", data=lead(), headers=headers).json["items"][0]
    assert shown["action"] == "created" and shown["values"]["phone"] == "+8613800138000" and shown["values"]["owner"]
    shown = client.post("/api/v1/connections/website/try", data=lead(mobile="1"), headers=headers).json["items"][0]
    assert shown["action"] == "refused" and shown["problems"][0]["field"] == "phone"
    assert _count(company) == 0
    assert client.post("/api/v1/connections/nothing/try", data=lead(), headers=headers).status_code == 404


def test_silence_is_noticed_once_a_rhythm_and_shown_until_something_comes(
    company: Company, client: FlaskClient
) -> None:
    body = lead()
    client.post("/hooks/website", data=body, headers=signed(company, body))
    company.clock.advance(dt.timedelta(hours=1, minutes=59))
    company.engine.tick()
    admin = company.actor("admin")
    assert not [one for one in company.engine.people.notifications(admin) if "官网" in one["title"]]
    company.clock.advance(dt.timedelta(minutes=2))
    company.engine.tick()
    assert len([one for one in company.engine.people.notifications(admin) if "官网" in one["title"]]) == 1
    silent = {one["name"]: one["silent_since"] for one in company.engine.channels.listing(admin)}
    assert silent["website"] and silent["partner"] is None
    body = lead("乙公司", "13900139000")
    client.post("/hooks/website", data=body, headers=signed(company, body, "m2"))
    assert {one["name"]: one["silent_since"] for one in company.engine.channels.listing(admin)}["website"] is None


def test_a_secret_is_in_no_answer_and_no_listing(company: Company, client: FlaskClient) -> None:
    from tests.studio.channel_site import SECRET

    headers = company.token("admin")
    said = (
        client.get("/api/v1/connections", headers=headers).text
        + client.get("/api/v1/inbox?state=done", headers=headers).text
    )
    assert SECRET not in said and SECRET[6:] not in said


def test_a_site_without_the_secret_asks_the_sender_to_come_again(
    company: Company, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WEBSITE_HOOK")
    body = lead()
    answer = client.post("/hooks/website", data=body, headers=signed(company, body))
    assert answer.status_code == 503 and "Retry-After" in answer.headers
    (company.folder / "secrets.env").write_text(
        "# ours\nWEBSITE_HOOK=" + __import__("os").environ["WEBSITE_HOOK_OLD"] + "\n"
    )
    (company.folder / "secrets.env").chmod(0o644)
    assert client.post("/hooks/website", data=body, headers=signed(company, body, secret=OLD)).status_code == 503
    (company.folder / "secrets.env").chmod(0o600)
    assert client.post("/hooks/website", data=body, headers=signed(company, body, secret=OLD)).status_code == 200


@pytest.mark.slow
def test_the_attack_corpora_by_webhook_are_text_or_refused_and_change_nothing_else(
    company: Company, client: FlaskClient, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each is to be seen worked off, however busy the machine is.
    monkeypatch.setattr("engine.site.receiving.PATIENCE", 60.0)
    if not ATTACKS.is_dir():
        pytest.skip("the attack corpora are not here: ../shared/data/attacks")
    payloads = [
        each["payload"] for path in sorted(ATTACKS.glob("*.json")) for each in json.loads(path.read_text("utf-8"))
    ]
    tables = client.get("/api/v1/model", headers=company.token("admin")).json
    kept = refused = 0
    for start in range(0, len(payloads), 20):
        rows = [
            {"no": start + place, "单位": text, "手机": f"139{start + place:08d}"}
            for place, text in enumerate(payloads[start : start + 20])
        ]
        body = json.dumps({"leads": rows}).encode()
        answer = client.post("/hooks/partner", data=body, headers=hubbed(body))
        assert answer.status_code in (200, 202), (answer.status_code, rows[0])
        for one in answer.json["deliveries"]:
            if one["state"] == "done":
                kept += 1
                given = payloads[int(_key(company, one["id"]))]
                stored = values(company, one["record"]["id"])["company"]
                assert _plain(str(stored)) == _plain(given), (given, stored)
            else:
                refused += 1
    note("all", "webhook", len(payloads))
    assert kept + refused == len(payloads) and kept > len(payloads) * 0.8
    assert client.get("/api/v1/model", headers=company.token("admin")).json == tables
    with capsys.disabled():
        print(f"\nhooks: {len(payloads)} payloads, {kept} kept as text, {refused} waiting with a reason, 0 effects")


def _key(company: Company, id: int) -> str:
    with company.engine._site.database.read() as connection:
        return str(connection.scalar('SELECT "key" FROM fl_inbox WHERE id = ?', (id,)))


def _plain(text: str) -> str:
    import unicodedata

    return "".join(unicodedata.normalize("NFKC", text).split())


def test_a_hook_answers_while_another_process_holds_the_database_locked(
    tmp_path: Path, clock: VirtualClock, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3
    import time

    monkeypatch.setattr("engine.site.receiving.PATIENCE", 0.5)
    company = furnished(tmp_path / "locked", clock, registry, monkeypatch)
    with company.engine:
        client = create_app(company.engine).test_client()
        holder = sqlite3.connect(company.folder / "flowloom.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        body = lead()
        begun = time.monotonic()
        answer = client.post("/hooks/website", data=body, headers=signed(company, body))
        took = time.monotonic() - begun
        holder.execute("COMMIT")
        assert answer.status_code == 202 and took < 5, took
        time.sleep(0.3)
        company.clock.advance(dt.timedelta(seconds=10))
        company.engine.channels.work()
        assert _count(company) == 1
        assert client.post("/hooks/website", data=body, headers=signed(company, body)).headers["Idempotency-Replayed"]


def test_a_verified_sender_that_sends_too_much_is_asked_to_wait_and_others_are_not(
    company: Company, client: FlaskClient
) -> None:
    path = company.folder / "custom/connection/website.yaml"
    path.write_text(path.read_text("utf-8") + "limits: {received: 3}\n", "utf-8")
    company.engine.revisions.publish("a bound")
    body = lead()
    answers = [client.post("/hooks/website", data=body, headers=signed(company, body, f"m{n}")) for n in range(5)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429, 429]
    assert answers[-1].json["code"] == "H038" and int(answers[-1].headers["Retry-After"]) >= 1
    other = json.dumps({"leads": []}).encode()
    assert client.post("/hooks/partner", data=other, headers=hubbed(other)).status_code == 200


def test_what_a_connection_takes_in_a_minute_is_counted_for_all_serving_processes(
    company: Company, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    path = company.folder / "custom/connection/website.yaml"
    path.write_text(path.read_text("utf-8") + "limits: {received: 120}\n", "utf-8")
    company.engine.revisions.publish("a bound")
    with Engine.open(company.folder, clock=company.clock, database=database_url) as other:
        clients = [client, create_app(other).test_client()]
        said = []
        for number in range(130):
            body = lead("同一家", f"1380013{number:04}")
            # A repeat is cheap to work off, and counted all the same.
            headers = signed(company, body, "m")
            said.append(clients[number % 2].post("/hooks/website", data=body, headers=headers).status_code)
    assert said.count(429) == 10 and said[-5:] == [429] * 5
    # While the database is away nobody is held back by what it counts.
    pace = company.engine.channels._pace
    monkeypatch.setattr(pace, "_write", _away)
    pace._left.clear()
    assert pace.wait("website", 1) == 0.0


def _away(work: Any) -> Any:
    raise Unavailable(Problem("B003", parameters={"reason": "away"}))


def test_fault_082_in_a_storm_all_is_acknowledged_kept_in_order_and_its_clocks_start_when_it_came(
    company: Company, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from contextlib import nullcontext

    channels = company.engine.channels
    monkeypatch.setattr(channels.rush, "come", lambda: nullcontext(True))
    for number in range(60):
        body = lead(f"公司{number:02}", f"1380013{number:04}")
        answer = client.post("/hooks/website", data=body, headers=signed(company, body, f"storm{number}"))
        assert (answer.status_code, answer.json) == (202, {"state": "new"})
        again = client.post("/hooks/website", data=body, headers=signed(company, body, f"storm{number}"))
        assert again.status_code == 202
    # How much waits is seen; nothing that comes now passes it by.
    assert channels.spool.count() == channels.spool.lying == 120 and _count(company) == 0
    monkeypatch.setattr(channels.rush, "come", lambda: nullcontext(False))
    company.clock.advance(dt.timedelta(minutes=20))
    body = lead("后来的", "13900139000")
    assert client.post("/hooks/website", data=body, headers=signed(company, body, "later")).status_code == 202
    channels.work(20)
    body = lead("最后的", "13900139002")
    assert client.post("/hooks/website", data=body, headers=signed(company, body, "last")).status_code == 202
    while channels.work():
        pass
    assert channels.spool.count() == 0 and _count(company) == 62
    assert values(company, 1)["company"] == "公司00" and values(company, 61)["company"] == "后来的"
    assert str(values(company, 1)["created_at"]).startswith("2026-01-05T01:00")
    body = lead("再后来", "13900139001")
    assert client.post("/hooks/website", data=body, headers=signed(company, body, "calm")).status_code == 200
