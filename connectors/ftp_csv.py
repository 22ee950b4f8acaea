"""Tables that others put onto an FTP server. Floor: 5."""

from __future__ import annotations

import contextlib
import ftplib
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any, ClassVar

from connectors import folder
from connectors.folder import RAW, Entry, Tables, raw, shown
from connectors.network import connect
from engine.errors import Problem
from engine.plugins.slots import Connector, Page, Undone

#: Seconds for an answer.
TIMEOUT = 30.0


class FtpCsv(Tables, Connector):
    """Fetches CSV and XLSX files from an FTP server and takes every row as a delivery. A file is taken when its size has stood still
    for `settle`, or when `marker` (such as `.ok`) stands beside it. The same content has no effect twice, whatever the file is called;
    a poller that is killed in the middle of a file goes on at the next row. UTF-8 and GB18030, with or without BOM. `security` is `tls`
    (unless said) or `none`. The row's file and number can be used in `map`: `=file.name`, `=row`."""

    name = "ftp_csv"
    title: ClassVar[Mapping[str, str]] = {"zh": "FTP 上的表格", "en": "Tables on FTP"}
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "host": {"title": "服务器", "x-en": {"title": "Server"}, "type": "string", "format": "value"},
            "port": {"title": "端口", "x-en": {"title": "Port"}, "type": "integer", "minimum": 1, "maximum": 65535, "default": 21},
            "user": {"title": "账号", "x-en": {"title": "User"}, "format": "value"},
            "password": {"title": "密码", "x-en": {"title": "Password"}, "format": "value"},
            "security": {
                "title": "加密", "x-en": {"title": "Security"}, "type": "string", "enum": ["tls", "none"], "default": "tls",
            },
            "authority": {
                "title": "信任的证书", "x-en": {"title": "Trusted certificate (a file)"}, "type": "string",
                "description": "对方用自签证书时,证书文件的路径。",
            },
            **folder.THERE,
            **folder.PARAMS,
        },
        "required": ["host"],
        "additionalProperties": False,
    }  # fmt: skip
    example = """\
kind: connection
name: expo_scans
connector: ftp_csv
settings: {host: ftp.example.com, user: crm, password: "=secret.EXPO_FTP", folder: /scans, files: "*.csv"}
schedule: "0 3 * * *"
expect: {by: "03:30"}
"""

    def poll(self, settings: Mapping[str, Any], cursor: Any) -> Iterator[Page]:
        """The new rows."""
        with contextlib.closing(_Session(settings)) as session:
            yield from folder.pages(session, settings, cursor)

    def probe(self, settings: Mapping[str, Any]) -> str:
        """How many files stand there."""
        with contextlib.closing(_Session(settings)) as session:
            return folder.probe(session, settings)


class _Session:
    """An FTP session in the connection's folder."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        secure = settings.get("security") != "none"
        self._host = str(settings["host"])
        code = self._code = str(settings.get("encoding") or "utf-8")
        self._ftp: _Ftp | _FtpTls
        with self._spoken():
            if secure:
                self._ftp = _FtpTls(context=ssl.create_default_context(cafile=settings.get("authority")), encoding=RAW)
            else:
                self._ftp = _Ftp(encoding=RAW)
            self._ftp.networks = settings.get("networks") or ()
            self._ftp.connect(self._host, int(settings.get("port") or 21), float(settings.get("timeout") or TIMEOUT))
            self._ftp.login(raw(settings.get("user") or "anonymous", code), raw(settings.get("password") or "", code))
            if isinstance(self._ftp, ftplib.FTP_TLS):
                self._ftp.prot_p()
            where = str(settings.get("folder") or "/")
            if where not in ("", "."):
                self._ftp.cwd(raw(where, code))

    @contextlib.contextmanager
    def _spoken(self) -> Iterator[None]:
        """What the protocol says, in our words."""
        try:
            yield
        except ssl.SSLCertVerificationError as error:
            raise Undone(Problem("R115", parameters={"reason": error.verify_message}), final=True) from error
        except (ftplib.error_perm, ValueError) as error:
            # 5xx: asking again soon cannot help. A name with a line break in it is a ValueError.
            status, _, text = str(error).partition(" ")
            raise Undone(Problem("R113", parameters={"status": status, "answer": shown(text)}), final=True) from error
        except (ftplib.Error, OSError, EOFError) as error:
            reason = f"{self._host}: {str(error) or type(error).__name__}"
            raise Undone(Problem("R112", parameters={"reason": reason})) from error

    def entries(self) -> Sequence[Entry]:
        """The plain files."""
        with self._spoken():
            try:
                return list(self._listed())
            except ftplib.error_perm as error:
                if str(error)[:3] not in ("500", "502", "504"):
                    raise
                return list(self._asked_one_by_one())

    def _listed(self) -> Iterator[Entry]:
        for name, facts in self._ftp.mlsd(facts=["type", "size", "modify"]):
            if facts.get("type") == "file" and facts.get("size", "").isdigit():
                yield Entry(shown(name), name, int(facts["size"]), facts.get("modify", ""))

    def _asked_one_by_one(self) -> Iterator[Entry]:
        """Of a server from before 2007, that lists names only."""
        for path in self._ftp.nlst():
            with contextlib.suppress(ftplib.error_perm):  # a folder has no size
                self._ftp.voidcmd("TYPE I")
                size, modified = self._ftp.size(path), self._ftp.voidcmd(f"MDTM {path}")
                yield Entry(shown(path.rpartition("/")[2]), path, int(size or 0), modified)

    def fetch(self, entry: Entry, into: IO[bytes], most: int) -> None:
        """The file's bytes."""
        left = most

        def take(part: bytes) -> None:
            nonlocal left
            left -= len(part)
            if left < 0:
                raise Undone(Problem("R112", parameters={"reason": f"{entry.name}: > {most // 1_000_000} MB"}))
            into.write(part)

        with self._spoken():
            self._ftp.retrbinary(f"RETR {entry.path}", take, 65536)

    def remove(self, entry: Entry) -> None:
        """Delete the file."""
        with self._spoken():
            self._ftp.delete(entry.path)

    def move(self, entry: Entry, into: str, name: str) -> None:
        """Put the file into that folder of the folder; what is called so there is replaced."""
        where = raw(into, self._code)
        with contextlib.suppress(ftplib.error_perm):  # it is there
            self._ftp.mkd(where)
        there = f"{where}/{raw(name, self._code)}"
        with self._spoken():
            self._ftp.sendcmd(f"RNFR {entry.path}")
            try:
                self._ftp.voidcmd(f"RNTO {there}")
            except ftplib.error_perm:
                # Some replace nothing: what lies there has the same content, for its name has the digest.
                self._ftp.delete(there)
                self._ftp.rename(entry.path, there)

    def close(self) -> None:
        """Say good-bye where somebody listens."""
        try:
            self._ftp.quit()
        except (ftplib.Error, OSError, EOFError, AttributeError):
            self._ftp.close()


class _Checked(ftplib.FTP):
    """A session that reaches only where the connection may."""

    networks: Sequence[str] = ()

    def connect(self, host: str = "", port: int = 0, timeout: float = TIMEOUT, source_address: Any = None) -> str:
        """The server's greeting."""
        self.host, self.port, self.timeout = host, port, timeout
        self.sock = connect(host, port, self.networks, timeout)
        self.af = self.sock.family
        self.file = self.sock.makefile("r", encoding=self.encoding)
        self.welcome: str = self.getresp()
        return self.welcome

    def _plain_transfer(self, command: str) -> tuple[socket.socket, int | None]:
        # Passive only, and to the server itself: where it says its data are is not believed (``makepasv``).
        host, port = self.makepasv()
        link = connect(host, port, self.networks, float(self.timeout or TIMEOUT))
        try:
            answer = self.sendcmd(command)
            if answer[0] == "2":
                answer = self.getresp()
            if answer[0] != "1":
                raise ftplib.error_reply(answer)
        except BaseException:
            link.close()
            raise
        return link, None


class _Ftp(_Checked):
    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        """A data connection."""
        return self._plain_transfer(cmd)


class _FtpTls(ftplib.FTP_TLS, _Checked):
    def connect(self, host: str = "", port: int = 0, timeout: float = TIMEOUT, source_address: Any = None) -> str:
        """The server's greeting."""
        return _Checked.connect(self, host, port, timeout)

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        """An encrypted data connection, in the session of the control connection as strict servers ask for."""
        link, size = self._plain_transfer(cmd)
        session = self.sock.session if isinstance(self.sock, ssl.SSLSocket) else None
        return self.context.wrap_socket(link, server_hostname=self.host, session=session), size
