"""Readings of devices from a real broker on this machine: acknowledged when they are kept, each once."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.mqtt import Mqtt, filter_of, levels_of, read
from engine.plugins.incoming import sit_out
from engine.plugins.slots import Delivery, Undone, Unreadable
from tests.connectors.certificates import certificate
from tests.connectors.mqtt_peer import Broker, mosquitto

TOPICS = Path(__file__).parents[2].parent / "shared" / "data" / "conf-mqtt-topics" / "matching.json"


@pytest.fixture
def broker() -> Iterator[Broker]:
    with mosquitto() as made:
        yield made


def poll(settings: dict[str, Any], cursor: Any = None) -> tuple[list[Delivery], Any]:
    found: list[Delivery] = []
    for page in sit_out(Mqtt().poll(settings, cursor)):
        found += page.deliveries
        cursor = json.loads(json.dumps(page.cursor))
    return found, cursor


def begun(broker: Broker, **more: Any) -> Any:
    """The cursor behind a first look: from now on the broker keeps what comes."""
    return poll(broker.settings(stay=0.2, **more))[1]


def test_a_message_comes_with_its_device_and_what_came_in_between_waits_at_the_broker(broker: Broker) -> None:
    cursor = begun(broker)
    broker.publish("clinic/M-7/start", '{"ts": 1, "minutes": 12}')
    broker.publish("clinic/M-8/stop", "{}")
    (one,), cursor = poll(broker.settings(), cursor)
    assert one.content == {"ts": 1, "minutes": 12} and dict(one.facts) == {"topic": "clinic/M-7/start", "device": "M-7"}
    assert Mqtt().read(one.body, one.kind) == one.content
    assert poll(broker.settings(), cursor)[0] == []
    assert Mqtt().probe(broker.settings()) == "clinic/{device}/start"


def test_what_was_not_kept_is_not_acknowledged_and_comes_again(broker: Broker) -> None:
    cursor = begun(broker)
    broker.publish("clinic/M-7/start", "1", times=3)
    pages = sit_out(polled := Mqtt().poll(broker.settings(), cursor))
    lost = next(pages)
    polled.close()  # type: ignore[attr-defined]  # killed before the page was kept
    assert len(lost.deliveries) == 3
    found, after = poll(broker.settings(), cursor)
    assert [one.content for one in found] == [{"value": 1}] * 3 and len({one.key for one in found}) == 3
    assert poll(broker.settings(), after)[0] == []


def test_fault_076_what_was_kept_and_not_yet_acknowledged_comes_again_and_is_known(broker: Broker) -> None:
    cursor = begun(broker)
    broker.publish("clinic/M-7/start", "1", times=3)
    pages = sit_out(polled := Mqtt().poll(broker.settings(), cursor))
    kept = next(pages)
    polled.close()  # type: ignore[attr-defined]  # killed between keeping and acknowledging
    broker.publish("clinic/M-7/start", "1")
    found, _ = poll(broker.settings(), json.loads(json.dumps(kept.cursor)))
    # Three were known; the fourth, equal to them in every word, is new.
    assert len(found) == 1 and found[0].key not in {one.key for one in kept.deliveries}


def test_fault_076_a_broker_that_restarts_loses_nothing(broker: Broker) -> None:
    cursor = begun(broker)
    broker.publish("clinic/M-7/start", "1")
    broker.stop()
    with pytest.raises(Undone) as away:
        poll(broker.settings(), cursor)
    assert (away.value.problems[0].code, away.value.final) == ("R112", False)
    broker.start()
    broker.publish("clinic/M-7/start", "2")
    found, cursor = poll(broker.settings(), cursor)
    assert [one.content["value"] for one in found] == [1, 2]
    # While it is being listened to.
    stopper = threading.Timer(0.3, broker.stop)
    stopper.start()
    with pytest.raises(Undone):
        poll(broker.settings(stay=5), cursor)
    stopper.join()
    broker.start()


def test_fault_076_an_old_state_that_is_told_again_is_not_new(broker: Broker) -> None:
    broker.publish("clinic/M-7/start", "1", retain=True)
    assert poll(broker.settings())[0] == []
    taken = broker.settings(retained="take", client="another")
    first, cursor = poll(taken)
    second, _ = poll(taken, cursor)
    # Taken where somebody asks for it, and known again by its key.
    assert [one.key for one in first] == [one.key for one in second] and len(first) == 1
    # What is published while somebody listens is new, though it will be retained.
    cursor = begun(broker)
    broker.publish("clinic/M-7/start", "2", retain=True)
    assert [one.content["value"] for one in poll(broker.settings(), cursor)[0] if one] == [2]


def test_fault_076_a_clock_of_1970_is_not_believed_and_told(broker: Broker) -> None:
    cursor = begun(broker, time="ts")
    broker.publish("clinic/M-7/start", json.dumps({"ts": 60}))
    now = int(time.time())
    broker.publish("clinic/M-8/start", json.dumps({"ts": now}))
    old, good = poll(broker.settings(time="ts"), cursor)[0]
    assert old.at is None and old.facts["skew"] == pytest.approx(60 - now, abs=30)
    assert good.at is not None and int(good.at.timestamp()) == now and "skew" not in good.facts


def test_fault_076_what_is_no_text_or_no_json_waits_for_a_person(broker: Broker) -> None:
    cursor = begun(broker)
    for payload in (
        b"\x00\xff\x01",
        b'{"a": NaN}',
        b'{"a": 1, "a": 2}',
        b"x" * 300_000,
        b"",
        "开机".encode(),
        b"-3.5",
        b"[1]",
    ):
        broker.publish("clinic/M-7/start", payload)
    found, _ = poll(broker.settings(), cursor)
    assert [one.problem.code if one.problem else one.content for one in found] == [
        "I045", "H032", "H032", "I041", {"value": ""}, {"value": "开机"}, {"value": -3.5}, {"value": [1]},
    ]  # fmt: skip
    assert found[0].problem is not None and found[0].problem.line("zh") == (
        "I045 clinic/M-7/start 的内容既不是 JSON 也不是文字 -> 让设备或网关用 JSON 发送"
    )
    with pytest.raises(Unreadable):
        read(b"\xff", "t")


def test_fault_076_a_flood_is_thinned_by_rule_and_what_is_left_out_is_counted(broker: Broker) -> None:
    thin = {"topics": ["clinic/{device}/heat"], "thin": 3600}
    cursor = begun(broker, **thin)
    broker.publish("clinic/M-7/heat", "36.6", times=600)
    broker.publish("clinic/M-8/heat", "36.7")
    found, cursor = poll(broker.settings(**{**thin, "stay": 10}), cursor)
    assert sorted(str(one.facts["device"]) for one in found) == ["M-7", "M-8"]
    assert cursor["dropped"] == {"clinic/M-7/heat": 599}
    broker.publish("clinic/M-7/heat", "36.8")
    (later,), cursor = poll(broker.settings(**{**thin, "thin": 0}), cursor)
    assert later.facts["dropped"] == 599 and cursor["dropped"] == {}


def test_fault_076_a_second_client_of_the_same_name_ends_the_poll_and_it_is_tried_again_later(broker: Broker) -> None:
    from paho.mqtt import client as paho

    settings = broker.settings(client="one", stay=5)

    def push_out() -> None:
        other = paho.Client(paho.CallbackAPIVersion.VERSION2, "one")
        other.username_pw_set("crm", "secret")
        other.connect("127.0.0.1", broker.port)
        other.loop(1)

    thread = threading.Timer(0.5, push_out)
    thread.start()
    with pytest.raises(Undone) as ended:
        poll(settings)
    thread.join()
    assert not ended.value.final


@pytest.mark.parametrize("topic", ["", "a/#/b", "a#", "a/b+", "+a", "a/{x}y#", "#/a", "a\0"])
def test_fault_076_a_topic_that_is_none_is_refused(topic: str) -> None:
    with pytest.raises(Undone) as refused:
        filter_of(topic)
    assert refused.value.problems[0].code == "I046" and "{device}" in refused.value.problems[0].fix("zh")


def test_topics_match_as_the_published_cases_say() -> None:
    if not TOPICS.is_file():
        pytest.skip("the published cases are not here: ../shared/data/conf-mqtt-topics")
    from paho.mqtt.client import topic_matches_sub

    cases = json.loads(TOPICS.read_text("utf-8"))
    wrong = [one for one in cases if topic_matches_sub(filter_of(one["filter"]), one["topic"]) != one["matches"]]
    assert len(cases) > 100 and wrong == []
    assert levels_of(["a/{x}/#", "{y}/b"], "a/1/2/3") == {"x": "1"} and levels_of(["a/{x}/#", "{y}/b"], "c/b") == {
        "y": "c"
    }
    assert levels_of(["a/{x}"], "b/1") == {}


def test_an_id_of_its_own_is_the_key(broker: Broker) -> None:
    cursor = begun(broker, id="no")
    broker.publish("clinic/M-7/start", '{"no": 5}', times=2)
    assert {one.key for one in poll(broker.settings(id="no"), cursor)[0]} == {"clinic/M-7/start#5"}


def test_who_is_not_let_in_and_where_nobody_may_go(broker: Broker) -> None:
    for settings, code, final in (
        (broker.settings(password="x"), "R113", True),
        (broker.settings(port=1), "R112", False),
        (broker.settings(networks=[]), "R111", True),
        (broker.settings(topics=["a/#/b"]), "I046", True),
    ):
        with pytest.raises(Undone) as refused:
            poll(settings)
        assert (refused.value.problems[0].code, refused.value.final) == (code, final)


def test_over_tls(tmp_path: Path) -> None:
    pem = certificate(tmp_path / "pem")
    with mosquitto(pem) as broker:
        assert poll(broker.settings(security="tls", authority=str(pem), stay=0.2))[0] == []
        with pytest.raises(Undone) as refused:
            poll(broker.settings(security="tls"))
        assert refused.value.problems[0].code == "R115"
