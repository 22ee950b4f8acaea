"""The HTTP connector: only where it may go, the same key every time, no answer too large, no secret to a stranger."""

from __future__ import annotations

import ipaddress
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors import network
from connectors.http import MOST, Http, address
from engine.plugins.slots import Undone
from tests.connectors.certificates import certificate
from tests.connectors.peer import listening
from tests.engine.site.test_runs import Sink

OWN = {"networks": ["127.0.0.0/8"]}


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink()
    yield made
    made.shutdown()
    made.server_close()


def call(settings: dict[str, Any], **request: Any) -> Any:
    return Http().call(settings, {"method": "POST", **request}, "run:1:0")


def refusal(settings: dict[str, Any], **request: Any) -> Undone:
    with pytest.raises(Undone) as found:
        call({"timeout": 3, **settings}, **request)
    return found.value


FORBIDDEN = [
    "http://169.254.169.254", "http://[::ffff:127.0.0.1]", "http://0x7f000001", "http://localhost.", "http://127.1",
    "http://2130706433", "http://[::1]", "http://0.0.0.0", "http://10.0.0.8", "http://192.168.1.1", "http://172.16.0.1",
    "http://[fe80::1]", "http://[fc00::1]", "http://100.64.0.1", "http://[64:ff9b::7f00:1]", "http://[2002:7f00:1::]",
    "http://224.0.0.1", "http://１２７.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("url", FORBIDDEN)
def test_fault_078_an_address_inside_is_refused_at_connect(url: str) -> None:
    error = refusal({"url": url})
    assert error.problems[0].code == "R111" and error.final
    assert "127.0.0.1" not in error.problems[0].what()


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "gopher://example.com", "http://a@example.com", "ftp://x", "http://"]
)
def test_fault_078_other_schemes_and_names_in_the_address_are_refused(url: str) -> None:
    error = refusal({"url": url})
    assert error.problems[0].code == "R118" and error.final


@pytest.mark.parametrize(
    "path", ["http://evil.example/", "//evil.example", "\\\\evil", "/../../x", "/%2e%2e/x", "http://127.0.0.1@evil/"]
)
def test_fault_078_a_path_from_data_cannot_leave_the_connections_address(path: str) -> None:
    assert refusal({"url": "http://127.0.0.1:9/api", **OWN}, path=path).problems[0].code == "R118"


def test_fault_078_the_link_local_metadata_address_is_never_reached_even_when_named() -> None:
    assert refusal({"url": "http://169.254.169.254", "networks": ["0.0.0.0/0"]}).problems[0].code == "R111"


def test_fault_078_a_name_that_resolves_to_an_inside_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([[("8.8.8.8", 80), ("10.0.0.1", 80)], [("10.0.0.1", 80)]])

    def resolve(*_: Any, **__: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", where) for where in next(answers)]

    monkeypatch.setattr(network.socket, "getaddrinfo", resolve)
    for _ in range(2):
        assert refusal({"url": "http://rebinding.example"}).problems[0].code == "R111"


def test_public_addresses_may_be_reached() -> None:
    for text in ("8.8.8.8", "2001:4860:4860::8888", "114.114.114.114"):
        assert network.refused(ipaddress.ip_address(text), ()) == ""


def test_an_address_is_below_the_connections_own() -> None:
    root = {"url": "https://erp.example/api/"}
    assert (
        address(root, "/orders/中 文", {"a": 1, "b": None})
        == "https://erp.example/api/orders/%E4%B8%AD%20%E6%96%87?a=1"
    )
    assert address(root, "https://erp.example/api/x?y=1", {}) == "https://erp.example/api/x?y=1"
    assert address(root, "", {}) == "https://erp.example/api/"


def test_a_call_carries_its_key_its_headers_and_the_same_bytes(sink: Sink) -> None:
    found = call(
        {"url": sink.url, "headers": {"Authorization": "Bearer x"}, **OWN}, path="/a", json={"b": 1, "a": "中"}
    )
    assert found == {"status": 200, "body": {"errcode": 0}}
    assert sink.got == [("/a", "run:1:0", {"a": "中", "b": 1})]


def test_fault_078_redirections_are_off_and_rechecked_and_secrets_do_not_follow(sink: Sink) -> None:
    sink.answers = [(302, {"Location": "http://169.254.169.254/latest"}, {})] * 2
    settings = {"url": sink.url, **OWN}
    assert refusal(settings).problems[0].code == "R119"
    assert refusal({**settings, "redirects": 2}).problems[0].code == "R111"
    other = Sink()
    sink.answers = [(307, {"Location": other.url + "/there"}, {})]
    call({**settings, "redirects": 1, "headers": {"Authorization": "secret"}}, json=1)
    assert other.got == [("/there", None, 1)]
    other.shutdown()
    other.server_close()


@pytest.mark.parametrize(
    ("status", "final"), [(400, True), (404, True), (401, True), (429, False), (500, False), (503, False)]
)
def test_fault_079_a_refusal_is_final_and_a_failure_is_not(sink: Sink, status: int, final: bool) -> None:
    sink.answers = [(status, {"Retry-After": "120"}, {"message": "no"})]
    error = refusal({"url": sink.url, **OWN})
    assert (error.problems[0].code, error.final, error.after) == ("R113", final, 120.0)
    assert str(status) in error.problems[0].what() and "no" in error.problems[0].what()


def test_fault_079_a_good_status_with_a_bad_body_is_no_success(sink: Sink) -> None:
    sink.answers = [(200, {}, {"errcode": 40001, "data": {"ok": False}})]
    error = refusal({"url": sink.url, **OWN}, success={"errcode": 0})
    assert error.problems[0].code == "R114" and not error.final
    sink.answers = [(200, {}, {"data": {"ok": True}})]
    assert call({"url": sink.url, "success": {"data.ok": True}, **OWN})["status"] == 200


def test_fault_079_a_reply_is_capped(sink: Sink) -> None:
    sink.answers = [(200, {}, "x" * (MOST + 10))]
    assert refusal({"url": sink.url, **OWN}).problems[0].code == "R112"


def test_fault_079_a_server_that_never_answers_costs_no_more_than_the_timeout() -> None:
    import time

    silent = socket.create_server(("127.0.0.1", 0))
    begun = time.monotonic()
    error = refusal({"url": f"http://127.0.0.1:{silent.getsockname()[1]}", "timeout": 0.5, **OWN})
    assert error.problems[0].code == "R112" and not error.final and time.monotonic() - begun < 3
    silent.close()


def test_fault_079_a_server_that_drips_costs_no_more_than_the_timeout() -> None:
    import time

    listening = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        peer, _ = listening.accept()
        peer.recv(4096)
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        try:
            for _ in range(100):
                peer.sendall(b"x")
                time.sleep(0.1)
        except OSError:
            pass

    threading.Thread(target=drip, daemon=True).start()
    begun = time.monotonic()
    assert (
        refusal({"url": f"http://127.0.0.1:{listening.getsockname()[1]}", "timeout": 1, **OWN}).problems[0].code
        == "R112"
    )
    assert time.monotonic() - begun < 3
    listening.close()


def test_a_header_with_a_line_break_is_refused(sink: Sink) -> None:
    assert refusal({"url": sink.url, **OWN}, headers={"X-Name": "a\r\nB: c"}).problems[0].code == "R116"


def test_a_message_to_people_is_posted_as_it_is(sink: Sink) -> None:
    Http().tell({"url": sink.url, **OWN}, {"title": "超时", "text": "x", "to": {"login": "li"}, "about": {}}, "k")
    assert sink.got == [("/", "k", {"title": "超时", "text": "x", "to": {"login": "li"}, "about": {}})]
    assert json.dumps(sink.got[0][2])


def test_fault_079_a_certificate_of_its_own_is_refused_unless_it_is_pinned(tmp_path: Path) -> None:
    import hashlib
    import ssl

    pem = certificate(tmp_path / "own.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    text = pem.read_text()
    end = "-----END CERTIFICATE-----"
    mark = hashlib.sha256(
        ssl.PEM_cert_to_DER_cert(text[text.index("-----BEGIN CERT") : text.index(end) + len(end)])
    ).hexdigest()
    with listening(lambda asked: {"ok": True}) as peer:
        peer.socket = context.wrap_socket(peer.socket, server_side=True)
        url = peer.url.replace("http://", "https://")
        given = {"url": url, "networks": ["127.0.0.1/32"], "timeout": 5}
        for settings in (given, {**given, "fingerprint": "00" * 32}):
            with pytest.raises(Undone) as refused:
                Http().call(settings, {"method": "GET"}, "k")
            assert (refused.value.problems[0].code, refused.value.final) == ("R115", True)
        assert peer.asked == []
        assert Http().call({**given, "fingerprint": mark}, {"method": "GET"}, "k")["body"] == {"ok": True}
