"""A mosquitto on this machine that keeps what it was given over a restart."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


class Broker:
    """``settings`` are those of a connection to it."""

    def __init__(self, program: str, room: Path, certificate: Path | None) -> None:
        with socket.create_server(("127.0.0.1", 0)) as found:
            self.port = int(found.getsockname()[1])
        self._program, self._room = program, room
        secured = f"certfile {certificate}\nkeyfile {certificate}\n" if certificate else ""
        (room / "passwords").write_text("")
        subprocess.run(
            ["mosquitto_passwd", "-b", str(room / "passwords"), "crm", "secret"], check=False, capture_output=True
        )
        known = (room / "passwords").read_text() != ""
        access = f"allow_anonymous false\npassword_file {room}/passwords\n" if known else "allow_anonymous true\n"
        user = "user root\n" if os.getuid() == 0 else ""
        (room / "conf").write_text(
            f"{user}listener {self.port} 127.0.0.1\n{secured}{access}persistence true\npersistence_location {room}/\n"
            "max_queued_messages 20000\n"
        )
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin to listen."""
        self._server = subprocess.Popen(
            [self._program, "-c", str(self._room / "conf")], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        for _ in range(200):
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1):
                    return
            except OSError:
                time.sleep(0.05)
        pytest.skip("mosquitto does not answer here")

    def stop(self) -> None:
        """End, keeping sessions and messages on disk."""
        assert self._server is not None
        self._server.terminate()
        self._server.wait(10)

    def settings(self, **more: Any) -> dict[str, Any]:
        return {
            "host": "127.0.0.1", "port": self.port, "security": "none", "user": "crm", "password": "secret", "timeout": 5, "stay": 1,
            "topics": ["clinic/{device}/start"], "networks": ["127.0.0.1/32"], **more,
        }  # fmt: skip

    def publish(self, topic: str, payload: str | bytes, qos: int = 1, retain: bool = False, times: int = 1) -> None:
        """Send a message and wait for the broker to have it."""
        from paho.mqtt import client as paho

        sender = paho.Client(paho.CallbackAPIVersion.VERSION2)
        sender.username_pw_set("crm", "secret")
        sender.connect("127.0.0.1", self.port)
        sender.loop_start()
        for sent in [sender.publish(topic, payload, qos, retain) for _ in range(times)]:
            sent.wait_for_publish(10)
        sender.disconnect()
        sender.loop_stop()


@contextmanager
def mosquitto(certificate: Path | None = None) -> Iterator[Broker]:
    """A running broker; skips with the reason where there is none."""
    pytest.importorskip("paho.mqtt.client", reason="MQTT needs paho-mqtt (pip install flowloom[mqtt])")
    program = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("the MQTT broker of these tests is mosquitto (Debian: mosquitto)")
    room = Path(tempfile.mkdtemp(prefix="flmq-", dir="/tmp"))
    broker = Broker(program, room, certificate)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()
        shutil.rmtree(room, ignore_errors=True)
