"""E-mail over SMTP. Floor: 5."""

from __future__ import annotations

import hashlib
import re
import smtplib
import socket
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any, ClassVar

from connectors.network import connect
from engine.errors import Problem
from engine.plugins.slots import Connector, Undone

ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\"]+|[^@\s,;<>\"]+@localhost")


class Smtp(Connector):
    """Sends e-mail: `host`, `port`, `from`, and where the server wants them `user` and `password` (`=secret.NAME`). `security` is
    `starttls` (unless said), `tls` or `none`. A server that asks for patience (4xx) is asked again, a refusal (5xx) waits for a
    person. Every attempt has the same Message-ID."""

    name = "smtp"
    title: ClassVar[Mapping[str, str]] = {"zh": "邮件 SMTP", "en": "E-mail (SMTP)"}
    offers = frozenset({"send", "tell", "attach", "html"})
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "host": {"title": "服务器", "x-en": {"title": "Server"}, "type": "string", "format": "value"},
            "port": {"title": "端口", "x-en": {"title": "Port"}, "type": "integer", "minimum": 1, "maximum": 65535},
            "from": {"title": "发件人", "x-en": {"title": "From"}, "type": "string"},
            "user": {"title": "账号", "x-en": {"title": "User"}, "format": "value"},
            "password": {"title": "密码", "x-en": {"title": "Password"}, "format": "value"},
            "security": {
                "title": "加密",
                "x-en": {"title": "Security"},
                "type": "string",
                "enum": ["starttls", "tls", "none"],
                "default": "starttls",
            },
            "timeout": {"title": "最多等", "x-en": {"title": "Timeout"}, "format": "duration"},
            "networks": {
                "title": "允许的内网",
                "x-en": {"title": "Networks"},
                "type": "array",
                "items": {"type": "string"},
            },
        },
        "required": ["host", "from"],
        "additionalProperties": False,
    }
    example = """\
kind: connection
name: mail
connector: smtp
settings: {host: smtp.example.com, from: "crm@example.com", user: crm, password: "=secret.SMTP_PASSWORD"}
"""

    def send(self, settings: Mapping[str, Any], message: Mapping[str, Any], key: str) -> Any:
        """``message_id`` of the mail the server took. Raises Undone, final for a refusal or an address that is none."""
        to = checked("to", message.get("to"))
        if not ADDRESS.fullmatch(to):
            raise Undone(Problem("R117", parameters={"address": to}), final=True)
        mail = EmailMessage()
        mail["From"] = checked("from", settings["from"])
        mail["To"] = to
        mail["Subject"] = checked("subject", message.get("subject"))
        mail["Date"] = formatdate(localtime=True)
        mail["Message-ID"] = message_id(key, str(settings["from"]))
        mail.set_content(str(message.get("text") or ""))
        if message.get("html"):
            mail.add_alternative(str(message["html"]), subtype="html")
            for each in message.get("pictures") or ():
                _show(mail, each)
        for each in message.get("attachments") or ():
            kind, _, part = str(each["type"]).partition("/")
            name = checked("attachment", each["name"])
            mail.add_attachment(each["content"], maintype=kind, subtype=part or "octet-stream", filename=name)
        self._hand_over(settings, mail, to)
        return {"message_id": mail["Message-ID"]}

    def tell(self, settings: Mapping[str, Any], message: Mapping[str, Any], key: str) -> Any:
        """The same to one of the company's own people."""
        to = (message.get("to") or {}).get("email")
        if not to:
            raise Undone(Problem("R120"), final=True)
        lines = [
            str(message.get("text") or ""),
            *(f"{one['title']}: {one['url']}" for one in message.get("links") or ()),
        ]
        return self.send(settings, {"to": to, "subject": message.get("title"), "text": "\n".join(lines)}, key)

    def _hand_over(self, settings: Mapping[str, Any], mail: EmailMessage, to: str) -> None:
        security = settings.get("security") or "starttls"
        timeout = float(settings.get("timeout") or 20)
        host, port = str(settings["host"]), int(settings.get("port") or (465 if security == "tls" else 587))
        trust = ssl.create_default_context()
        try:
            with _Server(settings, timeout, trust if security == "tls" else None) as server:
                server.connect(host, port)
                server.ehlo_or_helo_if_needed()
                if security == "starttls":
                    server.starttls(context=trust)
                if settings.get("user"):
                    server.login(str(settings["user"]), str(settings.get("password") or ""))
                server.send_message(mail, to_addrs=[to])
        except ssl.SSLCertVerificationError as error:
            raise Undone(Problem("R115", parameters={"reason": error.verify_message}), final=True) from error
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise _refusal(code, text) from error
        except smtplib.SMTPResponseException as error:
            raise _refusal(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            reason = f"{host}: {str(error) or type(error).__name__}"
            raise Undone(Problem("R112", parameters={"reason": reason})) from error


class _Server(smtplib.SMTP):
    """A session over a socket whose address was checked."""

    def __init__(self, settings: Mapping[str, Any], timeout: float, trust: ssl.SSLContext | None) -> None:
        self._networks, self._trust = settings.get("networks") or (), trust
        super().__init__(timeout=timeout)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        # starttls checks the certificate against this name.
        self._host = host
        made = connect(host, port, self._networks, timeout)
        return self._trust.wrap_socket(made, server_hostname=host) if self._trust is not None else made


def _show(mail: EmailMessage, picture: Mapping[str, Any]) -> None:
    """Put a picture beside the HTML that shows it."""
    shown = mail.get_body(("html",))
    kind, _, part = str(picture["type"]).partition("/")
    name = checked("picture", picture["name"])
    if isinstance(shown, EmailMessage):
        cid = f"<{checked('picture', picture['cid'])}>"
        shown.add_related(picture["content"], kind, part, cid=cid, filename=name, disposition="inline")


def checked(field: str, value: Any) -> str:
    """One line. Raises Undone (R116): a line break would begin another header."""
    text = str(value or "")
    if any(each in text for each in "\r\n\0"):
        raise Undone(Problem("R116", parameters={"field": field}), final=True)
    return text


def message_id(key: str, sender: str) -> str:
    """The same for every attempt of one sending."""
    domain = sender.rstrip(">").rpartition("@")[2] or "localhost"
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}>"


def _refusal(code: int, text: Any) -> Undone:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return Undone(Problem("R113", parameters={"status": code, "answer": said[:200]}), final=500 <= code < 600)
