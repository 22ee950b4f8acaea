"""E-mail out of a real mailbox on this machine: each once, nothing marked, whatever is in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest

from connectors import letter
from connectors.imap import Imap, _utf7
from engine.api import Look
from engine.facts import SYSTEM
from engine.plugins.slots import Delivery, Undone
from tests.company import Company
from tests.connectors.certificates import certificate
from tests.connectors.imap_peer import PASSWORD, Peer, dovecot

SIGNED = """\
您好:

我们想采购两台显微镜,请报价。

--
张伟
锐视光学有限公司  采购经理
手机:138 0013 8000
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    with dovecot(certificate(tmp_path_factory.mktemp("imap") / "pem")) as made:
        yield made


@pytest.fixture
def peer(server: Peer) -> Peer:
    for path in (server.room / "home" / "Maildir").glob("*/*"):
        if path.is_file():
            path.unlink()
    return server


def mail(
    number: int = 1, text: str = SIGNED, subject: str = "询价", sender: str = "张伟 <zhang@ruishi.cn>", **more: str
) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, "sales@example.com", subject
    made["Message-ID"], made["Date"] = f"<{number}@ruishi.cn>", "Mon, 05 Jan 2026 09:00:00 +0800"
    for name, value in more.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made


def poll(settings: dict[str, Any], cursor: Any = None) -> tuple[list[Delivery], Any]:
    found: list[Delivery] = []
    for page in Imap().poll(settings, cursor):
        found += page.deliveries
        cursor = page.cursor
    return found, cursor


def test_a_mail_comes_once_with_who_wrote_it_and_what_their_signature_says_and_stays_unread(peer: Peer) -> None:
    peer.put(mail().as_bytes())
    (one,), cursor = poll(peer.settings())
    found = one.content
    assert (found["from"], found["from_name"], found["subject"]) == ("zhang@ruishi.cn", "张伟", "询价")
    assert (found["name"], found["company"], found["title"], found["phone"]) == (
        "张伟",
        "锐视光学有限公司",
        "采购经理",
        "13800138000",
    )
    assert "显微镜" in found["text"] and not found["automatic"]
    assert one.at == dt.datetime(2026, 1, 5, 1, tzinfo=dt.UTC)
    assert Imap().read(one.body, one.kind) == found
    assert poll(peer.settings(), cursor)[0] == []
    peer.put(mail(2).as_bytes())
    assert [each.content["message_id"] for each in poll(peer.settings(), cursor)[0]] == ["<2@ruishi.cn>"]
    assert "S" not in peer.flags()
    assert Imap().probe(peer.settings()) == "2 × INBOX"


def test_a_mailbox_that_numbers_its_mail_anew_is_read_again_and_every_mail_is_known(peer: Peer) -> None:
    for number in range(3):
        peer.put(mail(number).as_bytes())
    first, cursor = poll(peer.settings())
    peer.rebuild()
    again, after = poll(peer.settings(), cursor)
    assert after["validity"] != cursor["validity"]
    assert [one.key for one in again] == [one.key for one in first] and len({one.key for one in first}) == 3


def test_mail_that_was_there_before_can_be_left_alone(peer: Peer) -> None:
    peer.put(mail(1).as_bytes())
    found, cursor = poll(peer.settings(existing="skip"))
    peer.put(mail(2).as_bytes())
    assert found == [] and len(poll(peer.settings(existing="skip"), cursor)[0]) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"List_Id": "<news.example.com>"}, {"X_Autoreply": "yes"},
        {"Return_Path": "<>"}, {"subject": "自动回复:我在休假"}, {"sender": "MAILER-DAEMON@example.com"},
        {"List_Unsubscribe": "<mailto:x@y.cn>"}, {"sender": "sales@example.com"},
    ],
)  # fmt: skip
def test_what_no_person_wrote_and_what_we_wrote_ourselves_is_kept_and_nothing_is_made_of_it(
    peer: Peer, headers: dict[str, str]
) -> None:
    peer.put(mail(**headers).as_bytes())
    (one,), _ = poll(peer.settings())
    assert one.skip
    if headers.get("sender") != "sales@example.com":
        assert not poll(peer.settings(automatic="take"))[0][0].skip
    peer.put(mail(9, Auto_Submitted="no").as_bytes())
    assert not poll(peer.settings())[0][1].skip


def test_charsets_that_lie_are_read_all_the_same(peer: Peer) -> None:
    import base64

    gb = base64.b64encode("询价:镕喆光学㐀".encode("gb18030")).decode()
    bodies = [
        # GB2312 is declared, GB18030 is what it is.
        f"Subject: =?GB2312?B?{gb}?=\r\nFrom: =?gb2312?B?{base64.b64encode('张喆'.encode('gb18030')).decode()}?= <a@b.cn>\r\n"
        "Content-Type: text/plain; charset=gb2312\r\n\r\n".encode() + "镕喆光学㐀".encode("gb18030"),
        # Bytes in headers and text that say nothing about themselves.
        b"Subject: " + "询价:镕喆光学㐀".encode("gb18030") + b"\r\nFrom: a@b.cn\r\n\r\n" + "镕喆光学㐀".encode("gb18030"),
        "Subject: 询价:镕喆光学㐀\r\nFrom: a@b.cn\r\n\r\n镕喆光学㐀".encode(),
        # A charset there is none of, an encoded word that is broken off.
        b"Subject: =?x-nothing?B?" + base64.b64encode("询价:镕喆光学㐀".encode()) + b"?=\r\nFrom: a@b.cn\r\n"
        b"Content-Type: text/plain; charset=x-nothing\r\n\r\n" + "镕喆光学㐀".encode(),
    ]  # fmt: skip
    for body in bodies:
        found = letter.read(body)
        assert (found["subject"], found["text"]) == ("询价:镕喆光学㐀", "镕喆光学㐀"), body
    peer.put(bodies[1])
    assert poll(peer.settings())[0][0].content["subject"] == "询价:镕喆光学㐀"
    broken = letter.read(b"Subject: =?utf-8?B?5LiA5Li\r\nDate: yesterday\r\nFrom: <\r\n\r\n\xff\xfe\x00")
    assert broken["from"] == "" and letter.written_at(b"Date: yesterday\r\n\r\n") is None


def test_headers_cannot_bring_another_line_and_files_have_plain_names() -> None:
    made = mail()
    made.add_attachment(b"%PDF-1.4 ...", maintype="application", subtype="pdf", filename="../../合同.pdf")
    found = letter.read(made.as_bytes() + b"")
    (one,) = found["attachments"]
    assert dict(one) == {"name": "合同.pdf", "type": "application/pdf", "size": 12} and one.content == b"%PDF-1.4 ..."
    tricky = b"Subject: =?utf-8?B?YQ0KQmNjOiB4QHkuY24=?=\r\nFrom: a@b.cn\r\n\r\nx"
    assert letter.read(tricky)["subject"] == "a Bcc: x@y.cn"


@pytest.mark.parametrize(
    ("text", "name", "phone", "company", "title"),
    [
        (SIGNED, "张伟", "13800138000", "锐视光学有限公司", "采购经理"),
        ("请联系我。\n\n李雷 | 设备科科长 | 杭州市第一人民医院\n电话:0571-87654321", "李雷", "0571-87654321", "杭州市第一人民医院", "设备科科长"),
        ("资料收到\n此致\n敬礼\n\n姓名:韩梅梅\n职务:副总经理\n公司:青禾口腔管理集团\n电话:139-0013-9000", "韩梅梅", "139-0013-9000", "青禾口腔管理集团", "副总经理"),
        ("Please send a quote.\n\nBest regards,\nTom Lee\nPurchasing Manager\nAcme Optics Co., Ltd\nMobile: +1 415 555 2671", "Tom Lee", "+14155552671", "Acme Optics Co., Ltd", "Purchasing Manager"),
        ("只有一句话", "王芳", None, None, None),
        ("电话:13800138000", "王芳", "13800138000", None, None),
    ],
)  # fmt: skip
def test_signatures(text: str, name: str | None, phone: str | None, company: str | None, title: str | None) -> None:
    assert letter.signature(text, "王芳") == {"name": name, "phone": phone, "company": company, "title": title}


@pytest.mark.parametrize(
    "quoted",
    [
        "\n\n------------------ 原始邮件 ------------------\n发件人: \"crm\" <crm@example.com>\n旧的内容",
        "\n\nOn Mon, Jan 5, 2026 at 9:00 AM, crm <crm@example.com> wrote:\n> 旧的内容",
        "\n\n在 2026-01-05 09:00:00,\"crm\" <crm@example.com> 写道:\n>旧的内容",
        "\n\n> 旧的内容\n> 还有",
    ],
)  # fmt: skip
def test_only_what_was_written_this_time_is_its_text(quoted: str) -> None:
    assert letter.latest(SIGNED + quoted).strip() == SIGNED.strip()


def test_html_is_read_as_words_and_nothing_in_it_runs() -> None:
    made = EmailMessage()
    made["From"] = "a@b.cn"
    made.set_content(
        "<style>x{}</style><script>alert(1)</script><p>我要&nbsp;报价</p><img src=http://169.254.169.254/x>谢谢",
        subtype="html",
    )
    assert letter.read(made.as_bytes())["text"] == "我要 报价\n谢谢"


def test_a_mail_that_is_too_large_is_told_by_its_heading(peer: Peer) -> None:
    big = mail(subject="大附件")
    big.add_attachment(b"x" * 1_500_000, maintype="application", subtype="octet-stream", filename="a.bin")
    peer.put(big.as_bytes())
    peer.put(mail(2).as_bytes())
    found, _ = poll(peer.settings(largest=1))
    assert found[0].problem is not None and found[0].problem.line("zh").startswith(
        "I041 大附件 有 2 MB,超过 1 MB,没有取"
    )
    assert len(found[0].body) < 2000 and found[1].problem is None


def test_folders_with_chinese_names(peer: Peer) -> None:
    assert _utf7("询价") == "&i+JO9w-" and _utf7("A&B/询") == "A&-B/&i+I-"
    peer.put(mail().as_bytes(), ".&i+JO9w-")
    assert len(poll(peer.settings(folder="询价"))[0]) == 1


def test_tls_and_what_stands_in_the_way(peer: Peer) -> None:
    peer.put(mail().as_bytes())
    pem = str(peer.room / "pem")
    assert len(poll(peer.settings(security="tls", port=peer.secure, authority=pem))[0]) == 1
    assert len(poll(peer.settings(security="starttls", authority=pem))[0]) == 1
    for settings, code, final in (
        (peer.settings(password="x"), "R113", True),
        (peer.settings(folder="没有"), "R113", True),
        (peer.settings(folder='a"\r\nb'), "R116", True),
        (peer.settings(security="tls", port=peer.secure), "R115", True),
        (peer.settings(port=1), "R112", False),
        (peer.settings(networks=[]), "R111", True),
    ):
        with pytest.raises(Undone) as refused:
            poll(settings)
        assert (refused.value.problems[0].code, refused.value.final) == (code, final)


CONNECTION = """\
kind: connection
name: mailbox
label: {{zh: 销售邮箱, en: Sales mailbox}}
connector: imap
settings: {{host: 127.0.0.1, port: {port}, security: none, user: sales@example.com, password: "=secret.MAILBOX", networks: [127.0.0.1/32]}}
schedule: "*/2 * * * *"
into: lead
map: {{company: company, contact: name, phone: phone, email: from, scan: "attachments[0]"}}
set: {{source: referral}}
match_on: [phone]
---
kind: entity
extend: crm.lead
fields:
  scan: {{type: file, label: {{zh: 附件, en: Attachment}}}}
"""


def test_a_mail_becomes_a_lead_with_its_attachment_and_an_automatic_answer_becomes_nothing(
    company: Company, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAILBOX", PASSWORD)
    (company.folder / "custom" / "mailbox.yaml").write_text(CONNECTION.format(port=peer.port), "utf-8")
    company.engine.revisions.publish("mailbox")
    made = mail()
    made.add_attachment(b"%PDF-1.4\n%%EOF\n", maintype="application", subtype="pdf", filename="需求.pdf")
    peer.put(made.as_bytes())
    peer.put(mail(2, Auto_Submitted="auto-replied").as_bytes())
    company.clock.advance(dt.timedelta(minutes=2))
    company.engine.tick()
    company.engine.runs.work()
    page = company.engine.list(SYSTEM, "lead", Look(limit=10))
    (lead,) = page.items
    assert (lead.values["company"], lead.values["contact"], lead.values["phone"]) == (
        "锐视光学有限公司",
        "张伟",
        "+8613800138000",
    )
    file, content = company.engine.files.read(SYSTEM, str(lead.record.values["scan"]))
    with content:
        assert (file.name, content.read()) == ("需求.pdf", b"%PDF-1.4\n%%EOF\n")
    counts = {one["name"]: one["counts"] for one in company.engine.channels.listing(SYSTEM)}
    assert counts["mailbox"] == {"done": 1, "skipped": 1}


def returned(action: str = "failed", status: str = "5.1.1") -> bytes:
    """A mail of ours as a server gives it back: RFC 3464."""
    return (
        "From: MAILER-DAEMON@mx.example.com\r\nTo: sales@example.com\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        f"Message-ID: <{action}{status}@mx.example.com>\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nI'm sorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\n"
        f"Final-Recipient: rfc822; Zhang@ruishi.cn\r\nAction: {action}\r\nStatus: {status}\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n--b--\r\n"
    ).encode()


def test_fault_080_a_returned_mail_tells_whom_it_did_not_reach_and_why(peer: Peer) -> None:
    peer.put(returned())
    (kept,), _ = poll(peer.settings())
    assert kept.skip == "automatic", "nothing is made of it unless the connection says so"
    (taken,), _ = poll(peer.settings(returned="take"))
    assert not taken.skip and taken.content["returned"] == {
        "to": "zhang@ruishi.cn", "status": "5.1.1", "reason": "550 5.1.1 no such user", "lasting": True,
    }  # fmt: skip
    peer.put(returned("delayed", "4.4.1"))
    assert poll(peer.settings(returned="take"))[0][1].content["returned"]["lasting"] is False
    peer.put(mail(9).as_bytes())
    assert poll(peer.settings(returned="take"))[0][2].content["returned"] is None
