"""Senders that lie and senders that dawdle, on real sockets: they cost themselves something and nobody else."""

from __future__ import annotations

import gzip
import json
import socket
import statistics
import threading
import time
from collections.abc import Iterator

import pytest

from engine.plugins.registry import Registry
from studio import patience
from tests.studio.real import BODY, HEADERS, Real, answered, delivery, serving


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Iterator[Real]:
    with serving(tmp_path_factory.mktemp("real") / "site", registry) as made:
        yield made


def quickness(real: Real, times: int = 20) -> float:
    """Seconds in which 19 of 20 answers are there."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        assert real.ask("GET /healthz HTTP/1.1\n")[0] == 200
        taken.append(time.perf_counter() - begun)
    return statistics.quantiles(taken, n=20)[-1]


def ended(made: socket.socket, within: float) -> bool:
    """True when the other side ends a connection in that time."""
    made.settimeout(within)
    try:
        return made.recv(65536) == b"" or made.recv(65536) == b""
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True


def test_fault_068_a_body_that_is_shorter_than_it_says_is_400_and_one_that_is_longer_is_cut_off(real: Real) -> None:
    head, body = delivery(1)
    assert real.ask(f"{head}Content-Length: {len(body) + 50}\n", body, done=True)[0] in (0, 400)
    status, said = real.ask(f"{head}Content-Length: {len(body) - 5}\n", body)
    assert status == 401, "the signature is of the whole body"
    assert b"trace" in said
    assert real.ask(f"{head}Content-Length: {len(body)}\n", body)[0] == 200


def test_fault_068_ten_megabytes_a_stream_without_end_and_a_packed_body_leave_memory_flat(real: Real) -> None:
    before = real.memory()
    head, _ = delivery(2)
    for _ in range(3):
        assert real.ask(f"{head}Content-Length: {10 * 1024 * 1024}\n", b"x" * 65536)[0] == 413
        assert real.ask(f"{head}Transfer-Encoding: chunked\n", b"ffff\r\n" + b"x" * 0xFFFF + b"\r\n")[0] == 411
        packed = gzip.compress(b"x" * 50_000_000)
        assert real.ask(f"{head}Content-Encoding: gzip\nContent-Length: {len(packed)}\n", packed)[0] == 415
    endless = real.open(head.replace("\n", "\r\n").encode() + b"Host: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    part, sent = b"10000\r\n" + b"x" * 65536 + b"\r\n", 0
    endless.settimeout(5)
    try:
        while sent < 64_000_000:
            endless.sendall(part)
            sent += 65536
    except OSError:
        pass
    assert real.memory() < before + 40, "nothing of it was kept"
    assert real.ask("GET /healthz HTTP/1.1\n")[0] == 200


def test_fault_069_two_hundred_slow_senders_of_headers_and_of_bodies_hold_up_nobody_and_are_shut_out(
    real: Real,
) -> None:
    calm = quickness(real)
    begin = b"POST /hooks/website HTTP/1.1\r\nHost: x\r\n"
    headers = [real.open(begin) for _ in range(200)]
    bodies = [real.open(begin + b"Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n") for _ in range(200)]
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(0.2):
            for each in headers + bodies:
                try:
                    each.sendall(b"x")
                except OSError:
                    continue

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        time.sleep(0.5)
        # Others come from the same address here and are still served: what asks without a body waits for nobody.
        assert quickness(real) < max(1.5 * calm, 0.25)
        assert all(ended(each, HEADERS + 4) for each in headers[::40])
        # Twenty bodies of an address may be under way; the others were told to come again, those twenty are shut in their time.
        told = [answered(each)[0] for each in bodies]
        assert told.count(429) == 200 - patience.AT_ONCE and sorted(set(told) - {429}) in ([0], [0, 401], [401])
    finally:
        stop.set()
        dripping.join()
    head, body = delivery(3)
    assert real.ask(f"{head}Content-Length: {len(body)}\n", body)[0] == 200


def test_fault_069_who_says_that_a_body_comes_and_sends_nothing_is_shut_out_in_its_time(real: Real) -> None:
    begin = b"POST /hooks/website HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n"
    silent = [real.open(begin) for _ in range(3)]
    waiting = real.open(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"200 OK" in waiting.recv(1000)
    begun = time.monotonic()
    assert all(ended(each, BODY + 4) for each in silent)
    assert time.monotonic() - begun > BODY - 1, "not before its time"


def test_fault_069_as_many_idle_connections_as_a_crowd_of_browsers_keeps_open_keep_nobody_out(real: Real) -> None:
    idle = [real.open() for _ in range(600)]
    assert real.ask("GET /healthz HTTP/1.1\n")[0] == 200
    for each in idle:
        each.close()


def test_fault_070_bodies_that_are_no_strict_json_are_told_where_they_are_wrong(real: Real) -> None:
    bad = {
        b'{"data": NaN}': "NaN",
        b'{"a": 1, "a": 2}': "a",
        b"[" * 1000 + b"]" * 1000: "",
        b"\xef\xbb\xbf{": "",
        '{"a":1}'.encode("utf-16"): "",
        b"<a/>": "",
    }
    for number, (body, word) in enumerate(bad.items(), 10):
        head, _ = delivery(number, body)
        status, said = real.ask(f"{head}Content-Length: {len(body)}\n", body)
        told = json.loads(said)
        assert (status, told["code"]) == (400, "H032") and word in told["detail"], (body[:20], told)
