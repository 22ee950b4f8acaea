"""Addresses that lead inside (fault 78), at every door that takes an address, a path or a place to go to from somebody else."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from connectors import http, network
from connectors.ftp_csv import FtpCsv
from connectors.http import Http
from connectors.imap import Imap
from connectors.mqtt import Mqtt
from connectors.network import refused
from connectors.sftp import Sftp
from connectors.smtp import Smtp
from engine.errors import FlowloomError
from tests.corpora.tally import note, payloads

HOSTS: dict[str, Any] = {
    "smtp: host": lambda host: Smtp().send({"host": host, "from": "a@b.cn", "timeout": 1}, {"to": "c@d.cn"}, "k"),
    "imap: host": lambda host: list(Imap().poll({"host": host, "user": "u", "password": "p", "timeout": 1}, None)),
    "ftp_csv: host": lambda host: list(FtpCsv().poll({"host": host, "timeout": 1}, None)),
    "sftp: host": lambda host: list(Sftp().poll({"host": host, "user": "u", "password": "p", "timeout": 1}, None)),
    "mqtt: host": lambda host: list(Mqtt().poll({"host": host, "topics": ["a"], "timeout": 1}, None)),
}


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The addresses somebody tried to connect to; nobody gets there. Names of the corpus that lead home do, others lead outside."""
    went: list[str] = []
    resolve = socket.getaddrinfo
    home = ("local", "nip.io", "xip.io", "127", "spoofed", "internal", "vcap", "lvh")

    def names(host: Any, port: Any, *_: Any, **more: Any) -> Any:
        try:
            return resolve(host, port, flags=socket.AI_NUMERICHOST, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            where = "127.0.0.1" if any(word in str(host).lower() for word in home) else "93.184.216.34"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (where, port))]

    class Nowhere(socket.socket):
        def connect(self, where: Any) -> None:
            went.append(where[0])
            raise ConnectionRefusedError("a test goes nowhere")

    # Made once: a thousand tries need no thousand stores of certificates.
    trust = ssl.create_default_context()
    monkeypatch.setattr(ssl, "create_default_context", lambda **_: trust)
    monkeypatch.setattr(network.socket, "getaddrinfo", names)
    monkeypatch.setattr(network.socket, "socket", Nowhere)
    yield went


def inside(went: list[str]) -> list[object]:
    return [where for where in went if refused(ipaddress.ip_address(where.partition("%")[0]), ())]


@pytest.mark.parametrize("door", HOSTS)
def test_fault_078_no_host_of_the_corpus_leads_a_connector_inside(door: str, reached: list[str]) -> None:
    hosts = sorted({text.partition("://")[2].partition("/")[0] or text for text in payloads("ssrf-and-redirect-url")})
    for host in hosts:
        with pytest.raises((FlowloomError, OSError, ValueError)):
            HOSTS[door](host)
    note("ssrf", door, len(hosts), inside(reached))


def test_fault_078_a_path_out_of_data_stays_at_the_connection_s_address(monkeypatch: pytest.MonkeyPatch) -> None:
    went: list[str] = []

    def exchange(settings: Any, method: str, url: str, *more: Any) -> Any:
        went.append(url)
        return 200, "application/json", b"{}", None, ""

    monkeypatch.setattr(http, "exchange", exchange)
    found = payloads("ssrf-and-redirect-url")
    for text in found:
        try:
            Http().call({"url": "https://erp.example.com/api"}, {"method": "GET", "path": text}, "k")
        except FlowloomError as error:
            assert error.problems[0].code == "R118"
    note("ssrf", "call: path", len(found), [url for url in went if not url.startswith("https://erp.example.com/api/")])


def test_fault_078_a_redirection_leads_nobody_inside(monkeypatch: pytest.MonkeyPatch, reached: list[str]) -> None:
    real = http.exchange
    for text in (found := payloads("ssrf-and-redirect-url")):
        first = [(302, "", b"", None, text)]
        monkeypatch.setattr(http, "exchange", lambda *more, first=first: first.pop() if first else real(*more))
        settings = {"url": "https://93.184.216.34/api", "redirects": 3, "timeout": 1}
        with pytest.raises((FlowloomError, ValueError)):
            Http().call(settings, {"method": "GET"}, "k")
    note("ssrf", "http: redirection", len(found), inside(reached))
