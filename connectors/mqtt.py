"""Readings of devices over MQTT. Floor: 5."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import hashlib
import re
import ssl
import time
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from connectors.network import connect
from engine.clock import SystemClock
from engine.errors import Problem
from engine.plugins.slots import Connector, Delivery, Page, Undone, Unreadable, Wait, at_path, content_of, moment_of

#: Seconds for an answer; seconds a poll stays unless ``stay`` says otherwise; seconds after which a page is made even if empty.
TIMEOUT, STAY, BEAT = 10.0, 50.0, 5.0
#: Seconds in which what comes is put onto one page.
TOGETHER = 0.02
#: Messages of a page, and bytes of a message that are looked at.
LOT, LARGEST = 20, 256 * 1024
#: Messages remembered, to know again what the broker sends a second time; more than it sends without an answer.
RECENT = 500
#: How far a device's clock may be from ours.
SKEW = 86_400.0
LEVEL = re.compile(r"\{([a-z][a-z0-9_]*)\}")


class Mqtt(Connector):
    """Subscribes to topics of an MQTT broker (3.1.1, QoS 1, a session the broker keeps): a message is acknowledged only when it is durable
    here, so neither a kill nor a restart of the broker loses one. Topics name their levels: `clinic/{device}/start` gives `=device` to `map`,
    beside `=topic`. What a device says again unasked (retained) is old and not taken, unless `retained: take`. `time` is where a message
    says when it was; a clock that is more than a day wrong is not believed (`=skew` tells the seconds). `thin: 10s` keeps one message
    of a topic in so long and counts the others (`=dropped`): for telemetry only. Use a schedule of every minute: a poll stays for `stay`.
    One thread listens for all such connections. Needs `pip install flowloom[mqtt]`."""

    name = "mqtt"
    title: ClassVar[Mapping[str, str]] = {"zh": "设备 MQTT", "en": "Devices (MQTT)"}
    offers = frozenset({"poll"})
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "host": {"title": "服务器", "x-en": {"title": "Broker"}, "type": "string", "format": "value"},
            "port": {"title": "端口", "x-en": {"title": "Port"}, "type": "integer", "minimum": 1, "maximum": 65535},
            "security": {"title": "加密", "x-en": {"title": "Security"}, "type": "string", "enum": ["tls", "none"], "default": "tls"},
            "user": {"title": "账号", "x-en": {"title": "User"}, "format": "value"},
            "password": {"title": "密码", "x-en": {"title": "Password"}, "format": "value"},
            "topics": {
                "title": "主题", "x-en": {"title": "Topics"}, "type": "array", "items": {"type": "string"}, "minItems": 1,
                "examples": [["clinic/{device}/start"]],
            },
            "client": {
                "title": "客户端编号", "description": "同一台服务器上不能重复;不写就按设置生成。",
                "x-en": {"title": "Client id", "description": "Nobody else's on this broker; made of the settings by itself."},
                "type": "string",
            },
            "id": {
                "title": "消息编号", "description": "内容里的路径;同一主题下编号相同的只收一次。",
                "x-en": {"title": "Id of a message", "description": "A path in the content; an id of a topic is taken once."},
                "type": "string",
            },
            "time": {"title": "设备时间", "x-en": {"title": "The device's time (a path)"}, "type": "string", "examples": ["ts"]},
            "retained": {
                "title": "保留消息", "x-en": {"title": "Retained messages"}, "type": "string", "enum": ["skip", "take"], "default": "skip",
            },
            "thin": {
                "title": "同一主题最多多久一条", "description": "只给遥测用;省掉的会计数。",
                "x-en": {"title": "One of a topic in", "description": "For telemetry only; what is left out is counted."},
                "type": "string", "format": "duration",
            },
            "stay": {"title": "每次听多久", "x-en": {"title": "Stays for"}, "type": "string", "format": "duration", "default": "50s"},
            "authority": {"title": "信任的证书", "x-en": {"title": "Trusted certificate (a file)"}, "type": "string"},
            "networks": {"title": "允许的内网", "x-en": {"title": "Networks"}, "type": "array", "items": {"type": "string"}},
            "timeout": {"title": "最多等", "x-en": {"title": "Timeout"}, "type": "string", "format": "duration"},
        },
        "required": ["host", "topics"],
        "additionalProperties": False,
    }  # fmt: skip
    example = """\
kind: connection
name: devices
connector: mqtt
settings: {host: mqtt.example.com, user: crm, password: "=secret.MQTT_PASSWORD", topics: ["clinic/{device}/start"], time: ts}
schedule: "* * * * *"
expect: {every: 1d}
"""

    def poll(self, settings: Mapping[str, Any], cursor: Any) -> Iterator[Page | Wait]:
        """What comes while the poll stays; ``cursor`` is ``{count, recent, last, dropped}``."""
        stay = settings.get("stay")
        end = time.monotonic() + (float(stay) if isinstance(stay, int | float) else STAY)
        state = _State(settings, cursor)
        with contextlib.closing(_Session(settings)) as session:
            while time.monotonic() < end:
                lot = yield from session.lot(min(end, time.monotonic() + BEAT))
                taken = [one for one in (state.take(message) for message in lot) if one is not None]
                yield Page(taken, state.json())
                # The page is durable: now, and not before, the broker may forget the messages.
                session.acknowledge(lot)
            yield from session.settle()

    def read(self, body: bytes, kind: str) -> Any:
        """JSON as it is; a plain number or text as ``{value: …}``."""
        return read(body, "-")

    def probe(self, settings: Mapping[str, Any]) -> str:
        """That the broker lets us in, and to which topics."""
        with contextlib.closing(_Session(settings)):
            return ", ".join(str(each) for each in settings["topics"])


def filter_of(topic: str) -> str:
    """The topic filter of a topic with named levels. Raises Undone (I046). Source: MQTT 3.1.1, 4.7."""
    levels = ["+" if LEVEL.fullmatch(level) else level for level in topic.split("/")]
    good = bool(topic) and "\0" not in topic and len(topic.encode()) < 65536
    for number, level in enumerate(levels):
        good &= level == "+" or "+" not in level
        good &= "#" not in level or (level == "#" and number == len(levels) - 1)
    if not good:
        raise Undone(Problem("I046", parameters={"topic": topic}), final=True)
    return "/".join(levels)


def levels_of(topics: Sequence[str], topic: str) -> dict[str, str]:
    """What the named levels are in a topic that came: by the first of our topics it fits."""
    from paho.mqtt.client import topic_matches_sub

    for one in topics:
        if topic_matches_sub(filter_of(one), topic):
            pairs = zip(one.split("/"), topic.split("/"), strict=False)
            return {found[1]: level for name, level in pairs if (found := LEVEL.fullmatch(name))}
    return {}


def read(body: bytes, topic: str) -> Any:
    """The content of a message. Raises Unreadable: I045 for what is no text, H032 for JSON that is none."""
    try:
        text = body.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise Unreadable(Problem("I045", parameters={"topic": topic})) from None
    if any(ord(each) < 32 and each not in "\t\r\n" for each in text):
        raise Unreadable(Problem("I045", parameters={"topic": topic}))
    if text[:1] in ("{", "["):
        found = content_of(text.encode(), "application/json")
        return found if isinstance(found, dict) else {"value": found}
    number = re.fullmatch(r"-?\d{1,15}(\.\d{1,15})?", text)
    return {"value": (float(text) if number[1] else int(text)) if number else text}


class _State:
    """What was taken before: to know a repeated message, and to thin out."""

    def __init__(self, settings: Mapping[str, Any], cursor: Any) -> None:
        found: Mapping[str, Any] = cursor or {}
        self._settings = settings
        self._topics = [str(each) for each in settings["topics"]]
        self._count = int(found.get("count") or 0)
        self._recent: deque[Any] = deque((tuple(each) for each in found.get("recent") or ()), RECENT)
        self._last: dict[str, float] = dict(found.get("last") or {})
        self._dropped: dict[str, int] = dict(found.get("dropped") or {})

    def json(self) -> dict[str, Any]:
        """The cursor."""
        return {
            "count": self._count,
            "recent": list(self._recent),
            "last": dict(self._last),
            "dropped": dict(self._dropped),
        }

    def take(self, message: Any) -> Delivery | None:
        """The delivery a message is; None for what was taken already, is old, or is thinned out."""
        topic, body = str(message.topic), bytes(message.payload)
        mark = (message.mid, hashlib.sha256(topic.encode() + b"\0" + body).hexdigest()[:24])
        if message.retain and self._settings.get("retained") != "take":
            return None
        if message.dup and mark in self._recent:
            return None
        if message.qos:
            self._recent.append(mark)
        now = SystemClock().now()
        if self._thinned(topic, now.timestamp()):
            return None
        self._count += 1
        return self._delivery(topic, body, mark[1], now, bool(message.retain))

    def _thinned(self, topic: str, now: float) -> bool:
        thin = self._settings.get("thin")
        if not isinstance(thin, int | float):
            return False
        if abs(now - self._last.get(topic, 0.0)) < thin:
            self._dropped[topic] = self._dropped.get(topic, 0) + 1
            return True
        self._last = {**{name: at for name, at in self._last.items() if now - at < thin}, topic: now}
        return False

    def _delivery(self, topic: str, body: bytes, digest: str, now: dt.datetime, retained: bool) -> Delivery:
        facts: dict[str, Any] = {"topic": topic, **levels_of(self._topics, topic)}
        dropped = self._dropped.pop(topic, 0)
        if dropped:
            facts["dropped"] = dropped
        # What is retained comes again at every look, with the same words.
        key = f"retained:{digest}" if retained else f"{self._count}:{digest}"
        try:
            if len(body) > LARGEST:
                raise Unreadable(
                    Problem("I041", parameters={"file": topic, "size": len(body) / 1e6, "most": LARGEST / 1e6})
                )
            content = read(body, topic)
        except Unreadable as error:
            shown = base64.b64encode(body[:LARGEST])
            return Delivery(key, None, shown, "text/plain", facts=facts, problem=error.problems[0])
        at = moment_of(at_path(content, str(self._settings["time"]))) if self._settings.get("time") else None
        if at is not None and abs((at - now).total_seconds()) > SKEW:
            # 1970, or a year from now: the device does not know what time it is. What counts is when it came.
            facts["skew"], at = round((at - now).total_seconds()), None
        own = at_path(content, str(self._settings["id"])) if self._settings.get("id") else None
        key = f"{topic}#{own}"[:256] if isinstance(own, str | int) and not isinstance(own, bool) else key
        return Delivery(key, content, body, at=at, facts=facts)


class _Session:
    """A session with the broker, worked in this thread."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        import paho.mqtt.client as paho
        from paho.mqtt.enums import CallbackAPIVersion

        self._host = str(settings["host"])
        self._timeout = float(settings.get("timeout") or TIMEOUT)
        self._came: deque[Any] = deque()
        self._answers: dict[str, Any] = {}
        topics = [filter_of(str(each)) for each in settings["topics"]]
        secure = settings.get("security") != "none"
        networks, timeout = settings.get("networks") or (), self._timeout

        class Checked(paho.Client):
            def _create_socket_connection(self) -> Any:
                return connect(self.host, self.port, networks, timeout)

        self._client = Checked(
            CallbackAPIVersion.VERSION2, _client_id(settings), clean_session=False, manual_ack=True, reconnect_on_failure=False
        )  # fmt: skip
        self._client.on_connect = lambda client, data, flags, code, more: self._answers.update(connected=code)
        self._client.on_subscribe = lambda client, data, mid, codes, more: self._answers.update(subscribed=codes)
        self._client.on_unsubscribe = lambda client, data, mid, codes, more: self._answers.update(settled=codes)
        self._client.on_message = lambda client, data, message: self._came.append(message)
        if settings.get("user"):
            self._client.username_pw_set(str(settings["user"]), str(settings.get("password") or ""))
        if secure:
            self._client.tls_set_context(ssl.create_default_context(cafile=settings.get("authority")))
        try:
            self._client.connect(self._host, int(settings.get("port") or (8883 if secure else 1883)), keepalive=30)
            self._await("connected")
            self._client.subscribe([(each, 1) for each in topics])
            self._await("subscribed")
        except ssl.SSLCertVerificationError as error:
            raise Undone(Problem("R115", parameters={"reason": error.verify_message}), final=True) from error
        except OSError as error:
            raise self._silent(str(error) or type(error).__name__) from error

    def _silent(self, reason: str) -> Undone:
        return Undone(Problem("R112", parameters={"reason": f"{self._host}: {reason}"}))

    def _await(self, what: str) -> None:
        """Wait for an answer; a refusal is final."""
        end = time.monotonic() + self._timeout
        while what not in self._answers:
            if time.monotonic() > end:
                raise self._silent("timed out")
            self._turn(0.1, what)
        self._check(what)

    def _check(self, what: str) -> None:
        found = self._answers[what]
        refused = [code for code in (found if isinstance(found, list) else [found]) if code.is_failure]
        if refused:
            self.close()
            answer = {"status": refused[0].value, "answer": str(refused[0])}
            raise Undone(Problem("R113", parameters=answer), final=True)

    def _turn(self, seconds: float, what: str = "") -> None:
        code = self._client.loop(seconds)
        if what in self._answers:
            return
        if code != 0:
            from paho.mqtt.client import error_string

            raise self._silent(error_string(code))

    def lot(self, end: float) -> Generator[Wait, None, list[Any]]:
        """The next messages, some or none by ``end``."""
        self._read()
        while not self._came and time.monotonic() < end:
            yield self._pause(end - time.monotonic())
            self._read()
        before = 0
        while before < len(self._came) < LOT:
            # What was sent together is a page together.
            before = len(self._came)
            yield self._pause(TOGETHER)
            self._read()
        return [self._came.popleft() for _ in range(min(LOT, len(self._came)))]

    def _read(self) -> None:
        """Take what has come, up to a page."""
        before = -1
        while before < len(self._came) < LOT:
            before = len(self._came)
            self._turn(0.0)

    def _pause(self, seconds: float) -> Wait:
        """Until something can be read. The library looks after the connection's life in between."""
        link = self._client.socket()
        waits = link is not None and not (isinstance(link, ssl.SSLSocket) and link.pending())
        return Wait(link, max(0.0, min(seconds, BEAT)) if waits else 0.0)

    def acknowledge(self, lot: Sequence[Any]) -> None:
        """Tell the broker that these are ours now."""
        for message in lot:
            if message.qos:
                self._client.ack(message.mid, message.qos)
        if lot:
            self._turn(0.0)

    def settle(self) -> Iterator[Wait]:
        """Wait until the broker has read every acknowledgement: a connection that is closed with answers under way loses them. It
        answers in order, so an answer to anything at all says so."""
        with contextlib.suppress(Undone):  # what comes a second time is known
            self._client.unsubscribe("flowloom/settled")
            end = time.monotonic() + self._timeout
            while "settled" not in self._answers and time.monotonic() < end:
                self._turn(0.0, "settled")
                if "settled" not in self._answers:
                    yield self._pause(0.2)

    def close(self) -> None:
        """Go, while the broker keeps the session and what comes for it."""
        with contextlib.suppress(OSError, ValueError):
            self._client.disconnect()
            self._client.loop(0.05)


def _client_id(settings: Mapping[str, Any]) -> str:
    """Always the same for a connection: the broker keeps its session under this name."""
    own = "\0".join(str(each) for each in (settings["host"], settings.get("user"), *settings["topics"]))
    return str(settings.get("client") or "flowloom-" + hashlib.sha256(own.encode()).hexdigest()[:12])
