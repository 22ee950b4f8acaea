"""E-mail over a real SMTP session on this machine."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from typing import Any

import pytest

from connectors.smtp import Smtp, message_id
from engine.plugins.slots import Undone


class Post(socketserver.ThreadingTCPServer):
    """A mail server that keeps what it is given; ``plan`` are answers to the next commands, by their first word."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.mails: list[Any] = []
        self.plan: dict[str, str] = {}
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def settings(self) -> dict[str, Any]:
        return {
            "host": "127.0.0.1", "port": self.server_address[1], "from": "crm@example.com", "security": "none",
            "networks": ["127.0.0.1/32"], "timeout": 3,
        }  # fmt: skip


class Session(socketserver.StreamRequestHandler):
    server: Post

    def say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self) -> None:
        self.say("220 ready")
        while line := self.rfile.readline():
            word = line.split()[0].upper().decode() if line.split() else ""
            planned = self.server.plan.pop(word, "")
            if planned == "drop":
                return
            if planned:
                self.say(planned)
            elif word == "DATA":
                self.say("354 go on")
                content = b""
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    content += line.removeprefix(b".") if line.startswith(b"..") else line
                self.server.mails.append(message_from_bytes(content, policy=policy.default))
                if self.server.plan.pop("END", "") == "drop":
                    return
                self.say("250 kept")
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")


@pytest.fixture
def post() -> Iterator[Post]:
    made = Post()
    yield made
    made.shutdown()
    made.server_close()


def test_a_mail_arrives_with_its_chinese_words_and_a_message_id_made_from_its_key(post: Post) -> None:
    sent = {"to": "zhou@example.com", "subject": "方案已发送", "text": "周经理您好,\n请查收。"}
    found = Smtp().send(post.settings(), sent, "run:7:1")
    (mail,) = post.mails
    assert (mail["Subject"], mail["To"], mail["From"]) == ("方案已发送", "zhou@example.com", "crm@example.com")
    assert mail.get_content().replace("\r\n", "\n").strip() == sent["text"]
    assert mail["Message-ID"] == found["message_id"] == message_id("run:7:1", "crm@example.com")


def test_fault_080_greylisting_is_tried_again_and_a_refusal_is_final(post: Post) -> None:
    sent = {"to": "zhou@example.com", "subject": "x", "text": "y"}
    for word, answer, final in (
        ("RCPT", "451 later", False),
        ("RCPT", "550 nobody", True),
        ("MAIL", "421 busy", False),
    ):
        post.plan = {word: answer}
        with pytest.raises(Undone) as error:
            Smtp().send(post.settings(), sent, "k")
        assert error.value.final is final and answer[:3] in error.value.problems[0].what()
    assert post.mails == []


def test_fault_080_a_connection_that_drops_before_the_answer_is_tried_again_with_the_same_message_id(
    post: Post,
) -> None:
    sent = {"to": "zhou@example.com", "subject": "x", "text": "y"}
    post.plan = {"END": "drop"}
    with pytest.raises(Undone) as error:
        Smtp().send(post.settings(), sent, "run:7:1")
    assert not error.value.final
    Smtp().send(post.settings(), sent, "run:7:1")
    assert len(post.mails) == 2 and post.mails[0]["Message-ID"] == post.mails[1]["Message-ID"]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("subject", "好\r\nBcc: all@example.com", "R116"), ("to", "a@b.cn\nBcc: c@d.cn", "R116"),
        ("to", "a@b.cn,c@d.cn", "R117"), ("to", "没有", "R117"), ("to", "a@b.cn c@d.cn", "R117"),
    ],
)  # fmt: skip
def test_fault_040_what_would_begin_another_header_is_refused(post: Post, field: str, value: str, code: str) -> None:
    with pytest.raises(Undone) as error:
        Smtp().send(post.settings(), {"to": "a@b.cn", "subject": "x", "text": "y", field: value}, "k")
    assert error.value.problems[0].code == code and error.value.final
    assert post.mails == []


def test_a_server_inside_must_be_named(post: Post) -> None:
    with pytest.raises(Undone) as error:
        Smtp().send({**post.settings(), "networks": []}, {"to": "a@b.cn", "subject": "x", "text": "y"}, "k")
    assert error.value.problems[0].code == "R111"


def test_a_person_without_an_address_cannot_be_told(post: Post) -> None:
    with pytest.raises(Undone) as error:
        Smtp().tell(post.settings(), {"title": "x", "text": "y", "to": {"login": "li", "email": None}}, "k")
    assert error.value.problems[0].code == "R120"
    Smtp().tell(post.settings(), {"title": "超时", "text": "y", "to": {"email": "li@example.com"}}, "k")
    assert post.mails[0]["Subject"] == "超时"


def test_attachments_go_along_with_their_names_and_types(post: Post) -> None:
    files = [
        {"name": "报价单 锐视.pdf", "type": "application/pdf", "content": b"%PDF-1.7"},
        {"name": "a.txt", "type": "text/plain", "content": "你好".encode()},
    ]
    Smtp().send(post.settings(), {"to": "a@b.cn", "subject": "报价", "text": "见附件", "attachments": files}, "k")
    parts = list(post.mails[0].iter_attachments())
    assert [(part.get_filename(), part.get_content_type()) for part in parts] == [
        ("报价单 锐视.pdf", "application/pdf"), ("a.txt", "text/plain"),
    ]  # fmt: skip
    assert parts[0].get_payload(decode=True) == b"%PDF-1.7"
    assert post.mails[0].get_body(("plain",)).get_content().strip() == "见附件"


def test_fault_040_the_name_of_an_attachment_begins_no_header(post: Post) -> None:
    files = [{"name": "a\r\nBcc: all@example.com", "type": "text/plain", "content": b"x"}]
    with pytest.raises(Undone) as error:
        Smtp().send(post.settings(), {"to": "a@b.cn", "subject": "x", "text": "y", "attachments": files}, "k")
    assert error.value.problems[0].code == "R116" and post.mails == []
