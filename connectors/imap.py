"""E-mail that comes in, over IMAP. Floor: 5."""

from __future__ import annotations

import contextlib
import hashlib
import imaplib
import re
import ssl
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from connectors import letter
from connectors.network import connect
from engine.errors import Problem
from engine.plugins.slots import Connector, Delivery, Page, Undone

KIND = "message/rfc822"
#: Seconds for an answer.
TIMEOUT = 30.0
#: Megabytes of a mail that are fetched at most, unless ``largest`` says otherwise.
LARGEST = 25


class Imap(Connector):
    """Fetches e-mail from a mailbox; the mailbox is only read, nothing in it is marked or moved. `map` can use `from`, `from_name`, `to`,
    `subject`, `text` (what was written, without the mail it answers), `name`, `phone`, `company`, `title` (out of the signature), `attachments`
    (a file field takes `attachments[0]`), `message_id`, `in_reply_to`, `automatic`. Automatic answers, newsletters and returned mail are kept and
    nothing is made of them, unless `automatic: take`; with `returned: take` mail of ours that came back is taken alone, and `returned` says `to`,
    `status`, `reason` and whether it is for good (`lasting`): `if: "returned is None"` leaves it to rules. The same mail has no effect twice, also when the mailbox was rebuilt. `security` is
    `tls` (unless said), `starttls` or `none`."""

    name = "imap"
    title: ClassVar[Mapping[str, str]] = {"zh": "收邮件 IMAP", "en": "E-mail in (IMAP)"}
    offers = frozenset({"poll"})
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "host": {"title": "服务器", "x-en": {"title": "Server"}, "type": "string", "format": "value"},
            "port": {"title": "端口", "x-en": {"title": "Port"}, "type": "integer", "minimum": 1, "maximum": 65535},
            "security": {
                "title": "加密", "x-en": {"title": "Security"}, "type": "string", "enum": ["tls", "starttls", "none"],
                "default": "tls",
            },
            "user": {"title": "账号", "x-en": {"title": "User"}, "format": "value"},
            "password": {"title": "密码或授权码", "x-en": {"title": "Password"}, "format": "value"},
            "folder": {"title": "文件夹", "x-en": {"title": "Folder"}, "type": "string", "default": "INBOX"},
            "existing": {
                "title": "已有的邮件", "description": "第一次取的时候,里面已有的邮件收不收。",
                "x-en": {"title": "Mail that is there already", "description": "At the first look: take it, or skip it."},
                "type": "string", "enum": ["take", "skip"], "default": "take",
            },
            "automatic": {
                "title": "自动回复和群发", "x-en": {"title": "Automatic mail"}, "type": "string", "enum": ["skip", "take"],
                "default": "skip",
            },
            "returned": {
                "title": "退信", "x-en": {"title": "Returned mail"}, "type": "string", "enum": ["skip", "take"], "default": "skip",
            },
            "own": {
                "title": "自己的地址", "description": "从这些地址来的不收,免得自己回复自己。",
                "x-en": {"title": "Our own addresses", "description": "Mail from these is ours and is not taken."},
                "type": "array", "items": {"type": "string"},
            },
            "largest": {
                "title": "邮件最大(MB)", "x-en": {"title": "Largest mail (MB)"}, "type": "integer", "minimum": 1,
                "default": LARGEST,
            },
            "authority": {"title": "信任的证书", "x-en": {"title": "Trusted certificate (a file)"}, "type": "string"},
            "networks": {"title": "允许的内网", "x-en": {"title": "Networks"}, "type": "array", "items": {"type": "string"}},
            "timeout": {"title": "最多等", "x-en": {"title": "Timeout"}, "type": "string", "format": "duration"},
        },
        "required": ["host", "user"],
        "additionalProperties": False,
    }  # fmt: skip
    example = """\
kind: connection
name: sales_mailbox
connector: imap
settings: {host: imap.example.com, user: sales@example.com, password: "=secret.MAIL_PASSWORD"}
schedule: "*/2 * * * *"
"""

    def poll(self, settings: Mapping[str, Any], cursor: Any) -> Iterator[Page]:
        """A page for each new mail, oldest first; ``cursor`` is ``{validity, uid}``."""
        with contextlib.closing(_Session(settings)) as session:
            last = _last(session, settings, cursor)
            yield Page((), {"validity": session.validity, "uid": last})
            for uid, size in session.after(last):
                yield Page([self._delivery(session, settings, uid, size)], {"validity": session.validity, "uid": uid})

    def _delivery(self, session: _Session, settings: Mapping[str, Any], uid: int, size: int) -> Delivery:
        most = int(settings.get("largest") or LARGEST)
        whole = size <= most * 1_000_000
        body = session.fetch(uid, whole)
        content = letter.read(body)
        # The same mail in a mailbox that was rebuilt has another number, but the same Message-ID.
        key = hashlib.sha256((content["message_id"] or "").encode() or body).hexdigest()[:40]
        facts = {"uid": uid, "folder": str(settings.get("folder") or "INBOX")}
        if not whole:
            parameters = {"file": content["subject"] or f"#{uid}", "size": size // 1_000_000, "most": most}
            return Delivery(
                key, content, body, KIND, letter.written_at(body), facts, Problem("I041", parameters=parameters)
            )
        own = {str(each).lower() for each in [*(settings.get("own") or ()), settings["user"]]}
        skip = "own" if content["from"].lower() in own else ""
        taken = content["returned"] and settings.get("returned") == "take"
        if content["automatic"] and settings.get("automatic") != "take" and not taken:
            skip = skip or "automatic"
        return Delivery(key, content, body, KIND, letter.written_at(body), facts, skip=skip)

    def read(self, body: bytes, kind: str) -> Any:
        """The content of a mail as it came, or of JSON a person pasted."""
        if kind.partition(";")[0].strip().lower() in (KIND, "application/octet-stream", "text/plain"):
            return letter.read(body)
        return super().read(body, kind)

    def probe(self, settings: Mapping[str, Any]) -> str:
        """How many mails are there."""
        with contextlib.closing(_Session(settings)) as session:
            return f"{session.count} × {settings.get('folder') or 'INBOX'}"


def _last(session: _Session, settings: Mapping[str, Any], cursor: Any) -> int:
    """The number of the last mail that was taken. A mailbox with another validity has numbered all its mail anew."""
    if isinstance(cursor, Mapping) and cursor.get("validity") == session.validity:
        return int(cursor["uid"])
    return session.newest() if cursor is None and settings.get("existing") == "skip" else 0


class _Session:
    """A signed-in session that looks into one folder. ``validity`` and ``count`` are the server's."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._host = str(settings["host"])
        security = settings.get("security") or "tls"
        timeout = float(settings.get("timeout") or TIMEOUT)
        trust = ssl.create_default_context(cafile=settings.get("authority"))
        port = int(settings.get("port") or (993 if security == "tls" else 143))
        with self._spoken():
            kind = _Tls if security == "tls" else _Plain
            self._imap = kind(self._host, port, timeout, settings.get("networks") or (), trust)
            if security == "starttls":
                self._imap.starttls(trust)
            self._imap.login(str(settings["user"]), str(settings.get("password") or ""))
            folder = _utf7(str(settings.get("folder") or "INBOX"))
            status, found = self._imap.select(f'"{folder}"', readonly=True)
            if status != "OK":
                raise _Refused(str(found))
            self.count = int(found[0] or 0)
            self.validity = int((self._imap.response("UIDVALIDITY")[1] or [b"0"])[0] or 0)

    @contextlib.contextmanager
    def _spoken(self) -> Iterator[None]:
        """What the protocol says, in our words."""
        try:
            yield
        except ssl.SSLCertVerificationError as error:
            raise Undone(Problem("R115", parameters={"reason": error.verify_message}), final=True) from error
        except (imaplib.IMAP4.abort, OSError, EOFError) as error:
            reason = f"{self._host}: {str(error) or type(error).__name__}"
            raise Undone(Problem("R112", parameters={"reason": reason})) from error
        except (imaplib.IMAP4.error, _Refused) as error:
            answer = {"status": "NO", "answer": _text(error)[:200]}
            raise Undone(Problem("R113", parameters=answer), final=True) from error

    def after(self, last: int) -> Iterator[tuple[int, int]]:
        """Number and size of every mail behind that number, in order."""
        with self._spoken():
            _, found = self._imap.uid("SEARCH", f"UID {last + 1}:*")
        # ``n:*`` always names the newest mail, even when its number is smaller.
        numbers = sorted(n for n in map(int, (found[0] or b"").split()) if n > last)
        for uid in numbers:
            with self._spoken():
                _, answer = self._imap.uid("FETCH", str(uid), "(RFC822.SIZE)")
            size = re.search(rb"RFC822\.SIZE (\d+)", _flat(answer))
            if size is not None:  # else somebody deleted it in between
                yield uid, int(size[1])

    def newest(self) -> int:
        """The number of the newest mail; 0 for an empty folder."""
        with self._spoken():
            _, found = self._imap.uid("SEARCH", "ALL")
        return max(map(int, (found[0] or b"").split()), default=0)

    def fetch(self, uid: int, whole: bool) -> bytes:
        """A mail, or only its heading; it is not marked as read."""
        with self._spoken():
            _, answer = self._imap.uid("FETCH", str(uid), "(BODY.PEEK[])" if whole else "(BODY.PEEK[HEADER])")
        for part in answer:
            if isinstance(part, tuple):
                return bytes(part[1])
        raise Undone(Problem("R112", parameters={"reason": f"{self._host}: #{uid}"}))

    def close(self) -> None:
        """Sign out."""
        with contextlib.suppress(imaplib.IMAP4.error, OSError, AttributeError):
            self._imap.logout()


class _Refused(Exception):
    """The server said no."""


class _Plain(imaplib.IMAP4):
    """A session over a socket whose address was checked."""

    def __init__(self, host: str, port: int, timeout: float, networks: Any, trust: ssl.SSLContext) -> None:
        self._networks, self._trust = networks, trust
        super().__init__(host, port, timeout)

    def _create_socket(self, timeout: float | None) -> Any:
        return connect(self.host, self.port, self._networks, timeout or TIMEOUT)


class _Tls(_Plain):
    def _create_socket(self, timeout: float | None) -> Any:
        return self._trust.wrap_socket(super()._create_socket(timeout), server_hostname=self.host)


def _utf7(name: str) -> str:
    """A folder's name as IMAP writes it. Source: RFC 3501, 5.1.3 (modified UTF-7)."""
    import base64

    if any(each in name for each in '\r\n\0"\\'):
        raise Undone(Problem("R116", parameters={"field": "folder"}), final=True)
    found = ""
    for part in re.split(r"([^\x20-\x7e]+)", name):
        if part and not part.isascii():
            coded = base64.b64encode(part.encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
            found += f"&{coded}-"
        else:
            found += part.replace("&", "&-")
    return found


def _flat(answer: Any) -> bytes:
    return b" ".join(part if isinstance(part, bytes) else b" ".join(part) for part in answer if part)


def _text(error: Exception) -> str:
    found = error.args[0] if error.args else error
    return found.decode("utf-8", "replace") if isinstance(found, bytes) else str(found)
