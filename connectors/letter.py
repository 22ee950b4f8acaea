"""A mail as content: who wrote what, and who they say they are in the lines below it. Floor: 5.

Whatever a mail's headers claim about their encoding, the text is found: what was declared, else UTF-8, else GB18030.
"""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import email.utils
import html
import re
import unicodedata
from email.header import decode_header
from email.message import EmailMessage, Message
from itertools import islice
from typing import Any

from engine.plugins.slots import Enclosed

#: Letters of a text that are kept, and of a header.
LONGEST, HEADER = 200_000, 2_000
#: Parts of a mail that are looked at.
PARTS = 200
#: Lines of a signature at most.
LINES = 12

#: Where somebody's own words end and their signature begins.
BELOW = re.compile(
    r"^\s*(?:-- ?|[-—_=*]{3,}.*|此致|敬礼|祝好[!。]?|顺祝商祺[!。]?|祝商祺[!。]?|谢谢[!。]?|best regards,?|kind regards,?|regards,?|thanks,?|sent from my .*|发自我的.*)\s*$",
    re.IGNORECASE,
)
LABELLED = {
    "name": re.compile(r"(?:姓名|联系人|name)\s*[::]\s*([^\s,,;;|/]{2,20})", re.IGNORECASE),
    "phone": re.compile(r"(?:手机|移动电话|电话|联系电话|mobile|cell|mob|tel|phone|[MTP])\s*[::.]\s*([+()\d][-+()\d\s转ext.]{6,24}\d)", re.IGNORECASE),
    "company": re.compile(r"(?:公司|单位|company)\s*[::]\s*([^\n|]{2,60})", re.IGNORECASE),
    "title": re.compile(r"(?:职务|职位|title|position)\s*[::]\s*([^\n|]{2,40})", re.IGNORECASE),
}  # fmt: skip
COMPANY = re.compile(
    r"[^\s|,,;;/·]*(?:有限责任公司|股份有限公司|有限公司|集团|医院|研究院|研究所|事务所|大学|学院|诊所|门诊部|公司)[^\s|,,;;/·]{0,8}"
    r"|[\w&.,' -]{2,50}\b(?:Co\.?,? ?Ltd\.?|Inc\.?|LLC|GmbH|Corp\.?|Corporation|Limited|Hospital|University)",
)
TITLE = re.compile(
    r"[^\s|,,;;/·]{0,10}(?:总经理|经理|总监|主任|主管|工程师|总裁|院长|科长|处长|部长|采购|顾问|助理|销售代表|医师|教授|店长|负责人)"
    r"|[A-Za-z &]{0,40}\b(?:Manager|Director|Engineer|President|Head of [A-Za-z ]+|Officer|Consultant|Buyer|CEO|CTO|CFO|COO)\b[A-Za-z &,]{0,30}",
)
PHONE = re.compile(r"(?<![\d-])(?:\+?86[-\s]?)?(1[3-9]\d(?:[-\s]?\d{4}){2}|0\d{2,3}[-\s]?[2-8]\d{6,7})(?!\d)")
ABROAD = re.compile(r"(?<![\d-])(\+\d{1,3}(?:[-\s()]*\d){6,12})(?!\d)")
CHINESE = re.compile(r"^[\u4e00-\u9fff·]{2,4}$")
LATIN = re.compile(r"^[A-Z][a-z]+(?: [A-Z][a-z'.-]*){1,2}$")
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
QUOTED = re.compile(
    r"^(?:\s*>.*|-{2,}\s*(?:原始邮件|回复的邮件|Original Message|Forwarded message).*|\s*(?:发件人|From)\s*[::].*|在.{4,80}写道\s*[::]?\s*|On .{6,120} wrote:\s*)$"
)


def read(body: bytes) -> dict[str, Any]:
    """The content of a mail. Headers are text in one line; ``attachments`` tell of the files it brought, ``returned`` of a mail of ours
    that came back."""
    mail = email.message_from_bytes(body, policy=email.policy.compat32)
    text, files = _parts(mail)
    sender_name, sender = _sender(mail)
    own = latest(text)
    signed = signature(own, sender_name)
    return {
        "from": sender,
        "from_name": sender_name,
        "to": [address for _, address in email.utils.getaddresses([_header(mail, "To"), _header(mail, "Cc")]) if address],
        "subject": _header(mail, "Subject"),
        "message_id": _header(mail, "Message-ID"),
        "in_reply_to": _header(mail, "In-Reply-To"),
        "text": own,
        "automatic": automatic(mail),
        "returned": returned(mail),
        "attachments": files,
        **signed,
    }  # fmt: skip


def written_at(body: bytes) -> dt.datetime | None:
    """When the mail says it was written; None where that is no time, or before there was e-mail."""
    mail = email.message_from_bytes(body[: 1 << 16], policy=email.policy.compat32)
    try:
        found = email.utils.parsedate_to_datetime(_header(mail, "Date"))
    except (ValueError, TypeError, IndexError):
        return None
    moment = found.replace(tzinfo=dt.UTC) if found.tzinfo is None else found.astimezone(dt.UTC)
    return moment if moment.year >= 1990 else None


def automatic(mail: Message) -> bool:
    """True for what no person wrote to us: an automatic answer, a returned mail, a newsletter. Source: RFC 3834, RFC 2919."""
    submitted = _header(mail, "Auto-Submitted").lower()
    sender = _sender(mail)[1].lower()
    return (
        (bool(submitted) and not submitted.startswith("no"))
        or _header(mail, "Precedence").lower() in ("bulk", "junk", "list", "auto_reply")
        or any(mail[name] is not None for name in ("List-Id", "List-Unsubscribe", "X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress"))
        or _header(mail, "Return-Path").strip() == "<>"
        or sender.partition("@")[0] in ("mailer-daemon", "postmaster", "noreply", "no-reply", "bounce")
        or mail.get_content_type() == "multipart/report"
        or bool(re.match(r"\s*(?:自动回复|自動回覆|automatic reply|auto-?reply|out of office)", _header(mail, "Subject"), re.IGNORECASE))
    )  # fmt: skip


def returned(mail: Message) -> dict[str, Any] | None:
    """Which mail of ours did not arrive: ``to``, ``status``, ``reason`` in the words of the server that refused it, and whether that
    is for good (``lasting``). None for every other mail. Source: RFC 3464, RFC 3463."""
    if mail.get_content_type() != "multipart/report":
        return None
    reports = [part for part in islice(mail.walk(), PARTS) if part.get_content_type() == "message/delivery-status"]
    blocks = [block for part in reports for block in part.get_payload() if isinstance(block, Message)]
    for block in blocks:
        address = ADDRESS.search(_header(block, "Original-Recipient") or _header(block, "Final-Recipient"))
        action, status = _header(block, "Action").lower(), _header(block, "Status").partition(" ")[0]
        if address is None or action not in ("failed", "delayed"):
            continue
        reason = _header(block, "Diagnostic-Code").partition(";")[2].strip() or status
        lasting = action == "failed" and not status.startswith("4")
        return {"to": address[0].lower(), "status": status, "reason": reason[:300], "lasting": lasting}
    return None


def latest(text: str) -> str:
    """What was written this time: without the mail it answers."""
    from mailparser_reply import EmailReplyParser

    # First the separators of Chinese mail programs that the library does not know.
    kept: list[str] = []
    for line in text.splitlines():
        if QUOTED.match(line):
            break
        kept.append(line.rstrip())
    own = "\n".join(kept).strip()
    replies = EmailReplyParser(languages=["zh", "en"]).read(text=own).replies if own else []
    first = replies[0].content.strip() if replies else ""
    return first or own


def signature(text: str, sender_name: str) -> dict[str, str | None]:
    """``name``, ``phone``, ``company`` and ``title`` as the lines at the end of a text give them; None for what they do not."""
    lines = [unicodedata.normalize("NFKC", line).strip() for line in text.splitlines()]
    begun = next((n for n, line in enumerate(lines) if BELOW.match(line)), None)
    if begun is not None and len(lines) - begun <= LINES + 4:
        below = [line for line in lines[begun + 1 :] if line][:LINES]
    else:
        below = [line for line in lines if line][-LINES:]
    joined = "\n".join(below)
    found = {key: _first(pattern.search(joined)) for key, pattern in LABELLED.items()}
    number = PHONE.search(joined) or PHONE.search(unicodedata.normalize("NFKC", text)) or ABROAD.search(joined)
    phone = found["phone"] or _first(number)
    company = found["company"] or _whole(COMPANY.search(joined))
    title = found["title"] or next(
        (
            _whole(TITLE.search(line.replace(company or "\0", " ")))
            for line in below
            if TITLE.search(line.replace(company or "\0", " "))
        ),
        None,
    )
    name = (
        found["name"]
        or _name(below, company)
        or (sender_name if CHINESE.match(sender_name) or LATIN.match(sender_name) else None)
    )
    return {"name": name, "phone": re.sub(r"[\s()]", "", phone) if phone else None, "company": company, "title": title}


def _name(lines: list[str], company: str | None) -> str | None:
    """A line, or the first word of one, that looks like somebody's name."""
    for line in lines:
        words = [word for word in re.split(r"[|,,/·]|\s{1,}", line.replace(company or "\0", " ")) if word]
        if (
            words
            and CHINESE.match(words[0])
            and not TITLE.fullmatch(words[0])
            and not COMPANY.fullmatch(words[0])
            and not BELOW.match(words[0])
        ):
            return words[0]
        if LATIN.match(line) and not TITLE.search(line) and not BELOW.match(line):
            return line
    return None


def _first(found: re.Match[str] | None) -> str | None:
    return found[1].strip() if found else None


def _whole(found: re.Match[str] | None) -> str | None:
    return found[0].strip(" ,-|") or None if found else None


def _sender(mail: Message) -> tuple[str, str]:
    name, address = email.utils.parseaddr(_header(mail, "From"))
    found = ADDRESS.search(address) or ADDRESS.search(_header(mail, "From"))
    return name.strip("\"' "), found[0] if found else ""


def _header(mail: Message, name: str) -> str:
    """A header in one line, whatever it says about its encoding."""
    raw = mail.get(name)
    if raw is None:
        return ""
    found = ""
    try:
        for part, charset in decode_header(raw):
            found += part if isinstance(part, str) else decoded(part, charset)
    except (ValueError, email.errors.HeaderParseError):
        found = str(raw)
    # Bytes that were sent without saying what they are.
    if any(0xDC80 <= ord(each) <= 0xDCFF for each in found):
        found = decoded(found.encode("utf-8", "surrogateescape"), None)
    return re.sub(r"[\r\n\t\0 ]+", " ", found).strip()[:HEADER]


def decoded(content: bytes, charset: str | None) -> str:
    """Text of bytes: as declared, else UTF-8, else GB18030; GB2312 and GBK are read as GB18030, which holds both."""
    declared = (charset or "").lower().strip("\"' ")
    declared = "gb18030" if declared in ("gb2312", "gbk", "gb_2312-80", "x-gbk", "cp936", "hz-gb-2312") else declared
    for encoding in dict.fromkeys(
        (
            declared if declared not in ("", "unknown-8bit", "us-ascii", "ascii", "default") else "utf-8",
            "utf-8",
            "gb18030",
        )
    ):
        try:
            return content.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode("utf-8", "replace")


def _parts(mail: Message) -> tuple[str, list[Enclosed]]:
    """The text of a mail and the files it brought."""
    plain, marked, files = "", "", list[Enclosed]()
    for number, part in enumerate(mail.walk()):
        if number >= PARTS or part.is_multipart():
            continue
        kind, name = part.get_content_type(), _filename(part)
        content = part.get_payload(decode=True)
        content = content if isinstance(content, bytes) else b""
        if name or part.get_content_disposition() == "attachment" or not kind.startswith("text/"):
            files.append(Enclosed(name or f"part{number}", kind, content))
        elif kind == "text/html":
            marked = marked or decoded(content, part.get_content_charset())
        else:
            plain = plain or decoded(content, part.get_content_charset())
    return (plain or _unmarked(marked)).replace("\r\n", "\n").replace("\0", "")[:LONGEST].strip(), files


def _filename(part: Message) -> str:
    raw = part.get_filename()
    if not raw:
        return ""
    holder = EmailMessage(policy=email.policy.compat32)
    holder["X"] = str(raw)
    # The name of a file is a name, whatever folders it speaks of.
    name = re.split(r"[/\\]", _header(holder, "X"))[-1].strip()
    return "attachment" if name in ("", ".", "..") else name


def _unmarked(marked: str) -> str:
    """The words of an HTML text, in lines as they are seen."""
    text = re.sub(r"(?is)<(script|style|head)\b.*?</\1\s*>", " ", marked[: LONGEST * 4])
    text = re.sub(r"(?i)<br\s*/?>|</(?:p|div|tr|li|h[1-6])\s*>", "\n", text)
    text = html.unescape(re.sub(r"<[^>]*>", " ", text))
    return re.sub(r"[ \t\xa0]+", " ", re.sub(r"\n\s*\n+", "\n\n", text))
